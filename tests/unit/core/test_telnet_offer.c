/*
 * Telnet's negotiation, once chatd offers it: dialogues of real clients, cut anywhere; clients that
 * change their minds, do not answer, or mean harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bytes.h"
#include "chatd/core/input/telnet.h"

#define IAC "\xFF"
#define DONT "\xFE"
#define DO "\xFD"
#define WONT "\xFC"
#define WILL "\xFB"
#define SB "\xFA"
#define GA "\xF9"
#define SE "\xF0"
#define EOR "\xEF"

#define ECHO "\x01"
#define SGA "\x03"
#define TM "\x06"
#define TTYPE "\x18"
#define OEOR "\x19"
#define NAWS "\x1F"
#define TSPEED "\x20"
#define NEWENV "\x27"
#define CHARSET "\x2A"
#define MSSP "\x46"
#define GMCP "\xC9"

#define IS "\0"
#define SEND IAC SB TTYPE "\1" IAC SE
#define ASKED IAC DO TTYPE IAC DO NAWS
#define KEYS IAC WILL ECHO IAC WILL SGA
#define MUDS IAC WILL CHARSET IAC WILL OEOR IAC WILL GMCP IAC WILL MSSP
#define REQUEST IAC SB CHARSET "\1;UTF-8;ISO-8859-1" IAC SE

static uint64_t rnd_state;

static uint32_t rnd(uint32_t below)
{
	rnd_state = rnd_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(rnd_state >> 33) % below;
}

enum act { SAYS, OFFER, GIVE_UP, HIDE, SHOW, LINE, CHARACTER, MODE };

/* The client says something, or the caller does something; and what the client is sent. Or, in
 * in_len, the mode that it is in then. */
struct turn {
	enum act act;
	const char *in;
	size_t in_len;
	const char *told;
	size_t told_len;
};

#define SAYS(in, told) { SAYS, in, sizeof(in) - 1, told, sizeof(told) - 1 }
#define DOES(act, told) { act, NULL, 0, told, sizeof(told) - 1 }
#define IN(mode) { MODE, NULL, mode, "", 0 }

/* From and to memory of exactly that size. Nothing of it is text. */
static void feed(struct telnet *t, const char *in, size_t len, struct bytes *reply)
{
	char *from = malloc(len ? len : 1), *to = malloc(len ? len : 1);

	assert_non_null(from);
	assert_non_null(to);
	memcpy(from, in, len);
	assert_int_equal(telnet_decode(t, from, len, to, reply), 0);
	free(from);
	free(to);
}

#define FEED(t, in, reply) feed(t, in, sizeof(in) - 1, reply)

static void act(struct telnet *t, enum act what, struct bytes *reply)
{
	switch (what) {
	case OFFER:
		telnet_offer(t, reply);
		break;
	case GIVE_UP:
		telnet_give_up(t, reply);
		break;
	case HIDE:
	case SHOW:
		telnet_hide(t, what == HIDE, reply);
		break;
	case LINE:
	case CHARACTER:
		telnet_mode_request(t, what == CHARACTER, reply);
		break;
	default:
		fail();
	}
}

/* One turn, with what the client says cut at a place; or, for SIZE_MAX, into bytes. */
static void take_turn(struct telnet *t, const struct turn *turn, size_t cut, size_t number)
{
	struct bytes reply = { 0 };
	size_t i;

	if (turn->act == MODE) {
		assert_int_equal(telnet_facts(t)->mode, turn->in_len);
	} else if (turn->act != SAYS) {
		act(t, turn->act, &reply);
	} else if (cut == SIZE_MAX) {
		for (i = 0; i < turn->in_len; i++)
			feed(t, turn->in + i, 1, &reply);
	} else {
		cut = cut < turn->in_len ? cut : turn->in_len;
		feed(t, turn->in, cut, &reply);
		feed(t, turn->in + cut, turn->in_len - cut, &reply);
	}
	if (reply.len != turn->told_len ||
	    memcmp(reply.data ? reply.data : "", turn->told, reply.len) != 0)
		print_message("turn %zu, cut at %zu\n", number, cut);
	assert_int_equal(reply.len, turn->told_len);
	assert_memory_equal(reply.data ? reply.data : "", turn->told, reply.len);
	bytes_release(&reply);
}

static void facts_are(const struct telnet *t, const struct telnet_facts *expected)
{
	const struct telnet_facts *f = telnet_facts(t);

	assert_int_equal(f->mode, expected->mode);
	assert_int_equal(f->settled, expected->settled);
	assert_int_equal(f->columns, expected->columns);
	assert_int_equal(f->rows, expected->rows);
	assert_string_equal(f->terminal, expected->terminal);
	assert_int_equal(f->mtts, expected->mtts);
	assert_int_equal(f->mud, expected->mud);
	assert_int_equal(f->ansi, expected->ansi);
	assert_int_equal(f->utf8, expected->utf8);
	assert_int_equal(f->latin1, expected->latin1);
	assert_int_equal(f->colours256, expected->colours256);
	assert_int_equal(f->reader, expected->reader);
	assert_int_equal(f->eor, expected->eor);
	assert_int_equal(f->ga, expected->ga);
	assert_int_equal(f->gmcp, expected->gmcp);
	assert_int_equal(f->channels, expected->channels);
	assert_int_equal(f->mssp, expected->mssp);
}

/* Plays a dialogue with every cut. The last one is returned, to be freed. */
static struct telnet *play(const struct turn *turns, size_t n, const struct telnet_facts *expected)
{
	struct telnet *t = NULL;
	size_t longest = 0, cut, i;

