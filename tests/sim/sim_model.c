/*
 * What everybody is to read.
 *
 * Stands between the server and the core: sees each event before the core does
 * and each effect before the server carries it out. From these it keeps, for
 * each connection, the bytes that are to come, in a way that has nothing to do
 * with feeds' chunks, cursors and cuts: a queue of texts. What the ring sends is
 * compared with it byte by byte, so a line twice, in another order, too early,
 * in the wrong room or to the wrong person is found where it happens.
 */
#include "sim_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_writer.h"

#include "chatd/core/people/name.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

void __real_chat_step(struct chat *c, struct event *e);
void __wrap_chat_step(struct chat *c, struct event *e);

/* -- feeds ----------------------------------------------------------------------------- */

static struct mfeed *feed_at(int64_t number)
{
	if (number < 0 || number >= SIM_FEEDS_MAX)
		sim_fail("feed %" PRId64 ": more rooms than were asked for", number);
	return &model->feed[number];
}

static void feed_show(int64_t number, size_t to)
{
	struct mfeed *f = feed_at(number);

	for (uint32_t slot = 0; slot < SIM_SLOTS_MAX; slot++) {
		struct peer *p = model->peer[slot];

		if (p != NULL && p->known)
			peer_view_show(p, number, to);
	}
	f->shown = to;
}

/* Lines up to a record are seen, and the notices behind them; early: saved or not. */
static void feed_shown_up_to(int64_t number, uint64_t seq, bool early)
{
	struct mfeed *f = feed_at(number);
	size_t to = f->shown;

	while (to < f->n && f->line[to]->seq <= seq)
		f->line[to++]->early |= early;
	if (to > f->shown)
		feed_show(number, to);
}

/* It is for somebody on another node. */
static bool is_elsewhere(const struct effect *e)
{
	return sim->cluster.engine != NULL && e->conn.gen == 0;
}

/* effects[i] is a PUBLISH; the SKIPs of those it is not for follow it. */
static void publish(const struct effect *effects, size_t n, size_t i)
{
	const struct effect *e = &effects[i];
	struct mfeed *f = feed_at(e->feed);
	struct text *t = model_text_new(e->text, e->len);

	sim_check_line(e);
	t->line = true;
	t->seq = e->seq;
	t->info = e->line;
	for (size_t k = i + 1; k < n && effects[k].kind == EFFECT_SKIP; k++) {
		const struct peer *p = model_peer(effects[k].conn);

		if (is_elsewhere(&effects[k]))
			continue;
		if (effects[k].feed != e->feed ||
		    (p != NULL && p->feed != e->feed && !peer_view_watches(p, e->feed)))
			sim_fail("SKIP of feed %u follows PUBLISH to %u", effects[k].feed, e->feed);
		t->skip |= UINT64_C(1) << effects[k].conn.slot;
	}
	if (f->n == f->cap) {
		f->cap = f->cap == 0 ? 64 : f->cap * 2;
		f->line = mem_resize(f->line, f->cap * sizeof(struct text *));
	}
	f->line[f->n++] = t;
	if (f->shown == f->n - 1 && (e->seq == 0 || sim->options.relaxed))
		feed_show(e->feed, f->n);
}

/* -- what is said ---------------------------------------------------------------------- */

static void check_tokens(const char *body, uint64_t seq, const struct peer *speaker)
{
	/* An answer to a line repeats what that said; nobody types an @. */
	if (*body == '@')
		return;
	for (const char *p = strchr(body, '~'); p != NULL; p = strchr(p + 1, '~')) {
		char *end;
		unsigned long number = strtoul(p + 1, &end, 10);
		struct token *t = &sim->token[number];

		if (end == p + 1 || *end != '~' || number >= sim->ntokens)
			continue;
		if (speaker == NULL ? sim->cluster.engine == NULL : t->serial != speaker->k->serial)
			sim_fail("line ~%lu~ was said by somebody else", number);
		if (sim->cluster.engine != NULL)
			agree_token(t, number, seq);
		else if (t->said)
			sim_fail("line ~%lu~ is said twice", number);
		t->said = true;
	}
}

