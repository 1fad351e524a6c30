/*
 * Telnet, for clients that speak it.
 *
 * Owns one connection's decoder: a state for the next byte, what was agreed, and a sub-negotiation
 * as far as it has come, which has a bound.
 *
 * No client can draw us into a loop (RFC 1143): a request is answered once, if it changes something
 * or is refused, and a refusal never. What we ask for depends on flags that are set once, or on the
 * caller.
 */
#include "chatd/core/input/telnet.h"

#include <arpa/telnet.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/core/input/telnet_client.h"
#include "chatd/core/terminal/gmcp.h"
#include "chatd/core/terminal/iac.h"

enum {
	NOTHING = -1,            /* no byte of text */
	OPTION_CHARSET = 42,     /* RFC 2066, which <arpa/telnet.h> does not name, like the next ones */
	OPTION_MSSP = 70,
	OPTION_MCCP2 = 86,       /* COMPRESS2 and COMPRESS3 */
	OPTION_MCCP3 = 87,
	CHARSET_REQUEST = 1,     /* what a sub-negotiation of CHARSET begins with */
	CHARSET_ACCEPTED = 2,
	CHARSET_REJECTED = 3,
	MSSP_VAR = 1,
	MSSP_VAL = 2,
	WAITING_MAX = 250,       /* answers that a client may owe; it will not give them any more */
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

/* The options that may be on: ours (WILL, answered by DO), and then the client's. */
enum telnet_which {
	OUR_ECHO, OUR_SGA, OUR_CHARSET, OUR_EOR, OUR_GMCP, OUR_MSSP,
	HIS_TTYPE, HIS_NAWS, HIS_CHARSET,
	SIDES,
};

static const unsigned char options[SIDES] = {
	[OUR_ECHO] = TELOPT_ECHO, [OUR_SGA] = TELOPT_SGA, [OUR_CHARSET] = OPTION_CHARSET,
	[OUR_EOR] = TELOPT_EOR, [OUR_GMCP] = OPTION_GMCP, [OUR_MSSP] = OPTION_MSSP,
	[HIS_TTYPE] = TELOPT_TTYPE, [HIS_NAWS] = TELOPT_NAWS, [HIS_CHARSET] = OPTION_CHARSET,
};

/*
 * One side of an option. By RFC 1143, a change of mind would have to wait until the last request is
 * answered. tintin++ never answers WONT ECHO, so its second password would be shown. Instead,
 * requests are sent at once, and those without an answer are counted. As they alternate, the count
 * tells what the oldest of them was.
 */
struct telnet_side {
	bool wanted;             /* what we said last: true for WILL or DO */
	bool on;                 /* as far as the client has answered */
	unsigned char waiting;   /* requests that are not answered; the last of them said `wanted` */
};

/* A sub-negotiation as far as it has come. */
struct telnet_sub {
	unsigned char option;    /* that it is about */
	bool over;               /* there was more of it than its bound */
	unsigned short len;      /* bytes in data */
	unsigned char *data;     /* owned, as long as its bound; NULL if it does not matter */
};

/* The names that TTYPE asks for. */
struct telnet_names {
	unsigned char requests;  /* times that SEND was sent */
	bool waiting;            /* the last one is not answered */
	bool over;               /* no more will be sent */
	char last[TELNET_NAME_BYTES_MAX + 1]; /* the last answer */
};

enum telnet_wish { WISH_NONE, WISH_LINE, WISH_CHARACTER };

struct telnet {
	enum telnet_state state;
	unsigned char verb;      /* WILL, WONT, DO or DONT, in STATE_OPTION */
	struct telnet_sub sub;
	bool hidden;             /* what is typed is not to be shown */
	bool hides;              /* without telnet_offer: we have said that we echo, and answers to it
	                          * may come */
	bool offered;            /* telnet_offer was called */
	bool answered;           /* since then it has sent WILL, WONT, DO, DONT or SB */
	bool decided;            /* ECHO and SGA were asked for, if they are */
	bool character;          /* TELNET_CHARACTER is wanted */
	enum telnet_wish wish;   /* telnet_mode_request's last */
	bool echo_refused;       /* the client does not want ECHO: not asked for until the caller asks
	                          * for something new */
	bool sized;              /* a size has come since NAWS is on */
	bool charset_requested;  /* CHARSET REQUEST was sent */
	bool charset_waiting;    /* and is not answered */
	bool supports_known;     /* Core.Supports has come, and said: */
	bool supports_channels;
	bool mssp_sent;          /* by telnet_mssp */
	struct telnet_names names;
	struct telnet_side sides[SIDES];
	struct telnet_facts facts;
	struct telnet_facts seen; /* as telnet_changed saw them last */
};

_Static_assert(sizeof(struct telnet) <= TELNET_STATE_BYTES_MAX, "the memory budget knows its size");

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
	struct telnet *t = mem_zero(1, sizeof *t);

