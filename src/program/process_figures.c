/* Figures about this process, from /proc and the kernel. */
#include "chatd/program/process_figures.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void read_memory(struct process_figures *f)
{
	char text[128];
	unsigned long long size, resident;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	if (sscanf(text, "%llu %llu", &size, &resident) != 2)
		return;
	f->virtual_bytes = size * (uint64_t)sysconf(_SC_PAGESIZE);
	f->resident_bytes = resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int64_t us_of(const struct timeval *t)
{
	return (int64_t)t->tv_sec * 1000000 + t->tv_usec;
}

void process_figures_read(struct process_figures *f)
{
	struct rlimit limit;
	struct rusage usage;
	struct stat st;

	*f = (struct process_figures){ 0 };
	read_memory(f);
	/* Since Linux 6.2 this is their number; counting many would take long. */
	if (stat("/proc/self/fd", &st) == 0)
		f->fds = (uint64_t)st.st_size;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		f->fds_max = limit.rlim_cur;
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		f->cpu_us = us_of(&usage.ru_utime) + us_of(&usage.ru_stime);
}
