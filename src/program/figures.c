/* Figures about this process, from /proc and the kernel, and what the TLS process has left on the board. */
#include "chatd/program/figures.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the kernel counts for this process. */
struct process_figures {
	uint64_t resident_bytes, virtual_bytes; /* 0: not known */
	uint64_t fds;         /* open descriptors; 0: not known, before Linux 6.2 */
	uint64_t fds_max;     /* how many it may have; 0: not known */
	int64_t cpu_us;       /* microseconds of CPU time of all its threads */
};

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

static void read_process(struct process_figures *f)
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

static void read_tls(const struct board *board, struct figures *f)
{
	int64_t until_s;

	if (!board)
		return;
	until_s = atomic_load(&board->until_s);
	/* Another process has written it. */
	f->tls.until_ms = until_s > 0 && until_s <= TIME_MS_MAX / 1000 ? until_s * 1000 : 0;
	f->tls.done = atomic_load(&board->handshakes);
	f->tls.failed = atomic_load(&board->failed);
	f->tls.refused = atomic_load(&board->refused);
}

void figures_read(const struct board *board, struct figures *f)
{
	struct process_figures process;

	read_tls(board, f);
	read_process(&process);
	f->memory_bytes = process.resident_bytes;
	f->descriptors_max = process.fds_max;
	f->descriptors = process.fds;
}

void figures_tell(const struct board *board, struct vitals *v)
{
	struct process_figures process;
	struct figures f = { 0 };

	read_tls(board, &f);
	read_process(&process);
	vitals_set(v, VITAL_TLS_BEAT_MS, board ? atomic_load(&board->beat_ms) : 0);
	vitals_set(v, VITAL_TLS_UNTIL_S, f.tls.until_ms / 1000);
	vitals_set(v, VITAL_TLS_DONE, (int64_t)f.tls.done);
	vitals_set(v, VITAL_TLS_FAILED, (int64_t)f.tls.failed);
	vitals_set(v, VITAL_TLS_REFUSED, (int64_t)f.tls.refused);
	vitals_set(v, VITAL_CPU_US, process.cpu_us);
	vitals_set(v, VITAL_RESIDENT_BYTES, (int64_t)process.resident_bytes);
	vitals_set(v, VITAL_VIRTUAL_BYTES, (int64_t)process.virtual_bytes);
	vitals_set(v, VITAL_FDS, (int64_t)process.fds);
	vitals_set(v, VITAL_FDS_MAX, (int64_t)process.fds_max);
}
