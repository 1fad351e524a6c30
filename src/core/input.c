/*
 * A session's input: from bytes to finished lines.
 *
 * Lines are taken one by one, and only while the session may go on and the effects (emit.h)
 * still have room for whatever a line may cause; the rest waits for EFFECT_RESUME.
 */

#include "chatd/core/input.h"

#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/commands/cmd_maintenance.h"
#include "chatd/core/commands/command.h"
#include "chatd/core/commands/prompt.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/greeting.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/entry/negotiation.h"
#include "chatd/core/input/console.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/moderation/flood.h"
#include "chatd/core/moderation/speech.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/outage.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "chatd/core/typing.h"

enum {
	IAC = 0xff,            /* RFC 854, like the next two */
	WILL = 0xfb,
	DO = 0xfd,
	KEY_INTERRUPT = 0x03,
	KEY_END = 0x04,
	KEY_TAB = '\t',
	KEY_REDRAW = 0x0c,
	PIECE_BYTES_MAX = 512,  /* telnet input is decoded in pieces of at most this many bytes, so that
	                         * the replies to all of them (each may be an interrupt) and to the
	                         * command at their end fit ARENA_PER_LINE_MAX */
};

_Static_assert(PIECE_BYTES_MAX * 100 <= ARENA_PER_LINE_MAX / 4,
               "100 bytes are said to an interrupt, and most is left for a command's reply");

/* Tells s that its line of len bytes was over the limit. */
static void too_long(struct chat *c, struct session *s, uint64_t len)
{
	if (s->dialogue != NULL) {
		emit_reply(c, s, "Too long: a password has at most %d characters.", PASSWORD_CHARS_MAX);
		session_prompt(c, s);
		return;
	}
	if (s->state == SESSION_LOGIN) {
		emit_reply(c, s, "A name has at most %d characters, and this has %llu bytes, so this connection "
		           "ends here.", NICK_CHARS_MAX, (unsigned long long)len);
		/* Nobody types such a long name. It may be the head of a request, whose body follows. */
		session_end(c, s, NULL, true);
		return;
	}
	flood_line(c, s);
	emit_reply(c, s, "Not sent: your line has %llu bytes, and the limit is %u. Please send it in "
	           "parts.", (unsigned long long)len, c->config.line_bytes_max);
}

/* A line from the host's administrator, who is in no room, so nobody would read it unless it is a
 * command. Scripts do not know the command_prefix and always write /. */
static void host_line(struct chat *c, struct session *s, char *text)
{
	char p = c->config.command_prefix;

	if (*text != p && *text != '/')
		emit_reply(c, s, "Only commands work here. %chelp lists them; %cnick NAME enters the chat.", p, p);
	else if (!chat_defers(c) || !command_is_shared(c, text + 1))
		command_run(c, s, text + 1);
	else if (command_fits(c, s, text + 1) && emit_can_save(c, s))
		act_propose(c, s, ACT_HOST, text + 1);
}

static bool is_command(const struct chat *c, const char *text)
{
	return text[0] == c->config.command_prefix && text[1] != c->config.command_prefix;
}

/* Blanks, and then a command with what may be a password. */
static bool hides_secret(const struct chat *c, const char *text)
{
	const char *word = text + strspn(text, " ");

	return word > text && is_command(c, word) && command_open_bytes(c, word + 1) < strlen(word + 1);
}

bool input_is_talk(const struct chat *c, const char *text)
{
	return !is_command(c, text);
}

void input_act(struct chat *c, struct session *s, size_t len)
{
	char *text = c->input.body;

	if (!is_command(c, text)) {
		room_say(c, s, s->room, RECORD_SAY, text + (text[0] == c->config.command_prefix));
		slip_word(c, s, text);
		return;
	}
	command_run(c, s, text + 1);
	/* It may have been a password. */
	explicit_bzero(text, len);
}

/* What this node alone can know before all nodes do what a line says. False: s was told why not. */
static bool may_propose(struct chat *c, struct session *s, const char *text)
{
	if (!is_command(c, text))
		return !outage_refuses(c, s) && access_speak(c, s, s->room);
	if (!command_fits(c, s, text + 1) || !emit_can_save(c, s))
		return false;
	return !command_is_said(c, text + 1) || (!flood_refuses(c, s, "sent") && access_speak(c, s, s->room));
}

/* Handles one whole line of len bytes, which is in c->input.body: valid UTF-8 without control
 * characters. May end the session. */
