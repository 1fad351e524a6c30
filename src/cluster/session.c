/*
 * What is asked before anything else: whether Redis keeps what it answers for, whose stream this is, and whether
 * it still has everything that follows on what this node has read.
 */
#include "chatd/cluster/session.h"

#include "chatd/cluster/ask.h"
#include "chatd/cluster/expecting.h"
#include "chatd/cluster/extent.h"
#include "chatd/cluster/lease.h"
#include "chatd/cluster/observing.h"
#include "chatd/cluster/outcome.h"
#include "chatd/cluster/settings.h"
#include "chatd/cluster/telling.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum {
	READ_FIRST = 64,        /* entries that are asked for first: their size is not known */
	NUMBER_BYTES = 24,      /* of a number's text */
	VALUE_BYTES = 64,       /* of what is read from a key, which is cut there */
};

/* -- the connections --------------------------------------------------------------------- */

static enum outcome hello(struct engine_thread *t, struct wire *w)
{
	char number[NUMBER_BYTES];
	enum outcome outcome = ask_connection(t, w);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (t->e->password) {
		if (!wire_auth(w, t->e->user, t->e->password))
			return outcome_lost(t, w);
		if ((outcome = ask_done(t, w)) != OUTCOME_OK)
			return outcome;
	}
	snprintf(number, sizeof(number), "%" PRIu32, t->e->options.database);
	wire_command(w, "SELECT", number, NULL);
	return ask_done(t, w);
}

static void settings_ask(struct wire *w)
{
	uint32_t words = 2;
	for (const char *const *s = settings_asked; *s; s++)
		words++;
	wire_begin(w, words);
	wire_word(w, "CONFIG", 6);
	wire_word(w, "GET", 3);
	for (const char *const *s = settings_asked; *s; s++)
		wire_word(w, *s, strlen(*s));
}

enum outcome engine_session_on_settings(struct engine_thread *t, const redisReply *r)
{
	char why[ENGINE_WHY_BYTES_MAX];
	t->asks.settings = false;
	if (settings_check(r, t->e->options.sync, why, sizeof(why)))
		return OUTCOME_OK;
	return outcome_set(t, OUTCOME_REFUSED, "%s", why);
}

void engine_session_recheck(struct engine_thread *t, int64_t now_ms)
{
	if (t->asks.settings || now_ms < t->asks.settings_ms)
		return;
	settings_ask(&t->writer);
	expect(t, EXPECT_SETTINGS);
	t->asks.settings = true;
	t->asks.settings_ms = now_ms + t->e->times.lease;
}

static enum outcome check_settings(struct engine_thread *t)
{
	char why[ENGINE_WHY_BYTES_MAX];
	struct wire *w = &t->writer;
	redisReply *r;
	wire_command(w, "INFO", "server", NULL);
	enum outcome outcome = ask_reply(t, w, &r);
	if (outcome != OUTCOME_OK)
		return outcome;
	bool ok = settings_check_version(r->str ? r->str : "", r->len, why, sizeof(why));
	freeReplyObject(r);
	if (!ok)
		return outcome_set(t, OUTCOME_REFUSED, "%s", why);
	settings_ask(w);
	if ((outcome = ask_reply(t, w, &r)) != OUTCOME_OK)
		return outcome;
	outcome = engine_session_on_settings(t, r);
	freeReplyObject(r);
	return outcome;
}

/* -- whose stream it is -------------------------------------------------------------------- */

/* Sets a key unless there is one, and reads it. */
static enum outcome agree(struct engine_thread *t, const char *key, const char *value, char found[VALUE_BYTES])
{
	wire_command(&t->writer, "SET", key, value, "NX", NULL);
	wire_command(&t->writer, "GET", key, NULL);
	enum outcome outcome = ask_done(t, &t->writer);
	return outcome == OUTCOME_OK ? ask_text(t, &t->writer, found, VALUE_BYTES) : outcome;
}