	t->facts.settled = t->seen.settled = true;
	return t;
}

static void telnet_sub_forget(struct telnet *t)
{
	free(t->sub.data);
	t->sub.data = NULL;
	t->sub.len = 0;
	t->sub.over = false;
}

void telnet_end(struct telnet *t)
{
	if (t == NULL)
		return;
	telnet_sub_forget(t);
	free(t);
}

const struct telnet_facts *telnet_facts(const struct telnet *t)
{
	return &t->facts;
}

unsigned telnet_changed(struct telnet *t)
{
	const struct telnet_facts *f = &t->facts, *o = &t->seen;
	unsigned changed = 0;

	if (f->mode != o->mode || f->settled != o->settled)
		changed |= TELNET_CHANGED_MODE;
	if (f->columns != o->columns || f->rows != o->rows)
		changed |= TELNET_CHANGED_SIZE;
	if (f->mssp != o->mssp)
		changed |= TELNET_CHANGED_MSSP;
	if (strcmp(f->terminal, o->terminal) != 0 || f->mtts != o->mtts || f->mud != o->mud ||
	    f->ansi != o->ansi || f->utf8 != o->utf8 || f->latin1 != o->latin1 ||
	    f->colours256 != o->colours256 || f->reader != o->reader || f->eor != o->eor ||
	    f->ga != o->ga || f->gmcp != o->gmcp || f->channels != o->channels)
		changed |= TELNET_CHANGED_CLIENT;
	t->seen = t->facts;
	return changed;
}

static void telnet_say_sub(struct bytes *out, unsigned char option, const char *s, size_t len)
{
	iac_say(out, SB, option);
	iac_data(out, s, len);
	iac_end(out);
}

/* ---- one option ------------------------------------------------------------------------ */

static void telnet_say_side(const struct telnet *t, enum telnet_which which, struct bytes *out)
{
	bool on = t->sides[which].wanted;

	iac_say(out, which < HIS_TTYPE ? (on ? WILL : WONT) : (on ? DO : DONT), options[which]);
}

/* Asks for one side of an option to be on or off, unless that was said last. */
static void telnet_ask(struct telnet *t, enum telnet_which which, bool on, struct bytes *out)
{
	struct telnet_side *side = &t->sides[which];

	if (side->wanted == on)
		return;
	side->wanted = on;
	side->waiting++;
	if (side->waiting > WAITING_MAX)
		side->waiting -= 2;
	telnet_say_side(t, which, out);
}

/* Whether a client may have what it asks for by itself. */
static bool telnet_accepts(const struct telnet *t, enum telnet_which which)
{
	/* Whoever asks for our echo wants to send keys ("mode character" in inetutils' telnet). */
	if (which == OUR_ECHO)
		return !t->decided || t->wish == WISH_CHARACTER || !(t->facts.mud || t->facts.reader);
	/* Without ECHO it would send keys and show them. With ECHO we offer it. */
	if (which == OUR_SGA)
		return !t->decided;
	return true;
}

/* What a client's word about an option comes to. */
enum telnet_heard {
	HEARD_NOTHING,           /* no change, or an answer to what is no longer wanted */
	HEARD_AGREED,            /* on, as was asked last */
	HEARD_GRANTED,           /* on, because the client asked for it */
	HEARD_REFUSED,           /* off, because the client wants it so */
};

/* A request, or a no to what was on: there was nothing to answer. */
static enum telnet_heard telnet_hear_request(struct telnet *t, enum telnet_which which, bool yes,
                                             struct bytes *out)
{
	struct telnet_side *side = &t->sides[which];