	for (i = 0; i < n; i++)
		longest = turns[i].in_len > longest ? turns[i].in_len : longest;
	for (cut = 0; cut <= longest + 1; cut++) {
		telnet_end(t);
		t = telnet_new();
		for (i = 0; i < n; i++)
			take_turn(t, &turns[i], cut <= longest ? cut : SIZE_MAX, i);
		facts_are(t, expected);
	}
	return t;
}

#define PLAY(turns, ...) \
	play(turns, sizeof(turns) / sizeof *(turns), &(struct telnet_facts){ __VA_ARGS__ })

static void same(struct bytes *b, const char *expected, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data ? b->data : "", expected, len);
	bytes_clear(b);
}

#define SAME(b, expected) same(b, expected, sizeof(expected) - 1)

/* inetutils 2.4, which chooses its words as BSD's and netkit's do, on a port that is not 23. */
static void test_inetutils(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		IN(TELNET_PLAIN),
		SAYS(IAC WILL TTYPE IAC WILL NAWS IAC SB NAWS "\0\x61\0\x1F" IAC SE, SEND),
		IN(TELNET_ASKING),
		SAYS(IAC SB TTYPE IS "XTERM-256COLOR" IAC SE, KEYS IAC WILL CHARSET),
		IN(TELNET_ASKING),
		SAYS(IAC DO ECHO IAC DO SGA IAC DONT CHARSET, ""),
		DOES(GIVE_UP, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_CHARACTER, .settled = true, .columns = 97, .rows = 31,
	                .terminal = "XTERM-256COLOR", .ansi = true, .colours256 = true));
}

/* On port 23 it begins as well. */
static void test_inetutils_begins(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC DO "\x26" IAC WILL "\x26" IAC DO SGA IAC WILL TTYPE IAC WILL NAWS IAC WILL TSPEED
		     IAC WILL "\x21" IAC WILL "\x22" IAC WILL NEWENV IAC DO "\x05",
		     IAC WONT "\x26" IAC DONT "\x26" IAC WILL SGA SEND IAC DONT TSPEED IAC DONT "\x21"
		     IAC DONT "\x22" IAC DONT NEWENV IAC WONT "\x05"),
		SAYS(IAC SB NAWS "\0\x61\0\x1F" IAC SE, ""),
		SAYS(IAC SB TTYPE IS "XTERM" IAC SE, IAC WILL ECHO IAC WILL CHARSET),
		SAYS(IAC DO ECHO IAC DONT CHARSET, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_CHARACTER, .settled = true, .columns = 97, .rows = 31,
	                .terminal = "XTERM", .ansi = true));
}

/* /tty off and on, the same in the client's menu, and both before the answers have come. */
static void test_modes_change(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WONT NAWS, SEND),
		SAYS(IAC SB TTYPE IS "XTERM" IAC SE, KEYS IAC WILL CHARSET),
		SAYS(IAC DO ECHO IAC DO SGA IAC DONT CHARSET, ""),
		IN(TELNET_CHARACTER),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		IN(TELNET_LINE),
		DOES(LINE, ""),
		SAYS(IAC DONT ECHO IAC DONT SGA, ""),
		DOES(CHARACTER, KEYS),
		IN(TELNET_LINE),
		SAYS(IAC DO ECHO, ""),
		IN(TELNET_LINE),
		SAYS(IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		/* "mode line", "mode character" */
		SAYS(IAC DONT SGA IAC WILL "\x22" IAC DONT ECHO,
		     IAC WONT SGA IAC WONT ECHO IAC DONT "\x22"),
		IN(TELNET_LINE),
		SAYS(IAC DO SGA IAC DO ECHO, IAC WONT SGA IAC WILL ECHO IAC WILL SGA),
		IN(TELNET_LINE),
		SAYS(IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		DOES(CHARACTER, KEYS),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		DOES(CHARACTER, KEYS),
		IN(TELNET_LINE),
		SAYS(IAC DONT ECHO IAC DONT SGA IAC DO ECHO IAC DO SGA, ""),
		IN(TELNET_LINE),
		SAYS(IAC DONT ECHO IAC DONT SGA, ""),
		IN(TELNET_LINE),
		SAYS(IAC DO ECHO IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		/* It does not want it any more, and then again not, each time on its own. */
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		SAYS(IAC DONT ECHO IAC DONT SGA, ""),
		DOES(CHARACTER, KEYS),
		SAYS(IAC DONT ECHO, IAC WONT SGA),
		SAYS(IAC DO SGA IAC DONT SGA, ""),
		DOES(CHARACTER, KEYS),
		SAYS(IAC DO ECHO IAC DONT SGA, IAC WONT ECHO),
		SAYS(IAC DONT ECHO, ""),
		IN(TELNET_LINE),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_LINE, .settled = true, .terminal = "XTERM", .ansi = true,
	                .ga = true));
}

/* busybox: after it has left character mode once, it refuses to come back. */
static void test_busybox(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WILL NAWS IAC SB NAWS "\0\x61\0\x1F" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "tmux-256color" IAC SE, KEYS IAC WILL CHARSET),
		SAYS(IAC DO ECHO IAC DO SGA IAC DONT CHARSET, ""),
		IN(TELNET_CHARACTER),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		SAYS(IAC DONT ECHO IAC DONT SGA, ""),
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DONT ECHO, ""),
		DOES(SHOW, ""),
		DOES(CHARACTER, KEYS),
		SAYS(IAC DONT ECHO IAC DO SGA, IAC WONT SGA),
		SAYS(IAC DONT SGA, ""),
		IN(TELNET_LINE),
		/* Its own menu can. */
		SAYS(IAC DO ECHO IAC DO SGA, IAC WILL ECHO IAC WILL SGA),
		IN(TELNET_CHARACTER),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_CHARACTER, .settled = true, .columns = 97, .rows = 31,
	                .terminal = "TMUX-256COLOR", .ansi = true, .colours256 = true));
}