static void take_line(struct chat *c, struct session *s, size_t len)
{
	char *text = c->input.body;

	s->presence.said_ms = c->now_ms;
	if (s->state == SESSION_LOGIN)
		flood_line(c, s);
	if (s->dialogue != NULL || s->state == SESSION_LOGIN) {
		size_t all = len;

		while (len > 0 && text[len - 1] == ' ')
			text[--len] = '\0';
		if (s->dialogue == NULL) {
			prompt_line(c, s, text + strspn(text, " "));
			return;
		}
		dialogue_line(c, s, text + strspn(text, " "));
		explicit_bzero(text, all);
		return;
	}
	if (text[strspn(text, " ")] == '\0')
		return;
	if (s->state == SESSION_HOST) {
		host_line(c, s, text);
		return;
	}
	flood_line(c, s);
	if (!is_command(c, text) && (flood_refuses(c, s, "sent") || slip_refuses(c, s) ||
	                             slip_blanks(c, s, hides_secret(c, text)))) {
		explicit_bzero(text, len);
		return;
	}
	if (!chat_defers(c) || (is_command(c, text) && !command_is_shared(c, text + 1)))
		input_act(c, s, len);
	else if (!may_propose(c, s, text))
		return;
	else if (input_is_talk(c, text))
		act_say(c, s, text);
	else
		act_propose(c, s, ACT_LINE, text);
}

/* Handles what framing found: a finished line, or something else. False: the session has ended, so
 * no more of this input is taken. */
static bool on_line(struct chat *c, struct session *s, enum line_result result, const char *text,
                    uint64_t len)
{
	size_t kept;

	switch (result) {
	case LINE_READY:
		if (s->input.console.hold)
			emit_session(c, EFFECT_LET, s);
		if (s->state == SESSION_LOGIN && greeting_probe_line(c, s, text, (size_t)len))
			return false;
		if (line_is_keys(text, len)) {
			slip_keys(c, s);
			if (s->state == SESSION_LOGIN && s->dialogue == NULL)
				login_wrong(c, s);
			else
				session_prompt(c, s);
			break;
		}
		kept = text_sanitize(c->input.body, text, (size_t)len);
		line_taken(&s->input.line);
		/* The text that is shown and saved is what counts, even if it is longer than what was
		 * sent. */
		if (kept > len)
			rate_bytes(c, s, kept - (size_t)len);
		take_line(c, s, kept);
		break;
	case LINE_TOO_LONG:
		too_long(c, s, len);
		break;
	case LINE_INTERRUPT:
		/* The terminal's cursor is after what was typed so far. */
		emit_raw(c, s, "\r\n", 2);
		if (s->dialogue != NULL) {
			dialogue_interrupt(c, s);
			break;
		}
		emit_reply(c, s, "Interrupted: what you had begun to type is discarded. %cquit leaves the chat.",
		           c->config.command_prefix);
		session_prompt(c, s);
		break;
	case LINE_END:
		s->input.eof = true;
		break;
	case LINE_MORE:
		break;
	}
	return session_is_here(s);
}

/* Whether one more line of this input may be taken in this step. */
static bool may_go_on(const struct chat *c, const struct session *s)
{
	return session_ready(s) && c->output.arena_len < ARENA_INPUT_BYTES && emit_has_room(c);
}

/* Takes lines from *in for as long as the session may go on. False: it has ended. */
static bool take_lines(struct chat *c, struct session *s, const char **in, const char *end,
                       bool edit)
{
	while (*in < end && !s->input.eof) {
		enum line_result result;
		const char *text, *begin = *in;
		uint64_t len;

		flood_delay(c, s);
		if (!may_go_on(c, s))
			return true;
		result = line_next(&s->input.line, in, end, c->config.line_bytes_max, edit, &text, &len);
		rate_bytes(c, s, (size_t)(*in - begin));
		c->input.more = *in < end;
		if (!on_line(c, s, result, text, len))
			return false;
	}
	return true;
}

/* -- with chatd's editor ------------------------------------------------------------------------ */

/* The same for what is typed into the editor: up to the first key that may lead to more than a change of
 * the line, so that what follows it is not decoded yet. */
static size_t keys_bytes(const char *in, size_t len)
{
	size_t n = 0;

	while (n < len && n < PIECE_BYTES_MAX) {
		char byte = in[n++];

		if (byte == '\n' || byte == '\r' || byte == KEY_TAB || byte == KEY_REDRAW ||
		    byte == KEY_INTERRUPT || byte == KEY_END)
			break;
	}
	return n;
}

