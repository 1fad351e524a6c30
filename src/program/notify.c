/*
 * Messages to the service manager, sd_notify(3).
 *
 * Owns the connected socket and the timer. libsystemd is not used: its sd_notify makes a new socket
 * for each message, which the sandbox forbids. A connected one needs no system call beyond those of
 * the chat (send without an address), and systemd keeps its end even when it is replaced by a newer
 * version (systemctl daemon-reexec).
 */
#include "chatd/program/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "chatd/base/clock.h"
#include "chatd/base/log.h"

enum {
	TICK_MS_MAX = 5000,       /* how late people and rooms are told */
	TICK_MS_LEAST = 10,       /* for a manager that wants to hear from chatd all the time */
	MESSAGE_BYTES_MAX = 256,  /* the longest message is half as long */
};

/* -- the environment ------------------------------------------------------------------ */

/* A number from the environment; 0: none, or not a number. */
static uint64_t environment_number(const char *name)
{
	const char *value = getenv(name);

	if (!value || value[0] == '\0' || value[strspn(value, "0123456789")] != '\0')
		return 0;
	return strtoull(value, NULL, 10);
}

/*
 * How often the manager wants to hear from chatd; 0: it does not. A watchdog may be meant for another
 * process of the service that has the same environment; but a parent that does nothing except start
 * chatd and wait leaves its own to it.
 */
static uint64_t watchdog_us(void)
{
	uint64_t pid = environment_number("WATCHDOG_PID");

	if (getenv("WATCHDOG_PID") && pid != (uint64_t)getpid() && pid != (uint64_t)getppid())
		return 0;
	return environment_number("WATCHDOG_USEC");
}

/* False: it is not an address that can be connected to. */
static bool socket_address(const char *value, struct sockaddr_un *sa, socklen_t *len)
{
	size_t n = strlen(value);

	memset(sa, 0, sizeof(*sa));
	sa->sun_family = AF_UNIX;
	if ((value[0] != '/' && value[0] != '@') || n < 2 || n >= sizeof(sa->sun_path)) {
		errno = EAFNOSUPPORT;
		return false;
	}
	memcpy(sa->sun_path, value, n);
	/* An abstract socket's name begins with a NUL, and has none at its end. */
	if (value[0] == '@')
		sa->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (value[0] == '/'));
	return true;
}

static int socket_connect(const char *value)
{
	struct sockaddr_un sa;
	socklen_t len;
	int fd, e;

	if (!socket_address(value, &sa, &len))
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, len) < 0) {
		e = errno;
		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

/* -- messages ------------------------------------------------------------------------- */

/* False: it was lost. */
static bool notify_send(struct notify *n, const char *message)
{
	return send(n->fd, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void notify_tell(struct notify *n, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void notify_tell(struct notify *n, const char *fmt, ...)
{
	char message[MESSAGE_BYTES_MAX];
	va_list ap;

	if (n->fd < 0)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	notify_send(n, message);
}

void notify_starting(struct notify *n, const char *what, int64_t ms)
{
	n->told = false;
	notify_tell(n, "STATUS=Starting: %s\nEXTEND_TIMEOUT_USEC=%" PRId64, what, ms * 1000);
}

void notify_reloading(struct notify *n)
{
	struct timespec now;

	if (n->stopping)
		return;
	n->ready_owed = false; /* otherwise a tick could end this reload before it is done */
	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_tell(n, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	            (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_stopping(struct notify *n, int64_t ms)
{
	n->ready_owed = false;
	n->stopping = true;
	if (ms > 0)
		notify_tell(n, "STOPPING=1\nSTATUS=Stopping: saving the last lines\n"
		            "EXTEND_TIMEOUT_USEC=%" PRId64, ms * 1000);
	else
		notify_tell(n, "STOPPING=1\nSTATUS=Stopping");
}

/* Tells all that the manager does not know yet, in one message. */
static void notify_news(struct notify *n, bool ready, bool alive, uint32_t people, uint32_t rooms)
{
	bool news = !n->stopping && (!n->told || people != n->people || rooms != n->rooms);
	char message[MESSAGE_BYTES_MAX], status[96] = "";

	n->ready_owed |= ready && !n->stopping;
	if (news)
		snprintf(status, sizeof(status), "STATUS=%" PRIu32 " %s, %" PRIu32 " room%s\n", people,
		         people == 1 ? "person" : "people", rooms, rooms == 1 ? "" : "s");
	snprintf(message, sizeof(message), "%s%s%s", n->ready_owed ? "READY=1\n" : "",
	         alive && n->watched ? "WATCHDOG=1\n" : "", status);
	if (message[0] == '\0' || !notify_send(n, message))
		return;
	n->ready_owed = false;
	n->told = true;
	n->people = people;
	n->rooms = rooms;
}

void notify_ready(struct notify *n, uint32_t people, uint32_t rooms)
{
	if (n->fd >= 0)
		notify_news(n, true, false, people, rooms);
}

void notify_tick(struct notify *n, uint32_t people, uint32_t rooms)
{
	uint64_t ticks;

	/* Until it is read, it stays readable. */
	if (n->fd >= 0 && read(n->timer_fd, &ticks, sizeof(ticks)) == sizeof(ticks))
		notify_news(n, false, true, people, rooms);
}

/* -- life ----------------------------------------------------------------------------- */

/* Half of the watchdog's time, so that one late tick does no harm. */
static int64_t tick_ms(uint64_t watchdog_time_us)
{
	uint64_t half_ms = watchdog_time_us / 2000;

	if (watchdog_time_us == 0 || half_ms > TICK_MS_MAX)
		return TICK_MS_MAX;
	return half_ms < TICK_MS_LEAST ? TICK_MS_LEAST : (int64_t)half_ms;
}

void notify_open(struct notify *n)
{
	const char *where = getenv("NOTIFY_SOCKET");
	uint64_t us = watchdog_us();
	int64_t ms = tick_ms(us);
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	const struct itimerspec every = { .it_value = t, .it_interval = t };

	*n = (struct notify){ .fd = -1, .timer_fd = -1 };
	if (!where || where[0] == '\0')
		return;
	n->fd = socket_connect(where);
	if (n->fd < 0) {
		log_warn("cannot reach the service manager at NOTIFY_SOCKET = %s", where);
		return;
	}
	n->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (n->timer_fd < 0 || timerfd_settime(n->timer_fd, 0, &every, NULL) < 0) {
		log_warn("cannot make a timer for the service manager, so it is told nothing");
		notify_close(n);
		return;
	}
	n->watched = us > 0;
}

void notify_close(struct notify *n)
{
	if (n->timer_fd >= 0)
		close(n->timer_fd);
	if (n->fd >= 0)
		close(n->fd);
	n->fd = n->timer_fd = -1;
}