	if (yes == side->wanted)
		return HEARD_NOTHING;
	if (yes && !telnet_accepts(t, which)) {
		telnet_say_side(t, which, out);
		return HEARD_NOTHING;
	}
	side->wanted = side->on = yes;
	telnet_say_side(t, which, out);
	return yes ? HEARD_GRANTED : HEARD_REFUSED;
}

/* The client says yes or no about one side of an option. */
static enum telnet_heard telnet_hear(struct telnet *t, enum telnet_which which, bool yes,
                                     struct bytes *out)
{
	struct telnet_side *side = &t->sides[which];
	bool oldest = side->waiting % 2 == 1 ? side->wanted : !side->wanted;

	if (side->waiting == 0)
		return telnet_hear_request(t, which, yes, out);
	side->waiting--;
	/* A yes to WONT: like tintin++, it does not answer WONT, and this is about the WILL after it.
	 * A no to WILL: the WONT after it changes nothing for the client, which does not answer it. */
	if (yes != oldest && side->waiting > 0)
		side->waiting--;
	/* RFC 1143: a yes to WONT alone is a mistake, and it is off. */
	side->on = yes && (oldest || side->wanted);
	if (side->waiting > 0 || !side->wanted)
		return HEARD_NOTHING;
	side->wanted = side->on;
	return side->on ? HEARD_AGREED : HEARD_REFUSED;
}

/* ---- all of them ------------------------------------------------------------------------ */

/* The client has agreed, and nothing that we said since is on its way. */
static bool telnet_agreed(const struct telnet_side *side)
{
	return side->on && side->wanted && side->waiting == 0;
}

static void telnet_settle(struct telnet *t)
{
	const struct telnet_side *sides = t->sides;
	struct telnet_facts *f = &t->facts;

	f->eor = sides[OUR_EOR].on;
	f->gmcp = sides[OUR_GMCP].on;
	f->channels = f->gmcp && (!t->supports_known || t->supports_channels);
	f->mssp = sides[OUR_MSSP].on && !t->mssp_sent;
	if (!t->offered || !t->answered)
		return;
	f->ga = !sides[OUR_SGA].on;
	/* Not EOR, GMCP and MSSP: clients in which they are switched off do not all answer. */
	f->settled |= t->decided && sides[OUR_ECHO].waiting == 0 && sides[OUR_SGA].waiting == 0 &&
	              sides[HIS_NAWS].waiting == 0 && (t->sized || !sides[HIS_NAWS].on) &&
	              sides[OUR_CHARSET].waiting == 0 && !t->charset_waiting;
	if (!t->character)
		f->mode = TELNET_LINE;
	else if (t->decided && telnet_agreed(&sides[OUR_ECHO]) && telnet_agreed(&sides[OUR_SGA]))
		f->mode = TELNET_CHARACTER;
	else
		f->mode = f->settled ? TELNET_LINE : TELNET_ASKING;
}

/* Asks for ECHO and SGA as they are wanted now. */
static void telnet_apply(struct telnet *t, struct bytes *out)
{
	if (!t->answered)
		return;
	if (t->decided) {
		telnet_ask(t, OUR_ECHO, (t->character || t->hidden) && !t->echo_refused, out);
		telnet_ask(t, OUR_SGA, t->character, out);
	} else if (t->hidden && !t->echo_refused) {
		/* Until it is known what it is, it is a password. */
		telnet_ask(t, OUR_ECHO, true, out);
	}
}

/* It has said what it is, or will not. Again, if it says so after telnet_give_up. */
static void telnet_decide(struct telnet *t, struct bytes *out)
{
	const struct telnet_facts *f = &t->facts;
	bool first = !t->decided;

	t->decided = true;
	if ((f->mud || f->reader) && t->wish == WISH_NONE)
		t->character = false;
	telnet_apply(t, out);
	if (first)
		telnet_ask(t, OUR_CHARSET, true, out);
	/* Others would only have to refuse them. */
	if (f->mud) {
		telnet_ask(t, OUR_EOR, true, out);
		telnet_ask(t, OUR_GMCP, true, out);
		telnet_ask(t, OUR_MSSP, true, out);
	}
}

