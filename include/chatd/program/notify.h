/*
 * Telling the service manager how chatd is doing: sd_notify(3), over the socket that
 * $NOTIFY_SOCKET names.
 *
 * No function waits: a message that the manager's socket has no room for is lost, except that chatd
 * is ready, which the next notify_tick repeats. If nobody is to be told, all of them do nothing.
 */
#ifndef CHATD_PROGRAM_NOTIFY_H
#define CHATD_PROGRAM_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
	int fd;             /* connected to the manager's socket; -1: nobody is to be told */
	int timer_fd;       /* a timerfd, readable whenever notify_tick is due; -1: it never is */
	bool watched;       /* the manager ends a chatd that is silent for too long (WatchdogSec=) */
	bool ready_owed;    /* chatd is ready, and the manager could not be told yet */
	bool stopping;      /* chatd is ending: how many people there are is no news any more */
	uint32_t people, rooms; /* as the manager was last told; */
	bool told;          /* false: it was not */
};

/*
 * Connects, as the environment says, and starts the timer. To be called before the sandbox is
 * entered, because connecting is forbidden there. If the manager's socket cannot be reached, the log
 * says so and nobody is told anything.
 */
void notify_open(struct notify *n);
void notify_close(struct notify *n);

/* Starting goes on with what, for people to read, and may take up to ms milliseconds more. */
void notify_starting(struct notify *n, const char *what, int64_t ms);

/* The start, or a reload, is done; so many people and rooms are there. */
void notify_ready(struct notify *n, uint32_t people, uint32_t rooms);

/* A reload begins; notify_ready ends it. */
void notify_reloading(struct notify *n);

/* chatd is ending, which may take up to ms milliseconds more; 0: no longer than the manager allows
 * anyway. */
void notify_stopping(struct notify *n, int64_t ms);

/* To be called by the loop when timer_fd is readable: feeds the watchdog, so a loop that hangs does
 * not, and tells how many people and rooms there are, if that has changed. */
void notify_tick(struct notify *n, uint32_t people, uint32_t rooms);

#endif
