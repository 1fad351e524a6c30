/*
 * The effects: what commands and rooms call, so that nothing calls back up
 * into chat.c.
 *
 * Text goes to the arena; pieces sent to one session in a row become one SEND.
 */
#ifndef CHATD_CORE_STATE_EMIT_H
#define CHATD_CORE_STATE_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/core/event.h"
#include "chatd/core/state/cluster.h"

struct chat;
struct session;
struct room;

/* Part of struct chat: what is saved, by the numbers of records. */
struct records {
	uint64_t seq;               /* of the newest record */
	uint64_t line_seq;          /* of the newest line, its id, or that deletes one */
	uint64_t stored_seq;        /* up to which all is saved */
};

/* Part of struct chat: the effects of this step. */
struct output {
	struct effect *effects;     /* owned; EFFECTS_MAX + EFFECTS_ROWS_MAX + chat.people.nslots,
	                             * n of them in use */
	size_t n;
	char *arena;                /* owned; ARENA_BYTES; text of the effects */
	size_t arena_len;
	bool secret;                /* the arena has a password or a code in it: it is cleared */
};

/* One more input line may be handled in this step: there is room for all that it can cause. */
bool emit_has_room(const struct chat *c);

/* Like emit_has_room, for loops that change what all nodes share: it must say the same on all of them, whatever is
 * sent to people. What is left goes on in further steps, before the next act. */
bool act_has_room(struct chat *c);

/* A reply: "-- " and the text and a line end. What does not fit a row of WRAP_COLUMNS goes on in
 * further rows, indented. */
