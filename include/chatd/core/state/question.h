/*
 * Questions to the store or the program: what was asked, for which session, and what handles the
 * answer.
 *
 * An answer of the store finds its question by the connection that asked and its number, and by
 * nothing else; one of the program (EVENT_RELOADED, EVENT_FIGURES) or the server (EVENT_ARRIVED), which
 * comes at once, by its kind.
 * If the asker is gone, has left the room that the question was about, or already has its answer, there
 * is no question any more and the answer is dropped. If the account that it was about has changed
 * meanwhile (its password, or it is another one of the same name), the asker learns so and the answer
 * is not looked at.
 */
#ifndef CHATD_CORE_STATE_QUESTION_H
#define CHATD_CORE_STATE_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/people/account.h"

struct bytes;
struct chat;
struct session;

struct question;

/* What handles the answer e (EVENT_ROWS, EVENT_RELOADED, EVENT_FIGURES or EVENT_ARRIVED). s: the
 * session that asked; `then` may end it, ask again, or move it to another room. */
typedef void question_then(struct chat *c, struct session *s, struct question *q,
                           const struct event *e);

/*
 * Questions the answer to which changes what all nodes of a cluster share. The asker's node asks its store, and the
 * answer is an act (ACT_ANSWER) with all that `then` needs, for a node may have started since the question was asked.
 */
struct shared_question {
	const char *name;        /* in the act */
	question_then *then;
	void (*put)(const struct question *q, struct bytes *b); /* writes q->data as fields, */
	bool (*get)(struct chat *c, struct question *q, const char *fields); /* and makes it of them. False: what it is
	                          * about is gone */
	bool (*quotes)(const struct question *q); /* whether `then` looks at what the line says, which otherwise is not in
	                          * the act; NULL: it does */
};

struct question {
	uint64_t number;         /* never used again; an answer to a query names it */
	struct session *session; /* that asked; NULL: the server itself (a backup) */
	enum event_kind answer;  /* of what kind the answer is */
	question_then *then;
	bool holds;              /* the asker's input waits for it */
	bool in_room;            /* it is about the room where the asker is, and void once it has left */
	const struct shared_question *shared; /* NULL: what comes of the answer concerns the asker's node alone */
	struct account_ref account; /* it is void once this account has changed; of none: key NULL */
	void *data;              /* what else `then` needs; NULL: nothing */
	void (*free_data)(void *data); /* is called with it at the question's end; NULL: it is nobody's
	                          * to free */
	struct query *later;     /* owned; is asked at due_ms, which is in questions.delayed; NULL: it is on
	                          * its way */
	int64_t due_ms;          /* the same of one to another node: when it is given up; otherwise 0 */
	struct question *prev, *next; /* in session->questions, or questions.own */
	struct question *later_prev, *later_next; /* in questions.delayed, or questions.told */
};

/* Part of struct chat. */
struct questions {
	struct question *own;    /* owned; the server's own */
	struct question *delayed; /* questions that wait before they are asked, the next first */
	struct question *told;   /* those to other nodes, the oldest first: after due_ms there is no answer */
	uint64_t number;         /* newest number of a question */
};

/* A question of s (NULL: the server's own) that is about to be asked; s waits for the answer
 * unless `holds` is taken back. The fields behind `then` are the caller's to fill, before it asks. */
struct question *question_new(struct chat *c, struct session *s, question_then *then);
/* It is void once a has changed. NULL: there is no such account, and the answer is no secret. */
void question_about(struct question *q, const struct account *a);
/* Asks the store: fills in the query's number, connection and share. */
void question_ask(struct chat *c, struct question *q, struct query query);
/* The same in delay_ms, if that is more than 0. */
void question_ask_in(struct chat *c, struct question *q, struct query query, int64_t delay_ms);
/* Asks the program; kind: EFFECT_RELOAD or EFFECT_FIGURES, answered by the event `answer`. */
void question_ask_program(struct chat *c, struct question *q, enum effect_kind kind,
                          enum event_kind answer, const char *text);
/* Asks the server what has arrived at a connection; answered by EVENT_ARRIVED. */
void question_ask_arrived(struct chat *c, struct question *q, struct conn_id about);

/* Asks another node: "NODE TEXT" is for EFFECT_TELL. Answered by EVENT_TOLD; by EVENT_UNHEARD if nobody has heard it, or
 * has answered after TELL_ANSWER_MS. */
enum { TELL_ANSWER_MS = 5000 };
void question_tell(struct chat *c, struct question *q, const char *text);
/* One whose time is over; NULL: none. */
struct question *question_untold(const struct chat *c);
/* The question of s with that number, for answers of that kind; NULL: none any more. */
struct question *question_numbered(const struct session *s, enum event_kind answer, uint64_t number);

/* The question that the event answers; NULL: none any more. */
struct question *question_of(struct chat *c, const struct event *e);
/* Its answer has come: takes it off the list. The caller frees it. */
void question_take(struct chat *c, struct question *q);
void question_free(struct question *q);

/* Drops the questions of s, which is gone; or those about its room, which it leaves. */
void question_drop_all(struct chat *c, struct session *s);
void question_drop_room(struct chat *c, struct session *s);
/* The end of the chat: the server's own. */
void questions_free(struct chat *c);

/* Those that waited before they were asked. */
void question_tick(struct chat *c);
int64_t question_due_ms(const struct chat *c);

#endif
