/*
 * The command line.
 *
 * Owns the table of options; the configuration's keys decide which values are valid. getopt_long
 * parses the line, except for the words after the argument of --listen.
 */
#include "chatd/program/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/time_format.h"

enum option_kind {
	OPTION_WISH,        /* sets the wish to value */
	OPTION_FILE,        /* names the configuration file */
	OPTION_KEY,         /* sets key to its argument, or to value if it takes none */
	OPTION_CONNECTIONS, /* max_connections, with a meaning for 0 and less */
	OPTION_LISTEN,      /* adds a listener; the words after its argument may be options of it */
	OPTION_DETAIL,      /* for a command, which takes the detail */
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
	enum options_detail detail;
} options_table[] = {
	{ 'c', "--config", "FILE", OPTION_FILE, 0, NULL, NULL,
	  "read the configuration from FILE (default: none)", 0 },
	{ 'l', "--listen", "ADDRESS [OPTION...]", OPTION_LISTEN, 0, NULL, NULL,
	  "listen on PORT, ADDRESS:PORT or unix:/PATH", 0 },
	{ 'd', "--database", "FILE", OPTION_KEY, 0, "database", NULL,
	  "keep the history in FILE (default: chatd.db)", 0 },
	{ 0, "--logfile", "FILE", OPTION_KEY, 0, "chat_log", NULL,
	  "append every line to FILE, as text", 0 },
	{ 0, "--user", "NAME", OPTION_KEY, 0, "user", NULL,
	  "the user to switch to when started as root", 0 },
	{ 0, "--max-connections", "N", OPTION_CONNECTIONS, 0, NULL, NULL,
	  "at most N at a time (0: 1024; negative: no limit)", 0 },
	{ 'n', "--check", NULL, OPTION_WISH, OPTIONS_CHECK, NULL, NULL,
	  "check the configuration and exit", 0 },
	{ 'v', "--verbose", NULL, OPTION_KEY, 0, "log_level", "debug",
	  "log more to stderr", 0 },
	{ 'h', "--help", NULL, OPTION_WISH, OPTIONS_HELP, NULL, NULL,
	  "print this help and exit", 0 },
	{ 0, "--version", NULL, OPTION_WISH, OPTIONS_VERSION, NULL, NULL,
	  "print the version and exit", 0 },
	{ 0, "--room", "ROOM", OPTION_DETAIL, 0, NULL, NULL,
	  "export: only the lines of ROOM", DETAIL_ROOM },
	{ 0, "--since", "TIME", OPTION_DETAIL, 0, NULL, NULL,
	  "export: only lines since 2026-11-22, or 12h, 7d", DETAIL_SINCE },
	{ 0, "--format", "FORMAT", OPTION_DETAIL, 0, NULL, NULL,
	  "export: jsonl (default) or text like the chat log", DETAIL_FORMAT },
	{ 0, "--json", NULL, OPTION_DETAIL, 0, NULL, "",
	  "admin list, show, stats, check: as JSON", DETAIL_JSON },
	{ 0, "--lines", NULL, OPTION_DETAIL, 0, NULL, "",
	  "admin erase: also what the person has said", DETAIL_LINES },
	{ 0, "--yes", NULL, OPTION_DETAIL, 0, NULL, "",
	  "admin erase: do it; without it, only show it", DETAIL_YES },
};

#define TAKES(detail) (1u << (detail))

