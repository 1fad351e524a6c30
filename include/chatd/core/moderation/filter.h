/*
 * Words that may not be said.
 *
 * Whole words are compared, of letters and digits of any script, folded: without case, accents and
 * compatibility forms. wor* stands for all words that begin with wor. Each is a fact in the store
 * (FACT_FILTER).
 */
#ifndef CHATD_CORE_MODERATION_FILTER_H
#define CHATD_CORE_MODERATION_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/base/hash.h"

struct chat;

struct filter {
	char *word;              /* owned; folded, and without the * */
	bool beginning;          /* wor*: all that begin with it */
	char *saved;             /* owned; the key that it is saved by, by an earlier version perhaps
	                          * folded in another way */
	char *by;                /* owned; the nick of who added it */
	int64_t at_ms;
	UT_hash_handle hh;       /* in filters.words or filters.beginnings */
};

/* Part of struct chat. */
struct filters {
	struct filter *words, *beginnings; /* owned hashes, by word: n together */
	uint32_t n;
};

/* The first filter that is in the text; NULL: none. */
const struct filter *filter_find(const struct chat *c, const char *text);

/* What is wrong with a word for a filter, a sentence without its end; NULL: nothing, and word
 * is the one to add or remove, beginning whether it ended in *. */
enum { FILTER_BYTES_MAX = FILTER_CHARS_MAX * 4 };
const char *filter_parse(const char *typed, char word[FILTER_BYTES_MAX + 1], bool *beginning);

struct filter *filter_named(const struct chat *c, const char *word, bool beginning);
/* Adds and saves it; there must be fewer than FILTERS_MAX. by "" and at_ms 0, if not known, stand for
 * System and now. */
void filter_add(struct chat *c, const char *word, bool beginning, const char *by, int64_t at_ms);
void filter_remove(struct chat *c, struct filter *f);

void filter_load(struct chat *c, const char *key, const char *value);
void filters_free(struct chat *c);

#endif
