/*
 * What the engine's thread tells the loop: one allocation for each message, and for each answer of Redis,
 * however many acts it has.
 */
#ifndef CHATD_CLUSTER_NEWS_H
#define CHATD_CLUSTER_NEWS_H

#include "chatd/base/bytes.h"
#include "chatd/base/inbox.h"
#include "chatd/cluster/engine.h"
#include "chatd/cluster/stream_id.h"

struct news {
	struct message message; /* first: what the inbox links */
	enum engine_event_kind kind;
	uint64_t incarnation;   /* of READY, LEASE_OVER, LEASE_LOST */
	uint32_t acts;          /* of ACT: how many */
	size_t at;              /* the loop: of the first act in text that it has not taken */
	struct bytes text;      /* the cluster's id, a node, a reason or a text, with its NUL; or acts */
};

struct news *news_new(enum engine_event_kind kind);
void news_free(struct news *n);

/* Adds an act to news of kind ACT. */
void news_act(struct news *n, struct stream_id id, const char *text, size_t bytes);

/* The event that it is; of acts, the first one, and each call takes one. False: all were taken. What
 * out points to is valid until news_free. */
bool news_event(struct news *n, struct engine_event *out);

#endif
