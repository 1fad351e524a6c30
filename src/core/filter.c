/* Words that may not be said. Owns struct filter; each is freed in filter_free. */

#include "chatd/core/filter.h"

#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/fields.h"
#include "chatd/core/order.h"
#include "chatd/core/text.h"

enum { BEGINNING_CHARS_LEAST = 2 }; /* a* would be half of all there is */

/* Bytes of the letter or digit at p, which is not at its end; 0: it is none, and *skip are. */
static size_t letter(const char *p, size_t *skip)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)p, -1, &cp);

	*skip = n > 0 ? (size_t)n : 1;
	if (n <= 0)
		return 0;
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return (size_t)n;
	default:
		return 0;
	}
}

static const struct filter *find_word(const struct chat *c, const char *word, size_t len)
{
	const struct order *o = c->order;
	struct filter *f;

	HASH_FIND(hh, o->words, word, len, f);
	if (f != NULL)
		return f;
	for (f = o->beginnings; f != NULL; f = f->hh.next)
		if (strlen(f->word) <= len && memcmp(f->word, word, strlen(f->word)) == 0)
			return f;
	return NULL;
}

const struct filter *filter_find(const struct chat *c, const char *text)
{
	const struct filter *f = NULL;
	char *folded;

	if (c->order->nfilters == 0 || (folded = text_form(text, FORM_WORD)) == NULL)
		return NULL;
	for (const char *p = folded; *p != '\0' && f == NULL;) {
		size_t len = 0, n, skip = 0;

		while (p[len] != '\0' && (n = letter(p + len, &skip)) > 0)
			len += n;
		if (len > 0)
			f = find_word(c, p, len);
		p += len;
		if (*p != '\0')
			p += skip;
	}
	free(folded);
	return f;
}

const char *filter_parse(const char *typed, char word[FILTER_BYTES_MAX + 1], bool *beginning)
{
	char *folded = text_form(typed, FORM_WORD);
	size_t len = folded != NULL ? strlen(folded) : 0, at = 0, n, skip;
	const char *wrong = NULL;

	*beginning = len > 0 && folded[len - 1] == '*';
	if (*beginning)
		folded[--len] = '\0';
	while (at < len && (n = letter(folded + at, &skip)) > 0)
		at += n;
	if (len == 0 || at < len)
		wrong = "a word has letters and digits alone";
	else if (text_chars(folded, len) > FILTER_CHARS_MAX || len > FILTER_BYTES_MAX)
		wrong = "a word has at most 64 characters";
	else if (*beginning && text_chars(folded, len) < BEGINNING_CHARS_LEAST)
		wrong = "before a * there are at least 2 characters";
	else
		memcpy(word, folded, len + 1);
	_Static_assert(FILTER_CHARS_MAX == 64 && BEGINNING_CHARS_LEAST == 2, "the sentences");
	free(folded);
	return wrong;
}

/* -- keeping ----------------------------------------------------------------------------- */

static struct filter **hash_of(const struct chat *c, bool beginning)
{
	return beginning ? &c->order->beginnings : &c->order->words;
}

struct filter *filter_named(const struct chat *c, const char *word, bool beginning)
{
	struct filter *f;

	HASH_FIND_STR(*hash_of(c, beginning), word, f);
	return f;
}

static void insert(struct chat *c, const char *word, bool beginning, const char *by, int64_t at_ms)
{
	struct filter *f = mem_zero(1, sizeof *f), **hash = hash_of(c, beginning);

	f->word = mem_strdup(word);
	f->beginning = beginning;
	f->by = mem_strdup(by);
	f->at_ms = at_ms;
	HASH_ADD_KEYPTR(hh, *hash, f->word, strlen(f->word), f);
	c->order->nfilters++;
	order_changed(c);
}

static void filter_free(struct chat *c, struct filter *f)
{
	struct filter **hash = hash_of(c, f->beginning);

	/* NOLINTNEXTLINE(clang-analyzer-*): it does not see that f is the table's */
	HASH_DELETE(hh, *hash, f);
	c->order->nfilters--;
	free(f->word);
	free(f->by);
	free(f);
}

static void save(struct chat *c, const char *word, bool beginning, const char *value)
{
	char key[FILTER_BYTES_MAX + 2];
	size_t n = strlen(word);

	memcpy(key, word, n + 1);
	if (beginning)
		memcpy(key + n, "*", 2);
	emit_fact(c, FACT_FILTER, key, value);
}

void filter_add(struct chat *c, const char *word, bool beginning, const char *by, int64_t at_ms)
{
	struct bytes value = {0};

	/* A fact without a value would be none. */
	if (*by == '\0')
		by = "System";
	if (at_ms == 0)
		at_ms = c->wall_ms;
	insert(c, word, beginning, by, at_ms);
	fields_put(&value, "by", by);
	fields_put_number(&value, "at", at_ms);
	save(c, word, beginning, value.data);
	bytes_release(&value);
}

void filter_remove(struct chat *c, struct filter *f)
{
	save(c, f->word, f->beginning, "");
	filter_free(c, f);
	order_changed(c);
}

void filter_load(struct chat *c, const char *key, const char *value)
{
	char word[FILTER_BYTES_MAX + 1], *by;
	bool beginning;

	/* As of today's rules: a word that they would fold otherwise would hit nothing. */
	if (c->order->nfilters >= FILTERS_MAX || filter_parse(key, word, &beginning) != NULL ||
	    filter_named(c, word, beginning) != NULL)
		return;
	by = fields_get_text(value, "by", NAME_BYTES_MAX);
	insert(c, word, beginning, by, fields_get_time(value, "at"));
	free(by);
}

void filters_free(struct chat *c)
{
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): each that is freed has left its table */
	while (c->order->words != NULL)
		filter_free(c, c->order->words);
	while (c->order->beginnings != NULL)
		filter_free(c, c->order->beginnings);
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
}