static void note_ending(void)
{
	for (uint32_t slot = 0; slot < sim->options.connections_max; slot++) {
		const struct session *s = sim->chat->people.sessions[slot];
		bool ends = s != NULL && s->state == SESSION_CHAT && s->input.eof;

		if (ends || model->ending[slot] != NULL) {
			free(model->ending[slot]);
			model->ending[slot] = ends ? mem_strdup(s->key) : NULL;
		}
	}
}

/* Whoever the event is of, or what somebody had begun is taken at last. */
static const struct peer *speaker_of(const char *key, const struct event *e)
{
	if (sim->cluster.engine != NULL)
		return model->speaker;
	for (uint32_t slot = 0; slot < SIM_SLOTS_MAX; slot++)
		if (model->ending[slot] != NULL && strcmp(model->ending[slot], key) == 0)
			return model->peer[slot];
	return model_peer(e->conn);
}

/* effects[i] appends a said line: all in its room are to see it, but the speaker
 * and whoever ignores the speaker, and nobody else. */
static void check_said(const struct effect *effects, size_t n, size_t i, const struct event *e)
{
	const struct record *r = &effects[i].record;
	const struct room *room = room_by_number(sim->chat, r->room);
	uint64_t skip[2] = {0};
	bool shown[2] = {false}, known;
	/* The name that it had then: it may have got another in the same step. */
	char key[NAME_KEY_BYTES_MAX + 1];
	const struct peer *speaker;

	known = name_key(r->line.sender, strlen(r->line.sender), key);
	speaker = speaker_of(known ? key : "", e);
	sim->stats.said++;
	check_tokens(r->line.body, r->seq, speaker);
	if (room == NULL)
		sim_fail("line #%" PRIu64 " is said in a room that is not there", r->seq);
	for (size_t k = i + 1; k < n && effects[k].kind != EFFECT_APPEND; k++) {
		const struct effect *at = &effects[k];

		if (at->kind == EFFECT_SKIP && shown[at->feed % 2] && !is_elsewhere(at))
			skip[at->feed % 2] |= UINT64_C(1) << at->conn.slot;
		if (at->kind != EFFECT_PUBLISH || at->seq != r->seq)
			continue;
		if (at->feed / 2 != room->slot ||
		    memmem(at->text, at->len, r->line.body, strlen(r->line.body)) == NULL)
			sim_fail("line #%" PRIu64 " is published as another", r->seq);
		shown[at->feed % 2] = true;
	}
	for (uint32_t slot = 0; slot < SIM_SLOTS_MAX; slot++) {
		const struct peer *p = model->peer[slot];
		const struct session *s;
		bool skipped;

		if (p != NULL && p->known && peer_view_watches(p, room->slot * 2)) {
			s = chat_session(sim->chat, p->id);
			if ((skip[0] & UINT64_C(1) << slot) == 0 &&
			    (p == speaker || (s != NULL && known && session_ignores(s, key))))
				sim_fail("line #%" PRIu64 " is shown to %u.%u, who watches and is not to read it",
				         r->seq, slot, p->id.gen);
		}
		if (p == NULL || !p->known || p->feed < 0 || p->feed / 2 != room->slot)
			continue;
		skipped = !shown[p->feed % 2] || (skip[p->feed % 2] & UINT64_C(1) << slot) != 0;
		s = chat_session(sim->chat, p->id);
		if (p == speaker && !skipped)
			sim_fail("line #%" PRIu64 " is shown to its speaker", r->seq);
		if (s != NULL && !skipped && known && session_ignores(s, key))
			sim_fail("line #%" PRIu64 " is shown to %u.%u, who ignores its speaker", r->seq, slot,
			         p->id.gen);
		if (p != speaker && skipped && s != NULL && s->presence.nignored == 0)
			sim_fail("line #%" PRIu64 " is not shown to %u.%u", r->seq, slot, p->id.gen);
	}
}

/* -- mentions -------------------------------------------------------------------------- */

