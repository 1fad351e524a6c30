/*
 * The conversation that is held while memory fails: a bit of everything that takes some.
 *
 * Nobody insists on an answer, for a fault may change it; what is looked for is what must never
 * be: an answer that says something untrue.
 */
#include "alloc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	ANSWER_MS = 2500,    /* saving is tried again after a second */
	PROBE_MS = 6000,
	PORT_TRIES = 2,      /* accept may be what has failed */
};

/* Somebody, and all that they were sent. */
struct talker {
	int fd;              /* -1: none */
	bool ended;
	struct bytes in;
	size_t seen;         /* what was waited for ends here */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void come(struct talker *t, uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	*t = (struct talker){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	t->ended = connect(t->fd, (struct sockaddr *)&to, sizeof to) != 0;
	bytes_puts(&t->in, "\n"); /* never NULL */
}

static void go(struct talker *t)
{
	if (t->fd >= 0)
		close(t->fd);
	bytes_release(&t->in);
	t->fd = -1;
}

static void say(struct talker *t, const char *text)
{
	if (!t->ended && send(t->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		t->ended = true;
}

/* Reads more of what it is sent, within this many ms. */
static void hear(struct talker *t, int64_t ms)
{
	struct pollfd p = {.fd = t->fd, .events = POLLIN};
	char data[8192];
	ssize_t n;

	if (t->ended || poll(&p, 1, ms > 0 ? (int)ms : 0) != 1)
		return;
	n = recv(t->fd, data, sizeof data, 0);
	if (n > 0)
		bytes_append(&t->in, data, (size_t)n);
	else
		t->ended = true;
}

/* Which of the two comes first, 1 or 2; 0: neither. */
static int await(struct talker *t, const char *one, const char *two)
{
	int64_t until_ms = now_ms() + ANSWER_MS;

	for (;;) {
		const char *from = t->in.data + t->seen;
		const char *a = strstr(from, one), *b = two != NULL ? strstr(from, two) : NULL;
		const char *first = a != NULL && (b == NULL || a < b) ? a : b;

		if (first != NULL) {
			t->seen = (size_t)(first - t->in.data) + strlen(first == a ? one : two);
			return first == a ? 1 : 2;
		}
		if (t->ended || now_ms() >= until_ms)
			return 0;
		hear(t, until_ms - now_ms());
	}
}

static int ask(struct talker *t, const char *text, const char *one, const char *two)
{
	t->seen = t->in.len;
	say(t, text);
	return await(t, one, two);
}

static void wrong(struct seen *seen, const char *what)
{
	if (seen->wrong[0] == '\0')
		snprintf(seen->wrong, sizeof seen->wrong, "%s", what);
}

/* -- the parts ----------------------------------------------------------------------- */

/* As root does, over the socket next to the database: no name, and no password. */
static void make_admin(const char *database)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct talker t = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};

	snprintf(to.sun_path, sizeof to.sun_path, "%s-ctl", database);
	bytes_puts(&t.in, "\n");
	t.ended = connect(t.fd, (struct sockaddr *)&to, sizeof to) != 0;
	ask(&t, "/role alice admin\n/quit\n", "is now an administrator", "-- Goodbye");
	go(&t);
}

static void say_words(struct talker *t, unsigned from, unsigned to)
{
	char line[64];

	for (unsigned i = from; i <= to; i++) {
		snprintf(line, sizeof line, "w%u of a horse, m\xc3\xbc" "de\n", i);
		say(t, line);
	}
}

/* All that t was sent of what others have said. */
static void note_read(const struct talker *t, struct seen *seen)
{
	const char *p = t->in.data;

	while ((p = strstr(p, "]:w")) != NULL) {
		unsigned long n = strtoul(p += 3, NULL, 10);

		if (n > 0 && n < WORDS_MAX)
			seen->read[n] = true;
	}
}

/* An answer of the history, if it is one, has all that was said here by then. */
static void check_history(struct talker *t, const char *question, const char *none,
                          struct seen *seen)
{
	size_t before = t->in.len;
	int got = ask(t, question, "-- End", none);

	if (got == 2)
		wrong(seen, "there was a history, and was none");
	if (got != 1)
		return;
	for (unsigned i = 1; i < WORDS_MAX; i++) {
		char word[16];

		snprintf(word, sizeof word, "]:w%u ", i);
		if (seen->read[i] && strstr(t->in.data + before, word) == NULL)
			wrong(seen, "the history has not all that was read");
	}
}

static void as_admin(struct talker *t, struct seen *seen)
{
	int got;

	check_history(t, "/history 20\n", "Nothing has been said", seen);
	check_history(t, "/history 1h\n", "No such lines", seen);
	if (ask(t, "/search horse\n", "End of results", "Nothing found") == 2)
		wrong(seen, "the search found nothing");
	for (unsigned i = 1; i < WORDS_MAX; i++)
		seen->copied += seen->read[i];
	got = ask(t, "/backup copy.db\n", "Backed up to copy.db", "Not backed up to copy.db");
	seen->backed_up = got == 1;
	ask(t, "/reload\n", "configuration was read again", "stays as it was");
	ask(t, "/stats\n", "Database: ", NULL);
	ask(t, "/topic of horses\n", "-- ", NULL);
}

/* Others want to be alice. */
static void impostor(uint16_t port, struct talker *bob, struct seen *seen)
{
	struct talker eve;

	come(&eve, port);
	await(&eve, "[ENTER YOUR NAME]: ", NULL);
	if (ask(&eve, "a1ice\n", "-- You are a1ice", "looks like alice") == 1 && seen->registered)
		wrong(seen, "a name was taken that looks like one that is registered");
	go(&eve);
	come(&eve, port);
	await(&eve, "[ENTER YOUR NAME]: ", NULL);
	if (ask(&eve, "alice\n", "-- You are alice", "[PASSWORD]: ") == 1 && seen->registered)
		wrong(seen, "a registered name was had without its password");
	if (ask(&eve, "wrong horse battery\n", "-- You are alice", "Wrong password") == 1 &&
	    seen->registered)
		wrong(seen, "a wrong password was taken");
	/* It may have been another prompt by then, at which this is no password. */
	if (strstr(eve.in.data, "Wrong password") != NULL &&
	    ask(&eve, "correct horse battery\n", "-- You are alice", "Wrong password") == 2)
		wrong(seen, "the right password was called wrong");
	ask(&eve, "/msg bob m1 of horses\n", "To bob", NULL);
	await(bob, "]:m1 ", NULL);
	go(&eve);
}

void talk_all(uint16_t port, const char *database, struct seen *seen)
{
	struct talker alice, bob;

	memset(seen, 0, sizeof *seen);
	come(&alice, port);
	await(&alice, "[ENTER YOUR NAME]: ", NULL);
	ask(&alice, "alice\n", "-- You are alice", NULL);
	seen->registered = ask(&alice, "/register correct horse battery\n", "alice is yours",
	                       NULL) == 1;
	make_admin(database);
	come(&bob, port);
	/* A telnet client's. */
	ask(&bob, "\xff\xfd\x01" "bob\r\n", "-- You are bob", NULL);
	ask(&alice, "/join ops\n", "-- You are in ops", NULL);
	ask(&bob, "/join ops\r\n", "-- You are in ops", NULL);
	say_words(&alice, 1, 5);
	await(&bob, "]:w5 ", NULL);
	say_words(&bob, 6, 8);
	await(&alice, "]:w8 ", NULL);
	note_read(&alice, seen);
	note_read(&bob, seen);
	as_admin(&alice, seen);
	impostor(port, &bob, seen);
	note_read(&alice, seen);
	note_read(&bob, seen);
	go(&alice);
	go(&bob);
}

bool talk_probe(uint16_t port)
{
	int64_t until_ms = now_ms() + PROBE_MS;
	bool in = false;

	for (int i = 0; i < PORT_TRIES && !in && now_ms() < until_ms; i++) {
		struct talker t;

		come(&t, port);
		in = ask(&t, "probe\n", "-- You are probe", NULL) == 1;
		go(&t);
	}
	return in;
}
