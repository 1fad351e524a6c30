/*
 * The daemon backend of the conversations: the real program, over TCP.
 *
 * One chatd for each file, in a folder of its own, on a free port of
 * 127.0.0.1. It must say that it listens, stop within STOP_MS of SIGTERM with
 * status 0, and write nothing that a sanitizer would. What is waited for is waited for
 * CHATD_PATIENCE times as long (environment), where the machine is slow. Its engine is CHATD_TEST_IO.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "talk.h"

enum {
	NOBODY = 65534,
	START_MS = 20000,  /* to the "listening" line, also under a sanitizer */
	STOP_MS = 10000,   /* SIGTERM to exit, likewise; the e2e tests are stricter */
	PORT_FIRST = 10000, /* below the ports that the kernel gives to clients */
	PORTS = 20000,
	LOG_SHOWN = 4096,  /* bytes of its log's end that a failure shows */
};

const char *talk_chatd;

struct world {
	char dir[64];               /* chatd.conf, chatd.db, log */
	char conf[96], db[96], log[96];
	uint16_t port;
	pid_t pid;                  /* 0: not running */
	int out;                    /* its stdout; -1: not running */
	bool ending;                /* true once it has got its SIGTERM: a second one means haste */
};

/* How long to wait where it would be so long on a machine of today. */
static int patience(int64_t ms)
{
	const char *times = getenv("CHATD_PATIENCE");

	return (int)ms * (times && atoi(times) > 0 ? atoi(times) : 1);
}

/* A port that nobody listens on; where the search begins depends on the pid. */
static uint16_t port_free(void)
{
	for (unsigned i = 0; i < PORTS; i++) {
		unsigned port = PORT_FIRST + ((unsigned)getpid() * 7 + i) % PORTS;
		struct sockaddr_in sin = {.sin_family = AF_INET,
		                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		                          .sin_port = htons((uint16_t)port)};
		int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool ok;

		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
		ok = bind(fd, (struct sockaddr *)&sin, sizeof sin) == 0 && listen(fd, 1) == 0;
		close(fd);
		if (ok)
			return (uint16_t)port;
	}
	return 0;
}

/* The end of the daemon's log, for the report. */
static void log_report(const struct world *w, struct bytes *problem)
{
	char text[LOG_SHOWN];
	FILE *f = fopen(w->log, "re");
	size_t n;

	if (!f)
		return;
	if (fseek(f, -(long)sizeof text, SEEK_END) != 0)
		rewind(f);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	bytes_puts(problem, "its log:\n");
	bytes_append(problem, text, n);
	if (n == 0 || text[n - 1] != '\n')
		bytes_puts(problem, "\n");
}

/* Waits for the line on its stdout that says that it listens. */
static bool listening_wait(struct world *w)
{
	struct pollfd pfd = {.fd = w->out, .events = POLLIN};
	char text[1024];
	size_t n = 0;

	while (n < sizeof text - 1 && poll(&pfd, 1, patience(START_MS)) > 0) {
		ssize_t got = read(w->out, text + n, sizeof text - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = 0;
		if (strstr(text, "listening") && text[n - 1] == '\n')
			return true;
	}
	return false;
}

/* In the child: becomes the daemon. */
static void __attribute__((noreturn)) daemon_exec(struct world *w, int out)
{
	char *argv[] = {(char[]){"chatd"}, (char[]){"-c"}, w->conf, NULL};
	int fd = open(talk_chatd, O_RDONLY | O_CLOEXEC);
	int log = open(w->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	/* chatd does not run as root; the folder that it was built in may be root's alone. */
	if (fd >= 0 && (geteuid() != 0 || (setgid(NOBODY) == 0 && setuid(NOBODY) == 0)))
		fexecve(fd, argv, environ);
	dprintf(STDERR_FILENO, "%s: %s\n", talk_chatd, strerror(errno));
	_exit(127);
}

static bool daemon_up(struct world *w, struct bytes *problem)
{
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) != 0)
		return false;
	w->pid = fork();
	if (w->pid == 0)
		daemon_exec(w, pipe_fd[1]);
	close(pipe_fd[1]);
	w->out = pipe_fd[0];
	if (listening_wait(w))
		return true;
	bytes_printf(problem, "%s never said that it listens\n", talk_chatd);
	return false;
}

/* SIGTERM, if it has not had it, then the exit. False: not in time, or not with status 0. */
static bool daemon_down(struct world *w, struct bytes *problem)
{
	struct pollfd pfd = {.fd = pidfd_open(w->pid, 0), .events = POLLIN};
	int status = 0;
	bool ok;

	if (!w->ending)
		kill(w->pid, SIGTERM);
	w->ending = false;
	ok = poll(&pfd, 1, patience(STOP_MS)) == 1;
	if (!ok) {
		bytes_printf(problem, "chatd did not stop in %d ms\n", STOP_MS);
		kill(w->pid, SIGKILL);
	}
	waitpid(w->pid, &status, 0);
	close(pfd.fd);
	close(w->out);
	w->out = -1;
	w->pid = 0;
	if (ok && WIFSIGNALED(status))
		bytes_printf(problem, "chatd was killed by signal %d\n", WTERMSIG(status));
	else if (ok && WEXITSTATUS(status) != 0)
		bytes_printf(problem, "chatd exited with %d\n", WEXITSTATUS(status));
	ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return ok;
}

