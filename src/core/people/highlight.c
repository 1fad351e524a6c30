/* Highlighted words. Owns struct highlight and struct listening. */

#include "chatd/core/people/highlight.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/codepoint.h"
#include "chatd/base/fold.h"
#include "chatd/base/text.h"
#include "chatd/core/state/state.h"

enum { CHARS_LEAST = 2 }; /* a single letter is in every line */

/* -- words ---------------------------------------------------------------------------- */

struct typed {
	char *word;                 /* HIGHLIGHT_BYTES_MAX + 1 bytes */
	size_t len;                 /* of the only word in what was typed, folded */
	size_t begin, end;          /* where it is there */
	bool run;                   /* it is a run */
	int n;                      /* words in it */
};

static int take_word(void *ctx, const struct fold_token *t)
{
	struct typed *w = ctx;

	w->n++;
	w->len = t->len;
	w->begin = t->begin;
	w->end = t->end;
	w->run = t->run;
	if (t->len <= HIGHLIGHT_BYTES_MAX)
		memcpy(w->word, t->text, t->len);
	return 0;
}

/* How many letters a run has: marks on them do not count. */
static size_t letters_in(const char *word, size_t len)
{
	size_t letters = 0, n;

	for (size_t i = 0; i < len; i += n) {
		letters += !cp_begins_mark(word + i, word + len);
		cp_decode((const unsigned char *)word + i, (const unsigned char *)word + len, &n);
	}
	return letters;
}

/* False: the text is not one word. */
static bool parse(const char *text, struct typed *w)
{
	size_t len = strlen(text);

	fold_text(text, len, FOLD_WORDS, take_word, w);
	if (w->n != 1 || w->begin != 0 || w->end != len || w->len > HIGHLIGHT_BYTES_MAX)
		return false;
	w->word[w->len] = '\0';
	return true;
}

const char *highlight_parse(const char *typed, char word[HIGHLIGHT_BYTES_MAX + 1])
{
	struct typed w = {.word = word};
	size_t chars = text_chars(typed, strlen(typed));

	_Static_assert(HIGHLIGHT_CHARS_MAX == 32 && CHARS_LEAST == 2 && RUN_LETTERS_MAX == 12,
	               "the sentences");
	if (chars > HIGHLIGHT_CHARS_MAX)
		return "A word can have at most 32 characters";
	if (!parse(typed, &w))
		return "A word has only letters and digits";
	if (text_chars(word, w.len) < CHARS_LEAST)
		return "A word needs at least 2 characters";
	if (w.run && letters_in(word, w.len) > RUN_LETTERS_MAX)
		return "A word in a script without blanks can have at most 12 letters";
	return NULL;
}

/* -- keeping -------------------------------------------------------------------------- */

static void listen(struct chat *c, struct session *s, const char *typed, const char *word, bool run)
{
	struct listening *l = mem_zero(1, sizeof *l);
	struct highlight *h;

	HASH_FIND_STR(c->people.highlights.by_word, word, h);
	if (h == NULL) {
		h = mem_zero(1, sizeof *h);
		h->word = mem_strdup(word);
		h->run = run;
		c->people.highlights.nruns += run;
		HASH_ADD_KEYPTR(hh, c->people.highlights.by_word, h->word, strlen(h->word), h);
	}
	l->highlight = h;
	l->session = s;
	l->typed = typed != NULL ? mem_strdup(typed) : NULL;
	DL_APPEND(h->first, l);
	DL_APPEND2(s->mentioned.words.first, l, own_prev, own_next);
	if (typed == NULL)
		return;
	s->mentioned.words.n++;
	s->mentioned.words.bytes += 1 + strlen(typed);
}

void highlight_remove(struct chat *c, struct listening *l)
{
	struct highlight *h = l->highlight;
	struct session *s = l->session;

	DL_DELETE2(s->mentioned.words.first, l, own_prev, own_next);
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): l is in the list */
	DL_DELETE(h->first, l);
	if (l->typed != NULL) {
		s->mentioned.words.n--;
		s->mentioned.words.bytes -= 1 + strlen(l->typed);
	}
	free(l->typed);
	free(l);
	if (h->first != NULL)
		return;
	HASH_DELETE(hh, c->people.highlights.by_word, h);
	c->people.highlights.nruns -= h->run;
	free(h->word);
	free(h);
}

struct listening *highlight_own(const struct session *s, const char *word)
{
	struct listening *l;

