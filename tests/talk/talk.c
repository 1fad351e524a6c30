/*
 * talk: holds conversations with chatd and checks every line that comes.
 *
 *     talk --core FILE...             with the core in memory, in virtual time
 *     talk --daemon CHATD FILE...     with the program, over TCP
 *
 * Prints TAP, one test a file. A file is read from top to bottom; each line is
 * a step:
 *
 *     # a comment
 *     conf: history_replay = 5     a key of chatd.conf; before the first step
 *     file: motd = Hello\nto all   the same, for a key that names a file: what is in it
 *     core only, daemon only       the other backend skips this file
 *     alice connects               reads the banner up to the prompt for a name
 *     web dials                    connects and reads nothing yet
 *     host connects                the one who is called host comes over the control socket: an
 *                                  administrator without an account, a name or a room
 *     host joins                   and then into the chat, with /nick
 *     user.bob connects, comes     (core only) the host's user bob; "comes": is signed in at once
 *     cert.ab connects             (core only) over TLS, with a certificate that is made from the letters up to
 *                                  the next dot: cert.ab.2 has the same
 *     near1 joins                  those called near... come from 127.0.0.1; to the daemon all do
 *     bob joins                    connects, gives its label as its name, reads its
 *                                  greeting: up to the line that begins "-- You are ", and
 *                                  the one with the /resume code if that is next
 *     alice> hello                 sends a line
 *     alice| raw\x00\xff\r\n       sends just these bytes (\n \r \t \0 \\ \xNN)
 *     alice< [..][bob]:hello       the next unread line is this one. [..] stands for a
 *                                  time stamp, #N for an id, ... for any text or none; a
 *                                  CR at the end is written \r
 *                                  {x} is a number, and is kept under that letter: in a line
 *                                  that is sent later {x} stands for it
 *     alice<? [ENTER YOUR NAME]:   the next bytes are these, without a line's end; the
 *                                  escapes are those of |, and ~ at the end is a space
 *     alice~                       passes over what is unread until the next expected
 *     alice=                       nothing is unread
 *     alice closes                 hangs up
 *     alice half-closes            sends no more, still reads
 *     alice closed                 the server has hung up, and nothing is unread
 *     restart                      everybody reads the farewell and is closed; a new chat
 *                                  on the same history
 *     wait 3s                      time passes (3m, 2h, 500ms)
 *     the disk fails, the disk works (core only) nothing can be saved; it can again. So many
 *                                  records as TALK_WAITING_MAX wait meanwhile
 *
 * What different clients do is seen in the order of the file: before another one
 * acts, talk makes sure that the last one was heard. At the end nothing may be
 * unread by anybody. A limit (rate_lines, rate_bytes, rate_address) is off unless the
 * file sets it.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

/* -- steps ---------------------------------------------------------------------- */

/* Nothing is unread, of what others did before this neither: a command whose answer cannot be
 * mistaken comes back first. */
static bool step_sync(struct talk *t, struct client *c)
{
	char pattern[64];

	others_wait(t, c);
	if (!c->named || c->half || !c->open) {
		while (!c->ended && t->backend->more(t->world, c, 0))
			continue;
		if (c->skipping)
			bytes_clear(&c->in);
		c->skipping = false;
		return c->in.len == 0 || fail(t, c, "(nothing more)");
	}
	c->unsure = false;
	snprintf(pattern, sizeof pattern, "-- ...sync-%u...", sync_send(t, c));
	return line_expect(t, c, pattern) || fail(t, c, "(nothing more)");
}

static bool step_closed(struct talk *t, struct client *c)
{
	while (!c->ended && t->backend->more(t->world, c, TALK_WAIT_MS))
		continue;
	if (c->skipping)
		bytes_clear(&c->in);
	if (!c->ended || c->in.len > 0)
		return fail(t, c, "(the connection is closed, nothing is unread)");
	t->backend->hang_up(t->world, c, false);
	c->open = false;
	return true;
}

static bool is_host(const struct client *c)
{
	return strcmp(c->label, "host") == 0;
}

static bool step_open(struct talk *t, struct client *c)
{
	if (c->open)
		return fail_script(t, "this client is connected already");
	others_wait(t, c);
	if (c->in.len > 0)
		return fail(t, c, "(nothing more)");
	c->open = true;
	c->ended = c->half = c->unsure = false;
	/* The host's commands work at once. */
	c->named = is_host(c);
	if (!t->backend->connect(t->world, c, &t->report))
		return fail_script(t, "cannot connect");
	return c->skipping = true;
}

static bool step_connect(struct talk *t, struct client *c)
{
	static const char prompt[] = "[ENTER YOUR NAME]: ";

	/* The host is asked for nothing. */
	return step_open(t, c) && (is_host(c) || text_expect(t, c, prompt, strlen(prompt)) ||
	                           fail(t, c, prompt));
}

