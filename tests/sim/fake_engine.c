/*
 * What src/cluster does for a node, over a stream in memory: the contract of engine.h.
 *
 * A batch is under way for a while and answered later; if the connection is cut meanwhile it has been appended, is
 * lost, or arrives when nobody waits for it any more, and is sent again. The thread that proposals are for may
 * sleep, and does nothing then until it is woken.
 */
#include "fake_engine.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/cluster/engine_figures.h"
#include "fake_writer.h"

enum {
	EVENTS_MAX = 64,        /* acts that wait for the loop: few, so that it is full at times */
	BATCH_MAX = 20,
	READ_MAX = 30,
};

struct proposal {
	char *text;             /* owned */
	uint64_t incarnation;
	uint64_t serial;        /* of its entry; 0: not answered */
	size_t entry;
};

struct news {
	enum engine_event_kind kind;
	uint64_t incarnation;
	char *text, *id;        /* owned */
	int64_t at_ms;
};

struct engine {
	struct fake_stream *stream; /* borrowed */
	struct prng prng;
	int node;
	bool begun, dead, connected, fatal;
	struct {
		bool away, taken, caught_up;
		uint64_t over[FAKE_NODES_MAX];
		size_t goal;    /* entries that it is to have before it has caught up */
	} told;                 /* what the loop was told: by node, of which incarnation's end */
	char cluster[CLUSTER_ID_BYTES_MAX + 1];
	uint64_t incarnation, before, ready; /* ours; 0: none. The last one; and the last that was told */
	struct { struct proposal *at; size_t n, cap; } proposals; /* owned: not read yet, or not answered */
	size_t open;            /* those before it are answered */
	size_t taken;           /* those before it are known to the thread */
	struct { bool on, appended; size_t n; uint32_t late; uint64_t serial; size_t entry; } batch; /* from open on */
	struct sleeper sleeper;
	size_t read;            /* entries */
	uint64_t serial;        /* of the last one read; 0: none */
	size_t applied;         /* entries */
	size_t acts;            /* among the events that wait */
	struct { struct news *at; size_t n, cap; } events; /* owned */
	struct news current;    /* owned: what engine_next has given */
	struct { struct news *at; size_t n, cap; } texts; /* owned: TOLD and UNHEARD that wait */
	struct news text;       /* owned: what engine_next_text has given */
};

static const char cluster_id[] = "00112233445566778899aabbccddeeff";

static bool chance(struct engine *e, uint32_t per_mille)
{
	return e->stream->calm ? per_mille > 0 : prng_chance(&e->prng, per_mille);
}

static bool goes_wrong(struct engine *e, uint32_t per_10000)
{
	return !e->stream->calm && prng_below(&e->prng, 10000) < per_10000;
}

static struct fake_keys *keys(struct engine *e)
{
	return &e->stream->keys[e->node];
}

static struct news *tell(struct engine *e, enum engine_event_kind kind, const char *text, uint64_t incarnation)
{
	struct news *n;

	e->events.at = fake_grow(e->events.at, e->events.n, &e->events.cap, sizeof *e->events.at);
	n = &e->events.at[e->events.n++];
	*n = (struct news){.kind = kind, .incarnation = incarnation, .text = text != NULL ? mem_strdup(text) : NULL};
	return n;
}

static void news_free(struct news *n)
{
	free(n->text);
	free(n->id);
	*n = (struct news){0};
}

/* -- proposals --------------------------------------------------------------------------------- */

static void proposals_drop(struct engine *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(e->proposals.at[i].text);
	e->proposals.n -= n;
	if (n > 0 && e->proposals.n > 0)
		memmove(e->proposals.at, e->proposals.at + n, e->proposals.n * sizeof *e->proposals.at);
	e->open -= e->open < n ? e->open : n;
	e->taken -= e->taken < n ? e->taken : n;
}

/* Those that were answered and read are done with. */
static void proposals_read(struct engine *e)
{
	size_t n = 0;

	while (n < e->open && e->proposals.at[n].entry < e->read)
		n++;
	proposals_drop(e, n);
}

