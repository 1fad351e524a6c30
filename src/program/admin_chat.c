/*
 * "chatd admin chat": the conversation with the running chatd, for a person or a script.
 *
 * Passes lines on and shows the answers, made safe for a terminal. Knows nothing of their meaning.
 * While one side does not read, the other is not read from: at most one buffer waits in each
 * direction.
 */
#include "chatd/program/admin_chat.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chatd/base/guard.h"

enum {
	SAID_BYTES = 4096,       /* bytes typed and not yet sent */
	ANSWER_BYTES = 64 << 10, /* bytes of an answer's line, longer than any of chatd's */
	REST_MS = 100,           /* how long to wait for the rest of a line */
};

struct relay {
	int server, in, out;
	char said[SAID_BYTES];
	size_t nsaid, sent;      /* bytes in said, and how many of them are sent */
	bool in_ended;           /* the input has ended */
	char line[ANSWER_BYTES]; /* received and not shown yet */
	size_t nline;
};

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

/* How many of these bytes are whole characters: leaves out one at the end that is incomplete. */
static size_t whole_characters(const char *p, size_t n)
{
	size_t more = 0;

	while (more < 3 && more < n && ((unsigned char)p[n - 1 - more] & 0xc0) == 0x80)
		more++;
	if (more < n) {
		unsigned char first = (unsigned char)p[n - 1 - more];

		if (more < (size_t)((first >= 0xc2) + (first >= 0xe0) + (first >= 0xf0)))
			return n - 1 - more;
	}
	return n;
}

/* Shows the first n bytes of what came: a line with its end, or what there is of one. */
static bool show(struct relay *r, size_t n)
{
	size_t text = n;
	bool whole = text > 0 && r->line[text - 1] == '\n';

	text -= whole;
	text -= whole && text > 0 && r->line[text - 1] == '\r';
	guard_text(r->line, text);
	if (whole)
		r->line[text++] = '\n';
	if (!write_all(r->out, r->line, text))
		return false;
	r->nline -= n;
	memmove(r->line, r->line + n, r->nline);
	return true;
}

static bool show_lines(struct relay *r)
{
	const char *end;

	while ((end = memchr(r->line, '\n', r->nline)) != NULL)
		if (!show(r, (size_t)(end + 1 - r->line)))
			return false;
	return r->nline < sizeof(r->line) || show(r, r->nline);
}

/* False: the conversation is over; *ok says whether it ended as it should. */
static bool hear(struct relay *r, bool *ok)
{
	ssize_t n = recv(r->server, r->line + r->nline, sizeof(r->line) - r->nline, MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n > 0) {
		r->nline += (size_t)n;
		*ok = show_lines(r);
		return *ok;
	}
	*ok = n == 0 && show(r, r->nline);
	return false;
}

static void say(struct relay *r)
{
	ssize_t n = send(r->server, r->said + r->sent, r->nsaid - r->sent,
	                 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* A server that takes no more input may still have answered. */
	r->sent += n < 0 ? r->nsaid - r->sent : (size_t)n;
}

static void take(struct relay *r)
{
	ssize_t n = read(r->in, r->said, sizeof(r->said));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	r->nsaid = n > 0 ? (size_t)n : 0;
	r->sent = 0;
	if (n > 0)
		return;
	r->in_ended = true;
	shutdown(r->server, SHUT_WR);
}

bool admin_chat(int server, int in, int out)
{
	struct relay r = { .server = server, .in = in, .out = out };
	bool ok = true;

	for (;;) {
		bool waits = r.sent < r.nsaid;
		size_t rest = whole_characters(r.line, r.nline);
		struct pollfd p[] = {
			{ .fd = server, .events = (short)(POLLIN | (waits ? POLLOUT : 0)) },
			{ .fd = r.in_ended || waits ? -1 : in, .events = POLLIN },
		};
		int n = poll(p, 2, rest > 0 ? REST_MS : -1);

		if (n < 0 && errno != EINTR)
			return false;
		if (n < 0)
			continue;
		/* A prompt has no line end. */
		if (n == 0 && !show(&r, rest))
			return false;
		if ((p[0].revents & ~POLLOUT) != 0 && !hear(&r, &ok))
			return ok;
		if ((p[0].revents & POLLOUT) != 0)
			say(&r);
		if (p[1].revents != 0)
			take(&r);
	}
}
