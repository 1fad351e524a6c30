/*
 * The running chatd's own data. For daemon*.c alone.
 */
#ifndef CHATD_PROGRAM_DAEMON_STATE_H
#define CHATD_PROGRAM_DAEMON_STATE_H

#include <signal.h>

#include "chatd/core/chat.h"
#include "chatd/net/listener.h"
#include "chatd/net/loop.h"
#include "chatd/net/ring.h"
#include "chatd/program/daemon.h"
#include "chatd/program/users.h"

struct daemon {
	const struct options *options; /* laid over the file again at every SIGHUP */
	struct conf *conf;   /* what holds at present */
	struct listener listeners[LISTENERS_MAX + 1]; /* the open ones, in the configuration's
	                      * order, and the control socket */
	uint32_t nlisteners;
	struct writer *writer; /* this and the next three: NULL until they are made */
	struct ring *ring;
	struct chat *chat;
	struct server *server;
	sigset_t signals;    /* those that are held back */
	int signal_fd;       /* -1 until signals are read from it */
	bool on_terminal;    /* stderr was one when chatd was started */
	bool host_open;      /* host_accounts was yes at the start: the sandbox and the unix sockets
	                      * let users of the host in */
	bool misconfigured;  /* the start fails because of what the configuration says */
	bool stopping;       /* true once the end has been asked for */
	int64_t stop_ms;     /* and when, daemon_now_ms */
	int64_t started_ms;  /* by daemon_now_ms */
	struct users users;  /* of the host, where they have accounts; otherwise empty */
};

/* daemon_conf.c: the configuration, as each part wants it, and anew */
struct chat_config daemon_chat_config(const struct conf *c);
struct writer_limits daemon_writer_limits(const struct conf *c);
struct listener_options daemon_listener_options(const struct conf *c);
/* Reads it again and gives every part what it then says; tells in the log. Adds what the log
 * says to said, unless that is NULL. False: something is wrong with it, nothing has changed. */
bool daemon_reload(struct daemon *d, struct bytes *said);

/* daemon.c */
/* Milliseconds of a clock that only goes forward. */
int64_t daemon_now_ms(void);
/* Begins the end; a second time it ends at once. */
void daemon_stop(struct daemon *d, const char *why);

/* daemon_serve.c: what the chat asks of the program */
void daemon_serve(struct daemon *d);
/* Knows the users of the host from now on, if they are to have accounts. */
void daemon_know_users(struct daemon *d);

#endif