static enum outcome stream_is_gone(struct engine_thread *t)
{
	char id[STREAM_ID_BYTES];
	return outcome_set(t, OUTCOME_FATAL, "Redis has no stream %s, but this node has read it up to %s: Redis was "
	                   "started without its file, or emptied, or `cluster` names another one. Stop all nodes and "
	                   "restore its appendonlydir; chatd never begins such a cluster again by itself.",
	                   t->e->keys.stream, stream_id_text(id, t->reading.at));
}

/* Gives a new cluster its id. */
static enum outcome cluster_make(struct engine_thread *t, char found[VALUE_BYTES])
{
	unsigned char random[(CLUSTER_ID_BYTES - 1) / 2];
	char id[CLUSTER_ID_BYTES];
	redisReply *r;
	if (t->known.cluster[0] != '\0' || t->reading.at.ms != 0)
		return stream_is_gone(t);
	wire_command(&t->writer, "EXISTS", t->e->keys.stream, NULL);
	enum outcome outcome = ask_reply(t, &t->writer, &r);
	if (outcome != OUTCOME_OK)
		return outcome;
	bool exists = r->type != REDIS_REPLY_INTEGER || r->integer != 0;
	freeReplyObject(r);
	if (exists)
		return outcome_set(t, OUTCOME_FATAL, "Redis has a key %s that is not chatd's, for there is no %s: choose "
		                   "another database or stream for this cluster.", t->e->keys.stream, t->e->keys.id);
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return outcome_set(t, OUTCOME_AWAY, "The host gives no random numbers.");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(id + 2 * i, 3, "%02x", random[i]);
	return agree(t, t->e->keys.id, id, found);
}

static enum outcome check_cluster(struct engine_thread *t)
{
	char found[VALUE_BYTES], format[NUMBER_BYTES];
	wire_command(&t->writer, "GET", t->e->keys.id, NULL);
	enum outcome outcome = ask_text(t, &t->writer, found, sizeof(found));
	if (outcome == OUTCOME_OK && found[0] == '\0')
		outcome = cluster_make(t, found);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (strlen(found) != CLUSTER_ID_BYTES - 1 || strspn(found, "0123456789abcdef") != CLUSTER_ID_BYTES - 1)
		return outcome_set(t, OUTCOME_FATAL, "Redis's key %s is not chatd's: choose another database or stream "
		                   "for this cluster.", t->e->keys.id);
	if (t->known.cluster[0] != '\0' && strcmp(t->known.cluster, found) != 0)
		return outcome_set(t, OUTCOME_FATAL, "This Redis has another cluster (%s) than this node's database is of "
		                   "(%s): let `cluster` name the right one, or give the node a new database.", found,
		                   t->known.cluster);
	snprintf(t->known.cluster, sizeof(t->known.cluster), "%.*s", CLUSTER_ID_BYTES - 1, found);
	snprintf(format, sizeof(format), "%" PRIu32, t->e->options.format);
	outcome = agree(t, t->e->keys.format, format, found);
	if (outcome != OUTCOME_OK || strcmp(found, format) == 0)
		return outcome;
	return outcome_set(t, OUTCOME_FATAL, "The cluster's nodes write acts of format %.20s, and this chatd writes %s: "
	                   "run one version of chatd on all nodes.", found, format);
}

/* The nodes that there were, and whether this is one of them. */
static enum outcome check_nodes(struct engine_thread *t)
{
	redisReply *r;
	wire_command(&t->writer, "HGETALL", t->e->keys.incarnation, NULL);
	enum outcome outcome = ask_reply(t, &t->writer, &r);
	if (outcome != OUTCOME_OK)
		return outcome;
	size_t nodes = r->elements / 2;
	bool known = false;
	for (size_t i = 0; i + 1 < r->elements; i += 2)
		known |= r->element[i]->str && strcmp(r->element[i]->str, t->e->node) == 0;
	freeReplyObject(r);
	if (known || nodes < NODES_MAX)
		return OUTCOME_OK;
	return outcome_set(t, OUTCOME_REFUSED, "The cluster has had %d nodes, which is the most: take one out that is gone "
	                   "for good, in Redis: HDEL %s NAME, and HDEL %s NAME.", NODES_MAX, t->e->keys.incarnation,
	                   t->e->keys.at);
}

/* -- whether everything is still there --------------------------------------------------------- */

