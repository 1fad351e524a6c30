/*
 * The commands: one table row each.
 *
 * /help comes from the table; chatd(8) and docs/protocol.md are checked against
 * it.
 */
#ifndef CHATD_CORE_COMMANDS_COMMAND_H
#define CHATD_CORE_COMMANDS_COMMAND_H

#include "chatd/core/people/account.h"

enum {
	COMMAND_ARGS_MAX = 3,  /* words before the text that takes the rest of the line */
	COMMAND_NAME_BYTES_MAX = 16, /* no name is longer; nothing longer is near one */
	COMMAND_BRIEF_BYTES_MAX = 44, /* with what stands before it, a row of WRAP_COLUMNS */
};

/* What was typed, taken apart: "/msg bob hello there" is arg[0] "bob", rest
 * "hello there" for a command of one word and a rest. */
struct args {
	char *arg[COMMAND_ARGS_MAX]; /* NULL if it was not given */
	char *rest;                  /* what follows the words; "" if nothing does */
	struct room *room;           /* the room it is about: that of --in=ROOM, or the one the person is in.
	                              * NULL: none; only the host is in no room, with --everywhere or a
	                              * command that is about no room */
	bool preview;                /* --preview */
	bool all;                    /* --all */
	bool by_name;                /* --name */
	bool everywhere;             /* --everywhere */
	bool somewhere;              /* --in=ROOM was given */
	bool yes;                    /* --yes */
	bool lines;                  /* --lines */
	bool status;                 /* --status */
};

/* The options that a command takes before its words, and other things that are true of it. */
enum command_flag {
	FLAG_IN = 1,                 /* --in=ROOM: another room than the one the person is in */
	FLAG_EVERYWHERE = 2,         /* --everywhere: the whole server */
	FLAG_PREVIEW = 4,            /* --preview: only show what it would do */
	FLAG_SAYS = 8,               /* no option: given with words, it is something that others read, so
	                              * people who have flooded cannot use it (flood.h) */
	FLAG_OPERATOR = 16,          /* for a room's operators: the handler checks that, and /help lists
	                              * the command for them alone */
	FLAG_OWNER = 32,             /* for a room's owner, in the same way */
	FLAG_HOST = 64,              /* also for the host's own conversation (SESSION_HOST), which has no
	                              * name, and no room: a command about a room (FLAG_IN) needs
	                              * --in=ROOM there */
	FLAG_REACH = 128,            /* --all: even if an address affects more people than the one named;
	                              * --name: by the name alone */
	FLAG_YES = 256,              /* --yes: do what cannot be undone. It and --preview may also follow
	                              * the words, for such a command takes no text */
	FLAG_LINES = 512,            /* --lines: what was said goes too */
	FLAG_EVERYDAY = 1024,        /* /help alone lists it */
	FLAG_SECRET = 4096,          /* no option: what follows its name may be a password */
	FLAG_SECRET_REST = 8192,     /* the same of what follows its first word */
	FLAG_SECRET_SETTING = 16384, /* the same if that word is "password" */
	FLAG_SPOKEN = 32768,         /* no option: it shows its words itself, to whoever gave it too, so that
	                              * the command need not stay on the screen */
	FLAG_SHARED = 65536,         /* no option: it changes what all nodes of a cluster share, */
	FLAG_SHARED_WORDS = 131072,  /* if words follow it: alone it only shows something; */
	FLAG_SHARED_LINE = 262144,   /* if the number of a line follows it: otherwise it is for one person alone; */
	FLAG_SHARED_ITSELF = 524288, /* its handler proposes it, after a look at what only this node knows */
	FLAG_STATUS = 2048,          /* --status: for programs; if the command was done, its last line says so
	                              * in words that do not change */
};

/* An option as it is typed; "=" ends it if a value follows. */
struct command_option {
	const char *word;
	unsigned flag;               /* of those that take it */
	size_t at;                   /* offset of what it sets in struct args, a bool */
};
extern const struct command_option command_options[]; /* ends with word NULL */

