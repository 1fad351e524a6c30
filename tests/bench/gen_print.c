/*
 * gen's results as key=value. Times in microseconds, memory in KiB; thr_NAME is a
 * thread's share of one core, usr_NAME the part of it in user space.
 */
#include "gen.h"

static void use_add(struct proc_use *u, int pid)
{
	struct proc_use more;

	proc_read(pid, &more);
	u->cpu_ns += more.cpu_ns;
	u->ticks += more.ticks;
	u->user_ticks += more.user_ticks;
	u->rss_kib += more.rss_kib;
	u->anon_kib += more.anon_kib;
	for (int i = 0; i < more.nthreads && u->nthreads < PROC_THREADS; i++)
		u->thread[u->nthreads++] = more.thread[i];
}

void gen_use(const struct gen *g, struct proc_use *u)
{
	struct proc_use apart;

	proc_read(g->pid, u);
	for (int i = 0; i < MORE_MAX; i++)
		use_add(u, g->more[i]);
	proc_read(g->apart, &apart);
	u->apart_ns = apart.cpu_ns;
}

static const char *thread_name(const struct proc_use *u, int i)
{
	const char *name = u->thread[i].name;

	if (u->thread[i].tid == u->pid)
		return "loop";
	return strncmp(name, "chatd-", 6) == 0 ? name + 6 : name;
}

static void print_threads(const struct proc_use *before, const struct proc_use *after,
                          double seconds)
{
	for (int i = 0; i < after->nthreads; i++) {
		const struct proc_thread *t = &after->thread[i], *was = NULL;

		for (int k = 0; k < before->nthreads; k++)
			if (before->thread[k].tid == t->tid)
				was = &before->thread[k];
		/* Workers that the kernel starts and ends have no names of their own. */
		if (was == NULL || strncmp(t->name, "iou-", 4) == 0)
			continue;
		const char *name = thread_name(after, i);
		printf(" thr_%s=%.3f usr_%s=%.3f", name,
		       (double)(t->cpu_ns - was->cpu_ns) / 1e9 / seconds, name,
		       (double)(t->user_ticks - was->user_ticks) / 100 / seconds);
	}
}

void print_use(const struct proc_use *before, const struct proc_use *after, double seconds,
               uint64_t deliveries)
{
	uint64_t ticks = after->ticks - before->ticks;

	printf(" cpu_us=%.4f user_share=%.3f rss_kib=%ld anon_kib=%ld",
	       (double)(after->cpu_ns - before->cpu_ns) / 1e3 / (double)(deliveries ? deliveries : 1),
	       ticks ? (double)(after->user_ticks - before->user_ticks) / (double)ticks : 0,
	       after->rss_kib, after->anon_kib);
	if (after->apart_ns > 0)
		printf(" apart_us=%.4f", (double)(after->apart_ns - before->apart_ns) / 1e3 /
		       (double)(deliveries ? deliveries : 1));
	print_threads(before, after, seconds);
}

void print_latency(const struct stat_ns *s)
{
	printf(" p50_us=%.0f p99_us=%.0f p999_us=%.0f max_us=%.0f", stat_us(s, 0.5),
	       stat_us(s, 0.99), stat_us(s, 0.999), (double)s->max_ns / 1000);
}
