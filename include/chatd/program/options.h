/*
 * The command line: chatd [OPTIONS] [PORT], or chatd [OPTIONS] COMMAND, which works on a database
 * ("export", "admin add NAME").
 *
 * Options that set a key of the configuration are kept, so that they can be applied again after a
 * reload has read the file again. PORT and --listen together replace the file's listeners.
 */
#ifndef CHATD_PROGRAM_OPTIONS_H
#define CHATD_PROGRAM_OPTIONS_H

#include "chatd/program/conf/conf.h"
#include "chatd/program/conf/conf_listen.h"

enum options_wish {
	OPTIONS_RUN,
	OPTIONS_CHECK,    /* check the configuration and report */
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_COMMAND,  /* carry out a command on the database */
};

enum options_verb {
	VERB_EXPORT,
	VERB_IMPORT,      /* name: the file, or "-" */
	VERB_ADMIN_ADD,   /* name: of a person, as for CODE, SHOW, ERASE and ADMIN_EXPORT */
	VERB_ADMIN_CODE,
	VERB_ADMIN_CHAT,
	VERB_ADMIN_LIST,  /* name: one of OPTIONS_LISTS */
	VERB_ADMIN_SHOW,
	VERB_ADMIN_STATS,
	VERB_ADMIN_ERASE,
	VERB_ADMIN_EXPORT,
	VERB_ADMIN_BACKUP, /* name: of the copy */
	VERB_ADMIN_CHECK,
};

#define OPTIONS_LISTS "accounts|rooms|bans|sessions"

/* What else a command takes, each as an option of its name: --room ROOM, --json. */
enum options_detail {
	DETAIL_ROOM,
	DETAIL_SINCE,     /* an age or a day, as format_parse_age and format_parse_day take it */
	DETAIL_FORMAT,    /* "text" or "jsonl" */
	DETAIL_JSON,      /* these take no argument: the value is "" */
	DETAIL_LINES,
	DETAIL_YES,
	DETAILS,
};

enum {
	OPTIONS_SET_MAX = 8, /* the most options that set a key, each once */
};

struct options {
	enum options_wish wish;   /* the last one given, but --help wins */
	const char *conf_path;    /* NULL: no file is read */
	bool connections_unlimited; /* max_connections is what the descriptor limit allows */
	struct {
		const char *where;  /* "--database", for messages */
		const char *key;
		const char *value;
	} set[OPTIONS_SET_MAX];   /* in the order of the command line */
	unsigned int nset;
	const char *port;         /* PORT, the first of the listeners; NULL: none is given */
	struct conf_listen listen[LISTENERS_MAX]; /* those of --listen, in their order */
	unsigned int nlisten;
	enum options_verb verb;   /* OPTIONS_COMMAND: the command, */
	const char *name;         /* its word; NULL: it has none */
	const char *detail[DETAILS]; /* those that were given; NULL: not. Each is one that the command takes */
};

/* Strings of argv and constants are borrowed. False: problems has a line for each thing that is
 * wrong with the command line. --help anywhere, "help" and "admin help" wish for the help alone,
 * whatever else is given or wrong. */
bool options_parse(struct options *o, int argc, char **argv, struct bytes *problems);

/* Applies the options to c; cannot fail if options_parse did not. */
void options_apply(const struct options *o, struct conf *c);

/* What --help prints. */
void options_help(struct bytes *out);

#endif