static enum outcome extent_ask(struct engine_thread *t, struct extent *x)
{
	redisReply *r;
	*x = (struct extent){ 0 };
	wire_command(&t->writer, "EXISTS", t->e->keys.stream, NULL);
	enum outcome outcome = ask_reply(t, &t->writer, &r);
	if (outcome != OUTCOME_OK)
		return outcome;
	bool exists = r->type == REDIS_REPLY_INTEGER && r->integer == 1;
	freeReplyObject(r);
	if (!exists)
		return OUTCOME_OK;
	wire_command(&t->writer, "XINFO", "STREAM", t->e->keys.stream, NULL);
	if ((outcome = ask_reply(t, &t->writer, &r)) != OUTCOME_OK)
		return outcome;
	extent_read(x, r);
	freeReplyObject(r);
	return OUTCOME_OK;
}

static enum outcome stream_is_trimmed(struct engine_thread *t, const struct extent *x)
{
	char at[STREAM_ID_BYTES], first[STREAM_ID_BYTES];
	return outcome_set(t, OUTCOME_FATAL, "The stream %s begins at %s, and this node has read only up to %s: what "
	                   "lies between is gone from Redis. Give this node a backup of another node's database "
	                   "(/backup there).", t->e->keys.stream, stream_id_text(first, x->first),
	                   stream_id_text(at, t->reading.at));
}

/* Whether there is such an entry. */
static enum outcome entry_find(struct engine_thread *t, struct stream_id id, bool *there)
{
	char text[STREAM_ID_BYTES];
	redisReply *r;
	stream_id_text(text, id);
	wire_command(&t->writer, "XRANGE", t->e->keys.stream, text, text, NULL);
	enum outcome outcome = ask_reply(t, &t->writer, &r);
	if (outcome != OUTCOME_OK)
		return outcome;
	*there = r->type == REDIS_REPLY_ARRAY && r->elements == 1;
	freeReplyObject(r);
	return OUTCOME_OK;
}

/* Whether the stream has all that follows on what we have read. An entry that we have read stays until
 * all nodes are past it, so ours must be there: ids go by the clock, and after a start with an older
 * file new ones would soon be above it. */
static enum outcome extent_check(struct engine_thread *t, const struct extent *x)
{
	char at[STREAM_ID_BYTES], last[STREAM_ID_BYTES];
	struct stream_id ours = t->reading.at;
	bool there;
	t->reading.gap = true;
	if (ours.ms == 0)
		return extent_is_all(x) ? OUTCOME_OK : stream_is_trimmed(t, x);
	if (x->added == 0)
		return stream_is_gone(t);
	if (stream_id_compare(x->last, ours) < 0)
		return outcome_set(t, OUTCOME_FATAL, "The stream %s ends at %s, but this node has read it up to %s: Redis was "
		                   "started with an older file and has lost acts that people have seen. Stop all nodes "
		                   "and restore its appendonlydir.", t->e->keys.stream, stream_id_text(last, x->last),
		                   stream_id_text(at, ours));
	if (x->length == 0 && stream_id_compare(x->last, ours) == 0) {
		t->reading.gap = false; /* somebody emptied it; nothing is missing */
		return OUTCOME_OK;
	}
	if (x->length == 0)
		return stream_is_trimmed(t, &(struct extent){ .first = x->last });
	if (stream_id_compare(ours, x->first) < 0)
		return stream_is_trimmed(t, x);
	enum outcome outcome = entry_find(t, ours, &there);
	if (outcome != OUTCOME_OK || there)
		return outcome;
	return outcome_set(t, OUTCOME_FATAL, "The stream %s no longer has the act %s, which this node has read: Redis was "
	                   "started with an older file and goes on without acts that people have seen. Stop all nodes and "
	                   "restore its appendonlydir, or give this node another node's backup.", t->e->keys.stream,
	                   stream_id_text(at, ours));
}

static enum outcome check_position(struct engine_thread *t)
{
	struct extent x;
	enum outcome outcome = extent_ask(t, &x);
	t->reading.goal = x.last;
	return outcome == OUTCOME_OK ? extent_check(t, &x) : outcome;
}