static const struct options_command {
	const char *group;       /* the first word; NULL: none before `word` */
	const char *word;
	const char *argument;    /* what --help calls the word behind it; NULL: none. Several with "|"
	                          * between them are the only ones */
	unsigned takes;          /* of the details */
	const char *help;
} options_commands[] = {
	[VERB_EXPORT] = { NULL, "export", NULL,
	  TAKES(DETAIL_ROOM) | TAKES(DETAIL_SINCE) | TAKES(DETAIL_FORMAT),
	  "prints everything, or lines, to stdout" },
	[VERB_IMPORT] = { NULL, "import", "FILE", 0,
	  "fills an empty database from an export (-: stdin)" },
	[VERB_ADMIN_ADD] = { "admin", "add", "NAME", 0, "makes NAME an administrator" },
	[VERB_ADMIN_CODE] = { "admin", "code", "NAME", 0, "prints a code for NAME to sign in with, once" },
	[VERB_ADMIN_CHAT] = { "admin", "chat", NULL, 0, "runs commands from stdin in a running chatd" },
	[VERB_ADMIN_LIST] = { "admin", "list", OPTIONS_LISTS, TAKES(DETAIL_JSON), "lists them" },
	[VERB_ADMIN_SHOW] = { "admin", "show", "NAME", TAKES(DETAIL_JSON), "shows the account NAME" },
	[VERB_ADMIN_STATS] = { "admin", "stats", NULL, TAKES(DETAIL_JSON), "shows what the database has" },
	[VERB_ADMIN_ERASE] = { "admin", "erase", "NAME", TAKES(DETAIL_LINES) | TAKES(DETAIL_YES),
	  "removes the account NAME for good" },
	[VERB_ADMIN_EXPORT] = { "admin", "export", "NAME", 0, "prints what there is about NAME, as JSON" },
	[VERB_ADMIN_BACKUP] = { "admin", "backup", "FILE", 0, "copies the database to FILE, next to it" },
	[VERB_ADMIN_CHECK] = { "admin", "check", NULL, TAKES(DETAIL_JSON),
	  "checks the database and its full-text index" },
};

enum {
	OPTIONS = sizeof(options_table) / sizeof(options_table[0]),
	COMMANDS = sizeof(options_commands) / sizeof(options_commands[0]),
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
	struct bytes shown = { 0 };

	for (unsigned int i = 0; i < o->nset; i++)
		conf_set(c, o->set[i].key, o->set[i].value, o->set[i].where, problems);
	if (o->port || o->nlisten > 0)
		conf_clear_listen(c);
	if (o->port)
		conf_set(c, "listen", o->port, "PORT", problems);
	for (unsigned int i = 0; i < o->nlisten; i++) {
		bytes_clear(&shown);
		conf_listen_show(&o->listen[i], &shown);
		conf_set(c, "listen", shown.data, "--listen", problems);
	}
	bytes_release(&shown);
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

/* Options follow the address in the same argument or as words of their own, up to the first word
 * that is no option: that may be PORT, "admin" or another option of chatd. getopt goes on there. */
static void options_add_listen(struct options *o, int argc, char **argv, struct bytes *problems)
{
	struct conf_listen l;
	char why[256];
	bool ok = conf_listen_parse(optarg, &l, why, sizeof(why));

	for (; optind < argc && conf_listen_is_option(argv[optind]); optind++)
		ok = ok && conf_listen_add_option(&l, argv[optind], why, sizeof(why));
	if (ok && o->nlisten == LISTENERS_MAX) {
		snprintf(why, sizeof(why), "more than %d are given", LISTENERS_MAX);
		ok = false;
	}
	if (ok)
		o->listen[o->nlisten++] = l;
	else
		conf_tell(problems, "--listen: %s", why);
}

static void options_wrong(int c, char **argv, struct bytes *problems)
{
	const char *word = argv[optind - 1];
	const struct option_row *row = option_find(optopt);

	if (c == ':') {
		assert(row);
		conf_tell(problems, "%s needs an argument: %s %s", row->name, row->name, row->argument);
	} else if (row) {
		conf_tell(problems, "%s takes no argument", row->name);
	} else if (optopt != 0) {
		conf_tell(problems, "unknown option -%c", optopt);
	} else {
		conf_tell(problems, "unknown option %s", word);
	}
}

/* -- commands --------------------------------------------------------------------- */

/* Whether word is one of those with "|" between them. */
static bool options_is_choice(const char *choices, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = choices; *at; at += *at == '|') {
		size_t len = strcspn(at, "|");

		if (len == n && memcmp(at, word, n) == 0)
			return true;
		at += len;
	}
	return false;
}

static bool options_fits(const struct options_command *k, int n, char **word)
{
	int words = k->group ? 2 : 1;

	return n == words + (k->argument != NULL) && (!k->group || strcmp(word[0], k->group) == 0) &&
	       strcmp(word[words - 1], k->word) == 0 &&
	       (!k->argument || !strchr(k->argument, '|') || options_is_choice(k->argument, word[words]));
}

