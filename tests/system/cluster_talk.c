/*
 * cluster_talk: people who talk on several nodes of a cluster, come back on another node where they are thrown out,
 * and remember each line that they said and read.
 *
 *     cluster_talk PORT PEOPLE NODES RATE
 *
 * The nodes are 127.0.0.2, 127.0.0.3 and so on, each at PORT; each person says RATE lines a second in one of a few
 * rooms, and now and then goes to another room or to another node, or changes something that all nodes have. Every
 * sixth one registers, and comes back by its password; all others wait until their name is free. What to do is read from standard input, a line each,
 * and answered by a line:
 *
 *     in             when all people are in: "in"
 *     talk           they begin to talk: "talks"
 *     spread         whoever is not on the node where they began goes there: "spread"
 *     mark NODE      whoever is on that node (from 0) is marked: "marked N"
 *     drop           every second one of them hangs up, and comes back on another node: "dropped"
 *     back           when all of them have been thrown out and are in again: "back N LEFT ALL", where LEFT and ALL are
 *                    the longest times since they were marked, in milliseconds: of those who hung up (of all, if none
 *                    was told to), and of all; but for those with a password. A name is free once its last bearer has left, so that is how long they
 *                    seemed to be there
 *     rest           they stop; when nothing more comes each says a last line; when all have read it: "rests", or
 *                    "restless N", where so many lines did not come
 *     leave          all hang up: "left"
 *     check FILE     by that database: faults, a line each, and as the last line the counts
 */
#include "cluster_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LINE_MAX = 4096,       /* of chatd's */
	PROMPT_MS = 1500,      /* without a greeting for so long, another node is tried, */
	NAME_MS = 6000,        /* or without an answer to the name; */
	TAKEN_MS = 500,        /* and between two tries with a name that is taken: less than chatd allows */
	REFUSED_MS = 100,      /* until a node that does not listen is followed by the next */
	QUIET_MS = 700,        /* without a line: nothing is under way */
	WAIT_MS = 25000,       /* for what a command waits for */
	MOVES = 60,            /* one line in so many is followed by another room, */
	CHANGES = 30,          /* by a change of something else, */
	TRAVELS = 300,         /* or by another node */
	REGISTERS = 6,         /* one person in so many */
};

static const char *const rooms[ROOMS] = {"general", "red", "green", "blue"};

struct person {
	int fd;                /* -1: not connected */
	uint32_t node;
	bool greeted, in;
	int64_t since_ms;      /* connected, or has given its name */
	int64_t due_ms;        /* when it connects, gives its name again, or says a line */
	uint32_t visit;
	uint32_t room;         /* index of the one it is in */
	bool marked;           /* and has not been thrown out and come back yet */
	bool out;              /* has been thrown out since */
	bool drops;            /* has hung up by itself */
	bool registered;       /* its name has a password */
	uint32_t last;         /* last lines that it read */
	char line[LINE_MAX];   /* the unfinished one, nline bytes */
	size_t nline;
};

struct talk {
	uint16_t port;
	uint32_t people, nodes;
	double rate;
	bool talks, rests;
	int64_t marked_ms;     /* when */
	uint32_t marked;       /* how many were */
	int64_t left_ms, all_ms; /* the longest times until they were back */
	int64_t read_ms;       /* when the last line came */
	struct person person[PEOPLE_MAX];
	struct story story;
	uint32_t first_last;   /* number of the first of the last lines */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(1);
}

static void *grown(void *p, size_t n, size_t each)
{
	if (n > 0 && (n & (n - 1)) != 0)
		return p;
	if ((p = realloc(p, (n > 0 ? n * 2 : 1) * each)) == NULL)
		die("realloc");
	return p;
}

void numbers_add(struct numbers *to, uint32_t n)
{
	to->n = grown(to->n, to->len, sizeof *to->n);
	to->n[to->len++] = n;
}

static uint32_t index_of(const struct talk *t, const struct person *p)
{
	return (uint32_t)(p - t->person);
}

static struct visit *visit_of(struct talk *t, const struct person *p)
{
	return &t->story.visit[p->visit];
}

/* -- connections ----------------------------------------------------------------------------------- */

/* It is out, and tries the next node. */
static void person_out(struct talk *t, struct person *p, int64_t after_ms)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->out |= p->in;
	p->greeted = p->in = false;
	p->nline = 0;
	p->node = (p->node + 1) % t->nodes;
	p->due_ms = now_ms() + after_ms;
}

