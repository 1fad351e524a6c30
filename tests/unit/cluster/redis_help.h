/*
 * A redis-server of a test's own, in a folder of its own, over a unix socket and TCP.
 */
#ifndef CHATD_TESTS_REDIS_HELP_H
#define CHATD_TESTS_REDIS_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct redis {
	char folder[80];        /* its files */
	char socket[100];       /* path of its unix socket */
	char password[40];      /* "": none */
	uint16_t port;          /* on 127.0.0.1 */
	pid_t pid;              /* 0: it does not run */
	redisContext *raw;      /* a connection of the test's; NULL: none */
};

static char redis_program[600], redis_libraries[2000];

/* The first line that a command prints. */
static inline void first_line(const char *command, char *to, size_t bytes)
{
	FILE *f = popen(command, "r");
	to[0] = '\0';
	if (f && fgets(to, (int)bytes, f))
		to[strcspn(to, "\n")] = '\0';
	if (f)
		pclose(f);
}

/* Finds redis-server, which need not be installed. False: it cannot be had here. */
static inline bool redis_find(void)
{
	char folder[500], command[700];
	if (redis_program[0])
		return true;
	first_line("tests/lib/unpacked redis-server redis-tools 2>/dev/null", folder, sizeof(folder));
	if (folder[0] == '\0') {
		first_line("command -v redis-server", redis_program, sizeof(redis_program));
		return redis_program[0] != '\0';
	}
	snprintf(redis_program, sizeof(redis_program), "%s/usr/bin/redis-server", folder);
	snprintf(command, sizeof(command), "find %s -name '*.so*' -printf '%%h\\n' | sort -u | paste -sd:", folder);
	first_line(command, redis_libraries, sizeof(redis_libraries));
	return true;
}

static inline int port_free(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int e = bind(fd, (struct sockaddr *)&a, len) < 0 ? -1 : getsockname(fd, (struct sockaddr *)&a, &len);
	*port = ntohs(a.sin_port);
	close(fd);
	return e;
}

/* It tells systemd's socket when it serves. */
static inline int notify_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%.90s", path);
	unlink(path);
	assert_return_code(bind(fd, (struct sockaddr *)&a, sizeof(a)), errno);
	return fd;
}

static inline void redis_exec(const struct redis *r, const char *notify, char *const *settings)
{
	char port[8], *argv[60] = { redis_program, "--port", port, "--unixsocket", (char *)r->socket, "--dir",
	                            (char *)r->folder, "--supervised", "systemd", "--bind", "127.0.0.1", "--save", "",
	                            "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes" };
	int n = 0, out = open("/dev/null", O_RDWR);
	snprintf(port, sizeof(port), "%u", r->port);
	while (argv[n])
		n++;
	while (*settings && n < 59)
		argv[n++] = *settings++;
	if (getenv("REDIS_SHOWN") == NULL)
		dup2(out, STDOUT_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setenv("NOTIFY_SOCKET", notify, 1);
	unsetenv("LD_PRELOAD");
	if (redis_libraries[0])
		setenv("LD_LIBRARY_PATH", redis_libraries, 1);
	execv(redis_program, argv);
	_exit(127);
}

/* Starts it with settings after the usual ones ("--name", "value", NULL), and waits until it serves, if
 * `waits`: then it has loaded its file. */
static inline void redis_start_with(struct redis *r, bool waits, char *const *settings)
{
	char notify[100], said[200];
	snprintf(notify, sizeof(notify), "%s/notify", r->folder);
	int fd = notify_socket(notify);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	r->pid = fork();
	assert_return_code(r->pid, errno);
	setpgid(r->pid, r->pid);
	if (r->pid == 0)
		redis_exec(r, notify, settings);
	for (ssize_t n = 0; waits && !memmem(said, (size_t)n, "READY=1", 7); ) {
		n = recv(fd, said, sizeof(said), 0);
		assert_true(n > 0);
	}
	close(fd);
}

/* With as many settings, up to a NULL. */
#define redis_start(r, ...) redis_start_with((r), true, (char *[]){ __VA_ARGS__ })

static inline void redis_forget(struct redis *r)
{
	if (r->raw)
		redisFree(r->raw);
	r->raw = NULL;
}

/* As kill -9 and a power cut of a machine whose disk keeps what was synced. With its children, which would go on
 * writing into its folder. */
static inline void redis_kill(struct redis *r)
{
	redis_forget(r);
	if (r->pid <= 0)
		return;
	kill(-r->pid, SIGCONT);
	kill(-r->pid, SIGKILL);
	while (waitpid(-r->pid, NULL, 0) > 0)
		;
	r->pid = 0;
}

static inline void shell(const char *fmt, ...)
{
	char command[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(system(command), 0);
}

/* A command of the test's, whose reply lives until the next one. */
static inline redisReply *redis_ask(struct redis *r, const char *fmt, ...)
{
	static redisReply *reply;
	va_list ap;
	if (reply)
		freeReplyObject(reply);
	reply = NULL;
	if (!fmt)
		return NULL;
	if (!r->raw) {
		r->raw = redisConnectUnix(r->socket);
		assert_non_null(r->raw);
		assert_int_equal(r->raw->err, 0);
		if (r->password[0])
			freeReplyObject(redisCommand(r->raw, "AUTH %s", r->password));
	}
	va_start(ap, fmt);
	reply = redisvCommand(r->raw, fmt, ap);
	va_end(ap);
	assert_non_null(reply);
	return reply;
}

static inline void redis_new(struct redis *r)
{
	memset(r, 0, sizeof(*r));
	strcpy(r->folder, "/tmp/chatd-redis.XXXXXX");
	assert_non_null(mkdtemp(r->folder));
	snprintf(r->socket, sizeof(r->socket), "%s/s", r->folder);
	assert_return_code(port_free(&r->port), errno);
}

static inline void redis_free(struct redis *r)
{
	redis_ask(r, NULL);
	redis_kill(r);
	if (r->folder[0])
		shell("rm -rf %s", r->folder);
	r->folder[0] = '\0';
}

/* -- connecting ------------------------------------------------------------------------------------- */

static inline int redis_connect_unix(void *ctx, char *why, size_t bytes)
{
	const struct redis *r = ctx;
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", r->socket);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	snprintf(why, bytes, "%s", strerror(errno));
	close(fd);
	return -1;
}

static inline int redis_connect_tcp(void *ctx, char *why, size_t bytes)
{
	const struct redis *r = ctx;
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	                         .sin_port = htons(r->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	snprintf(why, bytes, "%s", strerror(errno));
	close(fd);
	return -1;
}

#endif