void emit_reply(struct chat *c, const struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for a row of a list, or a help text, whose further rows are indented by so much (up to
 * WRAP_INDENT_MAX). 0 is for texts of chatd's own alone: in a row that is not indented, what somebody
 * wrote would pass for a reply. */
void emit_rows(struct chat *c, const struct session *s, int indent, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What views need to know of a line of that kind; nick: whoever speaks (NULL: nobody). */
struct line_info emit_info(enum line_kind kind, int64_t at_ms, const char *nick);

/* A line as it is, and a line end. */
void emit_line(struct chat *c, const struct session *s, struct line_info info, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A line for s that stays only if nothing comes of it but replies: what s has typed, which comes back by itself if
 * it is said. Returns which effect it is, for emit_echo_settle, to be called in the same step once it is known
 * what came of it. */
size_t emit_echo(struct chat *c, const struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void emit_echo_settle(struct chat *c, size_t at);

/* Both for what s has not asked for: while s holds lines (/hold) it waits with them. A line; and a reply. */
void emit_told(struct chat *c, const struct session *s, struct line_info info, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void emit_notice(struct chat *c, const struct session *s, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Text as it is: the banner, prompts. */
void emit_raw(struct chat *c, const struct session *s, const char *p, size_t n);

/* Bytes that are no text: telnet's protocol. */
void emit_protocol(struct chat *c, const struct session *s, const char *p, size_t n);

/* "-- " and the text to every connection. */
void emit_all(struct chat *c, const char *text);

/* A line for a room. */
struct published {
	const char *line;           /* without its end */
	size_t len;
	struct line_info info;      /* what kind of line */
	uint64_t seq;               /* its record; 0: it has none, and is seen in its turn */
	const struct session *from; /* whose doing it is: the line is not for them, unless it is theirs and
	                             * they have an editor, from which it has just gone; NULL: nobody's */
	bool words;                 /* it has words of theirs, so it is not for people who ignore them */
};

/* To everybody in the room whom it is for. */
void emit_publish(struct chat *c, struct room *r, const struct published *p);

/* Shows what s is typing: a prompt and the line behind it, with the cursor so many bytes into the line.
 * clear: the screen is cleared first. */
void emit_input(struct chat *c, const struct session *s, const char *prompt, const char *line,
                size_t len, size_t cursor, bool clear);
/* One of EFFECT_WATCH, EFFECT_WATCH_RELEASE and EFFECT_UNWATCH; told: what s is told about that, or NULL. */
void emit_watch(struct chat *c, enum effect_kind kind, const struct session *s, const struct room *r,
                const char *told);

/* EFFECT_CUT with that reply ("": none). */
void emit_cut(struct chat *c, const struct session *s, const char *reply);

/* s has a view from here on, or another style of it. */
void emit_view(struct chat *c, const struct session *s, const struct view_style *style);

/* Marks the line last published to r, which s is in or watches, as one that mentions s, which has a view. */
void emit_mark(struct chat *c, const struct session *s, const struct room *r);

/* Shows what was published so far, saved or not. */
void emit_show(struct chat *c);

void emit_subscribe(struct chat *c, const struct session *s, const struct room *r);

/* s no longer reads its feed. missing: the reply it gets in place of lines that it read too slowly. */
void emit_unsubscribe(struct chat *c, const struct session *s, const char *missing, ...)
	__attribute__((format(printf, 3, 4)));

/* An effect of the kind that only names a session: RELEASE, RESUME, CLOSE. */
void emit_session(struct chat *c, enum effect_kind kind, const struct session *s);
/* EFFECT_DROP of a connection whose session is over. */
void emit_drop(struct chat *c, struct conn_id conn);

/* Appends a record; its strings are copied to the arena. Returns its seq. */
uint64_t emit_append(struct chat *c, struct record r);

/* Keeps a fact (value "": removes it); the strings are copied to the arena. */
void emit_fact(struct chat *c, enum fact_kind kind, const char *key, const char *value);

/* A moderation action or change by s can be saved (chat_can_save); otherwise s has been told. */
bool emit_can_save(struct chat *c, const struct session *s);

/* Whose share of the audit the moderation actions of s are in: 0 for moderators, administrators and the
 * host, whose actions stay as long as the database; otherwise a number of their account alone. */
enum { AUDIT_SHARE_OTHERS = 1 }; /* of chatd itself, and of people without an account */
uint64_t emit_audit_share(const struct session *s);

/* Records a moderation action: what was done, as a phrase without a subject ("made bob an
 * administrator"), and what it changed, as data that can take it back (undo.h; "": nothing can), with the time at which the
 * account of s was made ("actor"). Returns its number, which /undo takes; in a
 * cluster, 0 for what is done to this node alone. It goes to the server's log
 * too, as emit_security, with the last command of s as the event. */
uint64_t emit_audit(struct chat *c, const struct session *s, const char *undo, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* ACT_AUDIT: of something that was done to one node alone. */
void audit_apply(struct chat *c, const char *fields);

/* The same for what chatd does by itself. */
void emit_own_action(struct chat *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * A line for the server's log, in the form that docs/admin.md describes and a jail of fail2ban can
 * read:
 *
 *	security: EVENT address=192.0.2.7 name=bob account=alice: what happened
 *
 * event is one word ("failed-sign-in"); s did it, or tried. "-" stands for what is not known; "host"
 * for the address of people who came over a unix socket. Event, name and account have no blanks, so
 * nobody can forge a field; what happened may say anything, in one line.
 */
void emit_security(struct chat *c, const struct session *s, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same about another account than the one that s is signed in to: the one it wanted. */
void emit_security_about(struct chat *c, const struct session *s, const char *event,
                         const char *account, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same for a connection that was refused and so has no session: event "refused". */
void emit_refused(struct chat *c, const struct address *from, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Asks the program for something (RELOAD, FIGURES), and EFFECT_STOP; the text is copied to the
 * arena. */
void emit_program(struct chat *c, enum effect_kind kind, const struct session *s, const char *text);
/* Asks the server what has arrived at `about`; s gets the answer. */
void emit_arrived(struct chat *c, const struct session *s, struct conn_id about);
void emit_stop(struct chat *c, const char *why);
/* EFFECT_DONE; the text is copied to the arena. */
void emit_done(struct chat *c, const char *text, size_t len);
/* Proposes an act of s (NULL: of the node itself; cluster.h). s waits until it is applied. */
void act_propose(struct chat *c, struct session *s, enum act_kind kind, const char *text);
/* The same for a line that is no command: s need not wait for it. */
void act_say(struct chat *c, struct session *s, const char *text);
/* The act as it goes to all nodes; the text is copied to the arena. */
void emit_propose(struct chat *c, const char *text, size_t len);
/* "NODE TEXT" for one other node, past the acts. */
void emit_tell(struct chat *c, const char *text, size_t len);

/* Asks the history; the strings are copied to the arena. */
void emit_query(struct chat *c, struct query q);

#endif