/* What /help groups commands by. */
enum topic {
	TOPIC_TALK,
	TOPIC_ROOMS,
	TOPIC_ACCOUNT,
	TOPIC_TERMINAL,
	TOPIC_MODERATION,
	TOPIC_SERVER,
	TOPICS,
};

struct command {
	const char *name;
	const char *aliases;  /* separated by blanks; "" for none */
	const char *args;     /* as the usage shows them, and Tab completes them (usage.h); "" for none */
	int words;            /* words before the rest, at most COMMAND_ARGS_MAX */
	int least;            /* words that must be given */
	bool rest;            /* takes the rest of the line as text */
	bool rest_needed;     /* and must have it */
	void (*run)(struct chat *c, struct session *s, const struct args *a);
	enum role role;       /* the least role that may use it */
	unsigned flags;       /* of enum command_flag */
	enum topic topic;
	const char *brief;    /* a phrase for lists, at most COMMAND_BRIEF_BYTES_MAX */
	const char *help;     /* sentences for /help COMMAND, which wraps them */
	const char *example;  /* the part after the prefix */
};

/* Runs a line without its prefix. Unknown commands and wrong arguments are explained. May end the
 * session. */
void command_run(struct chat *c, struct session *s, char *line);

/* s has the role that the command takes. */
bool command_allowed(const struct session *s, const struct command *k);
/* And the role in its room, if the command takes one. */
bool command_useful(const struct session *s, const struct command *k);
/* Tells s who may use the command. */
void command_refuse(struct chat *c, struct session *s, const struct command *k);
/* Whether s has that role; if not, tells s. */
bool command_may(struct chat *c, struct session *s, const struct command *k);

/* Cuts a length of time ("30m") off the front of what was typed. Returns what follows; *ms is 0 if
 * there was none. */
char *args_age(char *rest, int64_t *ms);

/* Whether s is signed in; if not, tells s how to get an account. */
bool command_has_account(struct chat *c, struct session *s);

/* A person that a command names. */
struct args_person {
	struct account *account; /* NULL: a guest */
	struct session *session; /* NULL: is not here */
	const char *nick;
};

/* The account of the name as typed, or the guest who uses it. False: there is neither, which s was
 * told, followed by the hint: a sentence behind a blank, or "". */
bool args_person(struct chat *c, struct session *s, const char *name, const char *hint,
                 struct args_person *p);

/* The room of the name as typed, if s may know of it; NULL: s was told that there is none. */
struct room *args_room(struct chat *c, struct session *s, const char *name);

/* Whether the reason is short enough; if not, tells s. */
bool args_why_fits(struct chat *c, struct session *s, const char *why, int chars_max);

/* Tells s how to use the command. */
void command_usage(struct chat *c, struct session *s, const char *name);

/* The last line of a command that was done, if a program asked for it with --status. Its wording is part
 * of the protocol. */
void command_tell_status(struct chat *c, struct session *s, bool wanted);

/* How many bytes of a line without its prefix are certainly no password: all of them, unless the command
 * takes one, or is a wrong name near to one that does. */
size_t command_open_bytes(const struct chat *c, const char *line);

/* It says something that others read (FLAG_SAYS), with words. */
bool command_is_said(const struct chat *c, const char *line);
/* In a cluster, a line without its prefix changes what all nodes share, and has no password
 * in it, which no other node may read: then its last step is an act. */
bool command_is_shared(const struct chat *c, const char *line);
/* Whether s can use it with these words, as far as this node knows; if not, tells s. So no act is made of what is only a
 * slip, with a password in it perhaps. line is as for command_is_shared, which is true of it. */
bool command_fits(struct chat *c, struct session *s, const char *line);

/* The command shows its words itself (FLAG_SPOKEN). */
bool command_is_spoken(const struct chat *c, const char *line);

/* By its name or an alias, in any case; NULL: unknown. */
const struct command *command_find(const struct chat *c, const char *name);

/* The name or alias nearest to a wrong one, into found; false: none is near. Commands that nobody
 * should run by a slip are never found. */
bool command_nearest(const struct chat *c, const char *word, char found[COMMAND_NAME_BYTES_MAX + 1]);

#endif
