/*
 * Telnet, for clients that speak it.
 *
 * Owns one connection's decoder. libtelnet does the protocol; what stands here
 * before it takes sub-negotiations out. All options are refused, so there is
 * none to negotiate about, and that half of libtelnet 0.21 is not fit for
 * strangers: it inflates what a client says is compressed, keeps up to 16 KiB
 * of it a connection, and reads past its buffer (MSSP).
 */
#include "chatd/core/input/telnet.h"


#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libtelnet.h>

#include "chatd/core/state/state.h"

enum {
	TELOPT_COMPRESS3 = 87,  /* MCCP3, which libtelnet has no name for */
};

/* What the next byte is. */
enum telnet_state {
	STATE_DATA,
	STATE_COMMAND,          /* behind an IAC, which libtelnet has not been given yet */
	STATE_OPTION,           /* behind IAC WILL, WONT, DO or DONT */
	STATE_SUB_OPTION,       /* behind IAC SB */
	STATE_SUB,              /* in a sub-negotiation */
	STATE_SUB_COMMAND,      /* behind an IAC in it */
	STATE_DEAF,             /* compressed: nothing is understood any more */
};

struct telnet {
	telnet_t *lib;           /* owned */
	enum telnet_state state;
	unsigned char option;    /* that the sub-negotiation is about */
	unsigned char verb;      /* WILL, WONT, DO or DONT while its option is awaited */
	bool hidden;             /* what is typed is not shown: we have said that we echo */
	bool hides;              /* that was said at least once: answers to it may come */
	char *out;               /* the caller's buffer; NULL outside of telnet_decode */
	size_t out_len;          /* bytes written to it */
	size_t out_max;          /* bytes that it holds */
	struct bytes *reply;     /* the caller's; NULL outside of telnet_decode */
};

/* Nothing is supported. With no option ever on, libtelnet's answers are one
 * refusal for each request and none for a refusal, so no client can loop. */
static const telnet_telopt_t telnet_options[] = { { -1, 0, 0 } };

enum telnet_sign telnet_sign(const char *in, size_t len)
{
	const char *end = in + len, *p = in;

	while (p < end && (p = memchr(p, TELNET_IAC, (size_t)(end - p)))) {
		if (++p == end)
			return TELNET_MAYBE;
		if ((unsigned char)*p == TELNET_WILL || (unsigned char)*p == TELNET_DO)
			return TELNET_YES;
	}
	return TELNET_NO;
}

static void telnet_put(struct telnet *t, const char *p, size_t n)
{
	/* Every byte or command in gives at most one byte out, so this holds. */
	assert(n <= t->out_max - t->out_len);
	memcpy(t->out + t->out_len, p, n);
	t->out_len += n;
}

static void telnet_on_command(struct telnet *t, unsigned char command)
{
	switch (command) {
	case TELNET_IP:
	case TELNET_ABORT:
	case TELNET_BREAK:
		telnet_put(t, "\x03", 1);
		break;
	case TELNET_EC:
		telnet_put(t, "\x08", 1);
		break;
	case TELNET_EL:
		telnet_put(t, "\x15", 1);
		break;
	case TELNET_EOF:
		telnet_put(t, "\x04", 1);
		break;
	case TELNET_AYT:
		bytes_puts(t->reply, "\r\n[chatd is here]\r\n");
		break;
	default:
		/* NOP, GA, DM, AO and the rest ask for nothing that a chat has. */
		break;
	}
}

static void telnet_on_send(struct telnet *t, const char *p, size_t n)
{
	static const char refusal[] = { (char)TELNET_IAC, (char)TELNET_WONT, TELNET_TELOPT_TM };
	static const char mark[] = { (char)TELNET_IAC, (char)TELNET_WILL, TELNET_TELOPT_TM };

	/* TIMING-MARK is no state but a question, to be answered each time
	 * (RFC 860). libtelnet would agree once and say nothing to the next, while
	 * it refuses every one: so it refuses, and the answer is put right here. */
	if (n == sizeof refusal && memcmp(p, refusal, n) == 0)
		p = mark;
	bytes_append(t->reply, p, n);
}