static void proposals_take(struct engine *e)
{
	size_t kept = e->taken;

	for (size_t i = e->taken; i < e->proposals.n; i++) {
		if (e->proposals.at[i].incarnation == e->incarnation)
			e->proposals.at[kept++] = e->proposals.at[i];
		else
			free(e->proposals.at[i].text);
	}
	e->proposals.n = e->taken = kept;
}

/* -- leases and connections --------------------------------------------------------------------- */

/* What is under way may arrive all the same. */
static void batch_break(struct engine *e)
{
	char *text[BATCH_MAX];

	for (size_t i = 0; e->batch.on && i < e->batch.n; i++)
		text[i] = e->proposals.at[e->open + i].text;
	if (e->batch.on && !e->batch.appended)
		fake_stream_ghost(e->stream, text, e->batch.n);
	e->batch.on = false;
}

void fake_engine_cut(struct engine *e)
{
	if (!e->connected)
		return;
	batch_break(e);
	e->connected = false;
	e->stream->count.cuts++;
}

void fake_engine_lapse(struct engine *e)
{
	fake_engine_cut(e);
	if (e->incarnation == 0)
		return;
	e->before = e->incarnation;
	e->incarnation = 0;
	proposals_drop(e, e->taken);
	if (e->ready == e->before)
		tell(e, ENGINE_LEASE_LOST, NULL, e->before);
}

static void fatal(struct engine *e, const char *why)
{
	e->fatal = true;
	tell(e, ENGINE_FATAL, why, 0);
}

/* The stream has what follows on the last entry that was read. */
static bool check_position(struct engine *e)
{
	const struct fake_stream *s = e->stream;

	if (e->read > s->entries.n || (e->read > 0 && s->entries.at[e->read - 1].serial != e->serial)) {
		fatal(e, "The stream no longer has what this node has read.");
		return false;
	}
	if (e->read < s->trimmed + (s->trimmed > 0)) {
		fatal(e, "The stream was trimmed above this node.");
		return false;
	}
	return true;
}

static void check_answered(struct engine *e)
{
	const struct fake_stream *s = e->stream;
	const struct proposal *last = e->open > 0 ? &e->proposals.at[e->open - 1] : NULL;

	if (last != NULL && (last->entry >= s->entries.n || s->entries.at[last->entry].serial != last->serial))
		e->open = 0;
}

/* False: it is another run's. */
static bool lease_take(struct engine *e)
{
	struct fake_keys *k = keys(e);

	if (e->incarnation != 0)
		return true;
	if (k->leased && (e->before == 0 || k->incarnation != e->before)) {
		if (!e->told.taken)
			tell(e, ENGINE_AWAY, "This node's name is still taken by its last run.", 0);
		e->told.taken = e->told.away = true;
		return false;
	}
	e->incarnation = ++k->incarnation;
	k->leased = true;
	return true;
}

static void session_begin(struct engine *e)
{
	struct fake_stream *s = e->stream;

	if (!s->up || !check_position(e))
		return;
	check_answered(e);
	if (!lease_take(e))
		return;
	if (keys(e)->at < e->applied)
		keys(e)->at = e->applied;
	e->connected = true;
	e->told.goal = s->entries.n;
	proposals_take(e);
	if (e->incarnation != e->ready) {
		e->ready = e->incarnation;
		tell(e, ENGINE_READY, cluster_id, e->ready);
		memset(e->told.over, 0, sizeof e->told.over);
	}
}

static void away_step(struct engine *e)
{
	static const char *const reasons[] = {"Redis does not answer.", "The connection to Redis is lost.", "Redis is loading."};

	if (chance(e, e->told.away ? 10 : 500)) {
		tell(e, ENGINE_AWAY, reasons[prng_below(&e->prng, 3)], 0);
		e->told.away = true;
	}
	if (chance(e, 100))
		session_begin(e);
}

/* -- a session --------------------------------------------------------------------------------- */

static uint32_t some_late(struct engine *e)
{
	return e->stream->calm ? 0 : prng_below(&e->prng, e->stream->late + 1);
}

static void batch_append(struct engine *e)
{
	struct fake_stream *s = e->stream;

	e->batch.entry = s->entries.n;
	e->batch.serial = s->serials + 1;
	for (size_t i = 0; i < e->batch.n; i++)
		fake_stream_append(s, e->proposals.at[e->open + i].text);
	e->batch.appended = true;
	e->batch.late = some_late(e);
}