static void telnet_names_end(struct telnet *t, struct bytes *out)
{
	t->names.waiting = false;
	if (t->names.over)
		return;
	t->names.over = true;
	telnet_decide(t, out);
}

static void telnet_names_next(struct telnet *t, struct bytes *out)
{
	static const char send[] = { TELQUAL_SEND };

	if (t->names.over || t->names.waiting)
		return;
	if (t->names.requests == TELNET_NAMES_MAX) {
		telnet_names_end(t, out);
		return;
	}
	t->names.requests++;
	t->names.waiting = true;
	telnet_say_sub(out, TELOPT_TTYPE, send, sizeof send);
}

/* What follows from the client's word about ECHO or SGA. */
static void telnet_follow_keys(struct telnet *t, enum telnet_which which, enum telnet_heard heard,
                               struct bytes *out)
{
	if (heard == HEARD_REFUSED) {
		t->character = false;
		t->echo_refused |= which == OUR_ECHO;
	} else if (heard == HEARD_GRANTED && which == OUR_ECHO && t->decided) {
		t->character = true;
		t->echo_refused = false;
	}
	telnet_apply(t, out);
}

/* What follows from the client's word about an option. */
static void telnet_follow(struct telnet *t, enum telnet_which which, enum telnet_heard heard,
                          struct bytes *out)
{
	static const char request[] = "\1;UTF-8;ISO-8859-1"; /* CHARSET_REQUEST and a list */

	if (heard == HEARD_NOTHING)
		return;
	switch (which) {
	case OUR_ECHO:
	case OUR_SGA:
		telnet_follow_keys(t, which, heard, out);
		break;
	case OUR_CHARSET:
		t->charset_waiting &= heard != HEARD_REFUSED;
		if (heard != HEARD_REFUSED && !t->charset_requested) {
			t->charset_requested = t->charset_waiting = true;
			telnet_say_sub(out, OPTION_CHARSET, request, sizeof request - 1);
		}
		break;
	case HIS_TTYPE:
		if (heard == HEARD_REFUSED)
			telnet_names_end(t, out);
		else
			telnet_names_next(t, out);
		break;
	case HIS_NAWS:
		if (heard == HEARD_REFUSED) {
			t->sized = false;
			t->facts.columns = t->facts.rows = 0;
		}
		break;
	default:
		break;
	}
}

/* It negotiates, so it is a telnet client. */
static void telnet_answered(struct telnet *t, struct bytes *out)
{
	if (!t->offered || t->answered)
		return;
	t->answered = true;
	telnet_apply(t, out);
}

void telnet_offer(struct telnet *t, struct bytes *out)
{
	if (t->offered)
		return;
	t->offered = true;
	t->facts.settled = false;
	t->character = t->wish != WISH_LINE;
	/* It was told so by telnet_hide, and has answered before whatever made the caller offer. */
	t->sides[OUR_ECHO].wanted = t->sides[OUR_ECHO].on = t->hidden;
	telnet_ask(t, HIS_TTYPE, true, out);
	telnet_ask(t, HIS_NAWS, true, out);
	telnet_settle(t);
}

void telnet_give_up(struct telnet *t, struct bytes *out)
{
	if (!t->offered || t->facts.settled)
		return;
	t->facts.settled = true;
	if (t->answered && !t->decided)
		telnet_decide(t, out);
	telnet_settle(t);
}

void telnet_mode_request(struct telnet *t, bool character, struct bytes *out)
{
	t->wish = character ? WISH_CHARACTER : WISH_LINE;
	t->character = character;
	t->echo_refused = false;
	telnet_apply(t, out);
	telnet_settle(t);
}

void telnet_hide(struct telnet *t, bool hidden, struct bytes *out)
{
	if (hidden == t->hidden)
		return;
	t->hidden = hidden;
	if (!t->offered) {
		t->hides = true;
		iac_say(out, hidden ? WILL : WONT, TELOPT_ECHO);
		return;
	}
	if (hidden)
		t->echo_refused = false;
	telnet_apply(t, out);
	telnet_settle(t);
}

/* ---- sub-negotiations ------------------------------------------------------------------- */

static void telnet_set_charset(struct telnet *t, enum telnet_charset charset)
{
	if (charset == CHARSET_UNKNOWN)
		return;
	t->facts.utf8 = charset == CHARSET_UTF8;
	t->facts.latin1 = charset == CHARSET_LATIN1;
}