/* How it is typed; for "admin list", say, without "admin". */
static void options_show_command(const struct options_command *k, bool group, struct bytes *out)
{
	bytes_printf(out, "%s%s%s%s%s", group && k->group ? k->group : "", group && k->group ? " " : "",
	             k->word, k->argument ? " " : "", k->argument ? k->argument : "");
}

/* What must stand behind the command, if something else does. */
static void options_tell_usage(const struct options_command *k, struct bytes *problems)
{
	const char *group = k->group ? k->group : "", *blank = k->group ? " " : "";

	if (!k->argument)
		conf_tell(problems, "%s%s%s takes no argument", group, blank, k->word);
	else
		conf_tell(problems, "%s%s%s takes one argument: %s", group, blank, k->word, k->argument);
}

static void options_tell_commands(const char *group, struct bytes *problems)
{
	struct bytes known = { 0 };

	for (int i = 0; i < COMMANDS; i++) {
		const struct options_command *k = &options_commands[i];

		if (!k->group || strcmp(k->group, group) != 0)
			continue;
		bytes_puts(&known, known.len > 0 ? ", " : "");
		bytes_puts(&known, k->word);
	}
	conf_tell(problems, "%s must be followed by one of: %s", group, known.data);
	bytes_release(&known);
}

/* Whether the word is one that a command begins with. If so, the n words are all of the command. */
static bool options_command(struct options *o, int n, char **word, struct bytes *problems)
{
	const struct options_command *begun = NULL;

	for (int i = 0; i < COMMANDS; i++) {
		const struct options_command *k = &options_commands[i];

		if (strcmp(word[0], k->group ? k->group : k->word) != 0)
			continue;
		if (options_fits(k, n, word)) {
			o->verb = (enum options_verb)i;
			o->name = k->argument ? word[n - 1] : NULL;
			if (o->wish == OPTIONS_RUN)
				o->wish = OPTIONS_COMMAND;
			return true;
		}
		if (!k->group || (n > 1 && strcmp(word[1], k->word) == 0))
			begun = k;
	}
	if (begun) {
		options_tell_usage(begun, problems);
		return true;
	}
	if (strcmp(word[0], "admin") != 0)
		return false;
	options_tell_commands(word[0], problems);
	return true;
}

/* The details go with the command. */
static void options_check_details(const struct options *o, struct bytes *problems)
{
	const struct options_command *k = o->wish == OPTIONS_COMMAND ? &options_commands[o->verb] : NULL;
	const char *since = o->detail[DETAIL_SINCE], *format = o->detail[DETAIL_FORMAT];
	int64_t begin_ms, end_ms;

	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &options_table[i];

		if (row->kind != OPTION_DETAIL || !o->detail[row->detail] ||
		    (k && (k->takes & TAKES(row->detail)) != 0))
			continue;
		if (k)
			conf_tell(problems, "%s%s%s takes no %s", k->group ? k->group : "", k->group ? " " : "",
			          k->word, row->name);
		else
			conf_tell(problems, "%s is for commands on a database, such as export", row->name);
	}
	if (since && format_parse_age(since) < 0 && !format_parse_day(since, &begin_ms, &end_ms))
		conf_tell(problems, "--since: \"%s\" is neither a day (2026-11-22) nor an age (90m, 12h, 7d, 2w)",
		          since);
	if (format && strcmp(format, "text") != 0 && strcmp(format, "jsonl") != 0)
		conf_tell(problems, "--format: \"%s\" is not a format: text or jsonl", format);
}

/* A word where PORT may stand, and what is wrong with it. */
static bool options_is_port(const struct options *o, const char *word, struct bytes *problems)
{
	struct bytes known = { 0 };

	if (word[0] != '\0' && word[strspn(word, "0123456789")] == '\0')
		return true;
	if (o->nlisten > 0) {
		conf_listen_options(&known);
		conf_tell(problems, "\"%s\" is neither PORT nor an option of --listen; the options are: %s",
		          word, known.data);
		bytes_release(&known);
	} else if (strpbrk(word, ": \t")) {
		conf_tell(problems, "PORT: \"%s\" is not a port; to listen on an address, use --listen",
		          word);
	} else if (word[0] >= 'a' && word[0] <= 'z') {
		conf_tell(problems, "\"%s\" is neither a port nor a command; chatd --help has the commands", word);
	} else {
		conf_tell(problems, "PORT: \"%s\" is not a port: it must be a number up to 65535", word);
	}
	return false;
}

