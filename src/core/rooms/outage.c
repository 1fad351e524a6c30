/*
 * While nothing can be saved. Owns struct outage, and each room's struct gap.
 *
 * Everybody is told once when an outage begins and once when it ends; people who come in the middle of
 * it are told then.
 */

#include "chatd/core/rooms/outage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/people/account.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	REASON_BYTES_MAX = 512,    /* of a reason; the rest is cut */
	NOTICE_TEXT_BYTES_MAX = REASON_BYTES_MAX + 256, /* of a sentence with one */
	GAP_BYTES_MAX = 160,       /* of the line that marks a gap */
	GAPS_UNSTORED_MAX = 4096,  /* records that may wait to be saved when one more gap is
	                            * recorded: rooms are many and the queue is half full then */
};

static const char gap_sender[] = "System";

/* -- what is told ---------------------------------------------------------------------- */

/* waiting: some lines are still on their way to be saved, and their speakers read this. */
static const char *announce(const struct chat *c, bool waiting, char text[NOTICE_TEXT_BYTES_MAX])
{
	snprintf(text, NOTICE_TEXT_BYTES_MAX, "Nothing can be saved at present (%.*s), %s You will be told "
	         "here when it works again.", (int)REASON_BYTES_MAX, c->outage.reason,
	         c->outage.talks ? "but talk goes on: what is said now may be missing from the history."
	         : c->cluster.self != NULL ? "so lines are not sent; those on their way may still be."
	         : waiting ? "so lines are not sent; the most recent ones are waiting, and will be sent later."
	         : "so lines are not sent.");
	return text;
}

void outage_tell(struct chat *c, const struct session *s)
{
	char text[NOTICE_TEXT_BYTES_MAX];

	if (c->outage.reason != NULL && s->presence.outage == c->outage.number)
		emit_reply(c, s, "%s", announce(c, false, text));
}

void outage_tell_unsaved(struct chat *c, const struct session *s)
{
	const struct room *r = s->room;

	if (c->outage.reason != NULL && (r->lines.gap.lines > 0 || r->lines.last_id > c->records.stored_seq))
		emit_reply(c, s, "What has been said here since saving failed is not in the history "
		           "yet.");
}

void outage_notice(struct chat *c, const char *text)
{
	struct session *s, *next;

	HASH_ITER(hh, c->people.by_key, s, next)
		if (role_of(s) >= ROLE_MODERATOR && emit_has_room(c))
			emit_reply(c, s, "To administrators: %s", text);
}

/* -- its life ---------------------------------------------------------------------------- */

static void take_mode(struct chat *c)
{
	char text[NOTICE_TEXT_BYTES_MAX];

	c->outage.talks = c->config.talks_unsaved;
	emit_all(c, announce(c, c->records.line_seq > c->records.stored_seq, text));
	/* The people here see the lines that wait for their commit; the lines still wait for it. */
	outage_show(c);
}

void outage_begin(struct chat *c, const char *reason, const char *advice)
{
	bool known = c->outage.reason != NULL;
	char *shown;

	free(c->outage.reason);
	c->outage.low = c->outage.full = false; /* the store reports these after this event */
	/* It may quote what is in the database. */
	c->outage.reason = text_shown(reason, REASON_BYTES_MAX);
	if (!known) {
		c->outage.number++;
		c->outage.lines = 0;
		take_mode(c);
	}
	if (advice != NULL) {
		shown = text_shown(advice, REASON_BYTES_MAX);
		outage_notice(c, shown);
		free(shown);
	}
}

void outage_full(struct chat *c)
{
	c->outage.full = c->outage.reason != NULL;
}

void outage_low(struct chat *c)
{
	c->outage.low = c->outage.full = c->outage.reason != NULL;
}

void outage_end(struct chat *c)
{
	char text[160] = "Lines are saved and sent again.";
	bool one = c->outage.lines == 1;

	if (c->outage.reason == NULL)
		return;
	if (c->outage.talks && c->outage.lines > 0)
		snprintf(text, sizeof text, "Lines are saved again. %" PRIu64 " could not be; the history "
		         "shows where %s missing.", c->outage.lines, one ? "it is" : "they are");
	else if (c->outage.talks)
		strcpy(text, "Lines are saved again; nothing is missing.");
	free(c->outage.reason);
	c->outage.reason = NULL;
	c->outage.talks = c->outage.full = c->outage.low = false;
	emit_all(c, text);
	outage_tick(c);
}

/* -- what is said -------------------------------------------------------------------------- */

