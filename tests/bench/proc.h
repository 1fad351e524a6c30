/*
 * What a process has used, from /proc.
 */
#ifndef CHATD_TESTS_BENCH_PROC_H
#define CHATD_TESTS_BENCH_PROC_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct proc_use {
	uint64_t cpu_ns;       /* of all threads, from schedstat */
	uint64_t ticks, user_ticks; /* user and system, and user alone; coarse */
	long rss_kib;          /* peak resident memory */
};

/* pid 0: nothing. Threads that have ended are not counted. */
static inline void proc_read(int pid, struct proc_use *u)
{
	char path[300], line[512];
	unsigned long long ns, user, system;
	struct dirent *e;
	DIR *d;
	FILE *f;

	*u = (struct proc_use){0};
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	if (pid == 0 || (d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, e->d_name);
		if (e->d_name[0] == '.' || (f = fopen(path, "r")) == NULL)
			continue;
		if (fscanf(f, "%llu", &ns) == 1)
			u->cpu_ns += ns;
		fclose(f);
	}
	closedir(d);
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	if ((f = fopen(path, "r")) != NULL) {
		if (fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
		           &user, &system) == 2) {
			u->user_ticks = user;
			u->ticks = user + system;
		}
		fclose(f);
	}
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if ((f = fopen(path, "r")) != NULL) {
		while (fgets(line, sizeof line, f) != NULL)
			sscanf(line, "VmHWM: %ld", &u->rss_kib);
		fclose(f);
	}
}

#endif
