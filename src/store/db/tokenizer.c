/*
 * The tokenizer of the full-text index: words in their folded form (fold.h).
 *
 * Its name is in the schema. Programs without it, such as the sqlite3 shell, can read everything
 * but the table `search`.
 */
#include "chatd/store/db/tokenizer.h"

#include "chatd/base/fold.h"

struct sink {
	int (*token)(void *ctx, int flags, const char *text, int len, int begin, int end);
	void *ctx;
	uint64_t words;
};

/* FTS5's Fts5Tokenizer is whatever the tokenizer makes of it: here the counter, or, since it must have an address, this
 * if nobody counts. */
static char nobody;

static int make(void *words, const char **args, int n, Fts5Tokenizer **made)
{
	(void)args;
	(void)n;
	*made = (Fts5Tokenizer *)(words ? words : &nobody);
	return SQLITE_OK;
}

static void unmake(Fts5Tokenizer *made)
{
	(void)made;
}

static int sink_token(void *ctx, const struct fold_token *t)
{
	struct sink *to = ctx;
	to->words++;
	return to->token(to->ctx, t->beside ? FTS5_TOKEN_COLOCATED : 0, t->text, (int)t->len,
	                 (int)t->begin, (int)t->end);
}

static int tokenize(Fts5Tokenizer *made, void *ctx, int flags, const char *text, int len,
                    int (*token)(void *ctx, int flags, const char *text, int len, int begin, int end))
{
	struct sink to = { token, ctx, 0 };
	int rc = fold_text(text, text ? (size_t)len : 0,
	                   flags & FTS5_TOKENIZE_QUERY ? FOLD_QUERY : FOLD_INDEX, sink_token, &to);
	if (flags & FTS5_TOKENIZE_DOCUMENT && (void *)made != &nobody)
		*(uint64_t *)(void *)made += to.words;
	return rc;
}

bool tokenizer_register(sqlite3 *db, uint64_t *words)
{
	fts5_tokenizer ours = { make, unmake, tokenize };
	fts5_api *api = NULL;
	sqlite3_stmt *st = NULL;
	/* As sqlite.org/fts5.html, 7.1, has it. */
	if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_pointer(st, 1, &api, "fts5_api_ptr", NULL);
	sqlite3_step(st);
	return sqlite3_finalize(st) == SQLITE_OK && api &&
	       api->xCreateTokenizer(api, "chatd", words, &ours, NULL) == SQLITE_OK;
}
