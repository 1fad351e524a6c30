/*
 * gen's other modes: bursts after a silence, people who come in, people who are only
 * there, and questions.
 */
#include "gen.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BURST_IDLE_MS = 2000,  /* nobody says anything before a burst */
	STALL_MS = 5000,       /* without a delivery for so long: it is lost */
	ANSWER_MS = 10000,     /* an answer takes at most */
	TIMES_MAX = 1000,
};

/* -- burst --------------------------------------------------------------------------- */

void gen_burst(struct gen *g)
{
	struct proc_use before, after, first = {0};
	uint64_t cpu_ns = 0;

	proc_peak_reset(g->watched.pid);
	for (uint32_t k = 0; k < g->opt.times; k++) {
		gen_read_for(g, BURST_IDLE_MS * INT64_C(1000000));
		g->counting = true;
		gen_use(g, &before);
		for (uint32_t i = 0; i < g->nclients; i++)
			gen_say(g, now_ns(), 0);
		gen_drain(g, STALL_MS * INT64_C(1000000));
		/* What the server does behind the last delivery belongs to it too. */
		gen_read_for(g, 50 * 1000000);
		gen_use(g, &after);
		g->counting = false;
		cpu_ns += after.cpu_ns - before.cpu_ns;
		if (k == 0)
			first = before;
	}
	/* Only the bursts' own CPU. */
	first.cpu_ns = after.cpu_ns - cpu_ns;
	printf("deliveries=%llu lost=%llu", (unsigned long long)g->stat.n,
	       (unsigned long long)g->count.lost);
	print_latency(&g->stat);
	print_use(&first, &after, 1, g->stat.n);
	printf("\n");
}

/* -- join ---------------------------------------------------------------------------- */

void gen_join(struct gen *g)
{
	struct proc_use before, after;
	int64_t begin = now_ns(), end;

	for (uint32_t i = 0; i < g->opt.joins; i++)
		g->client[g->nclients + i].anew = true;
	proc_peak_reset(g->watched.pid);
	gen_use(g, &before);
	if (!gen_come_in(g, g->nclients + g->opt.joins))
		exit(1);
	end = now_ns();
	/* The sum of who has joined comes a second later, and is part of the cost. */
	gen_read_for(g, 1200 * INT64_C(1000000));
	gen_use(g, &after);
	printf("joins=%u all_ms=%.1f", g->opt.joins, (double)(end - begin) / 1e6);
	print_latency(&g->stat);
	print_use(&before, &after, (double)(end - begin) / 1e9, g->opt.joins);
	printf("\n");
}

/* -- idle ---------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* How long one line takes to all of them, several times. */
static void idle_lines(struct gen *g)
{
	struct proc_use before, after;
	int64_t took[TIMES_MAX];
	uint64_t deliveries = 0;

	gen_use(g, &before);
	for (uint32_t k = 0; k < g->opt.times; k++) {
		stat_clear(&g->stat);
		g->counting = true;
		gen_say(g, now_ns(), 0);
		gen_drain(g, STALL_MS * INT64_C(1000000));
		g->counting = false;
		took[k] = g->stat.max_ns;
		deliveries += g->stat.n;
	}
	gen_use(g, &after);
	qsort(took, g->opt.times, sizeof *took, by_size);
	printf(" line_ms=%.2f line_max_ms=%.2f lost=%llu", (double)took[g->opt.times / 2] / 1e6,
	       (double)took[g->opt.times - 1] / 1e6, (unsigned long long)g->count.lost);
	print_use(&before, &after, 1, deliveries);
}

void gen_idle(struct gen *g)
{
	struct proc_use before, after;
	int64_t begin, end;

	gen_use(g, &before);
	begin = now_ns();
	if (!gen_come_in(g, g->nclients))
		exit(1);
	end = now_ns();
	/* Notices of those who came are read, and what they took is free again. */
	gen_read_for(g, 2000 * INT64_C(1000000));
	gen_use(g, &after);
	printf("connections=%u accept_per_s=%.0f accept_cpu_us=%.2f conn_kib=%.3f", g->nclients,
	       (double)g->nclients / ((double)(end - begin) / 1e9),
	       (double)(after.cpu_ns - before.cpu_ns) / 1e3 / g->nclients,
	       (double)(after.anon_kib - before.anon_kib) / g->nclients);
	if (!g->opt.unnamed)
		idle_lines(g);
	printf("\n");
}

/* -- ask ----------------------------------------------------------------------------- */

static bool answered;  /* true once the answer's last line has come */

static void on_answer(struct gen *g, struct client *c, const char *p, size_t n, int64_t now)
{
	static const char *const last[] = {"-- End", "-- No", "-- You are ", "-- It is ",
	                                   "-- The search", "-- Usage"};

	(void)g;
	(void)c;
	(void)now;
	for (size_t i = 0; i < sizeof last / sizeof *last; i++)
		if (n >= strlen(last[i]) && memcmp(p, last[i], strlen(last[i])) == 0)
			answered = true;
}

static void ask(struct gen *g, const char *command, size_t n)
{
	int64_t begin = now_ns();

	answered = false;
	client_put(&g->client[0], command, n);
	while (!answered) {
		gen_turn(g, 10);
		if (now_ns() - begin > ANSWER_MS * INT64_C(1000000)) {
			g->count.lost++;
			return;
		}
	}
	/* Going to another room is only the way there. */
	if (memcmp(command, "/join", 5) != 0)
		stat_add(&g->stat, now_ns() - begin);
}

/* Puts the commands of a file, one a line, in turn. */
void gen_ask(struct gen *g)
{
	FILE *f = fopen(g->opt.commands, "r");
	char line[512];
	uint32_t asked = 0;
	int64_t due;

	if (f == NULL)
		gen_die(g->opt.commands);
	g->other = on_answer;
	if (g->opt.warm && fgets(line, sizeof line, f) != NULL) {
		ask(g, line, strlen(line));
		stat_clear(&g->stat);
		rewind(f);
	}
	due = now_ns();
	while (asked < g->opt.times) {
		if (fgets(line, sizeof line, f) == NULL) {
			if (ftell(f) == 0)
				break;
			rewind(f);
			continue;
		}
		ask(g, line, strlen(line));
		asked += memcmp(line, "/join", 5) != 0;
		due += g->opt.every_ms * INT64_C(1000000);
		if (due > now_ns())
			gen_read_for(g, due - now_ns());
	}
	fclose(f);
	printf("asked=%llu unanswered=%llu", (unsigned long long)g->stat.n,
	       (unsigned long long)g->count.lost);
	print_latency(&g->stat);
	printf("\n");
}