/* Whether nothing keeps s from reading what is said in the room. */
static bool may_read(const struct session *s, const struct room *r)
{
	struct bearer who = bearer_of(s);

	return access_bar(r, s, s->account) == BAR_NONE && r->set.history &&
	       ban_find(sim->chat, BAN_ENTRY, r, &who) == NULL;
}

/* p reads that a line mentions it: one that is saved, of another room, where it may read. */
static void check_mention(const struct peer *p, const char *row, size_t len, const struct event *e)
{
	const struct session *s = chat_session(sim->chat, p->id);
	const struct writer *w = sim->writer;
	char text[160], speaker[40], word[40], name[40], key[NAME_KEY_BYTES_MAX + 1];
	const struct room *r = NULL;
	uint64_t id;

	snprintf(text, sizeof text, "%.*s", (int)len, row);
	if (sscanf(text, "-- %39s mentioned %39s in %39s (#%" SCNu64 ")", speaker, word, name, &id) != 4)
		return;
	sim->stats.mentions++;
	if (id > fake_writer_saved(w) && !sim->chat->outage.talks)
		sim_fail("%u.%u is told of #%" PRIu64 ", which is not saved", p->id.slot, p->id.gen, id);
	for (size_t i = 0; i < w->lines.n; i++)
		if (w->lines.at[i].id == id && (strcmp(w->lines.at[i].room_name, name) != 0 ||
		                                strcmp(w->lines.at[i].sender, speaker) != 0))
			sim_fail("%u.%u is told of #%" PRIu64 " as another line", p->id.slot, p->id.gen, id);
	/* What else was typed at once may have changed more since. */
	if (e->kind == EVENT_BYTES || s == NULL)
		return;
	if (name_key(name, strlen(name), key))
		r = room_by_key(sim->chat, key);
	if (r == NULL || s->room == r || !may_read(s, r))
		sim_fail("%u.%u is told of #%" PRIu64 " in %s and may not read it", p->id.slot, p->id.gen, id,
		         name);
	if (name_key(speaker, strlen(speaker), key) && session_ignores(s, key))
		sim_fail("%u.%u is told of a line of %s, whom it ignores", p->id.slot, p->id.gen, speaker);
}

static void check_mentions(const struct peer *p, const struct effect *at, const struct event *e)
{
	const char *row = at->text, *end = at->text + at->len;

	while (p != NULL && row < end) {
		const char *next = memchr(row, '\n', (size_t)(end - row));

		check_mention(p, row, (size_t)((next != NULL ? next : end) - row), e);
		row = next != NULL ? next + 1 : end;
	}
}

/* The line last published there has its name in it, or may have a word of it. */
static void check_mark(const struct peer *p, const struct effect *at)
{
	const struct mfeed *f = feed_at(at->feed);
	const struct session *s = p != NULL ? chat_session(sim->chat, p->id) : NULL;
	char *line;

	if (p == NULL || (p->feed != at->feed && !peer_view_watches(p, at->feed)) || f->n == 0)
		sim_fail("MARK for %u.%u, which does not read that feed", at->conn.slot, at->conn.gen);
	sim->stats.marked++;
	f->line[f->n - 1]->marked |= UINT64_C(1) << at->conn.slot;
	line = strndup(f->line[f->n - 1]->data, f->line[f->n - 1]->len);
	/* It may have another name by now. */
	if (s != NULL && s->mentioned.words.n == 0 && s->resume.named_seq < f->line[f->n - 1]->seq &&
	    strcasestr(line, s->nick) == NULL)
		sim_fail("a line is marked for %s, and does not mention it: %s", s->nick, line);
	free(line);
}

/* -- events and effects ---------------------------------------------------------------- */

/* The peer that comes from there, and has just been accepted. */
static struct fake_sock *comer(const struct event *e)
{
	struct fake_sock *k = sim->ring->socks;
	char from[ADDRESS_BYTES_MAX];

	while (k != NULL) {
		struct address a = fake_address(k);

		if (memcmp(&a, &e->connected.from, sizeof a) == 0)
			break;
		k = k->next;
	}
	if (k == NULL || k->user != NULL || k->state != FAKE_ACCEPTED)
		sim_fail("%u.%u comes from %s", e->conn.slot, e->conn.gen,
		         address_show(&e->connected.from, from));
	return k;
}