/* Handles a line that was entered, of len bytes. False: the session has ended. */
static bool take_entered(struct chat *c, struct session *s, const char *text, size_t len)
{
	size_t kept, echo;

	if (len > c->config.line_bytes_max) {
		editor_taken(s->input.console.editor);
		console_touch(c, s);
		too_long(c, s, len);
		return session_is_here(s);
	}
	emit_session(c, EFFECT_LET, s);
	kept = text_sanitize(c->input.body, text, len);
	editor_taken(s->input.console.editor);
	if (kept > len)
		rate_bytes(c, s, kept - len);
	echo = typing_entered(c, s, kept);
	take_line(c, s, kept);
	if (echo != TYPING_NO_ECHO)
		emit_echo_settle(c, echo);
	return session_is_here(s);
}

/* Takes decoded keys, and moves *p past them; all, unless a paste's next line has to wait for Enter to be
 * offered again. False: the session has ended. */
static bool take_keys(struct chat *c, struct session *s, const char **p, const char *end)
{
	while (*p < end && !s->input.eof && s->input.console.editor != NULL) {
		const char *text, *begin = *p;
		size_t len;
		bool begun = editor_begun(s->input.console.editor);
		enum editor_result key = editor_take(s->input.console.editor, p, end, c->config.line_bytes_max,
		                                     c->now_ms, &text, &len);

		if (key == EDITOR_LINE) {
			c->input.more |= *p == begin;
			if (!take_entered(c, s, text, len))
				return false;
			flood_delay(c, s);
			if (*p < end && !may_go_on(c, s))
				break;
			continue;
		}
		typing_key(c, s, key, begun);
		if (!session_is_here(s))
			return false;
	}
	return true;
}

/* -- telnet ------------------------------------------------------------------------------------- */

/* How many of the len bytes of input to decode at once: up to the first possible end of a line,
 * because a line that has to wait must not be decoded yet. A CR ends a line unless more of the same
 * line end may follow. */
static size_t piece_bytes(const struct session *s, const char *in, size_t len)
{
	size_t n = 0;

	while (n < len && n < PIECE_BYTES_MAX) {
		char byte = in[n++];

		if (byte == '\n' || byte == '\0')
			break;
		if (byte == '\r' && n < len && in[n] != '\n' && in[n] != '\0' &&
		    (in[n] != '\r' || s->input.line.ends == ENDS_CR))
			break;
	}
	return n;
}

/* Takes the lines of a decoded piece, which has at most one that is not empty. Whatever follows it belongs
 * to that line's end, or is more empty lines, which nobody misses. False: the session has ended. */
static bool take_piece(struct chat *c, struct session *s, const char *p, const char *end)
{
	bool said = false;

	while (p < end && !s->input.eof && (!said || may_go_on(c, s))) {
		enum line_result result;
		const char *text;
		uint64_t len;

		result = line_next(&s->input.line, &p, end, c->config.line_bytes_max, true, &text, &len);
		said |= result == LINE_TOO_LONG || (result == LINE_READY && len > 0);
		if (!on_line(c, s, result, text, len))
			return false;
	}
	return true;
}

/* Decodes a piece of a client's bytes to out; returns how many there are then. */
static size_t decode(struct chat *c, struct session *s, const char *in, size_t len, char *out)
{
	struct bytes answer = {0};
	size_t n;

	if (s->input.telnet == NULL) {
		memcpy(out, in, len);
		return len;
	}
	n = telnet_decode(s->input.telnet, in, len, out, &answer);
	if (answer.len > 0)
		emit_protocol(c, s, answer.data, answer.len);
	bytes_release(&answer);
	if (telnet_changed(s->input.telnet))
		negotiation_told(c, s);
	return n;
}

/* Nothing more of it is left than the second half of an Enter, whose first is before `in`. */
static bool is_end_of_enter(const char *in, const char *end)
{
	return end - in == 1 && in[-1] == '\r' && (*in == '\0' || *in == '\n');
}

/* Takes the bytes of a telnet client, or of one with chatd's editor, piece by piece. False: the session has
 * ended. */
static bool take_pieces(struct chat *c, struct session *s, const char **in, const char *end)
{
	char out[PIECE_BYTES_MAX];
	bool lives = true;

	while (lives && *in < end && !s->input.eof) {
		bool editor = s->input.console.editor != NULL;
		size_t len = editor ? keys_bytes(*in, (size_t)(end - *in))
		                    : piece_bytes(s, *in, (size_t)(end - *in));
		const char *p = out;
		size_t n;

		flood_delay(c, s);
		if (!may_go_on(c, s))
			break;
		n = decode(c, s, *in, len, out);
		*in += len;
		rate_bytes(c, s, len);
		c->input.more = *in < end && !is_end_of_enter(*in, end);
		if (s->input.console.editor == NULL) {
			lives = take_piece(c, s, p, out + n);
		} else {
			lives = take_keys(c, s, &p, out + n);
			/* What is left is the Enter behind a paste, which was one byte before it was decoded too. */
			if (lives && !s->input.eof)
				*in -= out + n - p;
		}
	}
	/* It may have been a password. */
	explicit_bzero(out, sizeof out);
	return lives;
}

