/*
 * Texts that wait, in a list.
 */
#include "chatd/cluster/tells.h"

#include "chatd/base/bounds.h"

#include <assert.h>
#include <string.h>

bool tells_post(struct tells_posted *p, const char *node, const char *text, size_t bytes)
{
	size_t node_bytes = strlen(node) + 1, all = bytes + 1 + node_bytes;
	if (atomic_load(&p->n) >= TELLS_MAX || atomic_load(&p->bytes) + all > TELLS_BYTES_MAX)
		return false;
	struct news *tell = news_new(ENGINE_UNHEARD);
	bytes_append(&tell->text, text, bytes);
	bytes_append(&tell->text, "", 1);
	bytes_append(&tell->text, node, node_bytes);
	atomic_fetch_add(&p->n, 1);
	atomic_fetch_add(&p->bytes, all);
	mailbox_post(&p->mailbox, &tell->message);
	return true;
}

void tells_done(struct tells_posted *p, struct news *tell)
{
	atomic_fetch_sub(&p->bytes, tell->text.len);
	atomic_fetch_sub(&p->n, 1);
	news_free(tell);
}

void tells_take(struct tells *l, struct tells_posted *p)
{
	struct message *next;
	for (struct message *m = mailbox_take(&p->mailbox); m; m = next) {
		struct news *tell = (struct news *)m;
		next = m->next;
		m->next = NULL;
		if (l->last)
			l->last->message.next = m;
		else
			l->first = tell;
		l->last = tell;
		l->open = l->open ? l->open : tell;
	}
}

struct news *tells_first(struct tells *l)
{
	struct news *tell = l->first;
	assert(tell);
	if (l->sent > 0)
		l->sent--;
	else
		l->open = tell_next(tell);
	l->first = tell_next(tell);
	if (!l->first)
		l->last = NULL;
	return tell;
}

void tells_drop_sent(struct tells *l, struct tells_posted *p)
{
	while (l->sent > 0)
		tells_done(p, tells_first(l));
}

void tells_drop_all(struct tells *l, struct tells_posted *p)
{
	tells_take(l, p);
	while (l->first)
		tells_done(p, tells_first(l));
}

const char *tell_text(const struct news *tell)
{
	return tell->text.data;
}

const char *tell_node(const struct news *tell)
{
	return tell->text.data + strlen(tell->text.data) + 1;
}