/* PuTTY 0.78 begins by itself, and its questions cross ours. */
static void test_putty(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL NAWS IAC WILL TSPEED IAC WILL TTYPE IAC WILL NEWENV IAC DO ECHO IAC WILL SGA
		     IAC DO SGA,
		     IAC DONT TSPEED SEND IAC DONT NEWENV IAC WILL ECHO IAC DONT SGA IAC WILL SGA),
		IN(TELNET_ASKING),
		SAYS(IAC SB NAWS "\0\x61\0\x1F" IAC SE IAC SB TTYPE IS "XTERM" IAC SE, IAC WILL CHARSET),
		IN(TELNET_CHARACTER),
		SAYS(IAC WILL "\x24", IAC DONT "\x24"),
		SAYS(IAC DONT CHARSET, ""),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		SAYS(IAC DONT ECHO IAC DONT SGA, ""),
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DO ECHO, ""),
		IN(TELNET_LINE),
		DOES(SHOW, IAC WONT ECHO),
		SAYS(IAC DONT ECHO, ""),
	}, passive[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC DO ECHO IAC WILL SGA IAC DO SGA IAC WILL NAWS
		     IAC SB NAWS "\0\x61\0\x1F" IAC SE, SEND IAC WILL ECHO IAC DONT SGA IAC WILL SGA),
		SAYS(IAC SB TTYPE IS "XTERM" IAC SE, IAC WILL CHARSET),
		SAYS(IAC DONT CHARSET, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_LINE, .settled = true, .columns = 97, .rows = 31,
	                .terminal = "XTERM", .ansi = true, .ga = true));
	telnet_end(PLAY(passive, .mode = TELNET_CHARACTER, .settled = true, .columns = 97, .rows = 31,
	                .terminal = "XTERM", .ansi = true));
}

/* Windows' list is ANSI, VT100, VT52, VTNT, and to be asked for the next makes it that. */
static void test_windows(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WILL NAWS IAC SB NAWS "\0\x78\0\x1E" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "ANSI" IAC SE, KEYS IAC WILL CHARSET),
		SAYS(IAC DO ECHO IAC DO SGA IAC DONT CHARSET, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_CHARACTER, .settled = true, .columns = 120, .rows = 30,
	                .terminal = "ANSI", .ansi = true));
}

/* tintin++ 2.02.20. It never answers WONT ECHO, and has to hide the next password all the same. */
static void test_tintin(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WILL NAWS IAC SB NAWS "\0\x61\0\x1F" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "TINTIN++" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "tmux-256color" IAC SE, SEND),
		IN(TELNET_ASKING),
		SAYS(IAC SB TTYPE IS "MTTS 271" IAC SE, MUDS),
		IN(TELNET_LINE),
		SAYS(IAC DO CHARSET, REQUEST),
		SAYS(IAC DO OEOR IAC DONT GMCP IAC SB CHARSET "\2UTF-8" IAC SE, ""),
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DO ECHO, ""),
		DOES(SHOW, IAC WONT ECHO),
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DO ECHO, ""),
		IN(TELNET_LINE),
		DOES(SHOW, IAC WONT ECHO),
		/* #send {\xFF\xFD\xC9} */
		SAYS(IAC DO GMCP, IAC WILL GMCP),
		/* /tty on, which it can do as well */
		DOES(CHARACTER, KEYS),
		SAYS(IAC DO ECHO IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		DOES(CHARACTER, KEYS),
		SAYS(IAC DO ECHO IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
	};
	struct telnet *t = PLAY(turns, .mode = TELNET_LINE, .settled = true, .columns = 97, .rows = 31,
	                        .terminal = "TINTIN++", .mtts = 271, .mud = true, .ansi = true,
	                        .utf8 = true, .colours256 = true, .eor = true, .gmcp = true,
	                        .channels = true);
	struct bytes out = { 0 };

	(void)state;
	telnet_prompt_end(t, &out);
	SAME(&out, IAC EOR);
	telnet_gmcp(t, &out, "Comm.Channel.Text", "{\"text\": \"\xFF\"}");
	SAME(&out, IAC SB GMCP "Comm.Channel.Text {\"text\": \"\xFF\xFF\"}" IAC SE);
	telnet_gmcp(t, &out, "Core.Ping", NULL);
	SAME(&out, IAC SB GMCP "Core.Ping" IAC SE);
	bytes_release(&out);
	telnet_end(t);
}

/* Another of its versions, in Latin-1: it puts a blank before the name, and answers for each. */
static void test_tintin_latin1(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WONT NAWS, SEND),
		SAYS(IAC SB TTYPE IS "TINTIN++" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "XTERM" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "MTTS 5" IAC SE, MUDS),
		SAYS(IAC DO CHARSET, REQUEST),
		SAYS(IAC SB CHARSET "\3 UTF-8" IAC SE IAC SB CHARSET "\2 ISO-8859-1" IAC SE, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_LINE, .settled = true, .terminal = "TINTIN++", .mtts = 5,
	                .mud = true, .ansi = true, .latin1 = true, .ga = true));
}

