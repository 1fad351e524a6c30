/*
 * gen: a load of chat clients, and what their server does with it.
 *
 *     gen MODE KEY=VALUE...
 *
 *     talk   members talk in rooms. Closed loop: window lines are in flight; a line that
 *            everybody has got is followed by the next. With rate, open loop: lines a
 *            second at fixed times, and latency counts from the time at which a line was
 *            due, so a stall is not hidden. With batch, each client says that many lines at
 *            once, and again when all of them have come. window=1,32 measures one after
 *            the other; each is a line of output
 *     burst  silence, then all members say one line at once; times over
 *     join   members are there, and joins more come in as fast as they can
 *     idle   members are there; and say a line one after the other, times in all
 *     ask    one client puts the commands of a file and waits for each answer
 *
 * proto is chatd, irc (ngircd, InspIRCd), ncat (ncat --chat) or bare (no login). pid is
 * the server, whose CPU time and memory are read from /proc, and more=PID,PID... other processes that are
 * counted with it; that of apart=PID is shown by itself. tls=1: by TLS. gen.h says what the other
 * keys mean. Prints key=value.
 */
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum {
	SETTLE_MS = 700,       /* after the last login: what it says to the others is read */
	TIMES_MAX = 1000,      /* room for one figure each time */
};

void gen_die(const char *what)
{
	perror(what);
	exit(1);
}

static void set_windows(struct gen *g, const char *list)
{
	char *end;

	g->opt.nwindows = 0;
	while (*list != '\0' && g->opt.nwindows < WINDOWS_MAX) {
		g->opt.windows[g->opt.nwindows++] = (uint32_t)strtoul(list, &end, 10);
		list = *end == ',' ? end + 1 : end;
		if (end == list && *end != '\0')
			break;
	}
}

static void set_more(struct gen *g, const char *list)
{
	for (int i = 0; i < MORE_MAX && *list != '\0'; i++) {
		g->more[i] = atoi(list);
		list += strcspn(list, ",");
		list += *list == ',';
	}
}

static bool set_proto(struct gen *g, const char *name)
{
	static const char *const protos[] = {"chatd", "irc", "ncat", "bare"};

	for (int i = 0; i < 4; i++) {
		if (strcmp(name, protos[i]) == 0) {
			g->proto = (enum proto)i;
			return true;
		}
	}
	return false;
}

/* False: there is no such key. */
static bool set(struct gen *g, const char *key, const char *value)
{
	const struct {
		const char *key;
		uint32_t *to;
	} number[] = {
		{"members", &g->members}, {"rooms", &g->rooms}, {"joins", &g->opt.joins},
		{"logins", &g->opt.logins}, {"times", &g->opt.times}, {"every_ms", &g->opt.every_ms},
		{"batch", &g->opt.batch}, {"views", &g->opt.views}, {"nodes", &g->nodes},
	};
	const struct {
		const char *key;
		bool *to;
	} fact[] = {
		{"direct", &g->opt.direct}, {"patient", &g->opt.patient}, {"replay", &g->opt.replay},
		{"unnamed", &g->opt.unnamed}, {"warm", &g->opt.warm}, {"tls", &g->opt.tls},
	};

	for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
		if (strcmp(key, number[i].key) == 0) {
			*number[i].to = (uint32_t)strtoul(value, NULL, 10);
			return true;
		}
	}
	for (size_t i = 0; i < sizeof fact / sizeof *fact; i++) {
		if (strcmp(key, fact[i].key) == 0) {
			*fact[i].to = strcmp(value, "0") != 0;
			return true;
		}
	}
	if (strcmp(key, "proto") == 0)
		return set_proto(g, value);
	if (strcmp(key, "port") == 0)
		g->port = (uint16_t)atoi(value);
	else if (strcmp(key, "pid") == 0)
		g->pid = atoi(value);
	else if (strcmp(key, "more") == 0)
		set_more(g, value);
	else if (strcmp(key, "apart") == 0)
		g->apart = atoi(value);
	else if (strcmp(key, "seconds") == 0)
		g->opt.seconds = atof(value);
	else if (strcmp(key, "rate") == 0)
		g->opt.rate = atof(value);
	else if (strcmp(key, "window") == 0)
		set_windows(g, value);
	else if (strcmp(key, "with") == 0)
		g->opt.with = value;
	else if (strcmp(key, "name") == 0 && strlen(value) < NAME_BYTES)
		g->name = value;
	else if (strcmp(key, "commands") == 0)
		g->opt.commands = value;
	else
		return false;
	return true;
}

static void prepare(struct gen *g)
{
	struct rlimit files;

	g->nclients = g->members * g->rooms;
	g->client = calloc(g->nclients + g->opt.joins, sizeof *g->client);
	g->line = calloc(LINES_MAX, sizeof *g->line);
	for (uint32_t i = 0; i < g->nclients; i++)
		g->client[i].room = i / g->members;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	g->epoll = epoll_create1(EPOLL_CLOEXEC);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct gen *g);
	} modes[] = {
		{"talk", gen_talk_all}, {"burst", gen_burst}, {"join", gen_join},
		{"idle", gen_idle}, {"ask", gen_ask},
	};
	static struct gen g = {
		.members = 1, .rooms = 1, .name = "u",
		.opt = {.logins = 200, .times = 5, .seconds = 1, .windows = {1}, .nwindows = 1},
	};
	size_t mode = 0;

	for (int i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (value != NULL)
			*value++ = '\0';
		if (value == NULL || !set(&g, argv[i], value)) {
			fprintf(stderr, "gen: what is %s?\n", argv[i]);
			return 2;
		}
	}
	while (mode < 5 && (argc < 2 || strcmp(argv[1], modes[mode].name) != 0))
		mode++;
	if (mode == 5 || g.members == 0 || g.rooms == 0 || g.opt.times == 0 || g.opt.times > TIMES_MAX) {
		fprintf(stderr, "usage: gen talk|burst|join|idle|ask KEY=VALUE...\n");
		return 2;
	}
	prepare(&g);
	/* Those who are only there are measured as they come. */
	if (modes[mode].run != gen_idle) {
		if (!gen_come_in(&g, g.nclients))
			return 1;
		gen_read_for(&g, SETTLE_MS * INT64_C(1000000));
	}
	modes[mode].run(&g);
	return 0;
}
