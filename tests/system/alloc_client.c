/*
 * alloc: whatever allocation fails, chatd goes on or ends at once with a word.
 *
 *     alloc_client CHATD SHIM DIR PORT FIRST POINTS PART PARTS
 *     alloc_client CHATD SHIM DIR PORT N CALLS     one round again, and what is left stays in DIR
 *
 * A conversation is held once without a fault, to count the allocations. Then again with the
 * n-th failing, for each n up to FIRST, and for POINTS more over the whole range, half of them with
 * a row of failures; of these rounds every PARTS-th from the PART-th on is done here. After each,
 * chatd is started without faults on what the round has left. Prints TAP, one result for all.
 */
#include "alloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	START_MS = 10000,
	STOP_MS = 15000,
	ENDS_MS = 3000,      /* for the kernel to take away a process that aborts */
	ROW = 40,            /* failures in a row, in every second round */
	SHOWN_MAX = 12,      /* failures of ours that are shown */
	KINDS_MAX = 32,
};

/* What came of the faults that this program or library met. */
struct kind {
	char name[64];
	unsigned lived, ended;
};

struct alloc {
	const char *chatd, *shim, *dir;
	uint16_t port;
	char conf[512], database[512], log[512], faults[512];
	struct kind kind[KINDS_MAX];
	unsigned rounds, bad, crashed;
	char why[512];       /* this round's failure; "": none */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void bad(struct alloc *a, const char *what)
{
	if (a->why[0] == '\0')
		snprintf(a->why, sizeof a->why, "%s", what);
}

/* What a file begins with. Valid until the next call. */
static const char *text_of(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

/* libseccomp (2.5.4) crashes, frees twice, loops for ever, or forbids more than it was told to (so
 * that nothing can be said, or the end hangs) where its allocations fail. That is at the start, and
 * not ours to mend. */
static bool seccomp_failed(const struct alloc *a)
{
	const char *last = strrchr(text_of(a->faults), '/');

	return last != NULL && strncmp(last, "/libseccomp.", strlen("/libseccomp.")) == 0;
}

/* -- chatd --------------------------------------------------------------------------- */

static void run(const struct alloc *a, int out, unsigned long from, unsigned calls)
{
	int log = open(a->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char number[32];

	dup2(out, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (calls > 0) {
		snprintf(number, sizeof number, "%lu", from);
		setenv("FAILMEM_FROM", number, 1);
		snprintf(number, sizeof number, "%u", calls);
		setenv("FAILMEM_CALLS", number, 1);
		setenv("FAILMEM_LOG", a->faults, 1);
		setenv("LD_PRELOAD", a->shim, 1);
	}
	execl(a->chatd, a->chatd, "-c", a->conf, (char *)NULL);
	_exit(127);
}

/* Starts it; *up is true where it listens, false where it has ended. */
static pid_t begin(struct alloc *a, unsigned long from, unsigned calls, bool *up)
{
	char said[4096] = "";
	size_t n = 0;
	ssize_t got = 1;
	int out[2];
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
		perror("alloc");
		exit(1);
	}
	if (pid == 0)
		run(a, out[1], from, calls);
	close(out[1]);
	while (got > 0 && strstr(said, "listening") == NULL) {
		struct pollfd p = {.fd = out[0], .events = POLLIN};

		if (poll(&p, 1, START_MS) != 1) {
			if (!seccomp_failed(a))
				bad(a, "hangs at its start");
			kill(pid, SIGKILL);
			break;
		}
		got = read(out[0], said + n, sizeof said - 1 - n);
		n += got > 0 ? (size_t)got : 0;
		said[n] = '\0';
	}
	close(out[0]);
	*up = strstr(said, "listening") != NULL;
	return pid;
}

/* True where it is about to end by itself. */
static bool ends(pid_t pid)
{
	int64_t until_ms = now_ms() + ENDS_MS;
	siginfo_t info = {0};

	while (info.si_pid == 0 && now_ms() < until_ms) {
		poll(NULL, 0, 5);
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
	}
	return info.si_pid != 0;
}

/* Its status; -1: it has not ended in time, and is killed. */
static int end(struct alloc *a, pid_t pid)
{
	int64_t until_ms = now_ms() + STOP_MS;
	int status;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() > until_ms) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			/* With a sandbox that forbids what nobody asked it to; what is saved
			 * is looked at all the same. */
			if (seccomp_failed(a))
				a->crashed++;
			else
				bad(a, "hangs at its end");
			return -1;
		}
		poll(NULL, 0, 1);
	}
	return status;
}

