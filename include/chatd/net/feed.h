/*
 * Fan-out: one shared log per room and line end, and a cursor for each reader.
 *
 * A feed knows nothing of chat. What is published is copied once, into reference-counted chunks:
 * one reference for the feed while it keeps the chunk, one for each send in flight that reads it.
 * Positions count the feed's bytes since it began and never go back. Readers see the log up to the
 * mark, which moves when lines are saved.
 */
#ifndef CHATD_NET_FEED_H
#define CHATD_NET_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/core/terminal/view.h"
#include "chatd/net/budget.h"

/* Where a line begins in its chunk, its record, and what views need to know of it. */
struct feed_line {
	uint32_t offset;        /* of its first byte in data */
	uint32_t seq;           /* chunk->seq plus this is the newest record published up to and
	                         * with this line */
	struct line_info info;  /* its time, kind and speaker */
};

struct feed_chunk {
	struct feed_chunk *next; /* the next newer one; stays set when this one leaves the feed */
	uint64_t base;          /* position of data[0] */
	uint64_t seq;           /* newest record published before this chunk */
	uint64_t line_base;     /* lines published before this chunk */
	uint32_t refs;          /* references: the feed's, and those of sends in flight */
	uint32_t size;          /* bytes of data, for lines and their index */
	uint32_t used;          /* bytes of lines, from the front */
	uint32_t nlines;        /* index entries, from the back */
	struct budget *budget;    /* borrowed; that of the logs */
	_Alignas(8) char data[];
};

struct feed {
	struct budget *budget;    /* borrowed; for chunks and cuts of all feeds */
	struct feed_chunk *head, *tail; /* oldest and newest; NULL while nobody needs any */
	struct feed_chunk *hint; /* where the last lookup ended; in the list, or NULL */
	uint64_t start;         /* position of head's first byte; equal to end if there are no
	                         * chunks */
	uint64_t end;           /* position after the newest line */
	uint64_t mark;          /* readers see what lies before it */
	uint64_t seq;           /* newest record published */
	uint64_t lines;         /* lines published */
	uint32_t last_len;      /* bytes of the newest line */
	uint32_t *readers;      /* owned array of the readers' slots */
	uint32_t nreaders, readers_cap;
	struct {
		uint64_t end;   /* position after the line whose way is timed; */
		int64_t at_us;  /* when it was published (counters.h); 0: none was yet */
	} probe;
	uint64_t shown_by;      /* number of the server's queue entry that will show the newest
	                         * line; 0: none waits */
	bool dirty;             /* true exactly while in the server's list of feeds to flush */
	bool unsettled;         /* true exactly while in the list of feeds with chunks that may be
	                         * freed */
};

/* A part of the feed that one reader does not get, such as its own lines. */
struct feed_cut {
	uint64_t from, to;      /* positions */
	uint64_t line;          /* lines published before it */
	uint32_t lines;         /* and in it */
};

/* A reader's position. All zero: it reads no feed. */
struct feed_reader {
	struct feed *feed;
	uint64_t cursor;        /* position of the next line to send */
	uint32_t index;         /* in feed->readers */
	uint32_t ncuts, cut_first, cuts_cap; /* cuts[cut_first] to cuts[ncuts - 1] are still
	                                      * ahead */
	struct feed_cut *cuts;  /* owned; NULL while there is none */
	bool held;              /* nothing flows yet: the replay comes first */
	uint64_t let;           /* while its connection holds lines: they flow up to this position */
	bool lost;              /* its cuts were folded, so it must jump */
	uint64_t lines;         /* lines of the feed that begin before the cursor */
	uint64_t seq;           /* newest record published with them, or an older one */
};

/* Appends a line (with its end). seq 0: a notice. Beyond FEED_BYTES_MAX the oldest chunks fall out,
 * if they have been shown. */
void feed_publish(struct feed *f, const char *line, size_t len, uint64_t seq, struct line_info info);

/* Cuts the line published last out of what r gets. */
void feed_skip(struct feed_reader *r);

/* r, which reads no feed, starts reading f at its end. */
void feed_join(struct feed *f, struct feed_reader *r, uint32_t slot);
/* Ends that. Returns the slot of the reader that took r's index (UINT32_MAX: none). */
uint32_t feed_part(struct feed_reader *r);

/* The chunk that contains pos, which must be below f->end; NULL if it has fallen out. */
struct feed_chunk *feed_find(struct feed *f, uint64_t pos);

/* Drops the chunks that end at or before pos; all of them if pos is f->end. */
void feed_trim(struct feed *f, uint64_t pos);

/* Drops a reference; frees the chunk with the last one. */
void feed_chunk_unref(struct feed_chunk *chunk);

/* Moves r's cursor to pos, which chunk contains or ends at. */
void feed_reader_move(struct feed_reader *r, const struct feed_chunk *chunk, uint64_t pos);

/* Merges the cuts between from, after which nothing is in flight, and the mark. This cuts the lines
 * between them too: the reader is lost, and must jump before it goes on. */
void feed_reader_fold(struct feed_reader *r, uint64_t from);

/* Forgets cuts that end at or before the cursor. */
void feed_reader_drop_cuts(struct feed_reader *r);

/* The end of the line that contains pos; pos itself at the beginning of a line. chunk contains pos
 * or ends at it. */
uint64_t feed_line_end(const struct feed_chunk *chunk, uint64_t pos);

/* The end of the line that begins at pos, which chunk contains, and what views need to know of it. */
uint64_t feed_line_next(const struct feed_chunk *chunk, uint64_t pos, struct line_info *info);

/* Moves r from the beginning of a line to the mark, and returns what it misses (first_id 0: only
 * notices). The lines themselves may have fallen out. */
struct feed_gap {
	uint32_t lines;
	uint64_t first_id;
};
struct feed_gap feed_reader_jump(struct feed_reader *r);

/* Frees chunks and arrays. */
void feed_release(struct feed *f);
void feed_reader_release(struct feed_reader *r);

#endif
