/* The blocked words. Owns struct filter; each is freed in filter_free. */

#include "chatd/core/moderation/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"
#include "chatd/base/fields.h"
#include "chatd/base/fold.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/forget.h"
#include "chatd/core/state/state.h"

enum { BEGINNING_CHARS_LEAST = 2 }; /* a* would match half of all words */

/* -- finding ------------------------------------------------------------------------------ */

struct finding {
	const struct chat *c;
	const struct filter *found;
};

/* In scripts without blanks a word may be anywhere in a run, but not with further marks on it. */
static bool stands_in(const struct filter *f, const struct fold_token *t)
{
	size_t n = strlen(f->word);
	const char *at = t->text, *end = t->text + t->len;

	for (; (at = memmem(at, (size_t)(end - at), f->word, n)) != NULL; at++)
		if (at + n == end || !cp_begins_mark(at + n, end))
			return true;
	return false;
}

static int find_word(void *ctx, const struct fold_token *t)
{
	struct finding *w = ctx;
	const struct filters *all = &w->c->moderation.filters;
	struct filter *f;

	HASH_FIND(hh, all->words, t->text, t->len, f);
	for (struct filter *b = all->beginnings; b != NULL && f == NULL; b = b->hh.next)
		if (strlen(b->word) <= t->len && memcmp(b->word, t->text, strlen(b->word)) == 0)
			f = b;
	/* Nobody knows where a word begins in a run. */
	for (int beginning = 0; t->run && beginning < 2; beginning++)
		for (struct filter *b = beginning ? all->beginnings : all->words; b != NULL && f == NULL;
		     b = b->hh.next)
			if (stands_in(b, t))
				f = b;
	w->found = f;
	return f != NULL;
}

const struct filter *filter_find(const struct chat *c, const char *text)
{
	struct finding w = {.c = c};

	if (c->moderation.filters.n > 0)
		fold_text(text, strlen(text), FOLD_WORDS, find_word, &w);
	return w.found;
}

/* -- typing them ------------------------------------------------------------------------- */

struct typed {
	char *word;                 /* FILTER_BYTES_MAX + 1 bytes */
	size_t len;                 /* of the only word in what was typed, folded */
	size_t begin, end;          /* where it stands there */
	int n;                      /* words in it */
};

static int take_word(void *ctx, const struct fold_token *t)
{
	struct typed *w = ctx;

	w->n++;
	w->len = t->len;
	w->begin = t->begin;
	w->end = t->end;
	if (t->len <= FILTER_BYTES_MAX)
		memcpy(w->word, t->text, t->len);
	return 0;
}

const char *filter_parse(const char *typed, char word[FILTER_BYTES_MAX + 1], bool *beginning)
{
	struct typed w = {.word = word};
	size_t len = strlen(typed);
	const char *wrong = NULL;

	*beginning = len > 0 && typed[len - 1] == '*';
	len -= *beginning;
	fold_text(typed, len, FOLD_WORDS, take_word, &w);
	if (w.n != 1 || w.begin != 0 || w.end != len)
		wrong = "A word has only letters and digits, and may end with a *";
	else if (w.len > FILTER_BYTES_MAX || text_chars(word, w.len) > FILTER_CHARS_MAX)
		wrong = "A word can have at most 64 characters";
	else if (*beginning && text_chars(word, w.len) < BEGINNING_CHARS_LEAST)
		wrong = "A word needs at least 2 characters before its *";
	else
		word[w.len] = '\0';
	_Static_assert(FILTER_CHARS_MAX == 64 && BEGINNING_CHARS_LEAST == 2, "the sentences");
	return wrong;
}

/* -- keeping ----------------------------------------------------------------------------- */

static struct filter **hash_of(struct chat *c, bool beginning)
{
	return beginning ? &c->moderation.filters.beginnings : &c->moderation.filters.words;
}

struct filter *filter_named(const struct chat *c, const char *word, bool beginning)
{
	struct filter *f;

	HASH_FIND_STR(beginning ? c->moderation.filters.beginnings : c->moderation.filters.words, word,
	              f);
	return f;
}

/* What is saved of one. Its strings are borrowed. */
struct filter_terms {
	const char *saved;   /* as in struct filter, like the others */
	const char *by;
	int64_t at_ms;
};

static void add(struct chat *c, const char *word, bool beginning, const struct filter_terms *t)
{
	struct filter *f = mem_zero(1, sizeof *f), **hash = hash_of(c, beginning);

	f->word = mem_strdup(word);
	f->beginning = beginning;
	f->saved = mem_strdup(t->saved);
	f->by = mem_strdup(t->by);
	f->at_ms = t->at_ms;
	HASH_ADD_KEYPTR(hh, *hash, f->word, strlen(f->word), f);
	c->moderation.filters.n++;
	c->moderation.guards++;
}

static void filter_free(struct chat *c, struct filter *f)
{
	struct filter **hash = hash_of(c, f->beginning);

	/* NOLINTNEXTLINE(clang-analyzer-*): it does not see that f is the table's */
	HASH_DELETE(hh, *hash, f);
	c->moderation.filters.n--;
	c->moderation.guards--;
	free(f->word);
	free(f->saved);
	free(f->by);
	free(f);
}

/* The one place where filters change: by a command, by /undo, or as they were saved. From here on
 * the word is filtered on these terms; NULL: it is not filtered. */
static void filter_apply(struct chat *c, const char *word, bool beginning,
                         const struct filter_terms *t)
{
	struct filter *f = filter_named(c, word, beginning);

	if (f != NULL)
		filter_free(c, f);
	if (t != NULL)
		add(c, word, beginning, t);
}

void filter_add(struct chat *c, const char *word, bool beginning, const char *by, int64_t at_ms)
{
	char key[FILTER_BYTES_MAX + 2];
	struct bytes value = {0};

	/* A fact without a value would be none. */
	if (*by == '\0')
		by = "System";
	if (at_ms == 0)
		at_ms = c->wall_ms;
	snprintf(key, sizeof key, "%s%s", word, beginning ? "*" : "");
	filter_apply(c, word, beginning, &(struct filter_terms){key, by, at_ms});
	fields_put(&value, "by", by);
	fields_put_number(&value, "at", at_ms);
	emit_fact(c, FACT_FILTER, key, value.data);
	bytes_release(&value);
}

void filter_remove(struct chat *c, struct filter *f)
{
	emit_fact(c, FACT_FILTER, f->saved, "");
	filter_apply(c, f->word, f->beginning, NULL);
}

void filter_load(struct chat *c, const char *key, const char *value)
{
	char word[FILTER_BYTES_MAX + 1], *by;
	bool beginning;

	/* A word that today's rules would fold differently could match nothing. */
	if (c->moderation.filters.n >= FILTERS_MAX || filter_parse(key, word, &beginning) != NULL)
		return;
	if (filter_named(c, word, beginning) != NULL) {
		/* Otherwise it would be back once that one is removed. */
		forget_fact(c, FACT_FILTER, key);
		return;
	}
	by = fields_get_text(value, "by", NAME_BYTES_MAX);
	filter_apply(c, word, beginning,
	             &(struct filter_terms){key, by, fields_get_time(value, "at")});
	free(by);
}

void filters_free(struct chat *c)
{
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): each that is freed has left its table */
	while (c->moderation.filters.words != NULL)
		filter_free(c, c->moderation.filters.words);
	while (c->moderation.filters.beginnings != NULL)
		filter_free(c, c->moderation.filters.beginnings);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}