static void person_connect(struct talk *t, struct person *p)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(t->port)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + p->node);
	/* What chatd allows an address at the prompt is for each of them. */
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 + index_of(t, p));
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		die("socket");
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (bind(p->fd, (struct sockaddr *)&from, sizeof from) != 0)
		die("bind");
	p->since_ms = now_ms();
	if (connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
		person_out(t, p, REFUSED_MS);
}

static void person_send(struct person *p, const char *format, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	/* A broken connection is noticed where it is read; what a stopped node does not take is cut off with it. */
	if (send(p->fd, text, (size_t)n, MSG_NOSIGNAL) != n && errno != EAGAIN && errno != EPIPE && errno != ECONNRESET)
		die("send");
}

static void password_send(struct talk *t, struct person *p, const char *before)
{
	person_send(p, "%shorse battery %u staple\n", before, index_of(t, p));
}

/* -- what is said ---------------------------------------------------------------------------------- */

static void person_say(struct talk *t, struct person *p)
{
	struct story *s = &t->story;

	s->said = grown(s->said, s->nsaid, sizeof *s->said);
	s->said[s->nsaid] = (struct said){.who = (uint16_t)index_of(t, p), .visit = p->visit};
	visit_of(t, p)->said++;
	person_send(p, "~%08x and so on, a line as people write them\n", s->nsaid);
	s->nsaid++;
}

/* Some of what all nodes have in common. */
static void person_change(struct talk *t, struct person *p)
{
	static const char *const changes[] = {"/topic all about", "/away until", "/me counts to"};

	if (index_of(t, p) % REGISTERS == 0 && !p->registered) {
		password_send(t, p, "/register ");
		return;
	}
	visit_of(t, p)->commands++;
	person_send(p, "%s %ld\n", changes[random() % 3], random());
}

static void person_talk(struct talk *t, struct person *p, int64_t now)
{
	person_say(t, p);
	p->due_ms = now + (int64_t)(1000 / t->rate * (0.5 + (double)(random() % 1000) / 1000));
	if (random() % MOVES == 0)
		person_send(p, "/join %s\n", rooms[random() % ROOMS]);
	else if (random() % CHANGES == 0)
		person_change(t, p);
	else if (random() % TRAVELS == 0 && !p->marked)
		person_out(t, p, random() % 100);
}

/* -- what is read ------------------------------------------------------------------------------------ */

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* "general, ..." or the like: it has come to that room. */
static void person_arrives(struct talk *t, struct person *p, const char *name)
{
	size_t len = strcspn(name, " ,;.");

	for (uint32_t i = 0; i < ROOMS; i++)
		if (strlen(rooms[i]) == len && memcmp(rooms[i], name, len) == 0)
			p->room = i;
	numbers_add(&t->story.read[index_of(t, p)], MARK_STAY);
}

static void person_is_in(struct talk *t, struct person *p, const char *line)
{
	const char *in = strstr(line, ", in ");
	int64_t now = now_ms(), took = now - t->marked_ms;

	if (in == NULL)
		return;
	t->story.visit = grown(t->story.visit, t->story.nvisits, sizeof *t->story.visit);
	t->story.visit[p->visit = t->story.nvisits++] = (struct visit){0};
	p->in = true;
	p->due_ms = now + random() % 200;
	person_arrives(t, p, in + 5);
	if (!p->marked || !p->out)
		return;
	p->marked = false;
	if (p->registered)
		return;
	if (p->drops && took > t->left_ms)
		t->left_ms = took;
	if (took > t->all_ms)
		t->all_ms = took;
}

/* A line to somebody who is not in yet. The prompt has no end of line, so the answer to the name comes behind it. */
static void entry_line(struct talk *t, struct person *p, const char *line)
{
	const char *answer = strstr(line, "-- ");

	if (answer == NULL)
		return;
	if (begins(answer, "-- You are "))
		person_is_in(t, p, answer);
	else if (strstr(answer, " is taken") != NULL)
		p->due_ms = now_ms() + TAKEN_MS;
	else if (strstr(answer, " is registered. Please type ") != NULL) {
		p->since_ms = now_ms();
		p->registered = true;
		password_send(t, p, "");
	}
}

