/*
 * A connection to Redis. hiredis takes replies apart; it is used for nothing else, as its own
 * connections open sockets, which the sandbox forbids, and wait.
 */
#include "chatd/cluster/wire.h"

#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	RECEIVE_BYTES = 64 << 10, /* received at once */
	RECEIVE_TIMES = 16,       /* before replies are taken */
	AUTH_BYTES = 2048,        /* of AUTH with the longest user and password */
};

void wire_open(struct wire *w, int fd)
{
	int flags = fcntl(fd, F_GETFL);
	*w = (struct wire){ .fd = fd, .reader = redisReaderCreate() };
	if (!w->reader)
		mem_fail();
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		snprintf(w->why, sizeof(w->why), "its socket is unusable: %s", strerror(errno));
}

void wire_close(struct wire *w)
{
	if (w->fd < 0)
		return;
	close(w->fd);
	redisReaderFree(w->reader);
	bytes_release(&w->out);
	*w = (struct wire){ .fd = -1 };
}

void wire_begin(struct wire *w, uint32_t words)
{
	if (w->unanswered++ == 0)
		w->quiet_since_ms = clock_ms(CLOCK_BOOTTIME);
	bytes_printf(&w->out, "*%u\r\n", words);
}

void wire_word(struct wire *w, const char *p, size_t bytes)
{
	bytes_printf(&w->out, "$%zu\r\n", bytes);
	bytes_append(&w->out, p, bytes);
	bytes_append(&w->out, "\r\n", 2);
}

void wire_command(struct wire *w, const char *word, ...)
{
	va_list ap;
	uint32_t words = 1;
	va_start(ap, word);
	while (va_arg(ap, const char *))
		words++;
	va_end(ap);
	wire_begin(w, words);
	wire_word(w, word, strlen(word));
	va_start(ap, word);
	for (const char *s; (s = va_arg(ap, const char *)); )
		wire_word(w, s, strlen(s));
	va_end(ap);
}

static bool lost(struct wire *w, const char *what, int e)
{
	if (!w->why[0])
		snprintf(w->why, sizeof(w->why), "%s: %s", what, strerror(e));
	return false;
}

bool wire_auth(struct wire *w, const char *user, const char *password)
{
	char command[AUTH_BYTES];
	int n = user ? snprintf(command, sizeof(command), "*3\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n$%zu\r\n%s\r\n",
	                        strlen(user), user, strlen(password), password)
	             : snprintf(command, sizeof(command), "*2\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n",
	                        strlen(password), password);
	ssize_t sent = -1;
	errno = EMSGSIZE;
	if (n < (int)sizeof(command))
		sent = send(w->fd, command, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
	int e = sent < 0 ? errno : EAGAIN;
	explicit_bzero(command, sizeof(command));
	w->unanswered++;
	w->quiet_since_ms = clock_ms(CLOCK_BOOTTIME);
	/* A new socket takes so little at once. */
	return sent == n || lost(w, "cannot send to it", e);
}

bool wire_flush(struct wire *w)
{
	size_t at = 0;
	while (at < w->out.len) {
		ssize_t n = send(w->fd, w->out.data + at, w->out.len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		at += (size_t)n;
	}
	int e = errno;
	bool all = at == w->out.len;
	bytes_drop(&w->out, at);
	return all || e == EAGAIN || lost(w, "the connection is broken", e);
}

bool wire_receive(struct wire *w)
{
	static _Thread_local char buf[RECEIVE_BYTES];
	for (int i = 0; i < RECEIVE_TIMES; i++) {
		ssize_t n = read(w->fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || lost(w, "the connection is broken", errno);
		if (n == 0) {
			if (!w->why[0])
				snprintf(w->why, sizeof(w->why), "it closed the connection");
			return false;
		}
		w->unread_bytes += (size_t)n;
		if (redisReaderFeed(w->reader, buf, (size_t)n) != REDIS_OK)
			mem_fail();
		if ((size_t)n < sizeof(buf))
			return true;
	}
	return true;
}

bool wire_is_message(const redisReply *r)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == 3 && r->element[0]->type == REDIS_REPLY_STRING &&
	       strcmp(r->element[0]->str, "message") == 0;
}

redisReply *wire_reply(struct wire *w)
{
	void *reply = NULL;
	if (redisReaderGetReply(w->reader, &reply) != REDIS_OK) {
		snprintf(w->why, sizeof(w->why), "it doesn't speak Redis's protocol");
		return NULL;
	}
	if (!reply) {
		if (w->unread_bytes > ENGINE_REPLY_BYTES_MAX)
			snprintf(w->why, sizeof(w->why), "its answer is longer than %d bytes",
			         ENGINE_REPLY_BYTES_MAX);
		return NULL;
	}
	w->unread_bytes = 0;
	bool message = w->listens && wire_is_message(reply);
	if (w->unanswered == 0 && !message) {
		freeReplyObject(reply);
		snprintf(w->why, sizeof(w->why), "it answers what it wasn't asked");
		return NULL;
	}
	w->unanswered -= message ? 0 : 1;
	w->quiet_since_ms = clock_ms(CLOCK_BOOTTIME);
	return reply;
}

short wire_events(const struct wire *w)
{
	if (w->fd < 0)
		return 0;
	return (short)(POLLIN | (w->out.len > 0 ? POLLOUT : 0));
}
