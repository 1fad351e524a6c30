/*
 * gen's talk: who says what when, closed or open loop, and what has come of it.
 */
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	STALL_MS = 2000,         /* without a delivery for so long: what is in flight is lost */
	STALL_PATIENT_MS = 30000, /* the same where the server is meant to be slow */
	WARM_PERCENT = 25,       /* of a measurement's seconds, before anything is counted */
	BATCH_MAX = 1024,        /* lines said at once */
	PATIENT_LINES = 1000,    /* patient: in flight of one client */
	WITH_MS = 500,           /* for a program that runs alongside to get to work */
};

/* -- lines --------------------------------------------------------------------------- */

/* Turns go round the rooms first, then round their members. */
static uint32_t speaker(const struct gen *g, uint32_t turn)
{
	return turn % g->rooms * g->members + turn / g->rooms % g->members;
}

static size_t line_format(const struct gen *g, uint32_t who, uint32_t number, char *text)
{
	int n = 0;

	if (g->opt.direct && g->proto == PROTO_IRC)
		n = sprintf(text, "PRIVMSG %s%u :", g->name, who ^ 1);
	else if (g->opt.direct)
		n = sprintf(text, "/msg %s%u ", g->name, who ^ 1);
	else if (g->proto == PROTO_IRC)
		n = sprintf(text, "PRIVMSG #bench%u :", g->client[who].room);
	n += sprintf(text + n, "~~%08x", number);
	memset(text + n, 'x', LINE_BYTES - 10);
	n += LINE_BYTES - 10;
	if (g->proto == PROTO_IRC)
		text[n++] = '\r';
	text[n++] = '\n';
	return (size_t)n;
}

/* Takes the next number for a line of who. */
/* How many people get a line. */
static uint32_t readers(const struct gen *g)
{
	return g->opt.direct ? 1 : g->members - (g->opt.views < 2);
}

static uint32_t line_begin(struct gen *g, uint32_t who, int64_t since_ns)
{
	uint32_t number = g->next++;

	g->line[number & (LINES_MAX - 1)] = (struct line){
		.since_ns = since_ns,
		.left = readers(g),
		.who = who,
	};
	g->flying++;
	g->missing += readers(g);
	g->client[who].flying++;
	return number;
}

static void line_end(struct gen *g, struct line *l)
{
	struct client *c = &g->client[l->who];

	g->missing -= l->left;
	l->left = 0;
	g->flying--;
	if (--c->flying == 0 && g->opt.batch > 0)
		g->ready[g->nready++] = l->who;
}

void gen_say(struct gen *g, int64_t since_ns, int64_t now)
{
	uint32_t who = speaker(g, g->turn++);
	char text[TEXT_BYTES];
	size_t n = line_format(g, who, g->next, text);

	if (!g->opt.patient) {
		client_put(&g->client[who], text, n);
	} else if (g->line[g->next & (LINES_MAX - 1)].left > 0 ||
	           g->client[who].flying >= PATIENT_LINES ||
	           !client_offer(&g->client[who], text, n, now)) {
		g->count.refused += g->counting;
		return;
	}
	line_begin(g, who, since_ns);
}

static void say_batch(struct gen *g, uint32_t who)
{
	static char text[BATCH_MAX * TEXT_BYTES];
	size_t n = 0;
	int64_t now = now_ns();

	for (uint32_t i = 0; i < g->opt.batch && i < BATCH_MAX; i++)
		n += line_format(g, who, line_begin(g, who, now), text + n);
	client_put(&g->client[who], text, n);
}

void gen_delivered(struct gen *g, uint32_t number, int64_t now)
{
	struct line *l = &g->line[number & (LINES_MAX - 1)];

	if (l->left == 0)
		return;
	g->last_ns = now;
	if (g->counting)
		stat_add(&g->stat, now - l->since_ns);
	if (l->left == 1) {
		g->count.done += g->counting;
		line_end(g, l);
	} else {
		l->left--;
		g->missing--;
	}
}

static void give_up_stalled(struct gen *g, int64_t now, int64_t stall_ns)
{
	if (g->flying == 0 || now < g->last_ns + stall_ns)
		return;
	for (uint32_t i = 0; i < LINES_MAX; i++) {
		if (g->line[i].left == 0)
			continue;
		g->count.lost += g->line[i].left;
		line_end(g, &g->line[i]);
	}
	g->last_ns = now_ns();
}

void gen_drain(struct gen *g, int64_t stall_ns)
{
	g->last_ns = now_ns();
	/* What chatd said it skipped will not come. */
	while (g->flying > 0 && g->missing > g->count.skipped) {
		gen_turn(g, 10);
		for (uint32_t i = 0; g->opt.patient && i < g->nclients; i++)
			client_push(&g->client[i]);
		give_up_stalled(g, now_ns(), stall_ns);
	}
	give_up_stalled(g, INT64_MAX, 0);
}

