/*
 * Mentions: whom a line names, and what they learn of it.
 *
 * A line names a person if their name is a word of it: a run of the characters that names can have,
 * compared by keys, with or without the signs at its ends (a full stop may be one). What follows an
 * apostrophe is a word if it has more than two letters. In scripts without blanks a name may be anywhere
 * in a run of letters. Besides, people have words of their own (highlight.h).
 *
 * People in the room see the line anyway; those with a view get it marked (EFFECT_MARK). People in other
 * rooms who may read this one are told of it in a sentence, once the line is saved.
 *
 * What bounds it: a line looks up each of its words once or a few times, whoever is here. It marks at
 * most MARKS_LINE_MAX and tells at most MENTIONS_LINE_MAX people, those it names before those with a word
 * in it; of these, MENTIONS_LOOKED_MAX are looked at, in turn from line to line. A person is told of a few
 * at once and then of one in a while, by each speaker and by all; the others are counted, and /mentions
 * shows them. The speaker's bucket of bytes pays for each person who is named and told.
 */
#ifndef CHATD_CORE_ROOMS_MENTION_H
#define CHATD_CORE_ROOMS_MENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/event.h"
#include "chatd/core/people/highlight.h"

struct chat;
struct room;
struct session;
struct telling;

/* How many lines of one speaker's somebody may be told of. */
struct mentioning {
	uint64_t who;               /* the hash of the speaker's principal (share.h); 0: none yet */
	struct bucket bucket;
};

/* Part of struct session: its words, and what it is told of lines in other rooms that mention it. */
struct mentioned {
	struct own_highlights words; /* words that it wants to be told of */
	uint32_t untold;            /* lines that it was not told of, since the last that it was */
	uint64_t line;              /* mentions.line of the last line that mentioned it */
	struct bucket all;          /* how many it may be told of now, */
	struct mentioning *by;      /* and of whom: owned, MENTION_SPEAKERS_MAX of them; NULL until the first */
};

/* Part of struct chat. */
struct mentions {
	struct telling *first;      /* owned; wait until their lines are saved, in the order of these */
	uint32_t n;                 /* how many; at most TELLINGS_MAX */
	uint64_t line;              /* number of the last line that was looked through */
};

/* A line that s has just said in a room, and that was published. */
struct said {
	enum record_kind kind;      /* SAY or ACTION */
	const char *body;           /* what it says */
	uint64_t id;                /* its record; 0: it has none */
};

/* Marks the line for those in the room whom it mentions, and has those elsewhere told. */
void mention_said(struct chat *c, struct session *s, struct room *r, const struct said *line);

/* Tells people of the lines that are saved, or shown unsaved, by now, as far as there is room. Call it
 * when either may have changed. */
void mention_tick(struct chat *c);
int64_t mention_due_ms(const struct chat *c);
void mentions_free(struct chat *c);

/* Whether a line with this body mentions s, by its name or a word of its own. */
bool mention_is(const struct chat *c, const struct session *s, const char *body);

#endif