/* Mudlet 4, from its source: it agrees to GMCP and says what it supports, which scripts add to. */
static void test_mudlet(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WILL NAWS IAC SB NAWS "\0\x64\0\x28" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "MUDLET" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "ANSI-TRUECOLOR" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "MTTS 2349" IAC SE, MUDS),
		SAYS(IAC DO CHARSET IAC DO OEOR IAC DO GMCP
		     IAC SB GMCP "Core.Hello { \"client\": \"Mudlet\", \"version\": \"4.17.2\"}" IAC SE
		     IAC SB GMCP "Core.Supports.Set [ \"Char 1\", \"Char.Skills 1\", \"Char.Items 1\", "
		     "\"Room 1\", \"IRE.Rift 1\", \"IRE.Composer 1\", \"External.Discord 1\", "
		     "\"Client.Media 1\", \"Char.Login 1\"]" IAC SE
		     IAC SB GMCP "External.Discord.Hello" IAC SE IAC DO MSSP, REQUEST),
		SAYS(IAC SB CHARSET "\2UTF-8" IAC SE, ""),
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DO ECHO, ""),
		DOES(SHOW, IAC WONT ECHO),
		SAYS(IAC DONT ECHO, ""),
	};
	struct telnet *t = PLAY(turns, .mode = TELNET_LINE, .settled = true, .columns = 100, .rows = 40,
	                        .terminal = "MUDLET", .mtts = 2349, .mud = true, .ansi = true,
	                        .utf8 = true, .colours256 = true, .eor = true, .ga = true, .gmcp = true,
	                        .mssp = true);
	struct bytes out = { 0 };

	(void)state;
	FEED(t, IAC SB GMCP "Core.Supports.Add [\"Comm.Channel 1\"]" IAC SE, &out);
	assert_true(telnet_facts(t)->channels);
	FEED(t, IAC SB GMCP "Core.Supports.Remove [\"Comm.Channel\"]" IAC SE, &out);
	assert_false(telnet_facts(t)->channels);
	/* A message that is too long is not taken, not even in part. */
	FEED(t, IAC SB GMCP "Core.Supports.Add [\"Comm.Channel 1\",\"", &out);
	for (int i = 0; i < TELNET_GMCP_BYTES_MAX; i++)
		FEED(t, "x", &out);
	FEED(t, "\"]" IAC SE, &out);
	assert_false(telnet_facts(t)->channels);
	FEED(t, IAC DONT GMCP, &out);
	SAME(&out, IAC WONT GMCP);
	telnet_gmcp(t, &out, "Comm.Channel.Text", "{}");
	SAME(&out, "");
	bytes_release(&out);
	telnet_end(t);
}

/* A screen reader, by MTTS, in a client of an unknown name. */
static void test_reader(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WONT NAWS, SEND),
		SAYS(IAC SB TTYPE IS "Speaking" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "dumb" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "MTTS 68" IAC SE, MUDS),
		SAYS(IAC DONT CHARSET IAC DONT OEOR IAC DONT GMCP IAC DONT MSSP, ""),
		/* Its own DO ECHO is no password, and so refused. */
		SAYS(IAC DO ECHO IAC DO SGA, IAC WONT ECHO IAC WONT SGA),
	};
	struct telnet *t = PLAY(turns, .mode = TELNET_LINE, .settled = true, .terminal = "SPEAKING",
	                        .mtts = 68, .mud = true, .utf8 = true, .reader = true, .ga = true);
	struct bytes out = { 0 };

	(void)state;
	telnet_prompt_end(t, &out);
	SAME(&out, IAC GA);
	bytes_release(&out);
	telnet_end(t);
}

/* nc shows nothing, and nothing more is sent to it, whatever the caller does. */
static void test_no_telnet(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		DOES(OFFER, ""),
		DOES(HIDE, ""),
		DOES(GIVE_UP, ""),
		DOES(SHOW, ""),
		DOES(HIDE, ""),
		DOES(GIVE_UP, ""),
		DOES(LINE, ""),
		DOES(CHARACTER, ""),
	};
	struct telnet *t = PLAY(turns, .mode = TELNET_PLAIN, .settled = true);
	struct bytes out = { 0 };
	char text[8];

	(void)state;
	telnet_prompt_end(t, &out);
	telnet_gmcp(t, &out, "Core.Ping", NULL);
	assert_int_equal(telnet_decode(t, "a" IAC IAC "b\r\n", 6, text, &out), 5);
	assert_memory_equal(text, "a\xFF" "b\r\n", 5);
	SAME(&out, "");
	facts_are(t, &(struct telnet_facts){ .mode = TELNET_PLAIN, .settled = true });
	bytes_release(&out);
	telnet_end(t);
}

/* A slow line: the answers come after the caller has given up, in the middle of a password. */
static void test_late(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		DOES(HIDE, ""),
		DOES(GIVE_UP, ""),
		IN(TELNET_PLAIN),
		SAYS(IAC WILL TTYPE IAC WILL NAWS, IAC WILL ECHO SEND),
		IN(TELNET_LINE),
		SAYS(IAC DO ECHO, ""),
		SAYS(IAC SB TTYPE IS "XTERM" IAC SE, IAC WILL SGA IAC WILL CHARSET),
		IN(TELNET_LINE),
		SAYS(IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		DOES(SHOW, ""),
	}, mud[] = {
		/* It had begun to answer, so it was asked for its keys. */
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE, SEND),
		IN(TELNET_ASKING),
		DOES(GIVE_UP, KEYS IAC WILL CHARSET),
		IN(TELNET_LINE),
		SAYS(IAC DO ECHO IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		DOES(GIVE_UP, ""),
		SAYS(IAC DONT CHARSET IAC SB TTYPE IS "Mudlet" IAC SE, SEND),
		SAYS(IAC SB TTYPE IS "Mudlet" IAC SE,
		     IAC WONT ECHO IAC WONT SGA IAC WILL OEOR IAC WILL GMCP IAC WILL MSSP),
		IN(TELNET_LINE),
		SAYS(IAC DONT ECHO IAC DONT SGA IAC WONT NAWS, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_CHARACTER, .settled = true, .terminal = "XTERM",
	                .ansi = true));
	telnet_end(PLAY(mud, .mode = TELNET_LINE, .settled = true, .terminal = "MUDLET", .mud = true,
	                .ga = true));
}

