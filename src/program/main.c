/*
 * The program: what the command line asks for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chatd/base/icu.h"
#include "chatd/base/log.h"
#include "chatd/base/siphash.h"
#include "chatd/program/admin.h"
#include "chatd/program/check.h"
#include "chatd/program/daemon.h"
#include "chatd/program/daemon_conf.h"
#include "chatd/program/parent.h"
#include "chatd/program/tell.h"

#ifndef CHATD_VERSION
#define CHATD_VERSION "unknown"
#endif

static int main_usage_error(struct bytes *problems)
{
	tell_lines(TELL_CHATD, problems->data);
	fprintf(stderr, "usage: chatd [OPTIONS] [PORT]; chatd --help explains the options\n");
	bytes_release(problems);
	return STATUS_USAGE;
}

static int main_help(void)
{
	struct bytes help = { 0 };

	options_help(&help);
	fputs(help.data, stdout);
	bytes_release(&help);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Reports what is wrong with the configuration as its log_format says, which is for programs: a
 * terminal gets text. */
static void main_tell(void (*log)(const char *fmt, ...), const char *head, struct bytes *lines, bool json)
{
	if (!json || isatty(STDERR_FILENO)) {
		tell_lines(head, lines->data);
		return;
	}
	for (char *line = lines->data ? strtok(lines->data, "\n") : NULL; line; line = strtok(NULL, "\n"))
		log("%s", line);
}

/* Also checks what the configuration names, unless its file could not be read at all. */
static int main_check(const struct options *o, const struct conf *c, bool read,
                      struct bytes *problems)
{
	bool there = !o->conf_path || access(o->conf_path, R_OK) == 0, ok = read;
	bool json = c->log.format == LOG_FORMAT_JSON;
	struct bytes notes = { 0 };

	if (there && !check_all(c, o->conf_path, problems, &notes))
		ok = false;
	log_set_format(c->log.format);
	main_tell(log_errx, "", problems, json);
	main_tell(log_warnx, TELL_CHATD, &notes, json);
	bytes_release(&notes);
	if (!ok)
		return STATUS_CONFIG;
	if (isatty(STDOUT_FILENO))
		log_set_format(LOG_FORMAT_TEXT);
	return log_answer("", "configuration OK") ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Reads the configuration, to run with it or only to report what is wrong. */
static int main_configured(const struct options *o)
{
	struct bytes problems = { 0 };
	struct conf conf;
	bool ok = daemon_conf_read(o, &conf, &problems);
	int status;

	if (o->wish == OPTIONS_CHECK) {
		status = main_check(o, &conf, ok, &problems);
	} else if (!ok) {
		log_set_format(conf.log.format);
		main_tell(log_errx, "", &problems, o->wish == OPTIONS_RUN && conf.log.format == LOG_FORMAT_JSON);
		status = STATUS_CONFIG;
	} else if (o->wish == OPTIONS_COMMAND) {
		status = admin_run(&conf, o);
	} else {
		status = parent_run(o, &conf);
	}
	bytes_release(&problems);
	conf_release(&conf);
	return status;
}

/* If a standard stream is closed, the next file opened would take its number, and output could end
 * up in the database. So closed ones are replaced by descriptors that, like closed ones, can be
 * neither read nor written. */
static void main_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int how = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", how | O_NOCTTY) != fd)
			_exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	struct bytes problems = { 0 };
	struct options options;

	main_streams();
	log_init();
	siphash_begin();
	icu_begin();
	if (!options_parse(&options, argc, argv, &problems))
		return main_usage_error(&problems);
	switch (options.wish) {
	case OPTIONS_HELP:
		return main_help();
	case OPTIONS_VERSION:
		return puts("chatd " CHATD_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	case OPTIONS_CHECK:
	case OPTIONS_RUN:
	case OPTIONS_COMMAND:
		break;
	}
	return main_configured(&options);
}