static bool begins(const struct client *c, const char *text)
{
	return c->in.len > strlen(text) && memcmp(c->in.data, text, strlen(text)) == 0;
}

/* known: it is signed in without a name. */
static bool step_join(struct talk *t, struct client *c, bool known)
{
	static const char greeting[] = "-- You are ...";

	if (known ? !step_open(t, c) : !step_connect(t, c))
		return false;
	if (!known) {
		if (is_host(c)) {
			t->backend->send(t->world, c, &t->prefix, 1);
			t->backend->send(t->world, c, "nick ", 5);
		}
		t->backend->send(t->world, c, c->label, strlen(c->label));
		t->backend->send(t->world, c, "\n", 1);
	}
	c->skipping = true;
	if (!line_expect(t, c, greeting))
		return fail(t, c, greeting);
	/* These are sent together with the line before. */
	while (begins(c, "--    "))
		if (!line_expect(t, c, "--    ..."))
			return false;
	return !begins(c, "-- If your connection breaks, ") ||
	       line_expect(t, c, "-- If your connection breaks, ...");
}

static bool step_hang_up(struct talk *t, struct client *c, bool half)
{
	others_wait(t, c);
	t->backend->hang_up(t->world, c, half);
	c->half = half;
	c->open = half;
	if (!half)
		bytes_clear(&c->in);
	return true;
}

static bool step_restart(struct talk *t)
{
	static const char farewell[] = "-- chatd is going down...";

	others_wait(t, NULL);
	t->backend->end(t->world);
	for (size_t i = 0; i < t->nclients; i++) {
		struct client *c = &t->client[i];

		if (c->open && !line_expect(t, c, farewell))
			return fail(t, c, farewell);
		if (c->open && !step_closed(t, c))
			return false;
	}
	return t->backend->again(t->world, &t->report) ||
	       fail_script(t, "the restart failed");
}

static bool step_wait(struct talk *t, const char *arg)
{
	char *unit;
	long long n = strtoll(arg, &unit, 10);

	n *= !strcmp(unit, "ms") ? 1 : !strcmp(unit, "s") ? 1000 : !strcmp(unit, "m") ? 60000
	     : !strcmp(unit, "h") ? 3600000 : -1;
	if (n <= 0)
		return fail_script(t, "wait how long? 500ms, 3s, 5m, 2h");
	t->backend->wait(t->world, n);
	return true;
}

static bool step_text(struct talk *t, struct client *c, char op, char *text)
{
	size_t n = strlen(text);

	if (op == '>') {
		others_wait(t, c);
		line_send(t, c, text);
		return true;
	}
	if (op == '|') {
		n = unescape(text);
		others_wait(t, c);
		t->backend->send(t->world, c, text, n);
		c->unsure = n > 0 && text[n - 1] == '\n';
		return true;
	}
	if (op == '?') {
		if (n > 0 && text[n - 1] == '~')
			text[n - 1] = ' ';
		n = unescape(text);
		return text_expect(t, c, text, n) || fail_text(t, c, text, n);
	}
	if (n > 1 && !strcmp(text + n - 2, "\\r"))
		strcpy(text + n - 2, "\r");
	return line_expect(t, c, text) || fail(t, c, text);
}

static struct client *client_find(struct talk *t, const char *label, size_t n)
{
	struct client *c;

	for (size_t i = 0; i < t->nclients; i++)
		if (strlen(t->client[i].label) == n && !memcmp(t->client[i].label, label, n))
			return &t->client[i];
	if (n == 0 || n >= TALK_LABEL_MAX || t->nclients == TALK_CLIENTS_MAX)
		return NULL;
	c = &t->client[t->nclients++];
	memcpy(c->label, label, n);
	c->fd = -1;
	return c;
}

/* A step that begins with a client's label. */
static bool step_client(struct talk *t, char *text)
{
	size_t n = strcspn(text, " <>|~=");
	struct client *c = client_find(t, text, n);
	char *verb = text + n, op = *verb;

	if (!c)
		return fail_script(t, "whose line is this?");
	if (!strcmp(verb, " connects"))
		return step_connect(t, c);
	if (!strcmp(verb, " dials")) {
		if (step_open(t, c))
			c->skipping = false;
		return c->open;
	}
	if (!strcmp(verb, " joins") || !strcmp(verb, " comes"))
		return step_join(t, c, verb[1] == 'c');
	if (!c->open)
		return fail_script(t, "this client is not connected");
	if (!strcmp(verb, " closes"))
		return step_hang_up(t, c, false);
	if (!strcmp(verb, " half-closes"))
		return step_hang_up(t, c, true);
	if (!strcmp(verb, " closed"))
		return step_closed(t, c);
	if (!strcmp(verb, "="))
		return step_sync(t, c);
	if (!strcmp(verb, "~"))
		return c->skipping = true;
	if (!op || !strchr("<>|", op))
		return fail_script(t, "no such step");
	verb++;
	if (op == '<' && *verb == '?')
		op = *verb++;
	return step_text(t, c, op, *verb == ' ' ? verb + 1 : verb);
}

