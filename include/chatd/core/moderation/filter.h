/*
 * Filters: words that may not be said.
 *
 * Only whole words match: letters and digits of any script, folded, so that case, accents and
 * compatibility forms do not matter. wor* matches all words that begin with wor. Each filter is
 * saved as a fact (FACT_FILTER).
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
	bool beginning;          /* it was given as wor*: all words that begin with word match */
	char *saved;             /* owned; the key under which it is saved; an earlier version may have
	                          * folded the word in another way */
	char *by;                /* owned; nick of the person who added it */
	int64_t at_ms;           /* when it was added, since the epoch */
	UT_hash_handle hh;       /* in filters.words or filters.beginnings */
};

/* Part of struct chat: all filters. */
struct filters {
	struct filter *words, *beginnings; /* owned hashes, by word */
	uint32_t n;                 /* how many filters are in both together; at most FILTERS_MAX */
};

/* The first filter that matches the text; NULL: none. */
const struct filter *filter_find(const struct chat *c, const char *text);

/* Parses the word for a filter as typed. Returns what is wrong with it, as a sentence without its
 * full stop. NULL: nothing is, and word is the one to add or remove; *beginning says whether what
 * was typed ended in *. */
enum { FILTER_BYTES_MAX = FILTER_CHARS_MAX * 4 };
const char *filter_parse(const char *typed, char word[FILTER_BYTES_MAX + 1], bool *beginning);

/* The filter with exactly this word; NULL: there is none. */
struct filter *filter_named(const struct chat *c, const char *word, bool beginning);
/* Adds and saves a filter; there must be fewer than FILTERS_MAX. If it is not known who added it
 * and when, by "" stands for the System and at_ms 0 for now. */
void filter_add(struct chat *c, const char *word, bool beginning, const char *by, int64_t at_ms);
/* Removes and frees the filter, and deletes it from the store. */
void filter_remove(struct chat *c, struct filter *f);

/* Loads a filter as it was saved. Call it at the start. */
void filter_load(struct chat *c, const char *key, const char *value);
void filters_free(struct chat *c);

#endif
