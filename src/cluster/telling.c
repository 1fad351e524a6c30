/*
 * Publishing, and being told.
 *
 * PUBLISH answers how many listen, which is one or none. A text that was sent when a session ends may have been
 * heard, so nothing is said of it. What comes is from other nodes, or from whoever may write to Redis.
 */
#include "chatd/cluster/telling.h"

#include "chatd/cluster/expecting.h"
#include "chatd/cluster/outcome.h"

#include <string.h>

bool telling_has_work(struct engine_thread *t)
{
	return atomic_load(&t->e->texts.ours.mailbox.newest);
}

/* -- ours -------------------------------------------------------------------------------------------- */

static void unheard(struct engine_thread *t, struct news *tell)
{
	inbox_post(&t->e->texts.inbox, &tell->message);
}

static void publish(struct engine_thread *t, const struct news *tell)
{
	char channel[KEY_BYTES];
	keys_channel(channel, &t->e->keys, tell_node(tell));
	wire_command(&t->writer, "PUBLISH", channel, tell_text(tell), NULL);
}

static void batch_send(struct engine_thread *t)
{
	struct tells *l = &t->tells;
	size_t bytes = 0;
	for (; l->open && l->sent < TELLS_BATCH_MAX; l->open = tell_next(l->open), l->sent++) {
		bytes += l->open->text.len;
		if (l->sent > 0 && bytes > TELLS_BATCH_BYTES_MAX)
			break;
		publish(t, l->open);
	}
	expect(t, EXPECT_HEARD);
}

void telling_turn(struct engine_thread *t, int64_t now_ms)
{
	tells_take(&t->tells, &t->e->texts.ours);
	if (t->tells.open && t->tells.sent == 0)
		batch_send(t);
	if (t->listener.unanswered == 0 && now_ms >= t->asks.ping_ms) {
		wire_command(&t->listener, "PING", NULL);
		t->asks.ping_ms = now_ms + t->e->times.block;
	}
}

void telling_on_heard(struct engine_thread *t, const redisReply *r)
{
	struct news *tell = tells_first(&t->tells);
	if (r->type == REDIS_REPLY_INTEGER && r->integer > 0)
		tells_done(&t->e->texts.ours, tell);
	else
		unheard(t, tell);
}

void telling_refuse(struct engine_thread *t)
{
	tells_take(&t->tells, &t->e->texts.ours);
	tells_drop_sent(&t->tells, &t->e->texts.ours);
	while (t->tells.first)
		unheard(t, tells_first(&t->tells));
}

/* -- theirs ------------------------------------------------------------------------------------------ */

/* What is no text, or one too many, is dropped. */
static void text_take(struct engine_thread *t, const redisReply *text)
{
	if (text->type != REDIS_REPLY_STRING || text->len == 0 || text->len > TELL_BYTES_MAX ||
	    memchr(text->str, '\0', text->len))
		return;
	if (atomic_load(&t->e->texts.n) >= TELLS_WAITING_MAX ||
	    atomic_load(&t->e->texts.bytes) + text->len + 1 > TELLS_WAITING_BYTES_MAX)
		return;
	struct news *told = news_new(ENGINE_TOLD);
	bytes_append(&told->text, text->str, text->len + 1);
	atomic_fetch_add(&t->e->texts.n, 1);
	atomic_fetch_add(&t->e->texts.bytes, told->text.len);
	inbox_post(&t->e->texts.inbox, &told->message);
}

enum outcome telling_on_message(struct engine_thread *t, const redisReply *r)
{
	if (r->type == REDIS_REPLY_ERROR)
		return outcome_error(t, r->str);
	if (wire_is_message(r)) {
		text_take(t, r->element[2]);
		return OUTCOME_OK;
	}
	/* The answer to PING, while one listens. */
	if (r->type == REDIS_REPLY_ARRAY && r->elements == 2 && r->element[0]->type == REDIS_REPLY_STRING &&
	    strcmp(r->element[0]->str, "pong") == 0)
		return OUTCOME_OK;
	return outcome_unexpected(t, "SUBSCRIBE");
}