static void connected(const struct event *e)
{
	struct fake_sock *k = comer(e);
	struct peer *p;

	if (e->conn.gen == 0 || e->conn.slot >= sim->options.connections_max)
		sim_fail("%u.%u is taken", e->conn.slot, e->conn.gen);
	p = model->peer[e->conn.slot];
	if (e->conn.gen <= model->gen[e->conn.slot] ||
	    (p != NULL && (p->known || p->k->state != FAKE_CLOSED)))
		sim_fail("slot %u is used again too early", e->conn.slot);
	p = mem_zero(1, sizeof *p);
	*p = (struct peer){.k = k, .id = e->conn, .known = true, .feed = -1,
	                    .came_ms = sim->ring->run_ms};
	k->user = p;
	model->peer[e->conn.slot] = p;
	model->gen[e->conn.slot] = e->conn.gen;
	sim->stats.connections++;
}

/* The last of a connection: nothing of it is anywhere. */
static void released(const struct event *e)
{
	if (e->conn.slot >= sim->options.connections_max || model->gen[e->conn.slot] != e->conn.gen ||
	    model_peer(e->conn) != NULL || sim->chat->entry.admission.held[e->conn.slot] == NULL)
		sim_fail("%u.%u is released, and is not over", e->conn.slot, e->conn.gen);
}

/* The server has moved a reader on: all lines that it could see are gone, but one
 * of which it has a part. */
static void skipped(const struct event *e)
{
	struct peer *p = model_peer(e->conn);
	size_t from, to;
	uint32_t lines = 0;
	uint64_t first_id = 0;

	if (p == NULL)
		sim_fail("nobody is skipped");
	if (p->feed != e->skipped.feed) {
		peer_view_skipped(p, e);
		return;
	}
	/* Held back or not. */
	if (!p->held)
		peer_view_show(p, -1, 0);
	from = to = p->first + (p->off > 0);
	if (p->view.on)
		from = to = peer_view_skip_from(p, e->skipped.lines);
	for (size_t i = from; i < p->n; i++) {
		struct text *t = p->item[i];

		if (!t->line || i < p->kept) {
			p->item[to++] = t;
			continue;
		}
		if (lines++ == 0)
			model_check_behind(p, p->feed, feed_at(p->feed)->shown, t);
		if (first_id == 0)
			first_id = t->seq;
		model_text_unref(t);
	}
	p->n = to;
	sim->stats.skips++;
	sim->stats.skipped += lines;
	if (lines != e->skipped.lines)
		sim_fail("%u.%u misses %u lines and is told of %u", p->id.slot, p->id.gen, lines,
		         e->skipped.lines);
	if (first_id != 0 && (e->skipped.first_id > first_id || e->skipped.first_id <= p->said_id))
		sim_fail("%u.%u misses lines from #%" PRIu64 ", has got #%" PRIu64 " and is told of #%"
		         PRIu64, p->id.slot, p->id.gen, first_id, p->said_id, e->skipped.first_id);
}

