/* What is said in rooms. Owns nothing. */

#include "chatd/core/moderation/speech.h"

#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/mention.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"

/* Whether the room was removed, while s still waits to be moved to the lobby; tells s. */
static bool is_gone(struct chat *c, const struct session *s, const struct room *r)
{
	if (r->gone)
		emit_reply(c, s, "Not sent: %s was removed.", r->name);
	return r->gone;
}

/* Whether no mute, filter or lockdown forbids it; if one does, tells s. */
static bool may_say(struct chat *c, struct session *s, const struct room *r, const char *body)
{
	const char *bar = moderation_bars(c, s, r, body);

	if (bar != NULL)
		emit_reply(c, s, "Not sent: %s", bar);
	return bar == NULL;
}

/* Notes who speaks in the room, until there are several. */
static void note_speaker(struct chat *c, const struct session *s, struct room *r)
{
	struct room_terms t;
	char who[SHARE_WHO_BYTES];
	bool first = *r->lines.alone == '\0';

	if (r == c->rooms.lobby || strcmp(r->lines.alone, ROOM_SEVERAL) == 0 ||
	    strcmp(r->lines.alone, share_who_address(c, s, who)) == 0)
		return;
	t = setting_terms(r);
	t.alone = first ? who : ROOM_SEVERAL;
	setting_apply(c, r, &t);
	setting_save(c, r);
}

void room_say(struct chat *c, struct session *s, struct room *r, enum record_kind kind, const char *body)
{
	UNCLEARED char line[LINE_HEAD_BYTES_MAX + BODY_BYTES_MAX];
	const char *stamp;
	size_t nick = strlen(s->nick), text = strlen(body), n;
	bool kept = r->set.history;

	if (is_gone(c, s, r) || (kept && !c->outage.talks && outage_refuses(c, s)) || !access_speak(c, s, r) ||
	    (c->moderation.guards > 0 && !may_say(c, s, r, body)))
		return;
	kept = kept && outage_keeps(c, r);
	if (kept)
		r->lines.last_id = c->records.line_seq = setting_append(c, r, (struct record){
			.kind = kind, .line = {s->nick, body},
		});
	if (kept && r == s->room)
		s->member.said_id = r->lines.last_id;
	/* A node that starts knows of lines that are kept alone. */
	if (kept || c->cluster.self == NULL)
		r->lines.last_ms = c->wall_ms;
	c->status.counts.lines++;
	seen_news(c);
	access_spoke(c, s, r);
	watch_verify(c, r);
	/* By hand and not by printf: this runs for every line. */
	stamp = format_stamp(&c->stamp, c->wall_ms);
	memcpy(line, stamp, STAMP_BYTES);
	n = STAMP_BYTES;
	if (kind == RECORD_ACTION) {
		memcpy(line + n, "* ", 2);
		n += 2;
	} else {
		line[n++] = '[';
	}
	memcpy(line + n, s->nick, nick);
	n += nick;
	if (kind == RECORD_ACTION) {
		line[n++] = ' ';
	} else {
		memcpy(line + n, "]:", 2);
		n += 2;
	}
	memcpy(line + n, body, text);
	emit_publish(c, r, &(struct published){
		.line = line, .len = n + text, .seq = kept ? r->lines.last_id : 0, .from = s, .words = true,
		.info = emit_info(kind == RECORD_ACTION ? LINE_ACTION : LINE_SAID, c->wall_ms, s->nick),
	});
	mention_said(c, s, r, &(struct said){kind, body, kept ? r->lines.last_id : 0});
	outage_show(c);
	if (kept)
		note_speaker(c, s, r);
}

bool room_set_topic(struct chat *c, struct session *s, const char *topic)
{
	struct room *r = s->room;
	struct room_terms t = setting_terms(r);

	/* A topic is saved as a line is, each time. */
	if (is_gone(c, s, r) || !emit_can_save(c, s) || outage_refuses(c, s) || !access_speak(c, s, r) ||
	    (c->moderation.guards > 0 && !may_say(c, s, r, topic)))
		return false;
	access_spoke(c, s, r);
	setting_append(c, r, (struct record){.kind = RECORD_TOPIC, .topic = {s->nick, topic}});
	t.topic = topic;
	setting_apply(c, r, &t);
	if (r->kept)
		setting_save(c, r);
	return true;
}
