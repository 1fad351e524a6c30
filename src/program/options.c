/*
 * The command line.
 *
 * Owns the table of options; the configuration's keys decide which values are valid. getopt_long
 * parses the line.
 */
#include "chatd/program/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum option_kind {
	OPTION_WISH,        /* sets the wish to value */
	OPTION_FILE,        /* names the configuration file */
	OPTION_KEY,         /* sets key to its argument, or to value if it takes none */
	OPTION_CONNECTIONS, /* max_connections, with a meaning for 0 and less */
};

static const struct option_row {
	char letter;             /* 0: none */
	const char *name;        /* with its dashes */
	const char *argument;    /* what --help calls it; NULL: takes none */
	enum option_kind kind;
	enum options_wish wish;
	const char *key;         /* of the configuration */
	const char *value;       /* the key's value, if the option takes no argument */
	const char *help;
} options_table[] = {
	{ 'c', "--config", "FILE", OPTION_FILE, 0, NULL, NULL,
	  "read the configuration from FILE (default: none)" },
	{ 'd', "--database", "FILE", OPTION_KEY, 0, "database", NULL,
	  "keep the history in FILE (default: chatd.db)" },
	{ 0, "--logfile", "FILE", OPTION_KEY, 0, "chat_log", NULL,
	  "append every line to FILE, as text" },
	{ 0, "--user", "NAME", OPTION_KEY, 0, "user", NULL,
	  "the user to switch to when started as root" },
	{ 0, "--max-connections", "N", OPTION_CONNECTIONS, 0, NULL, NULL,
	  "at most N at a time (0: 1024; negative: no limit)" },
	{ 'n', "--check", NULL, OPTION_WISH, OPTIONS_CHECK, NULL, NULL,
	  "check the configuration and exit" },
	{ 'v', "--verbose", NULL, OPTION_KEY, 0, "log_level", "debug",
	  "log more to stderr" },
	{ 'h', "--help", NULL, OPTION_WISH, OPTIONS_HELP, NULL, NULL,
	  "print this help and exit" },
	{ 0, "--version", NULL, OPTION_WISH, OPTIONS_VERSION, NULL, NULL,
	  "print the version and exit" },
};

enum {
	OPTIONS = sizeof(options_table) / sizeof(options_table[0]),
	LONG_ONLY = 256,  /* what getopt returns for a row without a letter: this and its index */
	HELP_COLUMN = 29, /* the column of the explanations in --help */
};