bool outage_refuses(struct chat *c, const struct session *s)
{
	if (chat_outage(c) == NULL)
		return false;
	emit_reply(c, s, "Not sent: nothing can be saved at present (%.*s). Try again in a minute.",
	           (int)REASON_BYTES_MAX, c->outage.reason);
	return true;
}

void outage_show(struct chat *c)
{
	if (c->outage.talks)
		emit_show(c);
}

uint64_t outage_readable(const struct chat *c, uint64_t seq)
{
	return !chat_can_save(c) && seq > c->records.stored_seq ? c->records.stored_seq : seq;
}

/* "between 20:14:05 and 20:17:10"; with dates, if they are not both today. */
static void gap_when(struct chat *c, const struct gap *g, char *out, size_t n)
{
	char first[STAMP_BYTES + 1], last[STAMP_BYTES + 1], now[STAMP_BYTES + 1];
	int from = 12, bytes = 8; /* of the stamp's clock */

	strcpy(first, format_stamp(&c->stamp, g->first_ms));
	strcpy(last, format_stamp(&c->stamp, g->last_ms));
	strcpy(now, format_stamp(&c->stamp, c->wall_ms));
	if (strncmp(first, now, 12) != 0 || strncmp(last, now, 12) != 0) {
		from = 1;
		bytes = STAMP_BYTES - 2;
	}
	if (strcmp(first, last) == 0)
		snprintf(out, n, "at %.*s", bytes, first + from);
	else
		snprintf(out, n, "between %.*s and %.*s", bytes, first + from, bytes, last + from);
}

/* The gap in r's history ends here. */
static void gap_record(struct chat *c, struct room *r)
{
	char body[GAP_BYTES_MAX], line[GAP_BYTES_MAX + STAMP_BYTES + 16], when[64];
	bool one = r->lines.gap.lines == 1;
	int n;

	gap_when(c, &r->lines.gap, when, sizeof when);
	snprintf(body, sizeof body, "%" PRIu64 " %s said here %s could not be saved",
	         r->lines.gap.lines, one ? "line" : "lines", when);
	r->lines.gap = (struct gap){0};
	c->outage.gaps--;
	setting_introduce(c, r);
	r->lines.last_id = c->records.line_seq = emit_append(c, (struct record){
		.kind = RECORD_GAP, .room = r->number, .time_ms = c->wall_ms, .room_name = r->name,
		.line = {gap_sender, body},
	});
	/* The room's maker is recorded nowhere else: it was not saved while its lines were not. */
	if (!r->kept && r != c->rooms.lobby)
		setting_save(c, r);
	n = snprintf(line, sizeof line, "%s[%s]: %s", format_stamp(&c->stamp, c->wall_ms), gap_sender,
	             body);
	watch_verify(c, r);
	emit_publish(c, r, &(struct published){
		.line = line, .len = (size_t)n, .seq = r->lines.last_id,
		.info = emit_info(LINE_NOTICE, c->wall_ms, NULL),
	});
	outage_show(c);
}

bool outage_keeps(struct chat *c, struct room *r)
{
	if (!c->outage.full || c->cluster.applying) {
		if (r->lines.gap.lines > 0)
			gap_record(c, r);
		return true;
	}
	if (r->lines.gap.lines++ == 0) {
		r->lines.gap.first_ms = c->wall_ms;
		c->outage.gaps++;
	}
	r->lines.gap.last_ms = c->wall_ms;
	c->outage.lines++;
	return false;
}

void outage_forget(struct chat *c, struct room *r)
{
	c->outage.gaps -= r->lines.gap.lines > 0;
	r->lines.gap = (struct gap){0};
}

/* -- time -------------------------------------------------------------------------------- */

static bool gaps_due(const struct chat *c)
{
	return c->outage.gaps > 0 && !c->outage.full && !c->stopping &&
	       c->records.seq - c->records.stored_seq < GAPS_UNSTORED_MAX;
}

static bool mode_due(const struct chat *c)
{
	return c->outage.reason != NULL && c->outage.talks != c->config.talks_unsaved;
}

void outage_tick(struct chat *c)
{
	if (mode_due(c) && emit_has_room(c))
		take_mode(c);
	for (uint32_t slot = 0; slot < c->rooms.top && gaps_due(c) && emit_has_room(c); slot++)
		if (c->rooms.slot[slot] != NULL && c->rooms.slot[slot]->lines.gap.lines > 0)
			gap_record(c, c->rooms.slot[slot]);
}

int64_t outage_due_ms(const struct chat *c)
{
	return gaps_due(c) || mode_due(c) ? c->now_ms : INT64_MAX;
}