/* A client's list of character sets. While ours is on its way, the client is to answer that one
 * (RFC 2066, section 5). */
static void telnet_take_request(struct telnet *t, const char *list, size_t len, struct bytes *out)
{
	char answer[1 + TELNET_NAME_BYTES_MAX] = { CHARSET_REJECTED };
	enum telnet_charset charset = CHARSET_UNKNOWN;
	const char *name;
	size_t n = 0;

	if (!t->sub.over && !t->charset_waiting)
		charset = telnet_client_choose(list, len, &name, &n);
	if (charset != CHARSET_UNKNOWN && n < sizeof answer) {
		answer[0] = CHARSET_ACCEPTED;
		memcpy(answer + 1, name, n);
		telnet_set_charset(t, charset);
		telnet_say_sub(out, OPTION_CHARSET, answer, 1 + n);
	} else {
		telnet_say_sub(out, OPTION_CHARSET, answer, 1);
	}
}

static void telnet_take_charset(struct telnet *t, const char *sub, size_t len, struct bytes *out)
{
	if (len == 0)
		return;
	switch (sub[0]) {
	case CHARSET_REQUEST:
		telnet_take_request(t, sub + 1, len - 1, out);
		break;
	case CHARSET_ACCEPTED:
		/* tintin++ answers for each name of the list, so a REJECTED does not end it for good. */
		if (t->charset_requested && !t->sub.over)
			telnet_set_charset(t, telnet_client_charset(sub + 1, len - 1));
		t->charset_waiting = false;
		break;
	case CHARSET_REJECTED:
		t->charset_waiting = false;
		break;
	default:
		break;
	}
}

static void telnet_take_name(struct telnet *t, const unsigned char *sub, size_t len,
                             struct bytes *out)
{
	char name[TELNET_NAME_BYTES_MAX + 1];
	bool more;

	if (!t->names.waiting || len == 0 || sub[0] != TELQUAL_IS)
		return;
	t->names.waiting = false;
	telnet_client_clean(name, sub + 1, t->sub.over ? 0 : len - 1);
	more = telnet_client_name(&t->facts, name, t->names.requests == 1 ? NULL : t->names.last);
	memcpy(t->names.last, name, sizeof name);
	if (more)
		telnet_names_next(t, out);
	else
		telnet_names_end(t, out);
}

/* A sub-negotiation is over. */
static void telnet_take_sub(struct telnet *t, struct bytes *out)
{
	bool channels = t->supports_known && t->supports_channels;
	const char *text = (const char *)t->sub.data;

	if (t->sub.data == NULL)
		return;
	switch (t->sub.option) {
	case TELOPT_TTYPE:
		telnet_take_name(t, t->sub.data, t->sub.len, out);
		break;
	case TELOPT_NAWS:
		if (t->sub.len == 4 && !t->sub.over) {
			telnet_client_size(&t->facts, t->sub.data);
			t->sized = true;
		}
		break;
	case OPTION_CHARSET:
		telnet_take_charset(t, text, t->sub.len, out);
		break;
	case OPTION_GMCP:
		if (!t->sub.over && telnet_client_supports(text, t->sub.len, &channels)) {
			t->supports_known = true;
			t->supports_channels = channels;
		}
		break;
	}
	telnet_sub_forget(t);
	telnet_settle(t);
}

/* How long a sub-negotiation of t->sub.option may be, or 0 if it does not matter. */
static size_t telnet_sub_bound(const struct telnet *t)
{
	switch (t->sub.option) {
	case TELOPT_TTYPE:
		return t->sides[HIS_TTYPE].on ? TELNET_SUB_BYTES_MAX : 0;
	case TELOPT_NAWS:
		return t->sides[HIS_NAWS].on ? 4 : 0;
	case OPTION_CHARSET:
		return t->sides[OUR_CHARSET].on || t->sides[HIS_CHARSET].on ? TELNET_SUB_BYTES_MAX : 0;
	case OPTION_GMCP:
		return t->sides[OUR_GMCP].on ? TELNET_GMCP_BYTES_MAX : 0;
	default:
		return 0;
	}
}