/* The same table as getopt needs it. */
static void options_for_getopt(char *letters, struct option *longs)
{
	/* '+' would end options at the first word; without it PORT may stand anywhere.
	 * ':' makes getopt tell a missing argument from an unknown option. */
	*letters++ = ':';
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &options_table[i];

		longs[i] = (struct option){
			.name = row->name + 2,
			.has_arg = row->argument ? required_argument : no_argument,
			.val = row->letter != 0 ? row->letter : LONG_ONLY + i,
		};
		if (row->letter != 0) {
			*letters++ = row->letter;
			if (row->argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	longs[OPTIONS] = (struct option){ 0 };
}

static const struct option_row *option_find(int c)
{
	for (int i = 0; i < OPTIONS; i++) {
		if (c == LONG_ONLY + i || (options_table[i].letter != 0 &&
		                           c == options_table[i].letter)) {
			return &options_table[i];
		}
	}
	return NULL;
}

/* If there are several for one key, only the last counts. */
static void options_set(struct options *o, const char *where, const char *key, const char *value)
{
	unsigned int i = 0;

	while (i < o->nset && strcmp(o->set[i].key, key) != 0)
		i++;
	assert(i < OPTIONS_SET_MAX);
	o->set[i].where = where;
	o->set[i].key = key;
	o->set[i].value = value;
	o->nset += i == o->nset;
}

/* Applies what was given to c, and reports what is wrong with it. */
static void options_lay(const struct options *o, struct conf *c, struct bytes *problems)
{
	for (unsigned int i = 0; i < o->nset; i++)
		conf_set(c, o->set[i].key, o->set[i].value, o->set[i].where, problems);
	if (o->connections_unlimited)
		c->connections_max = CONNECTIONS_LIMIT;
}

static const char *options_default(const char *key)
{
	const struct conf_key *k = conf_keys;

	while (strcmp(k->name, key) != 0)
		k++;
	return k->initial;
}

/* The key itself does not accept 0 and less. */
static void options_set_connections(struct options *o, const struct option_row *row,
                                    const char *argument)
{
	const char *key = "max_connections";
	char *end;
	long n = strtol(argument, &end, 10);
	bool number = end != argument && *end == '\0';

	o->connections_unlimited = number && n < 0;
	options_set(o, row->name, key, number && n <= 0 ? options_default(key) : argument);
}

static void options_wrong(int c, char **argv, struct bytes *problems)
{
	const char *word = argv[optind - 1];
	const struct option_row *row = option_find(optopt);

	if (c == ':') {
		assert(row);
		bytes_printf(problems, "%s needs an argument: %s %s\n", row->name, row->name,
		             row->argument);
	} else if (row) {
		bytes_printf(problems, "%s takes no argument\n", row->name);
	} else if (optopt != 0) {
		bytes_printf(problems, "unknown option -%c\n", optopt);
	} else {
		bytes_printf(problems, "unknown option %s\n", word);
	}
}

/* The words after "admin". */
static void options_admin(struct options *o, int n, char **word, struct bytes *problems)
{
	if (n == 2 && (strcmp(word[0], "add") == 0 || strcmp(word[0], "code") == 0)) {
		o->admin_what = word[0];
		o->admin = word[1];
	} else if (n == 1 && strcmp(word[0], "chat") == 0) {
		o->admin_what = word[0];
	} else {
		bytes_puts(problems, "admin must be followed by add NAME, code NAME or chat\n");
	}
	if (o->wish == OPTIONS_RUN)
		o->wish = OPTIONS_ADMIN;
}

/* The words that are not options: PORT, or "admin add NAME" and the like. */
static void options_words(struct options *o, int argc, char **argv, struct bytes *problems)
{
	if (optind == argc)
		return;
	if (strcmp(argv[optind], "admin") == 0) {
		options_admin(o, argc - optind - 1, argv + optind + 1, problems);
	} else if (argc - optind > 1) {
		bytes_printf(problems, "more than one PORT: %s and %s\n", argv[optind],
		             argv[optind + 1]);
	} else if (strchr(argv[optind], ':')) {
		bytes_printf(problems, "PORT: \"%s\" is not a port; to listen on an address, "
		             "set \"listen\" in the configuration file\n", argv[optind]);
	} else {
		options_set(o, "PORT", "listen", argv[optind]);
	}
}

bool options_parse(struct options *o, int argc, char **argv, struct bytes *problems)
{
	char letters[2 * OPTIONS + 2];
	struct option longs[OPTIONS + 1];
	size_t before = problems->len;
	struct conf scratch;
	int c;

	memset(o, 0, sizeof(*o));
	options_for_getopt(letters, longs);
	opterr = 0;
	optind = 0; /* makes getopt start again, even if it was used before */
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = option_find(c);

		if (!row) {
			options_wrong(c, argv, problems);
			continue;
		}
		switch (row->kind) {
		case OPTION_WISH:
			o->wish = row->wish;
			break;
		case OPTION_FILE:
			o->conf_path = optarg;
			break;
		case OPTION_KEY:
			options_set(o, row->name, row->key, row->argument ? optarg : row->value);
			break;
		case OPTION_CONNECTIONS:
			options_set_connections(o, row, optarg);
			break;
		}
	}
	options_words(o, argc, argv, problems);
	/* Tries the values now, while a wrong one still counts as a wrong command line. */
	conf_init(&scratch);
	options_lay(o, &scratch, problems);
	conf_release(&scratch);
	return problems->len == before;
}

void options_apply(const struct options *o, struct conf *c)
{
	struct bytes problems = { 0 };

	options_lay(o, c, &problems);
	assert(problems.len == 0);
	bytes_release(&problems);
}

void options_help(struct bytes *out)
{
	bytes_puts(out, "usage: chatd [OPTIONS] [PORT]\n"
	           "       chatd [OPTIONS] admin add|code NAME\n"
	           "       chatd [OPTIONS] admin chat\n\n"
	           "Runs a chat server with rooms and a history, for nc and telnet, on PORT of\n"
	           "all addresses (default: 8989).\n\n"
	           "Works on the database of a chatd, running or not:\n"
	           "  admin add NAME   makes NAME an administrator\n"
	           "  admin code NAME  prints a code for NAME to sign in with, once\n"
	           "  admin chat       takes commands from stdin (a chatd must be running)\n\n");
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &options_table[i];
		size_t start = out->len;

		if (row->letter != 0)
			bytes_printf(out, "  -%c, ", row->letter);
		else
			bytes_puts(out, "      ");
		bytes_printf(out, "%s%s%s", row->name, row->argument ? " " : "",
		             row->argument ? row->argument : "");
		bytes_printf(out, "%*s%s\n", (int)(HELP_COLUMN - (out->len - start)), "",
		             row->help);
	}
	bytes_puts(out, "\nOptions override the configuration file. See chatd(8) and "
	           "chatd.conf(5).\n");
}
