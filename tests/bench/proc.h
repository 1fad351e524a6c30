/*
 * What a process and its threads have used, from /proc.
 */
#ifndef CHATD_TESTS_BENCH_PROC_H
#define CHATD_TESTS_BENCH_PROC_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROC_THREADS = 32 };

struct proc_thread {
	int tid;               /* its number */
	char name[20];         /* what it calls itself */
	uint64_t cpu_ns;       /* user and system, from schedstat */
	uint64_t ticks, user_ticks; /* user and system, and user alone; coarse */
};

struct proc_use {
	int pid;               /* whose it is */
	uint64_t cpu_ns;       /* of all threads */
	uint64_t apart_ns;     /* of another process */
	uint64_t ticks, user_ticks; /* of all threads */
	long rss_kib;          /* peak resident memory */
	long anon_kib;         /* RssAnon now: the program's own memory, without files */
	struct proc_thread thread[PROC_THREADS]; /* nthreads of them */
	int nthreads;
};

static inline void proc_ticks(const char *path, uint64_t *ticks, uint64_t *user_ticks)
{
	unsigned long long user, system;
	FILE *f = fopen(path, "r");

	if (f == NULL)
		return;
	if (fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
	           &user, &system) == 2) {
		*user_ticks = user;
		*ticks = user + system;
	}
	fclose(f);
}

static inline void proc_thread_read(int pid, struct proc_thread *t)
{
	char path[64];
	unsigned long long ns;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", pid, t->tid);
	if ((f = fopen(path, "r")) != NULL) {
		if (fscanf(f, "%llu", &ns) == 1)
			t->cpu_ns = ns;
		fclose(f);
	}
	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", pid, t->tid);
	if ((f = fopen(path, "r")) != NULL) {
		if (fscanf(f, "%19s", t->name) != 1)
			t->name[0] = '\0';
		fclose(f);
	}
	snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, t->tid);
	proc_ticks(path, &t->ticks, &t->user_ticks);
}

/* pid 0: nothing. Threads that have ended are not counted. */
static inline void proc_read(int pid, struct proc_use *u)
{
	char path[64], line[512];
	struct dirent *e;
	DIR *d;
	FILE *f;

	*u = (struct proc_use){.pid = pid};
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if (pid == 0 || (d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		struct proc_thread t = {.tid = atoi(e->d_name)};

		if (t.tid == 0)
			continue;
		proc_thread_read(pid, &t);
		u->cpu_ns += t.cpu_ns;
		if (u->nthreads < PROC_THREADS)
			u->thread[u->nthreads++] = t;
	}
	closedir(d);
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	proc_ticks(path, &u->ticks, &u->user_ticks);
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if ((f = fopen(path, "r")) != NULL) {
		while (fgets(line, sizeof line, f) != NULL) {
			sscanf(line, "VmHWM: %ld", &u->rss_kib);
			sscanf(line, "RssAnon: %ld", &u->anon_kib);
		}
		fclose(f);
	}
}

/* Peak memory is counted from here on. */
static inline void proc_peak_reset(int pid)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/clear_refs", pid);
	if (pid != 0 && (f = fopen(path, "w")) != NULL) {
		fputs("5", f);
		fclose(f);
	}
}

#endif