static void line_read(struct talk *t, struct person *p, const char *line)
{
	struct story *s = &t->story;
	const char *at = strstr(line, "]:~");
	uint32_t number;

	if (at == NULL || line[0] != '[') {
		if (begins(line, "-- You are in "))
			person_arrives(t, p, line + 14);
		else if (begins(line, "-- ") && strstr(line, " is yours now") != NULL)
			p->registered = true;
		else if (begins(line, "-- Not sent: "))
			visit_of(t, p)->refused++;
		else if (begins(line, "-- ") && strstr(line, " skipped while ") != NULL) {
			s->skipped += strtoul(line + 3, NULL, 10);
			numbers_add(&s->read[index_of(t, p)], MARK_STAY);
		}
		return;
	}
	number = (uint32_t)strtoul(at + 3, NULL, 16);
	numbers_add(&s->read[index_of(t, p)], number);
	s->nread++;
	p->last += t->rests && number >= t->first_last;
	t->read_ms = now_ms();
}

/* The prompt has no end: it is there once its text is. */
static void prompt_read(struct talk *t, struct person *p)
{
	if (p->greeted || memmem(p->line, p->nline, "YOUR NAME]:", 11) == NULL)
		return;
	p->greeted = true;
	p->since_ms = now_ms();
	p->due_ms = INT64_MAX;
	person_send(p, "p%02u\n", index_of(t, p));
}

static void person_read(struct talk *t, struct person *p)
{
	char in[1 << 16];
	ssize_t n = recv(p->fd, in, sizeof in, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			person_out(t, p, p->greeted ? 0 : REFUSED_MS);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (in[i] != '\n') {
			if (p->nline < LINE_MAX - 1)
				p->line[p->nline++] = in[i];
			continue;
		}
		while (p->nline > 0 && p->line[p->nline - 1] == '\r')
			p->nline--;
		p->line[p->nline] = '\0';
		p->nline = 0;
		if (p->in)
			line_read(t, p, p->line);
		else
			entry_line(t, p, p->line);
	}
	prompt_read(t, p);
}

/* -- turns ------------------------------------------------------------------------------------------- */

static void person_turn(struct talk *t, struct person *p, int64_t now)
{
	if (p->fd < 0 && now >= p->due_ms)
		person_connect(t, p);
	else if (p->fd >= 0 && !p->in && now >= p->since_ms + (p->greeted ? NAME_MS : PROMPT_MS))
		person_out(t, p, 0);
	else if (p->fd >= 0 && p->greeted && !p->in && now >= p->due_ms) {
		p->due_ms = INT64_MAX;
		p->since_ms = now;
		person_send(p, "p%02u\n", index_of(t, p));
	} else if (p->in && t->talks && now >= p->due_ms)
		person_talk(t, p, now);
}

/* False: standard input has something. */
static bool turn(struct talk *t, bool hears)
{
	struct pollfd fds[PEOPLE_MAX + 1];
	int64_t now = now_ms();

	for (uint32_t i = 0; i < t->people; i++) {
		person_turn(t, &t->person[i], now);
		fds[i] = (struct pollfd){.fd = t->person[i].fd, .events = POLLIN};
	}
	fds[t->people] = (struct pollfd){.fd = hears ? 0 : -1, .events = POLLIN};
	if (poll(fds, t->people + 1, 3) < 0)
		die("poll");
	for (uint32_t i = 0; i < t->people; i++)
		if (fds[i].revents != 0 && t->person[i].fd == fds[i].fd)
			person_read(t, &t->person[i]);
	return fds[t->people].revents == 0;
}

/* -- commands ------------------------------------------------------------------------------------------ */

static uint32_t count_in(const struct talk *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->people; i++)
		n += t->person[i].in;
	return n;
}

static void await_in(struct talk *t)
{
	int64_t until = now_ms() + WAIT_MS;

	while (count_in(t) < t->people && now_ms() < until)
		turn(t, false);
	if (count_in(t) == t->people)
		printf("in\n");
	else
		printf("only %u in\n", count_in(t));
}

static void mark(struct talk *t, uint32_t node)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->people; i++) {
		struct person *p = &t->person[i];

		p->marked = p->in && p->node == node;
		p->out = p->drops = false;
		n += p->marked;
	}
	t->marked_ms = now_ms();
	t->left_ms = t->all_ms = 0;
	t->marked = n;
	printf("marked %u\n", n);
}