/* -- loops --------------------------------------------------------------------------- */

static void say_due(struct gen *g, int64_t now, int64_t *due)
{
	while (*due <= now && g->flying < LINES_MAX / 2) {
		gen_say(g, *due, now);
		*due += (int64_t)(1e9 / g->opt.rate);
	}
	/* What cannot even be in flight is due all the same */
	while (g->opt.patient && *due <= now) {
		g->count.refused += g->counting;
		*due += (int64_t)(1e9 / g->opt.rate);
	}
}

static void talk(struct gen *g, int64_t until, int64_t *due)
{
	int64_t now, stall_ns = (g->opt.patient ? STALL_PATIENT_MS : STALL_MS) * INT64_C(1000000);

	while ((now = now_ns()) < until) {
		if (g->opt.rate > 0) {
			say_due(g, now, due);
			gen_turn(g, *due - now > 2000000 ? 1 : 0);
		} else if (g->opt.batch > 0) {
			while (g->nready > 0)
				say_batch(g, g->ready[--g->nready]);
			gen_turn(g, 100);
		} else {
			while (g->flying < g->opt.window)
				gen_say(g, now_ns(), 0);
			gen_turn(g, 100);
		}
		give_up_stalled(g, now, stall_ns);
	}
}

/* The program that runs alongside the measurement; it writes where its command says. */
static pid_t with_start(const char *command)
{
	pid_t pid;

	if (command == NULL)
		return 0;
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* CPU seconds of this process: where they come near one a second, it is the bottleneck. */
static double own_cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void warm_up(struct gen *g, int64_t *due, pid_t *with)
{
	g->last_ns = *due;
	talk(g, *due + (int64_t)(g->opt.seconds * 1e9 * WARM_PERCENT / 100), due);
	*with = with_start(g->opt.with);
	if (*with != 0)
		talk(g, now_ns() + WITH_MS * INT64_C(1000000), due);
	stat_clear(&g->stat);
	g->count.done = g->count.lost = g->count.refused = g->count.told = g->count.skipped = 0;
	proc_peak_reset(g->watched.pid);
}

static void measure(struct gen *g)
{
	struct proc_use before, after;
	int64_t begin, due = now_ns();
	double seconds, own;
	pid_t with;

	warm_up(g, &due, &with);
	g->counting = true;
	begin = now_ns();
	own = own_cpu_s();
	gen_use(g, &before);
	talk(g, begin + (int64_t)(g->opt.seconds * 1e9), &due);
	gen_use(g, &after);
	own = own_cpu_s() - own;
	seconds = (double)(now_ns() - begin) / 1e9;
	g->counting = false;
	uint64_t done = g->count.done;
	int64_t end = now_ns();

	/* Lines that were due before the end count also where they come after it. */
	g->counting = g->opt.rate > 0;
	gen_drain(g, (g->opt.patient ? STALL_PATIENT_MS : STALL_MS) * INT64_C(1000000));
	g->counting = false;
	/* What chatd said it skipped is no loss; it is in the history. */
	g->count.lost -= g->count.skipped < g->count.lost ? g->count.skipped : g->count.lost;
	printf("window=%u deliveries=%llu per_s=%.0f lines_per_s=%.0f lost=%llu skipped=%llu sent=%u "
	       "refused_per_s=%.0f told=%llu drain_s=%.2f gen_share=%.3f", g->opt.window,
	       (unsigned long long)g->stat.n, (double)g->stat.n / seconds,
	       (double)done / seconds, (unsigned long long)g->count.lost,
	       (unsigned long long)g->count.skipped, g->next, (double)g->count.refused / seconds,
	       (unsigned long long)g->count.told, (double)(now_ns() - end) / 1e9, own / seconds);
	print_latency(&g->stat);
	print_use(&before, &after, seconds, g->stat.n);
	printf("\n");
	fflush(stdout);
	if (with != 0)
		waitpid(with, NULL, 0);
}

static void on_other(struct gen *g, struct client *c, const char *p, size_t n, int64_t now)
{
	(void)c;
	(void)now;
	if (n < 4 || memcmp(p, "-- ", 3) != 0)
		return;
	if (memmem(p, n, "busier than it can save", 23) != NULL)
		g->count.told++;
	if (memmem(p, n, " skipped while", 14) != NULL)
		g->count.skipped += strtoul(p + 3, NULL, 10);
}

void gen_talk_all(struct gen *g)
{
	g->other = on_other;
	g->ready = calloc(g->nclients, sizeof *g->ready);
	for (uint32_t i = 0; g->opt.batch > 0 && i < g->nclients; i++)
		g->ready[g->nready++] = i;
	for (uint32_t i = 0; i < g->opt.nwindows; i++) {
		g->opt.window = g->opt.windows[i];
		measure(g);
	}
}