static bool daemon_stop(void *world, struct bytes *problem)
{
	struct world *w = world;
	bool ok = w->pid == 0 || daemon_down(w, problem);

	if (!ok || problem->len > 0)
		log_report(w, problem);
	talk_dir_remove(w->dir);
	free(w);
	return ok;
}

static void *daemon_start(const struct talk_conf *conf, size_t n, struct bytes *problem)
{
	struct world *w = mem_zero(1, sizeof *w);
	const char *tmp = getenv("TMPDIR"), *io = getenv("CHATD_TEST_IO");
	struct bytes value = {0};
	FILE *f = NULL;
	bool ok = true;

	w->out = -1;
	snprintf(w->dir, sizeof w->dir, "%s/talk.XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	/* For the user that chatd runs as. */
	if (mkdtemp(w->dir) && (geteuid() != 0 || chown(w->dir, NOBODY, NOBODY) == 0)) {
		snprintf(w->conf, sizeof w->conf, "%s/chatd.conf", w->dir);
		snprintf(w->db, sizeof w->db, "%s/chatd.db", w->dir);
		snprintf(w->log, sizeof w->log, "%s/log", w->dir);
		w->port = port_free();
		f = fopen(w->conf, "we");
	}
	if (f) {
		fprintf(f, "listen = 127.0.0.1:%u\ndatabase = %s\n", w->port, w->db);
		if (io != NULL)
			fprintf(f, "io = %s\n", io);
		for (size_t i = 0; i < n && ok; i++) {
			bytes_clear(&value);
			ok = conf_value(&conf[i], w->dir, &value);
			fprintf(f, "%s = %s\n", conf[i].key, value.len > 0 ? value.data : "");
		}
		fclose(f);
		bytes_release(&value);
		if (ok && daemon_up(w, problem))
			return w;
	} else {
		bytes_printf(problem, "%s: %s\n", w->dir, strerror(errno));
	}
	daemon_stop(w, problem);
	return NULL;
}

static void daemon_end(void *world)
{
	struct world *w = world;

	kill(w->pid, SIGTERM);
	w->ending = true;
}

static bool daemon_again(void *world, struct bytes *problem)
{
	return daemon_down(world, problem) && daemon_up(world, problem);
}

/* A client named host connects over the control socket. */
static bool connect_host(const struct world *w, struct client *c)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return snprintf(sun.sun_path, sizeof sun.sun_path, "%s-ctl", w->db) <
	               (int)sizeof sun.sun_path &&
	       connect(c->fd, (struct sockaddr *)&sun, sizeof sun) == 0;
}

static bool daemon_connect(void *world, struct client *c, struct bytes *problem)
{
	const struct world *w = world;
	struct sockaddr_in sin = {.sin_family = AF_INET,
	                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                          .sin_port = htons(w->port)};

	int one = 1;

	if (strcmp(c->label, "host") == 0) {
		if (connect_host(w, c))
			return true;
		bytes_printf(problem, "connect to %s-ctl: %s\n", w->db, strerror(errno));
		return false;
	}
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (connect(c->fd, (struct sockaddr *)&sin, sizeof sin) == 0)
		return true;
	bytes_printf(problem, "connect to port %u: %s\n", w->port, strerror(errno));
	return false;
}

/* A daemon that no longer reads shows in what the client misses. */
static void daemon_send(void *world, struct client *c, const char *p, size_t n)
{
	(void)world;
	while (n > 0) {
		ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		p += sent;
		n -= (size_t)sent;
	}
}

static void daemon_hang_up(void *world, struct client *c, bool half)
{
	struct pollfd pfd = {.fd = c->fd, .events = POLLIN};
	char text[4096];

	(void)world;
	if (c->fd >= 0)
		shutdown(c->fd, SHUT_WR);
	if (half || c->fd < 0)
		return;
	/* It has gone, for the others, when chatd has closed its end too. And closing with
	 * something unread would be a reset. */
	while (poll(&pfd, 1, patience(TALK_WAIT_MS)) > 0 && recv(c->fd, text, sizeof text, 0) > 0)
		continue;
	close(c->fd);
	c->fd = -1;
}

static bool daemon_more(void *world, struct client *c, int64_t wait_ms)
{
	struct pollfd pfd = {.fd = c->fd, .events = POLLIN};
	char text[65536];
	ssize_t n;

	(void)world;
	if (c->ended || poll(&pfd, 1, patience(wait_ms)) <= 0)
		return false;
	n = recv(c->fd, text, sizeof text, 0);
	if (n > 0)
		bytes_append(&c->in, text, (size_t)n);
	else
		c->ended = true;
	return true;
}

/* Only for the few conversations in which time itself is tested. */
static void daemon_wait(void *world, int64_t ms)
{
	(void)world;
	poll(NULL, 0, (int)ms);
}

static const char *daemon_fault(void *world)
{
	(void)world;
	return NULL;
}

const struct backend talk_daemon = {
	.name = "daemon",
	.late = true,
	.start = daemon_start,
	.stop = daemon_stop,
	.end = daemon_end,
	.again = daemon_again,
	.connect = daemon_connect,
	.send = daemon_send,
	.hang_up = daemon_hang_up,
	.more = daemon_more,
	.wait = daemon_wait,
	.fault = daemon_fault,
};