static void telnet_on_event(telnet_t *lib, telnet_event_t *event, void *arg)
{
	struct telnet *t = arg;

	(void)lib;
	switch (event->type) {
	case TELNET_EV_DATA:
		telnet_put(t, event->data.buffer, event->data.size);
		break;
	case TELNET_EV_SEND:
		telnet_on_send(t, event->data.buffer, event->data.size);
		break;
	case TELNET_EV_IAC:
		telnet_on_command(t, event->iac.cmd);
		break;
	default:
		/* Options that change: none does. Errors: of sub-negotiations only. */
		break;
	}
}

struct telnet *telnet_new(void)
{
	struct telnet *t = mem_zero(1, sizeof *t);

	t->lib = telnet_init(telnet_options, telnet_on_event, 0, t);
	if (!t->lib)
		mem_fail();
	return t;
}

void telnet_hide(struct telnet *t, bool hidden, struct bytes *out)
{
	char said[3] = { (char)TELNET_IAC, (char)(hidden ? TELNET_WILL : TELNET_WONT),
	                 TELNET_TELOPT_ECHO };

	if (hidden == t->hidden)
		return;
	t->hidden = hidden;
	t->hides = true;
	bytes_append(out, said, sizeof said);
}

void telnet_end(struct telnet *t)
{
	if (!t)
		return;
	telnet_free(t->lib);
	free(t);
}

/* The byte behind an IAC, outside of a sub-negotiation. */
static void telnet_command(struct telnet *t, char c)
{
	char pair[2] = { (char)TELNET_IAC, c };
	unsigned char command = (unsigned char)c;

	if (command == TELNET_SB) {
		t->state = STATE_SUB_OPTION;
		return;
	}
	if (command >= TELNET_WILL && command <= TELNET_DONT) {
		t->state = STATE_OPTION;
		t->verb = command;
		return;
	}
	t->state = STATE_DATA;
	telnet_recv(t->lib, pair, sizeof pair);
}

/* The byte behind an IAC in a sub-negotiation, which another command than its end ends too. */
static void telnet_sub_command(struct telnet *t, char c)
{
	unsigned char command = (unsigned char)c;

	if (command == TELNET_IAC)
		t->state = STATE_SUB;
	else if (t->option == TELNET_TELOPT_COMPRESS2 || t->option == TELOPT_COMPRESS3)
		t->state = STATE_DEAF;
	else if (command == TELNET_SE)
		t->state = STATE_DATA;
	else
		telnet_command(t, c);
}

/* The option behind WILL, WONT, DO or DONT. What a client says to our ECHO is its answer,
 * and is not answered; libtelnet knows nothing of it and would refuse. */
static void telnet_option(struct telnet *t, char c)
{
	char request[3] = { (char)TELNET_IAC, (char)t->verb, c };
	bool answer = t->hides && (unsigned char)c == TELNET_TELOPT_ECHO &&
	              (t->verb == TELNET_DO || t->verb == TELNET_DONT);

	t->state = STATE_DATA;
	if (!answer)
		telnet_recv(t->lib, request, sizeof request);
}

/* One byte in a state in which bytes matter one by one. */
static void telnet_step(struct telnet *t, char c)
{
	switch (t->state) {
	case STATE_COMMAND:
		telnet_command(t, c);
		break;
	case STATE_OPTION:
		telnet_option(t, c);
		break;
	case STATE_SUB_OPTION:
		t->option = (unsigned char)c;
		t->state = t->option == TELNET_IAC ? STATE_SUB_COMMAND : STATE_SUB;
		break;
	case STATE_SUB_COMMAND:
		telnet_sub_command(t, c);
		break;
	default:
		assert(false);
	}
}

size_t telnet_decode(struct telnet *t, const char *in, size_t len, char *out,
                     struct bytes *reply)
{
	const char *end = in + len, *iac;

	t->out = out;
	t->out_len = 0;
	t->out_max = len;
	t->reply = reply;
	while (in < end && t->state != STATE_DEAF) {
		if (t->state != STATE_DATA && t->state != STATE_SUB) {
			telnet_step(t, *in++);
			continue;
		}
		iac = memchr(in, TELNET_IAC, (size_t)(end - in));
		if (t->state == STATE_DATA && iac != in)
			telnet_recv(t->lib, in, (size_t)((iac ? iac : end) - in));
		if (iac)
			t->state = t->state == STATE_DATA ? STATE_COMMAND : STATE_SUB_COMMAND;
		in = iac ? iac + 1 : end;
	}
	t->out = NULL;
	t->reply = NULL;
	return t->out_len;
}