static void batch_answered(struct engine *e)
{
	for (size_t i = 0; i < e->batch.n; i++) {
		e->proposals.at[e->open + i].entry = e->batch.entry + i;
		e->proposals.at[e->open + i].serial = e->batch.serial + i;
	}
	e->open += e->batch.n;
	e->batch.on = false;
	proposals_read(e);
}

static void appending_step(struct engine *e)
{
	size_t waiting = e->taken - e->open;

	if (e->batch.on && e->batch.late > 0) {
		e->batch.late--;
	} else if (e->batch.on && !e->batch.appended) {
		batch_append(e);
	} else if (e->batch.on) {
		batch_answered(e);
	} else if (waiting > 0) {
		if (waiting > BATCH_MAX)
			waiting = BATCH_MAX;
		e->batch.on = true;
		e->batch.appended = false;
		e->batch.n = prng_range(&e->prng, 1, (uint32_t)waiting);
		e->batch.late = some_late(e);
	}
}

static void reading_step(struct engine *e)
{
	const struct fake_stream *s = e->stream;

	if (e->read < s->entries.n && e->acts < EVENTS_MAX && chance(e, s->pace)) {
		for (uint32_t n = prng_range(&e->prng, 1, READ_MAX); n > 0 && e->read < s->entries.n; n--) {
			const struct fake_entry *at = &s->entries.at[e->read++];
			struct news *news = tell(e, ENGINE_ACT, at->text, 0);

			news->id = mem_strdup(at->id);
			news->at_ms = at->at_ms;
			e->serial = at->serial;
			e->acts++;
		}
		proposals_read(e);
	}
	if (!e->told.caught_up && e->read >= e->told.goal) {
		e->told.caught_up = true;
		tell(e, ENGINE_CAUGHT_UP, NULL, 0);
	}
}

static void nodes_step(struct engine *e)
{
	for (int i = 0; i < e->stream->nodes && e->told.caught_up; i++) {
		const struct fake_keys *k = &e->stream->keys[i];

		if (i == e->node || k->leased || k->incarnation == 0 || e->told.over[i] >= k->incarnation || !chance(e, 50))
			continue;
		e->told.over[i] = k->incarnation;
		tell(e, ENGINE_LEASE_OVER, k->node, k->incarnation);
	}
	if (chance(e, 50))
		keys(e)->at = e->applied;
}

void fake_engine_step(struct engine *e)
{
	struct fake_stream *s = e->stream;

	if (!e->begun || e->dead || e->fatal)
		return;
	if (!e->sleeper.asleep && e->incarnation != 0)
		proposals_take(e);
	if (!e->connected) {
		away_step(e);
		return;
	}
	if (goes_wrong(e, s->cuts)) {
		fake_engine_cut(e);
		return;
	}
	if (goes_wrong(e, s->lapses / 10)) {
		s->count.lapses++;
		fake_engine_lapse(e);
		return;
	}
	if (!e->told.away && goes_wrong(e, s->cuts)) {
		tell(e, ENGINE_AWAY, "Redis does not answer.", 0);
		e->told.away = true;
	}
	appending_step(e);
	reading_step(e);
	nodes_step(e);
	if (e->told.away && !e->batch.on && chance(e, 200)) {
		tell(e, ENGINE_BACK, NULL, 0);
		e->told.away = e->told.taken = false;
	}
	e->sleeper.asleep |= !e->batch.on && e->open == e->taken && e->taken == e->proposals.n;
}

/* -- texts for one node ------------------------------------------------------------------------- */

static void texts_add(struct engine *e, enum engine_event_kind kind, const char *text)
{
	e->texts.at = fake_grow(e->texts.at, e->texts.n, &e->texts.cap, sizeof *e->texts.at);
	e->texts.at[e->texts.n++] = (struct news){.kind = kind, .text = mem_strdup(text)};
}

static void texts_free(struct engine *e)
{
	for (size_t i = 0; i < e->texts.n; i++)
		news_free(&e->texts.at[i]);
	free(e->texts.at);
	news_free(&e->text);
}