/* Takes back what was told since there were so many bytes. */
static void options_forget(struct bytes *problems, size_t before)
{
	if (problems->len > before) {
		problems->len = before;
		problems->data[before] = '\0';
	}
}

/* "help" or "admin help", as some type what others write as --help. */
static bool options_ask_help(int n, char **word)
{
	if (n > 1 && strcmp(word[0], "admin") == 0)
		word++;
	return n > 0 && strcmp(word[0], "help") == 0;
}

/* The words that are not options: PORT, or "admin add NAME" and the like. */
static void options_words(struct options *o, int argc, char **argv, struct bytes *problems)
{
	if (optind == argc)
		return;
	if (options_command(o, argc - optind, argv + optind, problems))
		return;
	for (int i = optind; i < argc; i++) {
		if (conf_listen_is_option(argv[i])) {
			conf_tell(problems, "\"%s\" must follow the address that it is for: --listen "
			          "ADDRESS %s", argv[i], argv[i]);
			return;
		}
	}
	if (!options_is_port(o, argv[optind], problems))
		return;
	if (argc - optind > 1)
		conf_tell(problems, "more than one PORT: %s and %s", argv[optind], argv[optind + 1]);
	else
		o->port = argv[optind];
}

bool options_parse(struct options *o, int argc, char **argv, struct bytes *problems)
{
	char letters[2 * OPTIONS + 2];
	struct option longs[OPTIONS + 1];
	size_t before = problems->len;
	struct conf scratch;
	bool help = false;
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
			help = help || row->wish == OPTIONS_HELP;
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
		case OPTION_LISTEN:
			options_add_listen(o, argc, argv, problems);
			break;
		case OPTION_DETAIL:
			o->detail[row->detail] = row->argument ? optarg : row->value;
			break;
		}
	}
	if (help || options_ask_help(argc - optind, argv + optind)) {
		/* Whatever is wrong with the rest: the help says how it is done. */
		*o = (struct options){ .wish = OPTIONS_HELP };
		options_forget(problems, before);
		return true;
	}
	options_words(o, argc, argv, problems);
	if (problems->len == before)
		options_check_details(o, problems);
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

/* Adds the explanation of what was put out since start, in a column of its own. */
static void options_explain(struct bytes *out, size_t start, const char *help)
{
	if (out->len - start >= HELP_COLUMN) {
		bytes_puts(out, "\n");
		start = out->len;
	}
	bytes_printf(out, "%*s%s\n", (int)(HELP_COLUMN - (out->len - start)), "", help);
}

void options_help(struct bytes *out)
{
	bytes_puts(out, "usage: chatd [OPTIONS] [PORT]\n"
	           "       chatd [OPTIONS] COMMAND\n\n"
	           "Runs a chat server with rooms and a history, for nc and telnet, on PORT of\n"
	           "all addresses (default: 8989), or wherever --listen says. COMMAND works on\n"
	           "the database of a chatd, running or not:\n");
	for (int i = 0; i < COMMANDS; i++) {
		size_t start = out->len;

		bytes_puts(out, "  ");
		options_show_command(&options_commands[i], true, out);
		options_explain(out, start, options_commands[i].help);
	}
	bytes_puts(out, "\n");
	for (int i = 0; i < OPTIONS; i++) {
		const struct option_row *row = &options_table[i];
		size_t start = out->len;

		if (row->letter != 0)
			bytes_printf(out, "  -%c, ", row->letter);
		else
			bytes_puts(out, "      ");
		bytes_printf(out, "%s%s%s", row->name, row->argument ? " " : "",
		             row->argument ? row->argument : "");
		options_explain(out, start, row->help);
	}
	bytes_puts(out, "\n--listen may be given several times. Its options: telnet (chatd negotiates\n"
	           "telnet there at once), tls (encrypted), proxy (for proxies, such as haproxy).\n\n"
	           "Options override the configuration file. See chatd(8) and "
	           "chatd.conf(5).\n");
}