/* What refuses all is a telnet client too: it may still send keys. */
static void test_refuses(void **state)
{
	static const struct turn all[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WONT TTYPE, KEYS IAC WILL CHARSET),
		IN(TELNET_ASKING),
		SAYS(IAC WONT NAWS IAC DONT ECHO, IAC WONT SGA),
		IN(TELNET_LINE),
		SAYS(IAC DONT SGA IAC DONT CHARSET, ""),
	}, names[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WONT TTYPE IAC WONT NAWS, KEYS IAC WILL CHARSET),
		SAYS(IAC DO ECHO IAC DO SGA IAC DO CHARSET, REQUEST),
		IN(TELNET_CHARACTER),
		SAYS(IAC SB CHARSET "\3" IAC SE, ""),
	};

	(void)state;
	telnet_end(PLAY(all, .mode = TELNET_LINE, .settled = true, .ga = true));
	telnet_end(PLAY(names, .mode = TELNET_CHARACTER, .settled = true));
}

/* Names that go on and on, and others that nobody asked for. */
static void test_names(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC SB TTYPE IS "EARLY" IAC SE, ""),
		SAYS(IAC WILL TTYPE IAC WILL TTYPE IAC WONT NAWS, SEND),
		SAYS(IAC SB TTYPE IAC SE IAC SB TTYPE "\1XTERM" IAC SE, ""),
		SAYS(IAC SB TTYPE IS "one\x1B[2J, and more than forty characters of it" IAC SE,
		     SEND),
		SAYS(IAC SB TTYPE IS "two" IAC SE IAC SB TTYPE IS "three" IAC SE
		     IAC SB TTYPE IS "four" IAC SE,
		     SEND SEND KEYS IAC WILL CHARSET),
		SAYS(IAC SB TTYPE IS "MTTS 15" IAC SE IAC WONT TTYPE IAC WILL TTYPE IAC WILL TTYPE,
		     IAC DONT TTYPE IAC DO TTYPE),
		SAYS(IAC DO ECHO IAC DO SGA IAC DONT CHARSET, ""),
	}, twice[] = {
		/* The second is "", because it was too long. */
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WONT NAWS, SEND),
		SAYS(IAC SB TTYPE IS IAC SE, SEND),
		SAYS(IAC SB TTYPE IS IAC SE, KEYS IAC WILL CHARSET),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_CHARACTER, .settled = true,
	                .terminal = "ONE[2J, AND MORE THAN FORTY CHARACTERS O"));
	telnet_end(PLAY(twice, .mode = TELNET_ASKING, .ga = true));
}

static void test_sizes(void **state)
{
	static const struct {
		const char *sub;
		size_t len;
		unsigned columns, rows;
	} sizes[] = {
#define SIZE(s, columns, rows) { IAC SB NAWS s IAC SE, sizeof(s) + 4, columns, rows }
		SIZE("\0\x50\0\x18", 80, 24),
		SIZE("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 500, 500),
		SIZE("\0\0\0\0", 0, 0),
		SIZE("\0\xFF\xFF\0\xFF\xFF", 255, 255),
		SIZE("\0\x5\0\1", 20, 1),
		/* Of a wrong length: the last one stays. */
		SIZE("", 20, 1),
		SIZE("\0\x50\0", 20, 1),
		SIZE("\0\x50\0\x18\0", 20, 1),
#undef SIZE
	};
	struct telnet *t = telnet_new();
	struct bytes out = { 0 };
	size_t i;

	(void)state;
	telnet_offer(t, &out);
	bytes_clear(&out);
	/* Before WILL NAWS it says nothing. */
	feed(t, sizes[0].sub, sizes[0].len, &out);
	assert_int_equal(telnet_facts(t)->columns, 0);
	FEED(t, IAC WILL NAWS IAC WONT TTYPE, &out);
	bytes_clear(&out);
	telnet_changed(t);
	for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		feed(t, sizes[i].sub, sizes[i].len, &out);
		assert_int_equal(telnet_facts(t)->columns, sizes[i].columns);
		assert_int_equal(telnet_facts(t)->rows, sizes[i].rows);
		assert_int_equal(telnet_changed(t), i < 5 ? TELNET_CHANGED_SIZE : 0);
		/* Each is settled once a size has come. */
		if (i == 0)
			FEED(t, IAC DO ECHO IAC DO SGA IAC DONT CHARSET, &out);
		assert_int_equal(telnet_changed(t) & TELNET_CHANGED_MODE, i == 0);
		assert_true(telnet_facts(t)->settled);
	}
	FEED(t, IAC WONT NAWS, &out);
	SAME(&out, IAC DONT NAWS);
	assert_int_equal(telnet_facts(t)->columns, 0);
	assert_int_equal(telnet_facts(t)->mode, TELNET_CHARACTER);
	bytes_release(&out);
	telnet_end(t);
}