/* It has ended unasked: with a sentence, and not by a mistake of its own. */
static void judge_end(struct alloc *a, int status, bool up)
{
	const char *said;

	if (!up && seccomp_failed(a)) {
		a->crashed++;
		return;
	}
	said = text_of(a->log);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGABRT)
		bad(a, strsignal(WTERMSIG(status)));
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		bad(a, "ends unasked with status 0");
	else if (strstr(said, "error: ") == NULL && strstr(said, "chatd: ") == NULL &&
	         strstr(said, "chatd.conf: ") == NULL)
		bad(a, "ends without a word");
}

/* -- what is left --------------------------------------------------------------------- */

static void clear(const struct alloc *a)
{
	char path[1024];
	DIR *d = opendir(a->dir);

	for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		snprintf(path, sizeof path, "%s/%s", a->dir, e->d_name);
		if (e->d_name[0] != '.' && strcmp(e->d_name, "chatd.conf") != 0)
			unlink(path);
	}
	if (d != NULL)
		closedir(d);
}

static void check_left(struct alloc *a, const struct seen *seen)
{
	char copy[600], why[160];
	const char *wrong;
	bool up;
	pid_t pid = begin(a, 0, 0, &up);
	int status;

	if (up)
		kill(pid, SIGTERM);
	status = end(a, pid);
	if (!up || status != 0) {
		snprintf(why, sizeof why, "cannot be started again: %.100s", text_of(a->log));
		bad(a, why);
		return;
	}
	wrong = check_database(a->database, seen, false);
	if (wrong != NULL)
		bad(a, wrong);
	snprintf(copy, sizeof copy, "%s/copy.db", a->dir);
	wrong = seen->backed_up ? check_database(copy, seen, true) : NULL;
	if (wrong != NULL)
		bad(a, wrong);
}

/* -- a round --------------------------------------------------------------------------- */

static struct kind *kind_of(struct alloc *a, const char *name, size_t n)
{
	int i = 0;

	while (i < KINDS_MAX - 1 && a->kind[i].name[0] != '\0' &&
	       (strncmp(a->kind[i].name, name, n) != 0 || a->kind[i].name[n] != '\0'))
		i++;
	snprintf(a->kind[i].name, sizeof a->kind[i].name, "%.*s", (int)n, name);
	return &a->kind[i];
}

/* "failed 12: 40 bytes for /usr/lib/libsqlite3.so.0 sqlite3_x+0x12" */
static void tally(struct alloc *a, bool lived)
{
	const char *who = strstr(text_of(a->faults), " bytes for "), *slash;
	size_t n;

	if (who == NULL)
		return;
	who += strlen(" bytes for ");
	n = strcspn(who, " \n");
	while ((slash = memchr(who, '/', n)) != NULL) {
		n -= (size_t)(slash + 1 - who);
		who = slash + 1;
	}
	if (lived)
		kind_of(a, who, n)->lived++;
	else
		kind_of(a, who, n)->ended++;
}

static void tell_bad(struct alloc *a, unsigned long from, unsigned calls)
{
	if (a->bad++ >= SHOWN_MAX)
		return;
	printf("# allocation %lu and %u more: %s\n", from, calls - 1, a->why);
	printf("#   %.300s\n", strtok((char *)text_of(a->faults), "\n"));
	for (char *line = strtok((char *)text_of(a->log), "\n"); line; line = strtok(NULL, "\n"))
		printf("#   %.300s\n", line);
}

