/*
 * The chatd of a soak: its lives and ends, and what it takes of the host meanwhile.
 *
 * Memory and descriptors are judged within a life, by a straight line through the samples (least
 * squares) from the time on when all have come and the first caches are full.
 */
#include "soak.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	START_MS_MAX = 30000,
	WARM_S = 60,          /* of a life, until everybody is in and what is kept is there */
	TELLING_S = 60,       /* and so much more of it is wanted for a line through it */
};

static int64_t clock_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void run(const struct chatd *c, int out)
{
	int log = open(c->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	dup2(out, STDOUT_FILENO);
	if (log >= 0)
		dup2(log, STDERR_FILENO);
	execvp(c->argv[0], c->argv);
	perror(c->argv[0]);
	_exit(127);
}

void chatd_begin(struct chatd *c)
{
	char said[4096];
	size_t n = 0;
	ssize_t got;
	int out[2];

	if (pipe2(out, O_CLOEXEC) != 0 || (c->pid = fork()) < 0) {
		perror("soak: chatd cannot be started");
		exit(1);
	}
	if (c->pid == 0)
		run(c, out[1]);
	close(out[1]);
	said[0] = '\0';
	while (strstr(said, "listening") == NULL) {
		struct pollfd p = {.fd = out[0], .events = POLLIN};

		if (poll(&p, 1, START_MS_MAX) != 1 ||
		    (got = read(out[0], said + n, sizeof said - 1 - n)) <= 0) {
			fprintf(stderr, "soak: chatd does not start\n");
			kill(c->pid, SIGKILL);
			exit(1);
		}
		n += (size_t)got;
		said[n] = '\0';
	}
	/* It says no more on stdout. */
	close(out[0]);
	c->starts++;
	c->nsamples = 0;
	c->start_ms = clock_now_ms();
}

/* -- what it takes ------------------------------------------------------------------- */

static double resident(pid_t pid)
{
	char path[64];
	unsigned long long size, pages = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	f = fopen(path, "re");
	if (f == NULL || fscanf(f, "%llu %llu", &size, &pages) != 2)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* -1: we may not look. */
static double descriptors(pid_t pid)
{
	char path[64];
	double n = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return -1;
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static double file_bytes(const char *path, const char *end)
{
	char name[4096];
	struct stat st;

	snprintf(name, sizeof name, "%s%s", path, end);
	return stat(name, &st) == 0 ? (double)st.st_size : 0;
}

void chatd_sample(struct chatd *c, uint32_t connections)
{
	double fds = descriptors(c->pid);
	struct sample s = {
		.at_s = (double)(clock_now_ms() - c->start_ms) / 1000,
		.rss = resident(c->pid),
		.descriptors = fds < 0 ? -1 : fds - connections,
		.database = file_bytes(c->database, "") + file_bytes(c->database, "-wal"),
	};

	if (s.rss > c->rss_most)
		c->rss_most = s.rss;
	c->sample = mem_resize(c->sample, (c->nsamples + 1) * sizeof *c->sample);
	c->sample[c->nsamples++] = s;
}

/* By how much a figure grew over the samples from first on, by the line through them. */
static double growth(const struct chatd *c, uint32_t first, size_t field)
{
	double n = c->nsamples - first, t = 0, y = 0, tt = 0, ty = 0;

	for (uint32_t i = first; i < c->nsamples; i++) {
		double value = *(const double *)((const char *)&c->sample[i] + field);

		t += c->sample[i].at_s;
		y += value;
		tt += c->sample[i].at_s * c->sample[i].at_s;
		ty += c->sample[i].at_s * value;
	}
	if (n < 2 || n * tt - t * t <= 0)
		return 0;
	return (n * ty - t * y) / (n * tt - t * t) *
	       (c->sample[c->nsamples - 1].at_s - c->sample[first].at_s);
}

/* A page that was written is kept by the connection that wrote it and, once asked for, by one
 * that reads: so what the database grew by may be in memory twice. */
static void life_judge(struct chatd *c)
{
	uint32_t first = 0;
	double rss, database, fds;

	while (first < c->nsamples && c->sample[first].at_s < WARM_S)
		first++;
	if (c->nsamples == 0 || c->nsamples - first < TELLING_S)
		return;
	rss = growth(c, first, offsetof(struct sample, rss));
	database = growth(c, first, offsetof(struct sample, database));
	fds = growth(c, first, offsetof(struct sample, descriptors));
	c->lives++;
	if (rss - 2 * database > c->rss_worst || c->lives == 1)
		c->rss_worst = rss - 2 * database;
	if (fds > c->descriptors_worst)
		c->descriptors_worst = fds;
	printf("# life %u: %.0f s; after the first %d: memory %.1f MB %+.1f, database %.1f MB %+.1f, "
	       "descriptors beside connections %.0f %+.1f\n", c->starts,
	       c->sample[c->nsamples - 1].at_s, WARM_S, c->sample[first].rss / 1e6, rss / 1e6,
	       c->sample[first].database / 1e6, database / 1e6, c->sample[first].descriptors, fds);
}

bool chatd_end(struct chatd *c, int signo)
{
	int status = 0;

	life_judge(c);
	if (signo == SIGKILL)
		c->kills++;
	else
		c->stops++;
	waitpid(c->pid, &status, 0);
	c->pid = 0;
	if (signo == SIGKILL)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