/* One is lost at times, with or without a word. */
bool engine_tell(struct engine *e, const char *node, const char *text, size_t bytes)
{
	struct engine *to = NULL;

	if (bytes == 0 || bytes > TELL_BYTES_MAX || strlen(text) != bytes)
		sim_fail("a text of %zu bytes: %.100s", bytes, text);
	for (int i = 0; i < e->stream->nodes; i++)
		if (strcmp(e->stream->keys[i].node, node) == 0)
			to = e->stream->keys[i].engine;
	if (!e->connected || to == NULL || !to->connected || chance(e, 50)) {
		if (chance(e, 900))
			texts_add(e, ENGINE_UNHEARD, text);
		return true;
	}
	texts_add(to, ENGINE_TOLD, text);
	return true;
}

bool engine_next_text(struct engine *e, struct engine_event *out)
{
	news_free(&e->text);
	if (e->texts.n == 0)
		return false;
	e->text = e->texts.at[0];
	memmove(e->texts.at, e->texts.at + 1, --e->texts.n * sizeof *e->texts.at);
	*out = (struct engine_event){.kind = e->text.kind, .text = e->text.text};
	return true;
}

/* -- engine.h ---------------------------------------------------------------------------------- */

void engine_begin(struct engine *e, const char *cluster, const char *position)
{
	size_t entry = *position == '\0' ? FAKE_NONE : fake_stream_find(e->stream, position);

	if (*cluster != '\0' && strcmp(cluster, cluster_id) != 0)
		sim_fail("the database is of the cluster \"%s\"", cluster);
	e->begun = true;
	if (*position == '\0')
		e->read = 0;
	else if (entry == FAKE_NONE)
		e->read = SIZE_MAX;
	else
		e->read = entry + 1;
	e->applied = e->read == SIZE_MAX ? 0 : e->read;
	e->serial = entry == FAKE_NONE ? 0 : e->stream->entries.at[entry].serial;
}

bool engine_propose(struct engine *e, uint64_t incarnation, const char *text, size_t bytes)
{
	if (bytes == 0 || bytes > ACT_BYTES_MAX || strlen(text) != bytes)
		sim_fail("an act of %zu bytes: %.100s", bytes, text);
	if (e->dead)
		return true;
	/* The bound is above what can be. */
	if (e->proposals.n == PROPOSALS_MAX)
		sim_fail("too many acts wait for the engine");
	e->proposals.at = fake_grow(e->proposals.at, e->proposals.n, &e->proposals.cap, sizeof *e->proposals.at);
	e->proposals.at[e->proposals.n++] = (struct proposal){.text = mem_strdup(text), .incarnation = incarnation};
	e->sleeper.wanted = true;
	return true;
}

bool engine_next(struct engine *e, struct engine_event *out)
{
	struct news *n = &e->current;

	news_free(n);
	if (e->events.n == 0)
		return false;
	*n = e->events.at[0];
	memmove(e->events.at, e->events.at + 1, --e->events.n * sizeof *e->events.at);
	*out = (struct engine_event){.kind = n->kind, .incarnation = n->incarnation};
	if (n->kind == ENGINE_ACT) {
		e->acts--;
		out->act = (struct engine_act){.text = n->text, .bytes = strlen(n->text), .id = n->id, .at_ms = n->at_ms};
	} else if (n->kind == ENGINE_READY) {
		out->cluster = n->text;
	} else if (n->kind == ENGINE_LEASE_OVER) {
		out->node = n->text;
	} else {
		out->reason = n->text;
	}
	return true;
}

void engine_applied(struct engine *e, const char *id)
{
	size_t entry = fake_stream_find(e->stream, id);

	/* The tail that has it may be lost. */
	if (entry == FAKE_NONE)
		return;
	agree_applied(e->node, entry);
	if (entry + 1 < e->applied)
		sim_fail("a position goes back");
	e->applied = entry + 1;
}

/* What of it can be trimmed is src/cluster's. */
void engine_forget(struct engine *e, const char *id)
{
	(void)e;
	(void)id;
}

