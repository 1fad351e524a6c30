/* Questions. Owns struct question; each is freed in one place (question_free). */

#include "chatd/core/state/question.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/exempt.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static struct question **list_of(struct chat *c, const struct question *q)
{
	return q->session != NULL ? &q->session->questions : &c->questions.own;
}

struct question *question_new(struct chat *c, struct session *s, question_then *then)
{
	struct question *q = mem_zero(1, sizeof *q), **list;

	q->number = ++c->questions.number;
	q->session = s;
	q->answer = EVENT_ROWS;
	q->then = then;
	q->holds = s != NULL;
	list = list_of(c, q);
	DL_APPEND(*list, q);
	return q;
}

void question_about(struct question *q, const struct account *a)
{
	account_ref_set(&q->account, a);
}

/* People at one address are served as one. Many people share an exempt address (a proxy), or this host:
 * there each is served alone. */
static uint64_t share_of(const struct chat *c, const struct session *s)
{
	if (s == NULL)
		return 0;
	return exempt_is(c, &s->from) ? (uint64_t)s->id.slot * 2 + 1 : s->origin->number * 2;
}

static void fill_in(struct chat *c, const struct question *q, struct query *query)
{
	query->number = q->number;
	query->share = share_of(c, q->session);
	if (q->session != NULL)
		query->conn = q->session->id;
}

/* Somebody on another node is answered there. */
static bool is_asked_elsewhere(const struct question *q)
{
	return q->session != NULL && person_is_remote(q->session);
}

void question_ask(struct chat *c, struct question *q, struct query query)
{
	if (is_asked_elsewhere(q))
		return;
	fill_in(c, q, &query);
	emit_query(c, query);
}

/* A copy, with its strings after it in the same block. */
static struct query *query_copy(const struct query *query)
{
	struct query whole = *query, *copy;
	const char **string[QUERY_STRINGS_MAX];
	size_t n = query_strings(&whole, string), bytes = 0;
	char *text;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(*string[i]) + 1;
	copy = mem_alloc(sizeof *copy + bytes);
	text = (char *)(copy + 1);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(*string[i]) + 1;

		*string[i] = memcpy(text, *string[i], len);
		text += len;
	}
	*copy = whole;
	return copy;
}

static void query_free(struct query *query)
{
	const char **string[QUERY_STRINGS_MAX];
	size_t n;

	if (query == NULL)
		return;
	/* It may have a password in it. */
	n = query_strings(query, string);
	for (size_t i = 0; i < n; i++)
		explicit_bzero((char *)(uintptr_t)*string[i], strlen(*string[i]));
	free(query);
}

static int by_due(const struct question *a, const struct question *b)
{
	return a->due_ms < b->due_ms ? -1 : a->due_ms > b->due_ms;
}

void question_ask_in(struct chat *c, struct question *q, struct query query, int64_t delay_ms)
{
	if (delay_ms <= 0 || is_asked_elsewhere(q)) {
		question_ask(c, q, query);
		return;
	}
	fill_in(c, q, &query);
	q->later = query_copy(&query);
	q->due_ms = c->now_ms + delay_ms;
	DL_APPEND2(c->questions.delayed, q, later_prev, later_next);
	DL_SORT2(c->questions.delayed, by_due, later_prev, later_next);
}

void question_ask_program(struct chat *c, struct question *q, enum effect_kind kind,
                          enum event_kind answer, const char *text)
{
	q->answer = answer;
	if (!is_asked_elsewhere(q))
		emit_program(c, kind, q->session, text);
}

void question_ask_arrived(struct chat *c, struct question *q, struct conn_id about)
{
	q->answer = EVENT_ARRIVED;
	if (!is_asked_elsewhere(q))
		emit_arrived(c, q->session, about);
}

void question_tell(struct chat *c, struct question *q, const char *text)
{
	q->answer = EVENT_TOLD;
	q->due_ms = c->now_ms + TELL_ANSWER_MS;
	DL_APPEND2(c->questions.told, q, later_prev, later_next);
	emit_tell(c, text, strlen(text));
}

struct question *question_untold(const struct chat *c)
{
	struct question *q = c->questions.told;

	return q != NULL && q->due_ms <= c->now_ms ? q : NULL;
}

struct question *question_numbered(const struct session *s, enum event_kind answer, uint64_t number)
{
	struct question *q;

	DL_FOREACH(s->questions, q)
		if (q->answer == answer && q->number == number)
			break;
	return q;
}

/* -- answers ---------------------------------------------------------------------------- */

struct question *question_of(struct chat *c, const struct event *e)
{
	struct session *s = chat_session(c, e->conn);
	struct question *q;

	if (s != NULL)
		DL_FOREACH(s->questions, q)
			if (q->answer == e->kind && q->later == NULL &&
			    (e->kind != EVENT_ROWS || q->number == e->rows->number))
				return q;
	if (e->kind == EVENT_ROWS)
		DL_FOREACH(c->questions.own, q)
			if (q->number == e->rows->number)
				return q;
	return NULL;
}

void question_take(struct chat *c, struct question *q)
{
	struct question **list = list_of(c, q);

	if (q->later != NULL)
		DL_DELETE2(c->questions.delayed, q, later_prev, later_next);
	if (q->answer == EVENT_TOLD)
		DL_DELETE2(c->questions.told, q, later_prev, later_next);
	DL_DELETE(*list, q);
}

void question_free(struct question *q)
{
	if (q->free_data != NULL)
		q->free_data(q->data);
	account_ref_clear(&q->account);
	query_free(q->later);
	free(q);
}

static void drop(struct chat *c, struct question *q)
{
	question_take(c, q);
	question_free(q);
}

void question_drop_all(struct chat *c, struct session *s)
{
	while (s->questions != NULL)
		drop(c, s->questions);
}

void question_drop_room(struct chat *c, struct session *s)
{
	struct question *q, *next;

	DL_FOREACH_SAFE(s->questions, q, next)
		if (q->in_room)
			drop(c, q);
}

void questions_free(struct chat *c)
{
	while (c->questions.own != NULL)
		drop(c, c->questions.own);
}

/* -- time -------------------------------------------------------------------------------- */

void question_tick(struct chat *c)
{
	while (c->questions.delayed != NULL && c->questions.delayed->due_ms <= c->now_ms && emit_has_room(c)) {
		struct question *q = c->questions.delayed;
		struct query *query = q->later;

		DL_DELETE2(c->questions.delayed, q, later_prev, later_next);
		q->later = NULL;
		q->due_ms = 0;
		emit_query(c, *query);
		c->output.secret = true;
		query_free(query);
	}
}

int64_t question_due_ms(const struct chat *c)
{
	int64_t delayed_ms = c->questions.delayed != NULL ? c->questions.delayed->due_ms : INT64_MAX;
	int64_t told_ms = c->questions.told != NULL ? c->questions.told->due_ms : INT64_MAX;

	return delayed_ms < told_ms ? delayed_ms : told_ms;
}