/* The client's own request, and both at once, which only ours survives. */
static void test_charset(void **state)
{
	static const struct turn begin[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WONT TTYPE IAC WONT NAWS, KEYS IAC WILL CHARSET),
		SAYS(IAC DO ECHO IAC DO SGA, ""),
		SAYS(IAC SB CHARSET "\1;UTF-8" IAC SE, ""),
		SAYS(IAC WILL CHARSET IAC DO CHARSET, IAC DO CHARSET REQUEST),
		SAYS(IAC SB CHARSET "\1;UTF-8" IAC SE, IAC SB CHARSET "\3" IAC SE),
		SAYS(IAC SB CHARSET "\3" IAC SE, ""),
		SAYS(IAC SB CHARSET "\1 latin1 x" IAC SE, IAC SB CHARSET "\2latin1" IAC SE),
		SAYS(IAC SB CHARSET "\1;KOI8-R" IAC SE, IAC SB CHARSET "\3" IAC SE),
		SAYS(IAC SB CHARSET IAC SE IAC SB CHARSET "\7" IAC SE IAC SB CHARSET "\2KOI8-R" IAC SE, ""),
		SAYS(IAC WONT CHARSET IAC DONT CHARSET IAC SB CHARSET "\1;UTF-8" IAC SE,
		     IAC DONT CHARSET IAC WONT CHARSET),
		/* It is asked once only. */
		SAYS(IAC DO CHARSET IAC DO CHARSET, IAC WILL CHARSET),
	};
	struct telnet *t = PLAY(begin, .mode = TELNET_CHARACTER, .settled = true, .latin1 = true);
	struct bytes out = { 0 };

	(void)state;
	FEED(t, IAC SB CHARSET "\1;", &out);
	for (int i = 0; i < TELNET_SUB_BYTES_MAX; i++)
		FEED(t, ";", &out);
	FEED(t, "UTF-8" IAC SE, &out);
	SAME(&out, IAC SB CHARSET "\3" IAC SE);
	FEED(t, IAC SB CHARSET "\1;utf-8" IAC SE, &out);
	SAME(&out, IAC SB CHARSET "\2utf-8" IAC SE);
	assert_true(telnet_facts(t)->utf8 && !telnet_facts(t)->latin1);
	bytes_release(&out);
	telnet_end(t);
}

/* Whoever asks for EOR, GMCP or MSSP gets them; and each answer is given once. */
static void test_asked_for(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC DO MSSP IAC DO MSSP IAC DO GMCP IAC DO OEOR IAC DO OEOR,
		     IAC WILL MSSP IAC WILL GMCP IAC WILL OEOR),
		SAYS(IAC DONT OEOR IAC DONT OEOR IAC DO "\x45" IAC DO "\x56" IAC DO TM,
		     IAC WONT OEOR IAC WONT "\x45" IAC WONT "\x56" IAC WILL TM),
		SAYS(IAC SB GMCP "Core.Supports.Set [\"Comm.Channel 1\"]" IAC SE, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_ASKING, .ga = true, .gmcp = true, .channels = true,
	                .mssp = true));
}

/* A password, and the modes. */
static void test_hiding(void **state)
{
	static const struct turn turns[] = {
		DOES(OFFER, ASKED),
		SAYS(IAC WONT TTYPE IAC WONT NAWS, KEYS IAC WILL CHARSET),
		SAYS(IAC DO ECHO IAC DO SGA IAC DONT CHARSET, ""),
		/* In character mode it shows nothing anyway. */
		DOES(HIDE, ""),
		DOES(SHOW, ""),
		/* The mode ends while it hides: it goes on, and can be had again. */
		DOES(HIDE, ""),
		DOES(LINE, IAC WONT SGA),
		IN(TELNET_LINE),
		SAYS(IAC DONT SGA, ""),
		DOES(SHOW, IAC WONT ECHO),
		SAYS(IAC DONT ECHO, ""),
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DO ECHO, ""),
		IN(TELNET_LINE),
		DOES(CHARACTER, IAC WILL SGA),
		SAYS(IAC DO SGA, ""),
		IN(TELNET_CHARACTER),
		DOES(SHOW, ""),
		IN(TELNET_CHARACTER),
		/* The client ends it while it hides, and is not begged; but for the next password. */
		DOES(HIDE, ""),
		SAYS(IAC DONT ECHO IAC DONT SGA, IAC WONT ECHO IAC WONT SGA),
		DOES(SHOW, ""),
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DONT ECHO, ""),
		DOES(SHOW, ""),
		/* SGA alone ends it as well, and then ECHO goes on for the password only. */
		DOES(CHARACTER, KEYS),
		SAYS(IAC DO ECHO IAC DO SGA, ""),
		DOES(HIDE, ""),
		SAYS(IAC DONT SGA, IAC WONT SGA),
		IN(TELNET_LINE),
		DOES(SHOW, IAC WONT ECHO),
		SAYS(IAC DONT ECHO, ""),
	}, before[] = {
		/* On the normal port, and then /tty on, in the middle of it. */
		DOES(HIDE, IAC WILL ECHO),
		SAYS(IAC DO ECHO, ""),
		DOES(OFFER, ASKED),
		SAYS(IAC WONT TTYPE IAC WONT NAWS, IAC WILL SGA IAC WILL CHARSET),
		SAYS(IAC DO SGA IAC DONT CHARSET, ""),
		IN(TELNET_CHARACTER),
		DOES(SHOW, ""),
		DOES(LINE, IAC WONT ECHO IAC WONT SGA),
		SAYS(IAC DONT ECHO IAC DONT SGA, ""),
	}, wish[] = {
		/* /tty on, by somebody whose client turns out to be a MUD client. */
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WONT NAWS, SEND),
		DOES(CHARACTER, ""),
		SAYS(IAC SB TTYPE IS "MTTS 1" IAC SE, KEYS MUDS),
		SAYS(IAC DO ECHO IAC DO SGA IAC DONT CHARSET, ""),
	}, line[] = {
		/* /set reader on, as soon as it was there. */
		DOES(LINE, ""),
		DOES(OFFER, ASKED),
		SAYS(IAC WILL TTYPE IAC WONT NAWS, SEND),
		IN(TELNET_LINE),
		SAYS(IAC SB TTYPE IS "XTERM" IAC SE, IAC WILL CHARSET),
		SAYS(IAC DONT CHARSET, ""),
	};

	(void)state;
	telnet_end(PLAY(turns, .mode = TELNET_LINE, .settled = true, .ga = true));
	telnet_end(PLAY(before, .mode = TELNET_LINE, .settled = true, .ga = true));
	telnet_end(PLAY(wish, .mode = TELNET_CHARACTER, .settled = true, .mtts = 1, .mud = true,
	                .ansi = true));
	telnet_end(PLAY(line, .mode = TELNET_LINE, .settled = true, .terminal = "XTERM", .ansi = true,
	                .ga = true));
}