static void send_to(struct peer *p, const struct effect *e)
{
	static const char *const refusals[] = {
		"Not sent: nothing can be saved", "Not sent: right after a command with a password",
		"Not sent: you have sent too much",
		" is moderated; its operators", "slow mode is on in ",
		"-- Nothing can be saved", /* in a cluster: to /me as to any other command */
	};
	static const char lost[] = "Not sent: the last ";
	const char *end = e->text + e->len;
	struct text *t;

	if (p == NULL)
		return;
	if (e->len == 0)
		sim_fail("an empty text to %u.%u", p->id.slot, p->id.gen);
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		for (const char *at = e->text; (sim->cluster.engine != NULL || refusals[i][0] != '-') &&
		                               (at = memmem(at, (size_t)(end - at), refusals[i],
		                                           strlen(refusals[i]))) != NULL; at++)
			p->refusals++;
	for (const char *at = e->text; (at = memmem(at, (size_t)(end - at), lost, strlen(lost))) != NULL; at++)
		p->refusals += at[strlen(lost)] == 'l' ? 1 : (uint32_t)strtoul(at + strlen(lost), NULL, 10);
	p->put_out |= memmem(e->text, e->len, "this connection ends here", 25) != NULL;
	if (memmem(e->text, e->len, "You gave no name for", 20) != NULL &&
	    sim->ring->run_ms - p->came_ms < (int64_t)sim->config.login_timeout_s * 1000)
		sim_fail("%u.%u is closed for having no name after %" PRId64 " ms", p->id.slot, p->id.gen,
		         sim->ring->run_ms - p->came_ms);
	sim->stats.floods += memmem(e->text, e->len, "You have sent too much", 22) != NULL;
	t = model_text_new(e->text, e->len);
	t->marked = e->line.marked ? UINT64_MAX : 0;
	t->info = e->line;
	if (e->waits) {
		peer_view_told(p, t);
	} else {
		peer_view_let_text(p);
		model_push(p, t);
	}
	model_text_unref(t);
}

/* It leaves its feed, and may be too far behind to get all of it. */
static void may_miss(struct peer *p, const struct effect *e)
{
	struct text *t = model_text_new(e->text, e->len);

	t->missing = true;
	t->feed = p->feed;
	t->shown = feed_at(p->feed)->shown;
	model_push(p, t);
	model_text_unref(t);
}

static void effect_to(struct peer *p, const struct effect *e)
{
	if (is_elsewhere(e))
		return;
	switch (e->kind) {
	case EFFECT_SEND:
		send_to(p, e);
		break;
	case EFFECT_SUBSCRIBE:
		if (p == NULL || p->feed >= 0)
			sim_fail("SUBSCRIBE of %u.%u, which cannot", e->conn.slot, e->conn.gen);
		peer_view_let_own(p);
		p->feed = e->feed;
		p->at = feed_at(e->feed)->n;
		p->held = true;
		p->said_id = 0;
		p->ngot = 0;
		break;
	case EFFECT_RELEASE:
		if (p == NULL || !p->held)
			sim_fail("RELEASE of %u.%u, which is not held", e->conn.slot, e->conn.gen);
		p->held = false;
		peer_view_show(p, p->feed, feed_at(p->feed)->shown);
		break;
	case EFFECT_UNSUBSCRIBE:
		if (p == NULL || p->feed < 0)
			sim_fail("UNSUBSCRIBE of %u.%u, which reads none", e->conn.slot, e->conn.gen);
		peer_view_let_own(p);
		may_miss(p, e);
		p->feed = -1;
		p->held = false;
		p->kept = p->n;
		break;
	case EFFECT_DROP:
	case EFFECT_CLOSE:
		if (p == NULL)
			sim_fail("CLOSE of %u.%u, which is gone", e->conn.slot, e->conn.gen);
		peer_view_let(p);
		p->known = false;
		p->put_out |= !p->eof;
		p->k->dropped |= e->kind == EFFECT_DROP;
		break;
	default:
		peer_view_effect(p, e);
		break;
	}
}

static void asked_about(struct conn_id about)
{
	if (model->nabout == sizeof model->about / sizeof model->about[0])
		sim_fail("nobody answers what has arrived");
	model->about[model->nabout++] = about;
}

/* Whose end, or what has arrived there, e tells of; NULL: nobody's. */
static struct peer *told_of(const struct event *e)
{
	struct conn_id about;

	if (e->kind == EVENT_CLOSED)
		return model_peer(e->conn);
	if (e->kind != EVENT_ARRIVED)
		return NULL;
	if (model->nabout == 0)
		sim_fail("what has arrived was not asked");
	about = model->about[0];
	memmove(model->about, model->about + 1, --model->nabout * sizeof model->about[0]);
	return model_peer(about);
}

