/*
 * Highlighted words: what people want to be told of besides their name, and who wants that of a word.
 *
 * A word is compared in the form of fold.h, as searches and filters do, so accents and case do not
 * count. A session has its words in the table while it lives; what an account keeps of them is text
 * (account.highlights). A name in a script without blanks (fold.h) is in the table too, by itself: nothing
 * marks where it begins and ends in a line.
 */
#ifndef CHATD_CORE_PEOPLE_HIGHLIGHT_H
#define CHATD_CORE_PEOPLE_HIGHLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/base/hash.h"

struct chat;
struct session;
struct listening;

/* A word that somebody here listens for. */
struct highlight {
	char *word;              /* owned; folded */
	bool run;                /* it is of a script without blanks, and found anywhere in a run */
	struct listening *first; /* owned; who listens for it, those who were told longest ago first */
	UT_hash_handle hh;       /* in highlights.by_word */
};

/* That a session listens for a word. */
struct listening {
	struct highlight *highlight; /* the word */
	struct session *session; /* who listens */
	char *typed;             /* owned; the word as they typed it; NULL: it is their name */
	struct listening *prev, *next; /* in highlight.first */
	struct listening *own_prev, *own_next; /* in own_highlights.first */
};

/* Part of struct session, in struct mentioned: its words. */
struct own_highlights {
	struct listening *first; /* in the order in which they were added */
	uint32_t n;              /* how many, without its name; at most HIGHLIGHTS_MAX */
	size_t bytes;            /* of these as highlight_text writes them, at most HIGHLIGHTS_BYTES_MAX */
};

/* Part of struct chat: all words that are listened for. */
struct highlights {
	struct highlight *by_word; /* owned hash */
	uint32_t nruns;          /* how many of them are `run` */
};

/* The folded form of a word as typed. Otherwise why it cannot be one: a sentence without its end. */
const char *highlight_parse(const char *typed, char word[HIGHLIGHT_BYTES_MAX + 1]);

/* The session's wish for that folded word; NULL: it has none. */
struct listening *highlight_own(const struct session *s, const char *word);

/* Adds a word, typed and folded, that s does not have yet. False: s has as many as it may. */
bool highlight_add(struct chat *c, struct session *s, const char *typed, const char *word);
void highlight_remove(struct chat *c, struct listening *l);

/* Appends the words of s as typed, each after a blank. */
void highlight_text(const struct session *s, struct bytes *out);
/* Adds the words of such a text to those of s, as far as they are valid and fit. */
void highlight_load(struct chat *c, struct session *s, const char *text);

/* s has a new name. */
void highlight_name(struct chat *c, struct session *s);
/* s listens for no word any more but its name; highlight_end: nor for that. */
void highlight_clear(struct chat *c, struct session *s);
void highlight_end(struct chat *c, struct session *s);

/* Calls back for each word of the text that somebody listens for, perhaps more than once for the same,
 * until a call returns false. */
void highlight_each(const struct chat *c, const char *text,
                    bool (*each)(void *ctx, struct highlight *h), void *ctx);

#endif