/* A client that answers nothing, however often: what comes at last is an answer to one of them. */
static void test_silence(void **state)
{
	struct telnet *t = telnet_new();
	struct bytes out = { 0 };
	size_t i;

	(void)state;
	telnet_offer(t, &out);
	FEED(t, IAC WONT TTYPE IAC WONT NAWS IAC DONT ECHO IAC DONT SGA, &out);
	bytes_clear(&out);
	for (i = 0; i < 128; i++) {
		telnet_hide(t, true, &out);
		telnet_hide(t, false, &out);
		SAME(&out, IAC WILL ECHO IAC WONT ECHO);
	}
	FEED(t, IAC DO ECHO IAC DONT ECHO, &out);
	SAME(&out, "");
	bytes_release(&out);
	telnet_end(t);
}

/* ---- clients that talk on their own ------------------------------------------------------- */

/* A client that negotiates as RFC 854 wants it, in the ways that real ones do. */
struct client {
	bool deaf_to_wont;     /* answers no WONT, as tintin++ */
	bool refuses;          /* ECHO, each time */
	bool on[256];          /* the server's options */
	struct bytes to;       /* on its way to the client */
	struct bytes from;     /* on its way back */
	size_t heard, said;    /* bytes of these that have arrived */
};

static void client_says(struct client *c, const char *verb, char option)
{
	char said[] = { IAC[0], verb[0], option };

	bytes_append(&c->from, said, sizeof said);
}

/* Takes one option, or a sub-negotiation. */
static void client_hears(struct client *c)
{
	const char *p = c->to.data + c->heard;
	unsigned char option = (unsigned char)p[2];
	bool yes = p[1] == WILL[0], refused = c->refuses && option == (unsigned char)ECHO[0];

	if (p[1] == SB[0]) {
		while (p[0] != IAC[0] || p[1] != SE[0])
			p++;
		c->heard = (size_t)(p + 2 - c->to.data);
		return;
	}
	c->heard += 3;
	if (p[1] == DO[0])
		client_says(c, WONT, (char)option);
	if ((p[1] != WILL[0] && p[1] != WONT[0]) || yes == c->on[option])
		return;
	if (yes && refused) {
		client_says(c, DONT, (char)option);
		return;
	}
	c->on[option] = yes;
	if (yes || !c->deaf_to_wont)
		client_says(c, yes ? DO : DONT, (char)option);
}

/* A thousand changes of mind, any number of them on their way at once. When all have arrived, both
 * sides agree. */
static void test_changes_of_mind(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 400; seed++) {
		struct client c = { .deaf_to_wont = seed % 4 == 1, .refuses = seed % 4 == 2 };
		struct telnet *t = telnet_new();
		bool hidden = false, character = true;
		size_t steps = 0;

		rnd_state = seed;
		telnet_offer(t, &c.to);
		while (steps < 1000 || c.heard < c.to.len || c.said < c.from.len) {
			uint32_t what = rnd(40);

			assert_true(++steps < 20000);
			if (what == 0 && steps < 1000)
				telnet_mode_request(t, character = rnd(2) == 0, &c.to);
			else if (what == 1 && steps < 1000)
				telnet_hide(t, hidden = !hidden, &c.to);
			else if (what == 2)
				telnet_give_up(t, &c.to);
			else if (what < 20 && c.heard < c.to.len)
				client_hears(&c);
			else if (what >= 20 && c.said < c.from.len)
				feed(t, c.from.data + c.said++, 1, &c.to);
		}
		if (c.refuses) {
			assert_int_equal(telnet_facts(t)->mode, TELNET_LINE);
			assert_false(c.on[1] || c.on[3]);
		} else {
			assert_int_equal(telnet_facts(t)->mode, character ? TELNET_CHARACTER : TELNET_LINE);
			assert_int_equal(c.on[1], character || hidden);
			assert_int_equal(c.on[3], character);
		}
		bytes_release(&c.to);
		bytes_release(&c.from);
		telnet_end(t);
	}
}

/* Two servers like this one, connected to each other, come to rest. */
static void test_facing_itself(void **state)
{
	struct telnet *a = telnet_new(), *b = telnet_new();
	struct bytes to_a = { 0 }, to_b = { 0 }, more = { 0 };
	size_t rounds = 0, all = 0;

	(void)state;
	telnet_offer(a, &to_b);
	telnet_offer(b, &to_a);
	while (to_a.len > 0 || to_b.len > 0) {
		assert_true(++rounds < 20);
		all += to_a.len + to_b.len;
		feed(a, to_a.data, to_a.len, &more);
		bytes_clear(&to_a);
		feed(b, to_b.data ? to_b.data : "", to_b.len, &to_a);
		bytes_clear(&to_b);
		bytes_append(&to_b, more.data ? more.data : "", more.len);
		bytes_clear(&more);
		telnet_give_up(a, &to_b);
	}
	assert_true(all < 200);
	bytes_release(&to_a);
	bytes_release(&to_b);
	bytes_release(&more);
	telnet_end(a);
	telnet_end(b);
}

/* A client that says the same a thousand times is answered once for each change. Only what is
 * refused is refused each time. */