const struct engine_figures *engine_figures(struct engine *e)
{
	static struct engine_figures figures;

	figures = (struct engine_figures){.up = e->connected, .length = e->stream->entries.n, .unread = -1};
	return &figures;
}

uint32_t engine_proposals(const struct engine *e)
{
	return (uint32_t)e->proposals.n;
}

uint32_t engine_untaken(const struct engine *e)
{
	return (uint32_t)e->acts;
}

int engine_event_fd(const struct engine *e)
{
	(void)e;
	return FAKE_ENGINE_FD;
}

int engine_wake_fds(struct engine *e, int fds[ENGINE_WAKE_MAX])
{
	bool wake = e->sleeper.wanted && e->sleeper.asleep && !e->sleeper.claimed;

	e->sleeper.wanted = false;
	e->sleeper.claimed |= wake;
	if (wake)
		fds[0] = FAKE_ASKING_FD;
	return wake;
}

/* What waits is appended, if there is a connection; some of it, if there is little time. */
uint32_t engine_stop(struct engine *e, int wait_ms)
{
	size_t unanswered, n;

	(void)wait_ms;
	if (e->batch.on && !e->batch.appended && e->connected)
		batch_append(e);
	if (e->batch.on && e->batch.appended)
		batch_answered(e);
	if (e->incarnation != 0)
		proposals_take(e);
	unanswered = e->taken - e->open;
	n = e->connected && e->stream->up ? chance(e, 800) ? unanswered : prng_below(&e->prng, (uint32_t)unanswered + 1) : 0;
	for (size_t i = 0; i < n; i++)
		fake_stream_append(e->stream, e->proposals.at[e->open + i].text);
	if (e->connected)
		keys(e)->at = e->applied;
	if (e->connected && chance(e, 900))
		keys(e)->leased = false;
	fake_engine_kill(e);
	fake_engine_free(e);
	return (uint32_t)(unanswered - n);
}

/* -- for the simulation ------------------------------------------------------------------------ */

struct engine *fake_engine_new(struct fake_stream *s, int node, uint64_t seed)
{
	struct engine *e = mem_zero(1, sizeof *e);

	e->stream = s;
	e->node = node;
	e->prng.state = seed;
	e->sleeper.asleep = true;
	s->keys[node].engine = e;
	return e;
}

void fake_engine_woken(struct engine *e)
{
	e->sleeper.asleep = e->sleeper.claimed = false;
}

bool fake_engine_has_news(const struct engine *e)
{
	return e->events.n + e->texts.n > 0;
}

void fake_engine_kill(struct engine *e)
{
	if (e->connected)
		batch_break(e);
	e->connected = e->batch.on = false;
	e->dead = true;
	e->stream->keys[e->node].engine = NULL;
}

void fake_engine_free(struct engine *e)
{
	for (size_t i = 0; i < e->proposals.n; i++)
		free(e->proposals.at[i].text);
	free(e->proposals.at);
	for (size_t i = 0; i < e->events.n; i++)
		news_free(&e->events.at[i]);
	free(e->events.at);
	news_free(&e->current);
	texts_free(e);
	free(e);
}

const char *fake_engine_state(const struct engine *e)
{
	if (e->fatal)
		return "ended";
	if (!e->connected)
		return "not connected";
	if (e->proposals.n > 0)
		return "acts wait";
	if (e->read < e->stream->entries.n)
		return "not read to the end";
	return e->events.n > 0 ? "events wait" : e->told.away ? "away" : "rests";
}

bool fake_engine_rests(const struct engine *e)
{
	bool over = false;

	for (int i = 0; i < e->stream->nodes; i++)
		over |= i != e->node && !e->stream->keys[i].leased && e->stream->keys[i].incarnation > e->told.over[i];
	return strcmp(fake_engine_state(e), "rests") == 0 && !over && e->stream->ghosts.n == 0;
}

bool fake_engine_is_connected(const struct engine *e)
{
	return e->connected;
}

bool fake_engine_waits(const struct engine *e)
{
	return e->told.taken && !e->connected && e->incarnation == 0;
}

size_t fake_engine_read(const struct engine *e)
{
	return e->read;
}

bool fake_engine_is_over(const struct engine *e)
{
	return e->fatal;
}