/* Returns how many allocations there were, where all went well; otherwise 0. */
static unsigned long do_round(struct alloc *a, unsigned long from, unsigned calls)
{
	struct seen seen = {0};
	unsigned long all = 0;
	const char *text;
	siginfo_t info = {0};
	bool up, lived;
	pid_t pid;
	int status;

	clear(a);
	a->why[0] = '\0';
	a->rounds++;
	pid = begin(a, from, calls, &up);
	if (up) {
		talk_all(a->port, a->database, &seen);
		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid == 0 && !talk_probe(a->port) && !ends(pid))
			bad(a, "lets nobody in any more");
		kill(pid, SIGTERM);
	}
	status = end(a, pid);
	lived = up && status == 0;
	if (!lived && status != -1)
		judge_end(a, status, up);
	if (seen.wrong[0] != '\0')
		bad(a, seen.wrong);
	tally(a, lived);
	text = strstr(text_of(a->faults), "all ");
	if (text != NULL)
		all = strtoul(text + 4, NULL, 10);
	if (a->why[0] != '\0') {
		tell_bad(a, from, calls);
		return 0;
	}
	/* Lines are saved before they are seen; that a name is registered is announced at once. */
	seen.registered &= lived;
	check_left(a, &seen);
	if (a->why[0] != '\0')
		tell_bad(a, from, calls);
	return all;
}

static void begin_all(struct alloc *a, char **argv)
{
	FILE *f;

	*a = (struct alloc){.chatd = argv[1], .shim = argv[2], .dir = argv[3],
	                    .port = (uint16_t)strtoul(argv[4], NULL, 10)};
	snprintf(a->conf, sizeof a->conf, "%s/chatd.conf", a->dir);
	snprintf(a->database, sizeof a->database, "%s/chatd.db", a->dir);
	snprintf(a->log, sizeof a->log, "%s/log", a->dir);
	snprintf(a->faults, sizeof a->faults, "%s/faults", a->dir);
	f = fopen(a->conf, "we");
	if (f == NULL) {
		perror(a->conf);
		exit(1);
	}
	fprintf(f, "listen = 127.0.0.1:%u\ndatabase = %s\nmax_connections = 16\n", a->port,
	        a->database);
	fclose(f);
}

int main(int argc, char **argv)
{
	unsigned long all, first, points, part, parts, last = 0;
	struct alloc a;

	if (argc != 7 && argc != 9) {
		fprintf(stderr, "usage: alloc_client CHATD SHIM DIR PORT FIRST POINTS PART PARTS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	begin_all(&a, argv);
	if (argc == 7) {
		do_round(&a, strtoul(argv[5], NULL, 10), (unsigned)strtoul(argv[6], NULL, 10));
		return a.bad != 0;
	}
	first = strtoul(argv[5], NULL, 10);
	points = strtoul(argv[6], NULL, 10);
	part = strtoul(argv[7], NULL, 10);
	parts = strtoul(argv[8], NULL, 10);
	all = do_round(&a, 0, 1);
	if (all == 0)
		printf("# without a fault: something is wrong\n");
	for (unsigned long i = part; all > 0 && i < first + points; i += parts) {
		unsigned long n = i < first ? i + 1
		                            : first + (i - first) * (all - first) / points + 1;

		do_round(&a, n, i >= first && (i - first) / parts % 2 != 0 ? ROW : 1);
		last = n;
	}
	for (int i = 0; i < KINDS_MAX && a.kind[i].name[0] != '\0'; i++)
		printf("# faults that %s met first: chatd went on after %u, ended after %u\n",
		       a.kind[i].name, a.kind[i].lived, a.kind[i].ended);
	if (a.crashed > 0)
		printf("# libseccomp failed by itself in %u of these\n", a.crashed);
	printf("%s 1 - %u rounds, up to allocation %lu of %lu: %u were not as they should be\n1..1\n",
	       a.bad == 0 && all > 0 ? "ok" : "not ok", a.rounds, last, all, a.bad);
	clear(&a);
	return a.bad != 0 || all == 0;
}
