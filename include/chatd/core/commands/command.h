/*
 * The commands: one table row each.
 *
 * Help comes from the table; chatd(8) and docs/protocol.md are checked against
 * it.
 */
#ifndef CHATD_CORE_COMMANDS_COMMAND_H
#define CHATD_CORE_COMMANDS_COMMAND_H

#include "chatd/core/people/account.h"

enum {
	COMMAND_ARGS_MAX = 3,  /* words before the text that takes the rest of the line */
	COMMAND_NAME_BYTES_MAX = 16, /* no name is longer; nothing longer is near one */
};

/* What was typed, taken apart: "/msg bob hello there" is arg[0] "bob", rest
 * "hello there" for a command of one word and a rest. */
struct args {
	char *arg[COMMAND_ARGS_MAX]; /* NULL where none was given */
	char *rest;                  /* what follows the words; "" where nothing does */
	struct room *room;           /* the one it is about: --in=ROOM, or where one is; NULL: none, of
	                              * whoever is in none, with FLAG_HOST and --everywhere or where it
	                              * is about no room */
	bool preview;                /* --preview */
	bool all;                    /* --all */
	bool by_name;                /* --name */
	bool everywhere;             /* --everywhere */
	bool somewhere;              /* --in=ROOM was given */
	bool yes;                    /* --yes */
	bool lines;                  /* --lines */
};

/* What may stand before a command's words. */
enum command_flag {
	FLAG_IN = 1,                 /* --in=ROOM: there, and not where one is */
	FLAG_EVERYWHERE = 2,         /* --everywhere: on the whole server */
	FLAG_PREVIEW = 4,            /* --preview: only tell what it would do */
	FLAG_SAYS = 8,               /* no word before others, but: with words behind it others read
	                              * of it, so not of one who has flooded (flood.h) */
	FLAG_OPERATOR = 16,          /* for a room's operators; its handler asks for that, and /help
	                              * lists it for them alone */
	FLAG_OWNER = 32,             /* for its owner, in the same way */
	FLAG_HOST = 64,              /* also for the host's own conversation (SESSION_HOST), which has no
	                              * name; and no room, so that one must be named with --in=ROOM
	                              * where the command is about one (FLAG_IN) */
	FLAG_REACH = 128,            /* --all: also where an address would hit more than the one who is
	                              * named; --name: by the name alone */
	FLAG_YES = 256,              /* --yes: do what cannot be taken back. It, and --preview, may stand
	                              * behind the words too: such a command takes no text */
	FLAG_LINES = 512,            /* --lines: what was said goes too */
};

struct command {
	const char *name;
	const char *aliases;  /* separated by blanks; "" for none */
	const char *args;     /* as the usage shows them; "" for none */
	int words;            /* words before the rest, at most COMMAND_ARGS_MAX */
	int least;            /* words that must be there */
	bool rest;            /* takes a rest of the line */
	bool rest_needed;     /* and must have it */
	void (*run)(struct chat *c, struct session *s, const struct args *a);
	enum role role;       /* the least that one must be */
	unsigned flags;       /* of enum command_flag */
	const char *help;     /* a sentence */
	const char *example;  /* the part after the prefix */
};

/* Runs a line without its prefix. Unknown ones and wrong arguments are
 * explained. May end the session. */
void command_run(struct chat *c, struct session *s, char *line);

/* s has the role that it takes. */
bool command_allowed(const struct session *s, const struct command *k);
/* And is something in its room where that is what it takes. */
bool command_useful(const struct session *s, const struct command *k);
/* Tells s for whom it is. */
void command_refuse(struct chat *c, struct session *s, const struct command *k,
                    const char *head);
/* s has the role that it takes; otherwise it was told. */
bool command_may(struct chat *c, struct session *s, const struct command *k);

/* Cuts a length of time ("30m") off the front of what was typed: returns what follows, and
 * *ms is 0 where there is none. */
char *args_age(char *rest, int64_t *ms);

/* Somebody of whom a command speaks. */
struct args_person {
	struct account *account; /* NULL: a guest */
	struct session *session; /* NULL: is not here */
	const char *nick;
};

/* The account of the name as typed, or the guest who bears it. False: there is neither, and s was told,
 * and the hint with it: a sentence behind a blank, or "". */
bool args_person(struct chat *c, struct session *s, const char *name, const char *hint,
                 struct args_person *p);

/* The room of the name as typed, if s may know of it; NULL: s was told that there is none. */
struct room *args_room(struct chat *c, struct session *s, const char *name);

/* The reason is not too long; otherwise s is told. */
bool args_why_fits(struct chat *c, struct session *s, const char *why, int chars_max);

/* Tells s how the command is used. */
void command_usage(struct chat *c, struct session *s, const char *name);

/* By its name or an alias, in any case; NULL: unknown. */
const struct command *command_find(const struct chat *c, const char *name);

/* The name or alias that is nearest to a wrong one, into found; false: none is near. Commands that
 * nobody should come to by a slip are never found. */
bool command_nearest(const struct chat *c, const char *word, char found[COMMAND_NAME_BYTES_MAX + 1]);

#endif