static void test_repeats(void **state)
{
	static const char *const verbs[] = { WILL, WONT, DO, DONT };
	static const char offered[] = ECHO SGA TTYPE OEOR NAWS CHARSET MSSP GMCP;
	size_t verb, option, i;

	(void)state;
	for (option = 0; option < sizeof offered - 1; option++) {
		for (verb = 0; verb < 4; verb++) {
			struct telnet *t = telnet_new();
			struct bytes out = { 0 };
			char in[] = { IAC[0], verbs[verb][0], offered[option] };
			size_t first;
			bool refused;

			telnet_offer(t, &out);
			FEED(t, IAC WONT TTYPE IAC WONT NAWS IAC DONT ECHO IAC DONT SGA, &out);
			feed(t, in, sizeof in, &out);
			first = out.len;
			for (i = 0; i < 1000; i++)
				feed(t, in, sizeof in, &out);
			refused = (verb == 0 && strchr(TTYPE NAWS CHARSET, in[2]) == NULL) ||
			          (verb == 2 && strchr(SGA TTYPE NAWS, in[2]) != NULL);
			assert_int_equal(out.len, first + (refused ? 3000 : 0));
			bytes_release(&out);
			telnet_end(t);
		}
	}
}

/* Sub-negotiations without an end, of each option that matters: bounded, and the rest goes on. */
static void test_endless(void **state)
{
	static const char matters[] = TTYPE NAWS CHARSET GMCP;
	static const char some[] = "x" IAC IAC "\r\n\0" IAC IAC IAC IAC SE;
	size_t option, i;

	(void)state;
	for (option = 0; option < sizeof matters - 1; option++) {
		struct telnet *t = telnet_new();
		struct bytes out = { 0 };
		char begin[] = { IAC[0], SB[0], matters[option], 1 };

		telnet_offer(t, &out);
		FEED(t, IAC WILL TTYPE IAC WILL NAWS IAC WILL CHARSET IAC DO GMCP, &out);
		bytes_clear(&out);
		feed(t, begin, sizeof begin, &out);
		for (i = 0; i < 100000; i++)
			feed(t, some, sizeof some - 1, &out);
		SAME(&out, "");
		FEED(t, IAC SE, &out);
		bytes_clear(&out);
		FEED(t, IAC SB NAWS "\0\x50\0\x18" IAC SE IAC SB TTYPE IS "XTERM" IAC SE, &out);
		SAME(&out, KEYS IAC WILL CHARSET);
		assert_int_equal(telnet_facts(t)->columns, 80);
		/* One that begins and does not end is freed with the rest. */
		FEED(t, IAC SB GMCP "Core.", &out);
		bytes_release(&out);
		telnet_end(t);
	}
}

/* Whatever comes, answers are bounded by it, facts are what they may be, and cuts do not matter. */
static void test_random(void **state)
{
	static const char *const parts[] = {
		IAC, SB, SE, WILL, WONT, DO, DONT, ECHO, SGA, TTYPE, NAWS, CHARSET, MSSP, GMCP, OEOR, TM,
		IAC WILL TTYPE, IAC WONT TTYPE, IAC WILL NAWS, IAC DO ECHO, IAC DONT ECHO, IAC DO SGA,
		IAC DONT SGA, IAC DO CHARSET, IAC WILL CHARSET, IAC DO GMCP, IAC SB TTYPE, IAC SB NAWS,
		IAC SB CHARSET "\1;UTF-8" IAC SE, IAC SB CHARSET "\2UTF-8" IAC SE, IAC SE, "MTTS 79",
		"XTERM",
		IAC SB GMCP "Core.Supports.Set [\"Comm.Channel 1\"]" IAC SE, "text", "\r\n",
	};
	char in[600], text[600], cut_text[600];

	(void)state;
	for (unsigned seed = 0; seed < 20000; seed++) {
		struct telnet *t = telnet_new(), *cut = telnet_new();
		struct bytes out = { 0 }, cut_out = { 0 };
		size_t len = 0, i, n, m = 0;
		const struct telnet_facts *f = telnet_facts(t);

		rnd_state = seed;
		for (i = rnd(60); i > 0; i--) {
			const char *part = parts[rnd(sizeof parts / sizeof *parts)];

			if (rnd(8) == 0) {
				in[len++] = (char)rnd(256);
				continue;
			}
			memcpy(in + len, part, strlen(part));
			len += strlen(part);
			if (rnd(4) == 0)
				in[len++] = '\0';
			if (len > 500)
				break;
		}
		/* AYT is answered with 20 bytes. */
		for (i = 0; i < len; i++)
			if (in[i] == '\xF6')
				in[i] = '?';
		telnet_offer(t, &out);
		telnet_offer(cut, &cut_out);
		n = telnet_decode(t, in, len, text, &out);
		for (i = 0; i < len; i++)
			m += telnet_decode(cut, in + i, 1, cut_text + m, &cut_out);
		assert_int_equal(n, m);
		assert_memory_equal(text, cut_text, n);
		assert_int_equal(out.len, cut_out.len);
		assert_memory_equal(out.data, cut_out.data, out.len);
		facts_are(cut, f);
		assert_true(out.len <= 100 + 2 * len);
		assert_true(f->columns == 0 || f->columns >= TELNET_COLUMNS_LEAST);
		assert_true(f->columns <= TELNET_COLUMNS_MAX && f->rows <= TELNET_ROWS_MAX);
		assert_true(!(f->utf8 && f->latin1) && (f->gmcp || !f->channels));
		bytes_release(&out);
		bytes_release(&cut_out);
		telnet_end(t);
		telnet_end(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inetutils),
		cmocka_unit_test(test_inetutils_begins),
		cmocka_unit_test(test_modes_change),
		cmocka_unit_test(test_busybox),
		cmocka_unit_test(test_putty),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_tintin),
		cmocka_unit_test(test_tintin_latin1),
		cmocka_unit_test(test_mudlet),
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_no_telnet),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_charset),
		cmocka_unit_test(test_asked_for),
		cmocka_unit_test(test_hiding),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_changes_of_mind),
		cmocka_unit_test(test_facing_itself),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