/* Handles an IAC byte that was held back because it was the last byte of a raw client's input; next
 * is the byte that comes after it. */
static void take_held_iac(struct chat *c, struct session *s, unsigned char next)
{
	static const char iac[] = {(char)IAC};
	const char *p = iac, *text;
	struct bytes answer = {0};
	char out[1];
	uint64_t len;

	s->input.iac_held = false;
	if (next != WILL && next != DO) {
		/* No line ends with this byte; an empty one that ended before it is no matter. */
		while (p < iac + 1)
			line_next(&s->input.line, &p, iac + 1, c->config.line_bytes_max, false, &text, &len);
		return;
	}
	s->input.telnet = telnet_new();
	telnet_decode(s->input.telnet, iac, 1, out, &answer);
	bytes_release(&answer);
}

/* Takes the unfinished line at the end of the input, which counts as a line too. */
static void take_last(struct chat *c, struct session *s)
{
	const char *text;
	uint64_t len;
	enum line_result result = line_last(&s->input.line, c->config.line_bytes_max, &text, &len);

	c->input.more = false;
	if (result != LINE_MORE)
		on_line(c, s, result, text, len);
}

static void finish(struct chat *c, struct session *s)
{
	if (line_begun(&s->input.line)) {
		flood_delay(c, s);
		if (!may_go_on(c, s)) {
			/* Whatever it waits for will let it go on. If only this step has no room, the next one
			 * has. */
			if (session_ready(s))
				session_finish(c, s);
			return;
		}
		take_last(c, s);
	}
	/* A half-closed client still gets its sign-in messages, and those it has read do not come
	 * again. */
	if (!session_is_here(s) || session_waits(s) || s->replay.after != NULL || backup_owes(c, s) ||
	    (s->mail.shown != 0 && !mail_is_late(c, s)))
		return;
	if (!emit_has_room(c)) {
		session_finish(c, s);
		return;
	}
	resume_keep(c, s);
	session_end(c, s, NULL, true);
}

void input_finish(struct chat *c)
{
	struct session *s;
	size_t n;

	/* Sessions that join the list meanwhile wait for the next step. */
	DL_COUNT2(c->people.finishing, s, n, input.next);
	for (; n > 0 && (s = c->people.finishing) != NULL; n--) {
		DL_DELETE2(c->people.finishing, s, input.prev, input.next);
		s->input.finishing = false;
		finish(c, s);
	}
}

int64_t input_due_ms(const struct chat *c)
{
	return c->people.finishing != NULL ? c->now_ms : INT64_MAX;
}

void input_bytes(struct chat *c, struct event *e)
{
	struct session *s = chat_session(c, e->conn);
	const char *in = e->bytes.data, *end = in + e->bytes.len;
	bool lives = true;

	e->bytes.taken = e->bytes.len;
	if (s == NULL || c->stopping || in == end || s->input.eof)
		return;
	if (!session_ready(s)) {
		e->bytes.taken = 0;
		return;
	}
	if (!s->input.heard && greeting_probe(c, s, in, e->bytes.len))
		return;
	if (s->input.iac_held)
		take_held_iac(c, s, (unsigned char)*in);
	if (s->input.telnet == NULL) {
		enum telnet_sign sign = telnet_sign(in, (size_t)(end - in));

		if (sign == TELNET_YES)
			s->input.telnet = telnet_new();
		else if (sign == TELNET_MAYBE)
			end--;
		if (sign != TELNET_YES && s->input.console.editor == NULL)
			lives = take_lines(c, s, &in, end, false);
		if (lives && sign == TELNET_MAYBE && in == end) {
			s->input.iac_held = true;
			in++;
		}
	}
	if (lives && (s->input.telnet != NULL || s->input.console.editor != NULL))
		lives = take_pieces(c, s, &in, end);
	if (!lives)
		return;
	if (s->input.eof) {
		/* A ctrl-D ended the input: whatever follows it is dropped. */
		session_finish(c, s);
		return;
	}
	e->bytes.taken = (size_t)(in - e->bytes.data);
	if (e->bytes.taken < e->bytes.len && session_ready(s))
		emit_session(c, EFFECT_RESUME, s);
}

void input_eof(struct chat *c, struct session *s)
{
	s->input.eof = true;
	greeting_now(c, s);
	if (s->input.iac_held)
		take_held_iac(c, s, 0);
	session_finish(c, s);
}
