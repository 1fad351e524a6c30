/*
 * Messages to the loop, and acts packed one behind the other.
 */
#include "chatd/cluster/news.h"

#include <stdlib.h>
#include <string.h>

/* What an act begins with in the text; its id and its text follow, each with a NUL. */
struct packed {
	int64_t at_ms;
	uint32_t id_bytes;
	uint32_t bytes;
};

struct news *news_new(enum engine_event_kind kind)
{
	struct news *n = mem_zero(1, sizeof(*n));
	n->kind = kind;
	return n;
}

void news_free(struct news *n)
{
	if (!n)
		return;
	bytes_release(&n->text);
	free(n);
}

void news_act(struct news *n, struct stream_id id, const char *text, size_t bytes)
{
	char id_text[STREAM_ID_BYTES];
	stream_id_text(id_text, id);
	struct packed p = { .at_ms = (int64_t)id.ms, .id_bytes = (uint32_t)strlen(id_text),
	                    .bytes = (uint32_t)bytes };
	bytes_append(&n->text, &p, sizeof(p));
	bytes_append(&n->text, id_text, p.id_bytes + 1);
	bytes_append(&n->text, text, bytes);
	bytes_append(&n->text, "", 1);
	n->acts++;
}

static bool act_next(struct news *n, struct engine_act *act)
{
	struct packed p;
	if (n->at == n->text.len)
		return false;
	memcpy(&p, n->text.data + n->at, sizeof(p));
	act->id = n->text.data + n->at + sizeof(p);
	act->text = act->id + p.id_bytes + 1;
	act->bytes = p.bytes;
	act->at_ms = p.at_ms;
	n->at += sizeof(p) + p.id_bytes + 1 + p.bytes + 1;
	return true;
}

bool news_event(struct news *n, struct engine_event *out)
{
	const char *text = n->text.data;
	*out = (struct engine_event){ .kind = n->kind, .incarnation = n->incarnation };
	switch (n->kind) {
	case ENGINE_ACT:
		return act_next(n, &out->act);
	case ENGINE_READY:
		out->cluster = text;
		break;
	case ENGINE_LEASE_OVER:
		out->node = text;
		break;
	case ENGINE_AWAY:
	case ENGINE_FATAL:
		out->reason = text;
		break;
	case ENGINE_TOLD:
	case ENGINE_UNHEARD:
		out->text = text;
		break;
	case ENGINE_CAUGHT_UP:
	case ENGINE_BACK:
	case ENGINE_LEASE_LOST:
		break;
	}
	if (n->at > 0)
		return false;
	n->at = 1; /* taken */
	return true;
}