/* What has arrived at p, by the event, is what is saved of it. */
static void check_marks(const struct peer *p, uint32_t room, const char *key)
{
	size_t n;
	const struct effect *effects = chat_effects(sim->chat, &n);

	for (size_t i = 0; i < n; i++)
		if (effects[i].kind == EFFECT_APPEND && effects[i].record.kind == RECORD_SEEN &&
		    effects[i].record.room == room && strcmp(effects[i].record.seen.key, key) == 0) {
			sim->stats.marks++;
			model_check_seen(p, &effects[i].record);
		}
}

/* Talk goes on while nothing can be saved. */
static void show_all(void)
{
	for (int64_t feed = 0; feed < SIM_FEEDS_MAX; feed++)
		feed_shown_up_to(feed, UINT64_MAX, true);
}

/* What an effect is, where it is not text that will be sent: that is seen when it is. */
static void digest_effect(const struct effect *e)
{
	const struct record *r = &e->record;
	struct record_columns columns;

	sim_digest(&e->kind, sizeof e->kind);
	if (e->kind == EFFECT_LOG)
		sim_digest(e->text, e->len);
	if (e->kind != EFFECT_APPEND)
		return;
	sim_digest(&r->kind, sizeof r->kind);
	record_columns(r, &columns);
	sim_digest(&columns.number, sizeof columns.number);
	sim_digest(&r->room, sizeof r->room);
	sim_digest(columns.name, strlen(columns.name) + 1);
	sim_digest(columns.who, strlen(columns.who) + 1);
	sim_digest(columns.text, strlen(columns.text) + 1);
}

static void effects_after(const struct event *e)
{
	size_t n;
	const struct effect *effects = chat_effects(sim->chat, &n);

	for (size_t i = 0; i < n; i++) {
		const struct effect *at = &effects[i];

		digest_effect(at);
		if (at->kind == EFFECT_APPEND && at->record.kind <= RECORD_ACTION)
			check_said(effects, n, i, e);
		else if (at->kind == EFFECT_PUBLISH)
			publish(effects, n, i);
		else if (at->kind == EFFECT_SEND_ALL)
			for (uint32_t slot = 0; slot < SIM_SLOTS_MAX; slot++)
				send_to(model->peer[slot] != NULL && model->peer[slot]->known
				                ? model->peer[slot] : NULL, at);
		else if (at->kind == EFFECT_SHOW)
			show_all();
		else if (at->kind == EFFECT_QUERY)
			model_asked(&at->query);
		else if (at->kind == EFFECT_ARRIVED)
			asked_about(at->about);
		else if (at->kind == EFFECT_MARK && !is_elsewhere(at))
			check_mark(model_peer(at->conn), at);
		else if (at->kind != EFFECT_APPEND && at->kind != EFFECT_LOG && at->kind != EFFECT_SKIP)
			effect_to(model_peer(at->conn), at);
		if (at->kind == EFFECT_SEND)
			check_mentions(model_peer(at->conn), at, e);
	}
}

/* Events that name a connection come late: an answer, for example. */
static bool is_for_nobody(const struct event *e)
{
	return e->conn.gen != 0 && model_peer(e->conn) == NULL;
}