static void telnet_sub_begin(struct telnet *t, unsigned char option, struct bytes *reply)
{
	size_t bound;

	telnet_answered(t, reply);
	telnet_settle(t);
	t->sub.option = option;
	bound = telnet_sub_bound(t);
	if (bound > 0)
		t->sub.data = mem_alloc(bound);
}

static void telnet_sub_add(struct telnet *t, unsigned char c)
{
	if (t->sub.data == NULL)
		return;
	if (t->sub.len < telnet_sub_bound(t))
		t->sub.data[t->sub.len++] = c;
	else
		t->sub.over = true;
}

void telnet_gmcp(const struct telnet *t, struct bytes *out, const char *package, const char *json)
{
	if (t->facts.gmcp)
		gmcp_message(package, json, out);
}

static void telnet_mssp_string(struct bytes *out, char kind, const char *s)
{
	bytes_append(out, &kind, 1);
	for (; *s != '\0'; s++)
		if (*s != MSSP_VAR && *s != MSSP_VAL && (unsigned char)*s != IAC)
			bytes_append(out, s, 1);
}

void telnet_mssp(struct telnet *t, struct bytes *out, const struct telnet_pair *pairs, size_t n)
{
	size_t i;

	if (!t->facts.mssp)
		return;
	iac_say(out, SB, OPTION_MSSP);
	for (i = 0; i < n; i++) {
		telnet_mssp_string(out, MSSP_VAR, pairs[i].name);
		telnet_mssp_string(out, MSSP_VAL, pairs[i].value);
	}
	iac_end(out);
	t->mssp_sent = true;
	telnet_settle(t);
}

void telnet_prompt_end(const struct telnet *t, struct bytes *out)
{
	static const char eor[] = { (char)IAC, (char)EOR }, ga[] = { (char)IAC, (char)GA };

	if (t->facts.eor)
		bytes_append(out, eor, sizeof eor);
	else if (t->facts.ga)
		bytes_append(out, ga, sizeof ga);
}

/* ---- bytes ------------------------------------------------------------------------------ */

/* An option while nothing was offered: it is refused. */
static void telnet_refuse(struct telnet *t, unsigned char option, struct bytes *reply)
{
	if (t->verb == WILL)
		iac_say(reply, DONT, option);
	/* DO ECHO after our WILL ECHO is the answer to that, and is not answered. */
	if (t->verb == DO && (option != TELOPT_ECHO || !t->hides))
		iac_say(reply, WONT, option);
}

/* The option after WILL, WONT, DO or DONT. */
static void telnet_option(struct telnet *t, unsigned char option, struct bytes *reply)
{
	bool ours = t->verb == DO || t->verb == DONT, yes = t->verb == DO || t->verb == WILL;
	enum telnet_which which = ours ? OUR_ECHO : HIS_TTYPE, end = ours ? HIS_TTYPE : SIDES;

	t->state = STATE_DATA;
	telnet_answered(t, reply);
	while (which < end && options[which] != option)
		which++;
	/* TIMING-MARK is a question rather than an option, to be answered each time (RFC 860). */
	if (option == TELOPT_TM && t->verb == DO)
		iac_say(reply, WILL, option);
	else if (which < end && (t->offered || which == OUR_MSSP))
		telnet_follow(t, which, telnet_hear(t, which, yes, reply), reply);
	else
		telnet_refuse(t, option, reply);
	telnet_settle(t);
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
	if (command == IAC) {
		t->state = STATE_SUB;
		telnet_sub_add(t, IAC);
		return NOTHING;
	}
	if (t->sub.option == OPTION_MCCP2 || t->sub.option == OPTION_MCCP3) {
		t->state = STATE_DEAF;
		return NOTHING;
	}
	if (command == SE)
		telnet_take_sub(t, reply);
	else
		telnet_sub_forget(t);
	/* SE asks for nothing, as any other that telnet_command does not know. */
	return telnet_command(t, command, reply);
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
		telnet_sub_begin(t, c, reply);
		t->state = c == IAC ? STATE_SUB_COMMAND : STATE_SUB;
		break;
	case STATE_SUB:
		if (c == IAC)
			t->state = STATE_SUB_COMMAND;
		else
			telnet_sub_add(t, c);
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
