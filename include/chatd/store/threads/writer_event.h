/*
 * What the loop hears from the store's threads.
 */
#ifndef CHATD_STORE_THREADS_WRITER_EVENT_H
#define CHATD_STORE_THREADS_WRITER_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct rows;

enum writer_event_kind {
	WRITER_STORED,     /* seq */
	WRITER_FAILED,     /* reason, valid until writer_event_release; what waits is kept and
	                    * tried again every second. Comes again when the reason changes. low: for
	                    * want of space that is to be left free; what is appended is saved all the
	                    * same, so it had better be what frees some, and not lines */
	WRITER_BACK,       /* saving works again */
	WRITER_ROWS,       /* rows */
	WRITER_ROOM_EMPTY, /* room, true as of seq */
	WRITER_CLOCK,      /* low: the host's clock may be wrong; otherwise it is believed again */
	WRITER_NOTICE,     /* reason: what was done that administrators are to know */
};

struct writer_event {
	enum writer_event_kind kind;
	uint64_t seq;
	uint32_t room;
	bool low;                /* FAILED, CLOCK: see there */
	char *reason;
	struct rows *rows;
};

/* Frees what it owns: reason and rows. */
void writer_event_release(struct writer_event *e);

#endif