void __wrap_chat_step(struct chat *c, struct event *e)
{
	struct peer *p, *told = told_of(e);
	char key[NAME_KEY_BYTES_MAX + 1] = "";
	bool for_nobody, waited_for;
	uint32_t room = 0;
	size_t n;

	if (e->kind == EVENT_SKIPPED)
		skipped(e);
	else if (e->kind == EVENT_WAITS)
		sim_check_wait(e);
	else if (e->kind == EVENT_CLOSED && e->closed.reason != NULL)
		sim_check_slow(e);
	else if (e->kind == EVENT_EOF && (p = model_peer(e->conn)) != NULL)
		p->eof = true;
	else if (e->kind == EVENT_STORED && e->stored.seq > fake_writer_saved(sim->writer))
		sim_fail("STORED names #%" PRIu64 ", which is not", e->stored.seq);
	else if (e->kind == EVENT_RELEASED)
		released(e);
	if (told != NULL) {
		const struct session *s = chat_session(c, told->id);

		model_check_arrived(told, e->kind == EVENT_CLOSED ? &e->closed.arrived : &e->arrived);
		if (s != NULL && s->room != NULL) {
			room = s->room->number;
			snprintf(key, sizeof key, "%s", s->key);
		}
	}
	for_nobody = e->kind != EVENT_CONNECTED && is_for_nobody(e);
	waited_for = model_awaits(e);
	note_ending();
	if (sim->cluster.engine != NULL) {
		model->speaker = model_actor(c, e);
		agree_before(c, e);
	}
	__real_chat_step(c, e);
	if (sim->cluster.engine != NULL)
		agree_after(c, e);
	if (e->kind == EVENT_CONNECTED && e->connected.refused == NULL) {
		connected(e);
		session_view(c, c->people.sessions[e->conn.slot], e->conn.slot % 2 == 0);
	}
	if (e->kind == EVENT_CONNECTED && e->connected.refused != NULL)
		snprintf(comer(e)->refusal, REFUSAL_BYTES_MAX, "%s", e->connected.refused);
	chat_effects(c, &n);
	model->lossy |= c->outage.lines > 0;
	if (for_nobody && n > 0)
		sim_fail("event %d is for %u.%u, which is gone, and reaches somebody", (int)e->kind,
		         e->conn.slot, e->conn.gen);
	if (!waited_for && n > 0)
		sim_fail("the answer to question %" PRIu64 " comes again and reaches somebody",
		         e->rows->number);
	if (room != 0)
		check_marks(told, room, key);
	effects_after(e);
	if (e->kind == EVENT_CLOSED && (p = model_peer(e->conn)) != NULL) {
		/* The server ends it, and lets go what is held back. */
		if (sim->server->stop.begun)
			peer_view_let(p);
		p->known = false;
		p->put_out |= sim->server->stop.begun || (e->closed.reason != NULL &&
		              strcmp(e->closed.reason, "connection too slow") == 0);
	}
	if (e->kind == EVENT_STORED && !sim->options.relaxed)
		for (int64_t feed = 0; feed < SIM_FEEDS_MAX; feed++)
			feed_shown_up_to(feed, e->stored.seq, false);
	if (e->kind == EVENT_ROOM_EMPTY)
		sim->stats.rooms_emptied++;
}

/* -- at rest and at the end ------------------------------------------------------------ */

bool model_rests(void)
{
	for (uint32_t slot = 0; slot < SIM_SLOTS_MAX; slot++) {
		struct peer *p = model->peer[slot];

		/* A peer that has sent its last byte stays only as long as an answer is still to
		 * come. */
		if (p != NULL && p->known && (p->first < p->n || !peer_view_rests(p) || p->eof))
			return false;
	}
	return true;
}

void model_check_rest(void)
{
	uint64_t missing[SIM_SLOTS_MAX] = {0};

	for (uint32_t slot = 0; slot < SIM_SLOTS_MAX; slot++) {
		struct peer *p = model->peer[slot];

		if (p != NULL && p->known && p->first < p->n)
			sim_fail("%u.%u never gets \"%.*s\" (%zu texts wait)", slot, p->id.gen,
			         (int)(p->item[p->first]->len - p->off < 100
			                       ? p->item[p->first]->len - p->off : 100),
			         p->item[p->first]->data + p->off, p->n - p->first);
		if (p != NULL && p->known && !peer_view_rests(p))
			sim_fail("%u.%u never gets all of a room that it watches", slot, p->id.gen);
		if (p != NULL && p->known && p->eof)
			sim_fail("%u.%u has sent its last byte and does not end", slot, p->id.gen);
	}
	for (uint32_t i = 0; i < sim->ntokens; i++) {
		for (uint32_t slot = 0; slot < SIM_SLOTS_MAX; slot++) {
			const struct peer *p = model->peer[slot];

			if (!model->lossy && sim->token[i].plain && !sim->token[i].said && p != NULL && p->known &&
			    p->k->serial == sim->token[i].serial && !p->k->in_end &&
			    ++missing[slot] > p->refusals)
				sim_fail("line ~%u~ of %u.%u was neither said nor refused", i, slot,
				         p->id.gen);
		}
	}
}
