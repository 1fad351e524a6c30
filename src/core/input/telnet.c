/*
 * Telnet, for clients that speak it.
 *
 * Owns one connection's decoder: a state for the next byte, and nothing that
 * grows with what the client sends. Every option is refused, so none is ever
 * on: a request is answered with its refusal, and a refusal with nothing,
 * which is why no client can draw us into a loop (RFC 1143).
 */
#include "chatd/core/input/telnet.h"

#include <arpa/telnet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"

enum {
	NOTHING = -1,            /* no byte of text */
	OPTION_MCCP2 = 86,       /* COMPRESS2 and COMPRESS3, which <arpa/telnet.h> does not name */
	OPTION_MCCP3 = 87,
};

/* What the next byte is. */
enum telnet_state {
	STATE_DATA,
	STATE_COMMAND,           /* after IAC */
	STATE_OPTION,            /* after IAC WILL, WONT, DO or DONT */
	STATE_SUB_OPTION,        /* after IAC SB */
	STATE_SUB,               /* in a sub-negotiation */
	STATE_SUB_COMMAND,       /* after IAC in a sub-negotiation */
	STATE_DEAF,              /* compressed: no input is understood any more */
};

struct telnet {
	enum telnet_state state;
	unsigned char verb;      /* WILL, WONT, DO or DONT, in STATE_OPTION */
	unsigned char option;    /* that the sub-negotiation is about */
	bool hidden;             /* what is typed is not shown: we have said that we echo */
	bool hides;              /* that was said at least once: answers to it may come */
};

enum telnet_sign telnet_sign(const char *in, size_t len)
{
	const char *end = in + len, *p = in;

	while (p < end && (p = memchr(p, IAC, (size_t)(end - p)))) {
		if (++p == end)
			return TELNET_MAYBE;
		if ((unsigned char)*p == WILL || (unsigned char)*p == DO)
			return TELNET_YES;
	}
	return TELNET_NO;
}

struct telnet *telnet_new(void)
{
	return mem_zero(1, sizeof(struct telnet));
}

void telnet_end(struct telnet *t)
{
	free(t);
}

static void telnet_say(struct bytes *out, unsigned char verb, unsigned char option)
{
	char said[] = { (char)IAC, (char)verb, (char)option };

	bytes_append(out, said, sizeof said);
}

void telnet_hide(struct telnet *t, bool hidden, struct bytes *out)
{
	if (hidden == t->hidden)
		return;
	t->hidden = hidden;
	t->hides = true;
	telnet_say(out, hidden ? WILL : WONT, TELOPT_ECHO);
}

/* The option after WILL, WONT, DO or DONT. */
static void telnet_option(struct telnet *t, unsigned char option, struct bytes *reply)
{
	t->state = STATE_DATA;
	if (t->verb == WILL)
		telnet_say(reply, DONT, option);
	if (t->verb != DO)
		return;
	/* TIMING-MARK is a question rather than an option, to be answered each time (RFC 860). DO ECHO
	 * after our WILL ECHO is the answer to that, and is not answered. */
	if (option == TELOPT_TM)
		telnet_say(reply, WILL, option);
	else if (option != TELOPT_ECHO || !t->hides)
		telnet_say(reply, WONT, option);
}

/* The byte after IAC, outside of a sub-negotiation: the byte of text that it stands for. */
static int telnet_command(struct telnet *t, unsigned char command, struct bytes *reply)
{
	t->state = STATE_DATA;
	switch (command) {
	case IAC:
		return IAC;
	case SB:
		t->state = STATE_SUB_OPTION;
		return NOTHING;
	case WILL:
	case WONT:
	case DO:
	case DONT:
		t->state = STATE_OPTION;
		t->verb = command;
		return NOTHING;
	case IP:
	case ABORT:
	case BREAK:
		return '\x03';
	case EC:
		return '\x08';
	case EL:
		return '\x15';
	case xEOF:
		return '\x04';
	case AYT:
		bytes_puts(reply, "\r\n[chatd is here]\r\n");
		return NOTHING;
	default:
		/* NOP, GA, DM, AO and the rest ask for nothing that a chat has. */
		return NOTHING;
	}
}

/* The byte after IAC in a sub-negotiation. Any command ends it, not only SE. */
static int telnet_sub_command(struct telnet *t, unsigned char command, struct bytes *reply)
{
	if (command == IAC)
		t->state = STATE_SUB;
	else if (t->option == OPTION_MCCP2 || t->option == OPTION_MCCP3)
		t->state = STATE_DEAF;
	else
		/* SE asks for nothing, as any other that telnet_command does not know. */
		return telnet_command(t, command, reply);
	return NOTHING;
}

/* Takes one byte; returns the byte of text that it ends, or NOTHING. */
static int telnet_step(struct telnet *t, unsigned char c, struct bytes *reply)
{
	switch (t->state) {
	case STATE_DATA:
		if (c != IAC)
			return c;
		t->state = STATE_COMMAND;
		break;
	case STATE_COMMAND:
		return telnet_command(t, c, reply);
	case STATE_OPTION:
		telnet_option(t, c, reply);
		break;
	case STATE_SUB_OPTION:
		t->option = c;
		t->state = c == IAC ? STATE_SUB_COMMAND : STATE_SUB;
		break;
	case STATE_SUB:
		if (c == IAC)
			t->state = STATE_SUB_COMMAND;
		break;
	case STATE_SUB_COMMAND:
		return telnet_sub_command(t, c, reply);
	case STATE_DEAF:
		break;
	}
	return NOTHING;
}

size_t telnet_decode(struct telnet *t, const char *in, size_t len, char *out,
                     struct bytes *reply)
{
	size_t i, n = 0;
	int c;

	for (i = 0; i < len; i++) {
		c = telnet_step(t, (unsigned char)in[i], reply);
		if (c != NOTHING)
			out[n++] = (char)c;
	}
	return n;
}
