/*
 * Events from the store's threads for the loop.
 */
#ifndef CHATD_STORE_THREADS_WRITER_EVENT_H
#define CHATD_STORE_THREADS_WRITER_EVENT_H

#include <stdbool.h>
#include <stdint.h>

struct rows;

enum writer_event_kind {
	WRITER_STORED,     /* seq */
	WRITER_FAILED,     /* nothing can be saved, for this reason; advice says what to do about it, or
	                    * is NULL. Both are valid until writer_event_release. Waiting records are
	                    * kept and tried again every second. Comes again when the reason changes.
	                    * low: because the space to be left free is used up; what is appended is
	                    * still saved, so append what frees space, and no lines */
	WRITER_BACK,       /* saving works again */
	WRITER_ROWS,       /* rows */
	WRITER_ROOM_EMPTY, /* room has no lines left, as of seq */
	WRITER_CLOCK,      /* low: the host's clock may be wrong; not low: it is trusted again */
	WRITER_NOTICE,     /* reason: something was done that administrators should know */
};

struct writer_event {
	enum writer_event_kind kind;
	uint64_t seq;
	uint32_t room;
	bool low;                /* for FAILED and CLOCK: see there */
	char *reason;            /* FAILED, NOTICE */
	char *advice;            /* FAILED */
	struct rows *rows;
};

/* Frees what it owns: reason, advice and rows. */
void writer_event_release(struct writer_event *e);

#endif
