/*
 * The command line: chatd [OPTIONS] [PORT], and chatd [OPTIONS] admin add|code NAME, or admin chat.
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
	OPTIONS_ADMIN,    /* administer the chat from the command line */
};

enum {
	OPTIONS_SET_MAX = 8, /* the most options that set a key, each once */
};

struct options {
	enum options_wish wish;   /* the last one given */
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
	const char *admin_what;   /* OPTIONS_ADMIN: "add", "code" or "chat", */
	const char *admin;        /* the name; NULL with "chat" */
};

/* Strings of argv and constants are borrowed. False: problems has a line for each thing that is
 * wrong with the command line. */
bool options_parse(struct options *o, int argc, char **argv, struct bytes *problems);

/* Applies the options to c; cannot fail if options_parse did not. */
void options_apply(const struct options *o, struct conf *c);

/* What --help prints. */
void options_help(struct bytes *out);

#endif
