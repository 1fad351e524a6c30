/*
 * What administrators read of the server and have ordered: its end, a backup, figures.
 */
#ifndef CHATD_CORE_STATE_SERVER_STATUS_H
#define CHATD_CORE_STATE_SERVER_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"

struct chat;
struct session;

/* Part of struct chat. */
struct server_status {
	int64_t stop_ms;         /* when chatd goes down; 0: nobody has ordered it */
	int64_t stop_at_ms;      /* and the date of that, as it was when it was ordered: what /undo
	                          * knows the order by */
	int64_t told_ms;         /* the time left that everybody was told last */
	char *stop_by;           /* owned, like the next: who has ordered it, or NULL */
	char *stop_why;          /* and why; "": no reason was given */
	bool stop_now;           /* the time has come, and EFFECT_STOP was left */
	char *backup;            /* owned; name of the copy that is being made; NULL: none is */
	int64_t backup_ms;       /* since when */
	struct conn_id backup_for; /* whom its end is told to */
	struct figures figures;  /* as of the last /stats */
	uint32_t people_most;    /* named at one time, since the start */
	uint64_t lines;          /* said since then */
};

#endif