/* Acts that were answered and that nobody has read: with an older file they may be gone. What Redis loses
 * is always the end, so if the last is there, all are. */
static enum outcome check_answered(struct engine_thread *t)
{
	bool there;
	if (!proposals_unread(&t->proposals))
		return OUTCOME_OK;
	enum outcome outcome = entry_find(t, t->proposals.answered, &there);
	if (outcome == OUTCOME_OK && !there)
		proposals_reopen(&t->proposals);
	return outcome;
}

/* With the lease, says where we are, so that nobody trims above us. Whoever did just before is found by
 * the check that comes with the first reading. */
static enum outcome position_save(struct engine_thread *t)
{
	char id[STREAM_ID_BYTES];
	t->saved = t->known.position;
	stream_id_text(id, t->saved);
	wire_command(&t->writer, "HSET", t->e->keys.at, t->e->node, id, NULL);
	return ask_done(t, &t->writer);
}

/* With the lease, listens to our channel: nobody else of this name does. And sees that we may publish, by a text that
 * is none. */
static enum outcome listen_to_channel(struct engine_thread *t)
{
	const char *channel = t->e->keys.channel;
	redisReply *r;
	wire_command(&t->listener, "SUBSCRIBE", channel, NULL);
	enum outcome outcome = ask_reply(t, &t->listener, &r);
	if (outcome != OUTCOME_OK)
		return outcome;
	bool ok = r->type == REDIS_REPLY_ARRAY && r->elements == 3 && r->element[0]->type == REDIS_REPLY_STRING &&
	          strcmp(r->element[0]->str, "subscribe") == 0;
	freeReplyObject(r);
	if (!ok)
		return outcome_unexpected(t, "SUBSCRIBE");
	t->listener.listens = true;
	t->asks.ping_ms = boot_ms(); /* at once: messages may have come with the answer */
	wire_command(&t->writer, "PUBLISH", channel, "", NULL);
	return ask_done(t, &t->writer);
}

/* -- all of it ------------------------------------------------------------------------------- */

enum outcome engine_session_begin(struct engine_thread *t)
{
	enum outcome outcome = hello(t, &t->writer);
	if (outcome == OUTCOME_OK)
		outcome = check_settings(t);
	if (outcome == OUTCOME_OK)
		outcome = check_cluster(t);
	if (outcome == OUTCOME_OK)
		outcome = check_nodes(t);
	if (outcome == OUTCOME_OK)
		outcome = check_position(t);
	if (outcome == OUTCOME_OK)
		outcome = check_answered(t);
	if (outcome == OUTCOME_OK)
		outcome = hello(t, &t->reader);
	if (outcome == OUTCOME_OK)
		outcome = hello(t, &t->listener);
	if (outcome == OUTCOME_OK)
		outcome = lease_begin(t);
	if (outcome == OUTCOME_OK)
		outcome = position_save(t);
	if (outcome == OUTCOME_OK)
		outcome = listen_to_channel(t);
	if (outcome != OUTCOME_OK)
		return outcome;
	t->expecting = (struct expecting){ 0 };
	t->reading.count = READ_FIRST;
	t->reading.asked = t->reading.checks = false;
	t->batch.left = 0;
	t->answered = t->silent = false;
	t->batch.at_ms = 0;
	t->asks.settings_ms = boot_ms() + t->e->times.lease;
	nodes_reset(&t->nodes, boot_ms(), t->e->times.nodes + ENGINE_RETRY_MS_MAX);
	observing_reset(t, boot_ms());
	t->in_session = true;
	if (t->lease.incarnation != t->ready) {
		t->ready = t->lease.incarnation;
		tell(t, ENGINE_READY, t->known.cluster, t->ready);
		nodes_tell_again(&t->nodes);
	}
	return OUTCOME_OK;
}

void engine_session_end(struct engine_thread *t)
{
	wire_close(&t->writer);
	wire_close(&t->reader);
	wire_close(&t->listener);
	t->proposals.sent = 0;
	telling_refuse(t);
	atomic_store(&t->e->appending, false);
	t->in_session = false;
}