static void spread(struct talk *t)
{
	for (uint32_t i = 0; i < t->people; i++) {
		struct person *p = &t->person[i];

		if (p->node == i % t->nodes)
			continue;
		person_out(t, p, random() % 100);
		p->node = i % t->nodes;
	}
	printf("spread\n");
}

static void drop(struct talk *t)
{
	bool second = false;

	for (uint32_t i = 0; i < t->people; i++) {
		struct person *p = &t->person[i];

		if (!p->marked || !p->in || !(second = !second))
			continue;
		p->drops = true;
		person_out(t, p, 0);
	}
	printf("dropped\n");
}

static void await_back(struct talk *t)
{
	int64_t until = now_ms() + WAIT_MS;
	uint32_t missing;

	do {
		missing = 0;
		turn(t, false);
		for (uint32_t i = 0; i < t->people; i++)
			missing += t->person[i].marked;
	} while (missing > 0 && now_ms() < until);
	if (missing > 0)
		printf("missing %u of %u\n", missing, t->marked);
	else
		printf("back %u %lld %lld\n", t->marked, (long long)(t->left_ms > 0 ? t->left_ms : t->all_ms),
		       (long long)t->all_ms);
}

/* Last lines that have not come yet. */
static uint32_t last_missing(const struct talk *t)
{
	uint32_t here[ROOMS] = {0}, missing = 0;

	for (uint32_t i = 0; i < t->people; i++)
		here[t->person[i].room]++;
	for (uint32_t i = 0; i < t->people; i++)
		missing += here[t->person[i].room] - 1 - t->person[i].last;
	return missing;
}

static void rest(struct talk *t)
{
	int64_t until = now_ms() + WAIT_MS, since = now_ms();

	t->talks = false;
	while ((count_in(t) < t->people || now_ms() < t->read_ms + QUIET_MS || now_ms() < since + QUIET_MS) &&
	       now_ms() < until)
		turn(t, false);
	t->first_last = t->story.nsaid;
	t->rests = true;
	for (uint32_t i = 0; i < t->people; i++)
		if (t->person[i].in)
			person_say(t, &t->person[i]);
	while (last_missing(t) > 0 && now_ms() < until)
		turn(t, false);
	if (last_missing(t) == 0 && count_in(t) == t->people)
		printf("rests\n");
	else
		printf("restless %u, %u in\n", last_missing(t), count_in(t));
}

static void leave(struct talk *t)
{
	for (uint32_t i = 0; i < t->people; i++) {
		struct person *p = &t->person[i];

		t->story.stayed[i] = p->in;
		if (p->in)
			visit_of(t, p)->whole = true;
		person_out(t, p, WAIT_MS * 1000);
	}
	printf("left\n");
}

static void command(struct talk *t, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "in") == 0)
		await_in(t);
	else if (strcmp(line, "talk") == 0)
		printf("talks\n"), t->talks = true;
	else if (begins(line, "mark "))
		mark(t, (uint32_t)atoi(line + 5));
	else if (strcmp(line, "spread") == 0)
		spread(t);
	else if (strcmp(line, "drop") == 0)
		drop(t);
	else if (strcmp(line, "back") == 0)
		await_back(t);
	else if (strcmp(line, "rest") == 0)
		rest(t);
	else if (strcmp(line, "leave") == 0)
		leave(t);
	else if (begins(line, "check "))
		story_check(&t->story, line + 6);
	else
		printf("what is %s?\n", line);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct talk t;
	char line[4096];

	if (argc != 5 || atoi(argv[2]) < 1 || atoi(argv[2]) > PEOPLE_MAX || atoi(argv[3]) < 1 || atof(argv[4]) <= 0) {
		fprintf(stderr, "usage: cluster_talk PORT PEOPLE NODES RATE\n");
		return 2;
	}
	t.port = (uint16_t)atoi(argv[1]);
	t.people = t.story.people = (uint32_t)atoi(argv[2]);
	t.nodes = (uint32_t)atoi(argv[3]);
	t.rate = atof(argv[4]);
	setvbuf(stdin, NULL, _IONBF, 0);
	for (uint32_t i = 0; i < t.people; i++) {
		t.person[i].fd = -1;
		t.person[i].node = i % t.nodes;
	}
	for (;;) {
		if (turn(&t, true))
			continue;
		if (fgets(line, sizeof line, stdin) == NULL)
			return 0;
		command(&t, line);
	}
}
