/*
 * The store in memory: what its two files share.
 */
#ifndef CHATD_TESTS_FAKE_WRITER_H
#define CHATD_TESTS_FAKE_WRITER_H

#include "fake.h"
#include "fake_disk.h"

struct waiting_record {
	struct record record;   /* strings owned */
	size_t bytes;
};

/* The end of a group. */
struct waiting_mark {
	uint64_t end;           /* records given before it, ever */
	char *position;         /* owned */
};

struct waiting_query {
	struct query query;     /* strings owned */
	uint32_t late;          /* steps until it is looked at */
	bool again;             /* it was answered once, and is for the second time */
};

struct seen {
	char *key;              /* owned */
	uint32_t room;
	uint64_t id, seq;
	struct ranges gaps;
};

/* What a start reads besides the lines, if there will be one: fake_saved.c. */
struct fake_saved {
	struct { struct saved_fact *at; size_t n, cap; } facts;  /* owned, like the others: in order */
	struct { struct saved_room *at; size_t n, cap; } rooms;  /* by number */
	struct { struct pruned { uint32_t room; uint64_t up_to; } *at; size_t n, cap; } pruned;
	uint32_t last_room;
	char *position;         /* NULL: none is saved */
};

struct sleeper {
	bool asleep, claimed;   /* claimed: named to the loop since it fell asleep */
	bool wanted;            /* something was given to it since the loop last looked */
};

struct writer {
	struct prng prng;
	bool calm;
	bool failing;           /* between FAILED and BACK */
	uint32_t pressed_at;    /* records waiting */
	uint32_t saves;         /* it saves in this many of a thousand steps: a slow disk in few */
	struct { struct waiting_record *at; size_t n, cap, bytes; } records; /* owned, like the others */
	struct { struct waiting_query *at; size_t n, cap; } queries;
	struct { struct fake_line *at; size_t n, cap; } lines; /* said lines that are saved, by id */
	struct { struct seen *at; size_t n, cap; } marks;
	struct { struct writer_event *at; size_t n, cap; } news;
	uint64_t given, saved;  /* newest record appended, and saved */
	bool grouped;           /* only what is before a mark is saved */
	struct { struct waiting_mark *at; size_t n, cap; } marks_waiting; /* in order */
	uint64_t dropped;       /* records that wait no more, ever */
	char cluster[CLUSTER_ID_BYTES_MAX + 1]; /* "": none is set */
	uint64_t failures;
	struct sleeper writing, reading;
	struct fake_saved *start; /* owned; NULL: nobody starts from what is saved */
	struct store *store, *reader; /* owned: a real file; NULL: all is memory */
	uint64_t lines_kept;    /* of each room, by pruning; 0: all */
	bool prunes;            /* sometimes looks for lines that are to go */
};

/* Makes room for one more of an array's elements. */
void *fake_grow(void *p, size_t n, size_t *cap, size_t size);
/* Something that writer_next will say. */
struct writer_event *fake_tell(struct writer *w, enum writer_event_kind kind);
/* NULL: never here. */
struct seen *fake_seen_find(struct writer *w, const char *key, uint32_t room);
/* Says what the answer to q is, or that there is none and why. */
void fake_answer(struct writer *w, const struct query *q, const char *error);

/* fake_lines.c: what the first n records that wait make of what is saved; some room's lines go. */
void fake_lines_save(struct writer *w, size_t n);
void fake_lines_prune(struct writer *w);
void fake_line_release(struct fake_line *l);

/* fake_saved.c: what a start reads. A record of those that are saved; the position after them; and that a room's
 * lines are deleted. */
void fake_saved_record(struct fake_saved *s, const struct record *r);
void fake_saved_position(struct fake_saved *s, const char *position);
void fake_saved_pruned(struct fake_saved *s, uint32_t room, uint64_t up_to);
void fake_saved_free(struct fake_saved *s);

/* fake_store.c: the same over a real file. */

/* Saves the first n records that wait, in one transaction, with the position if there is one (NULL:
 * none). False: it failed, err says why. */
bool fake_store_save(struct writer *w, size_t n, const char *position, struct store_error *err);
/* Indexes or prunes a little, now and then. */
void fake_store_maintain(struct writer *w);
/* The answer comes from the file. */
bool fake_store_answers(const struct writer *w, enum query_kind kind);
void fake_store_answer(struct writer *w, const struct query *q, const char *error);
/* Up to which record a query of that kind sees all. */
uint64_t fake_store_seen(const struct writer *w, enum query_kind kind);

#endif