	DL_FOREACH2(s->mentioned.words.first, l, own_next)
		if (l->typed != NULL && strcmp(l->highlight->word, word) == 0)
			return l;
	return NULL;
}

bool highlight_add(struct chat *c, struct session *s, const char *typed, const char *word)
{
	char again[HIGHLIGHT_BYTES_MAX + 1];
	struct typed w = {.word = again};

	if (s->mentioned.words.n >= HIGHLIGHTS_MAX ||
	    s->mentioned.words.bytes + 1 + strlen(typed) > HIGHLIGHTS_BYTES_MAX)
		return false;
	listen(c, s, typed, word, parse(typed, &w) && w.run);
	return true;
}

void highlight_text(const struct session *s, struct bytes *out)
{
	const struct listening *l;

	DL_FOREACH2(s->mentioned.words.first, l, own_next)
		if (l->typed != NULL)
			bytes_printf(out, " %s", l->typed);
}

void highlight_load(struct chat *c, struct session *s, const char *text)
{
	char word[HIGHLIGHT_BYTES_MAX + 1], typed[HIGHLIGHTS_BYTES_MAX + 1];

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		if (n <= HIGHLIGHTS_BYTES_MAX) {
			memcpy(typed, text, n);
			typed[n] = '\0';
			if (highlight_parse(typed, word) == NULL && highlight_own(s, word) == NULL)
				highlight_add(c, s, typed, word);
		}
		text += n;
	}
}

/* -- sessions ------------------------------------------------------------------------- */

static void drop(struct chat *c, struct session *s, bool words, bool name)
{
	struct listening *l, *next;

	DL_FOREACH_SAFE2(s->mentioned.words.first, l, next, own_next)
		if (l->typed != NULL ? words : name)
			highlight_remove(c, l);
}

static bool is_ascii(const char *text)
{
	while (*text != '\0' && (unsigned char)*text < 0x80)
		text++;
	return *text == '\0';
}

void highlight_name(struct chat *c, struct session *s)
{
	char word[HIGHLIGHT_BYTES_MAX + 1];
	struct typed w = {.word = word};
	size_t letters;

	drop(c, s, false, true);
	if (is_ascii(s->nick) || !parse(s->nick, &w) || !w.run)
		return;
	letters = letters_in(word, w.len);
	if (letters >= CHARS_LEAST && letters <= RUN_LETTERS_MAX)
		listen(c, s, NULL, word, true);
}

void highlight_clear(struct chat *c, struct session *s)
{
	drop(c, s, true, false);
}

void highlight_end(struct chat *c, struct session *s)
{
	drop(c, s, true, true);
}

/* -- finding -------------------------------------------------------------------------- */

struct finding {
	const struct highlights *all;
	bool (*each)(void *ctx, struct highlight *h);
	void *ctx;
};

/* False: enough. */
static bool find_one(const struct finding *f, const char *word, size_t len)
{
	struct highlight *h;

	HASH_FIND(hh, f->all->by_word, word, len, h);
	return h == NULL || f->each(f->ctx, h);
}

/* Where the letter at p ends, with its marks. */
static const char *after_marks(const char *p, const char *end)
{
	size_t n;

	do {
		cp_decode((const unsigned char *)p, (const unsigned char *)end, &n);
		p += n;
	} while (p < end && cp_begins_mark(p, end));
	return p;
}

/* Looks up all pieces of a run that are no longer than a word may be. */
static bool find_in_run(const struct finding *f, const char *run, size_t len)
{
	const char *end = run + len;

	for (const char *from = run; from < end; from = after_marks(from, end)) {
		const char *to = after_marks(from, end);

		for (int letters = 2; letters <= RUN_LETTERS_MAX && to < end; letters++) {
			to = after_marks(to, end);
			if (!find_one(f, from, (size_t)(to - from)))
				return false;
		}
	}
	return true;
}

static int find_word(void *ctx, const struct fold_token *t)
{
	const struct finding *f = ctx;

	if (!t->run)
		return !find_one(f, t->text, t->len);
	return f->all->nruns > 0 && !find_in_run(f, t->text, t->len);
}

void highlight_each(const struct chat *c, const char *text,
                    bool (*each)(void *ctx, struct highlight *h), void *ctx)
{
	struct finding f = {&c->people.highlights, each, ctx};

	if (f.all->by_word != NULL)
		fold_text(text, strlen(text), FOLD_WORDS, find_word, &f);
}
