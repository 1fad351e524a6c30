/*
 * The runner of conversations: what its parts share.
 *
 * talk.c reads a conversation and takes its steps, talk_expect.c checks what a
 * client got; a backend is the chat that the conversation is held with: the
 * core in memory (talk_core.c) or the real daemon over TCP (talk_daemon.c).
 */
#ifndef CHATD_TESTS_TALK_H
#define CHATD_TESTS_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bytes.h"
#include "chatd/core/event.h"

enum {
	TALK_CLIENTS_MAX = 64,  /* labels in one conversation */
	TALK_LABEL_MAX = 64,    /* bytes of a label, with its NUL */
	TALK_CONF_MAX = 32,     /* "conf:" lines in one conversation */
	TALK_WAITING_MAX = 4,   /* records that a disk that fails keeps waiting */
	TALK_WAIT_MS = 20000,   /* how long an expected line is waited for: a password takes seconds
	                         * under a sanitizer on a busy machine */
};

/* One "conf:" line. */
struct talk_conf {
	char *key;    /* a key of chatd.conf */
	char *value;  /* as it would stand in the file, */
	bool is_file; /* or what is in a file of which the key has the name (talk_conf_value) */
};

/* One client of a conversation. */
struct client {
	char label[TALK_LABEL_MAX]; /* its name in the file */
	struct bytes in;     /* what it got and the conversation has not yet read */
	bool open;           /* true from "connects" until it closes or was seen to be closed */
	bool ended;          /* true once the server has closed the connection */
	bool half;           /* true once it has half-closed */
	bool named;          /* true once it has read its greeting: commands work */
	bool skipping;       /* "~": what does not match is passed over until something does */
	bool unsure;         /* true while it may be that the chat has not yet seen what it sent */
	int fd;              /* of the daemon backend: its socket */
	struct conn_id id;   /* of the core backend: its connection */
};

/*
 * A chat to talk with. `problem` gets a text of one or more lines when a
 * function returns false or NULL; `stop` frees the world in either case.
 */
struct backend {
	const char *name;  /* "core", "daemon": what "core only" in a file refers to */
	bool late;         /* true if what was sent may be seen later, and in another order */
	void *(*start)(const struct talk_conf *conf, size_t n, struct bytes *problem);
	bool (*stop)(void *world, struct bytes *problem);
	/* Begins an orderly end; and when all clients have gone, starts the chat again on the same
	 * history. */
	void (*end)(void *world);
	bool (*again)(void *world, struct bytes *problem);
	bool (*connect)(void *world, struct client *c, struct bytes *problem);
	void (*send)(void *world, struct client *c, const char *p, size_t n);
	void (*hang_up)(void *world, struct client *c, bool half);
	/* Waits until c gets more or is closed. False: nothing came in wait_ms. */
	bool (*more)(void *world, struct client *c, int64_t wait_ms);
	/* Nothing can be saved any more, or it can again. NULL: the backend has no way to it. */
	void (*disk)(void *world, bool works);
	/* Lets time pass. */
	void (*wait)(void *world, int64_t ms);
	/* NULL, or what is wrong with the chat itself. */
	const char *(*fault)(void *world);
};

/* A conversation that is being held. */
struct talk {
	const char *file;              /* path */
	unsigned line;                 /* number of the current line */
	const struct backend *backend; /* the backend that the conversation is held with */
	void *world;                   /* the backend's; NULL until the first step */
	struct talk_conf conf[TALK_CONF_MAX];
	size_t nconf;
	char prefix;                   /* of commands, for the sync */
	struct client client[TALK_CLIENTS_MAX];
	size_t nclients;
	uint64_t kept[26];             /* what {a} to {z} stand for; 0: nothing yet */
	unsigned syncs;                /* sync commands sent so far */
	struct bytes report;           /* what went wrong, in lines; empty: nothing */
};

extern const struct backend talk_core;
extern const struct backend talk_daemon;

/* The daemon backend's program. */
extern const char *talk_chatd;

/* Removes a folder and the files in it. */
void talk_dir_remove(const char *path);

/* -- talk_expect.c: what a client reads, and the report when it is something else -- */

/* Reads c's next line and says whether it is as the pattern says; passes over
 * others while skipping, but keeps them for the report if none is. */
bool line_expect(struct talk *t, struct client *c, const char *pattern);

/* Undoes C escapes in place and returns the length. */
size_t unescape(char *s);

/* Sends a line, with the numbers that were kept in place of each "{x}". */
void line_send(struct talk *t, struct client *c, const char *text);

/* The same for the n bytes that come next, line end or not. */
bool text_expect(struct talk *t, struct client *c, const char *want, size_t n);

/* Sends a command that nobody else learns of; n, its number, is in the answer. */
unsigned sync_send(struct talk *t, struct client *c);

/* Waits until the chat has seen all that the clients other than c have sent, so
 * that what c does comes after it. */
void others_wait(struct talk *t, const struct client *c);

/* Report it and return false. */
bool fail(struct talk *t, const struct client *c, const char *expected);
bool fail_text(struct talk *t, const struct client *c, const char *expected, size_t n);
bool fail_script(struct talk *t, const char *why);

/* -- talk_conf.c: "conf:" lines -- */

/* What stands behind "conf:"; or behind "file:", with the escapes of |. */
bool conf_read_line(struct talk *t, char *s, bool is_file);

/* Adds the key's value to out, as it stands in the configuration; a file is made in that folder. False:
 * that failed. */
bool conf_value(const struct talk_conf *conf, const char *dir, struct bytes *out);

/* Switches the limits off that the file does not set. */
void conf_unlimit(struct talk *t);

#endif
