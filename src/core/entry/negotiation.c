/*
 * Asking a client what terminal it is. Owns nothing: struct telnet, which asks, is the session's.
 */

#include "chatd/core/entry/negotiation.h"

#include <inttypes.h>
#include <stdio.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/core/entry/greeting.h"
#include "chatd/core/entry/terminal.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/people/unnamed.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

static void say(struct chat *c, struct session *s, struct bytes *out)
{
	if (out->len > 0)
		emit_protocol(c, s, out->data, out->len);
	bytes_release(out);
}

void negotiation_begin(struct chat *c, struct session *s)
{
	struct bytes out = {0};

	s->input.telnet = telnet_new();
	telnet_offer(s->input.telnet, &out);
	say(c, s, &out);
	unnamed_ask(c, s);
}

/* For programs that list servers. */
static void tell_status(struct chat *c, struct session *s)
{
	char people[16], begun[24];
	const struct telnet_pair pairs[] = {
		{"NAME", c->entry.welcome.name}, {"PLAYERS", people}, {"UPTIME", begun}, {"CODEBASE", "chatd " CHATD_VERSION},
		{"FAMILY", "Custom"}, {"GENRE", "None"}, {"GAMEPLAY", "None"}, {"STATUS", "Live"},
		{"CHARSET", "UTF-8"}, {"ANSI", "1"}, {"UTF-8", "1"}, {"VT100", "1"}, {"XTERM 256 COLORS", "1"},
		{"GMCP", "1"}, {"PAY TO PLAY", "0"},
	};
	struct bytes out = {0};

	snprintf(people, sizeof people, "%" PRIu32, c->people.n);
	snprintf(begun, sizeof begun, "%" PRId64, c->started_ms / 1000);
	telnet_mssp(s->input.telnet, &out, pairs, sizeof pairs / sizeof pairs[0]);
	say(c, s, &out);
}

void negotiation_told(struct chat *c, struct session *s)
{
	if (telnet_facts(s->input.telnet)->mssp)
		tell_status(c, s);
	terminal_answered(c, s);
	if (s->unnamed.asking && telnet_facts(s->input.telnet)->settled) {
		unnamed_answered(c, s);
		greeting_now(c, s);
	}
}

int64_t negotiation_due_ms(const struct chat *c)
{
	const struct session *s = c->people.unnamed.asked;

	return s == NULL ? INT64_MAX : s->presence.since_ms + TELNET_ASK_MS;
}

void negotiation_tick(struct chat *c)
{
	while (negotiation_due_ms(c) <= c->now_ms && emit_has_room(c)) {
		struct session *s = c->people.unnamed.asked;
		struct bytes out = {0};

		unnamed_answered(c, s);
		telnet_give_up(s->input.telnet, &out);
		say(c, s, &out);
		if (telnet_facts(s->input.telnet)->mode == TELNET_PLAIN) {
			/* It has said nothing that is telnet: it is nc, or the like. */
			telnet_end(s->input.telnet);
			s->input.telnet = NULL;
		}
		terminal_update(c, s);
		greeting_now(c, s);
	}
}
