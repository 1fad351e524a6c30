/*
 * The first moment of a connection: when the banner is sent, and clients that speak another protocol.
 * Owns nothing.
 */

#include "chatd/core/entry/greeting.h"

#include <string.h>

#include "chatd/core/state/emit.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/entry/protocol_probe.h"
#include "chatd/core/entry/waiting.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/people/unnamed.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"

static void show_banner(struct chat *c, const struct session *s)
{
	const char *banner = c->entry.welcome.banner;

	if (s->input.telnet == NULL) {
		emit_raw(c, s, banner, strlen(banner));
		return;
	}
	/* A screen reader would spell it out. */
	for (const char *line = telnet_facts(s->input.telnet)->reader ? "" : banner; *line != '\0';
	     line = strchr(line, '\n') + 1)
		emit_line(c, s, (struct line_info){0}, "%.*s", (int)strcspn(line, "\n"), line);
}

void greeting_now(struct chat *c, struct session *s)
{
	if (s->unnamed.greeted)
		return;
	unnamed_greeted(c, s);
	show_banner(c, s);
	if (waiting_begin(c, s))
		return;
	login_offer(c, s);
	session_prompt(c, s);
}

/* True: the client has been told, and the connection has ended. */
static bool refused(struct chat *c, struct session *s, enum probe what)
{
	const char *answer = probe_answer(what);

	if (what == PROBE_NO || s->state != SESSION_LOGIN)
		return false;
	emit_raw(c, s, answer, strlen(answer));
	session_end(c, s, NULL, true);
	return true;
}

bool greeting_probe(struct chat *c, struct session *s, const char *in, size_t n)
{
	s->input.heard = true;
	if (refused(c, s, probe_sign(in, n)))
		return true;
	if (!s->unnamed.asking)
		greeting_now(c, s);
	return false;
}

bool greeting_probe_line(struct chat *c, struct session *s, const char *line, size_t n)
{
	enum probe what = s->dialogue != NULL || n == 0 ? PROBE_NO : probe_sign(line, n);

	/* A person may have hit a wrong key; the answer will say what a name is. */
	return what != PROBE_BINARY && refused(c, s, what);
}

void greeting_begin(struct chat *c, struct session *s, const char *user)
{
	/* Only commands are typed there, some of them by programs. */
	if (s->state == SESSION_HOST) {
		s->unnamed.greeted = s->input.heard = true;
		return;
	}
	if (s->unnamed.asking)
		return;
	/* Browsers and scanners come over a network. */
	if (!address_is_local(&s->from)) {
		if (c->people.unnamed.ungreeted == NULL)
			c->people.unnamed.ungreeted = s;
		return;
	}
	s->unnamed.greeted = true;
	show_banner(c, s);
	if (!waiting_begin(c, s) && (user == NULL || !login_host(c, s, user)))
		session_prompt(c, s);
}

int64_t greeting_due_ms(const struct chat *c)
{
	return c->people.unnamed.ungreeted == NULL
	           ? INT64_MAX
	           : c->people.unnamed.ungreeted->presence.since_ms + GREETING_MS;
}

void greeting_tick(struct chat *c)
{
	while (greeting_due_ms(c) <= c->now_ms && emit_has_room(c))
		greeting_now(c, c->people.unnamed.ungreeted);
}
