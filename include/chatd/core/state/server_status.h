/*
 * What administrators see of the server and have asked it to do: a shutdown, a backup, figures.
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
	int64_t stop_ms;         /* when chatd goes down; 0: no shutdown is scheduled */
	int64_t stop_at_ms;      /* the same by the wall clock, as of when it was scheduled;
	                          * /undo recognises the shutdown by it */
	int64_t told_ms;         /* the time left in the last reminder */
	char *stop_by;           /* owned, like the next: who scheduled it, or NULL */
	char *stop_why;          /* the reason; "": none was given */
	bool stop_now;           /* the time has come, and EFFECT_STOP was emitted */
	char *backup;            /* owned; name of the backup that is being made; NULL: none */
	int64_t backup_ms;       /* when it began */
	struct conn_id backup_for; /* who is told when it is done, */
	bool backup_status;      /* and with a status (--status) */
	struct figures figures;  /* as of the last /stats */
	uint32_t people_most;    /* most people with a name at one time since the start */
	struct chat_counts counts; /* all but those at present */
};

#endif