static bool step_disk(struct talk *t, bool works)
{
	if (!t->backend->disk)
		return fail_script(t, "only the core's disk can be made to fail");
	others_wait(t, NULL);
	t->backend->disk(t->world, works);
	return true;
}

/* -- a file ----------------------------------------------------------------------- */

static bool world_start(struct talk *t)
{
	conf_unlimit(t);
	t->world = t->backend->start(t->conf, t->nconf, &t->report);
	return t->world || fail_script(t, "the chat did not start");
}

/* One line of the file. skip is set where the file is for the other backend. */
static bool talk_line(struct talk *t, char *s, bool *skip)
{
	if (!*s || *s == '#')
		return true;
	if (!strcmp(s, "core only") || !strcmp(s, "daemon only")) {
		*skip = strncmp(s, t->backend->name, strlen(t->backend->name)) != 0;
		return true;
	}
	if (!strncmp(s, "conf:", 5) || !strncmp(s, "file:", 5))
		return conf_read_line(t, s + 5, *s == 'f');
	if (!t->world && !world_start(t))
		return false;
	if (!strcmp(s, "restart"))
		return step_restart(t);
	if (!strncmp(s, "wait ", 5))
		return step_wait(t, s + 5);
	if (!strcmp(s, "the disk fails") || !strcmp(s, "the disk works"))
		return step_disk(t, s[9] == 'w');
	return step_client(t, s);
}

/* Reads the file to its end or to the first thing that is wrong. */
static bool talk_run(struct talk *t, bool *skip)
{
	FILE *f = fopen(t->file, "re");
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool ok = true;

	if (!f)
		return fail_script(t, strerror(errno));
	while (ok && !*skip && (n = getline(&line, &cap, f)) >= 0) {
		t->line++;
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = 0;
		ok = talk_line(t, line, skip);
	}
	free(line);
	fclose(f);
	if (ok && !*skip && !t->world)
		ok = fail_script(t, "nothing happens in this file");
	for (size_t i = 0; ok && i < t->nclients; i++)
		if (t->client[i].open)
			ok = step_sync(t, &t->client[i]);
	if (ok && t->world && t->backend->fault(t->world))
		ok = fail_script(t, t->backend->fault(t->world));
	return ok;
}

/* The report's lines as comments of TAP. */
static void report_print(const struct bytes *report)
{
	for (const char *p = report->data; p && *p;) {
		size_t n = strcspn(p, "\n");

		printf("# %.*s\n", (int)n, p);
		p += n + (p[n] ? 1 : 0);
	}
}

/* Prints the TAP of one file; true if it passed. */
static bool talk_file(const char *file, const struct backend *backend, int number)
{
	struct talk *t = mem_zero(1, sizeof *t);
	bool skip = false, ok;

	*t = (struct talk){.file = file, .backend = backend, .prefix = '/'};
	ok = talk_run(t, &skip);
	for (size_t i = 0; i < t->nclients; i++)
		if (t->client[i].open && t->world)
			backend->hang_up(t->world, &t->client[i], false);
	if (t->world && !backend->stop(t->world, &t->report))
		ok = false;
	printf("%s %d - %s: %s%s\n", ok ? "ok" : "not ok", number, backend->name, file,
	       skip ? " # SKIP for the other backend only" : "");
	if (!ok)
		report_print(&t->report);
	fflush(stdout);
	for (size_t i = 0; i < t->nclients; i++)
		bytes_release(&t->client[i].in);
	for (size_t i = 0; i < t->nconf; i++) {
		free(t->conf[i].key);
		free(t->conf[i].value);
	}
	bytes_release(&t->report);
	free(t);
	return ok;
}

int main(int argc, char **argv)
{
	const struct backend *backend = NULL;
	int first = 0, failed = 0;

	if (argc > 2 && !strcmp(argv[1], "--core")) {
		backend = &talk_core;
		first = 2;
	} else if (argc > 3 && !strcmp(argv[1], "--daemon")) {
		backend = &talk_daemon;
		talk_chatd = argv[2];
		first = 3;
	}
	if (!backend) {
		fprintf(stderr, "usage: talk --core FILE... | --daemon CHATD FILE...\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	printf("1..%d\n", argc - first);
	for (int i = first; i < argc; i++)
		failed += !talk_file(argv[i], backend, i - first + 1);
	return failed > 0;
}
