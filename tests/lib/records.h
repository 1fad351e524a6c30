/* Records of any kind: made, copied, and looked at as columns. */
#ifndef CHATD_TESTS_RECORDS_H
#define CHATD_TESTS_RECORDS_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/event.h"

/* What every kind has, whatever it calls it: a number, who it is of, a text, and a name. What there is
 * none of is 0 or "". */
struct record_columns {
	uint64_t number;
	const char *who, *text, *name;   /* borrowed of the record, or of buffer */
	char buffer[RANGES_TEXT_BYTES];
};

static inline void record_columns(const struct record *r, struct record_columns *c)
{
	*c = (struct record_columns){.who = "", .text = "", .name = r->room_name};
	switch (r->kind) {
	case RECORD_SAY:
	case RECORD_ACTION:
	case RECORD_GAP:
		c->who = r->line.sender, c->text = r->line.body;
		break;
	case RECORD_TOPIC:
		c->who = r->topic.sender, c->text = r->topic.text;
		break;
	case RECORD_SEEN:
		ranges_show(&r->seen.gaps, c->buffer);
		c->number = r->seen.up_to_id, c->who = r->seen.key, c->text = c->buffer;
		break;
	case RECORD_FACT:
		c->number = (uint64_t)r->fact.kind, c->who = r->fact.key, c->text = r->fact.value;
		break;
	case RECORD_DELETE:
		c->number = r->deletion.line_id, c->who = r->deletion.by, c->text = r->deletion.why;
		break;
	case RECORD_AUDIT:
		c->number = r->audit.share, c->who = r->audit.actor, c->text = r->audit.text;
		c->name = r->audit.changed;
		break;
	case RECORD_RETENTION:
		c->number = (uint64_t)r->retention.days << 32 | r->retention.lines;
		break;
	case RECORD_ERASE:
		snprintf(c->buffer, sizeof c->buffer, "%" PRId64, r->erase.since_ms);
		c->number = r->erase.after_id, c->who = r->erase.key, c->text = c->buffer;
		break;
	case RECORD_ROOM:
	case RECORD_REMOVE:
	case RECORD_PRUNE:
		break;
	}
}

/* And back: the kind, and what record_columns would show of it, but for the name. */
static inline void record_set(struct record *r, enum record_kind kind, const char *who,
                              uint64_t number, const char *text)
{
	r->kind = kind;
	switch (kind) {
	case RECORD_SAY:
	case RECORD_ACTION:
	case RECORD_GAP:
		r->line.sender = who, r->line.body = text;
		break;
	case RECORD_TOPIC:
		r->topic.sender = who, r->topic.text = text;
		break;
	case RECORD_SEEN:
		r->seen.key = who, r->seen.up_to_id = number, r->seen.gaps = ranges_read(text);
		break;
	case RECORD_FACT:
		r->fact.kind = (enum fact_kind)number, r->fact.key = who, r->fact.value = text;
		break;
	case RECORD_DELETE:
		r->deletion.line_id = number, r->deletion.by = who, r->deletion.why = text;
		break;
	case RECORD_AUDIT:
		r->audit.share = number, r->audit.actor = who, r->audit.text = text;
		r->audit.changed = "";
		break;
	case RECORD_RETENTION:
		r->retention.days = (uint32_t)(number >> 32), r->retention.lines = (uint32_t)number;
		break;
	case RECORD_ERASE:
		r->erase.key = who, r->erase.after_id = number;
		r->erase.since_ms = strtoll(text, NULL, 10);
		break;
	case RECORD_ROOM:
	case RECORD_REMOVE:
	case RECORD_PRUNE:
		break;
	}
}

/* A copy with strings of its own, which record_release frees. */
static inline struct record record_copy(const struct record *r)
{
	struct record copy = *r;
	const char **string[RECORD_STRINGS_MAX];
	size_t n = record_strings(&copy, string);

	for (size_t i = 0; i < n; i++)
		*string[i] = mem_strdup(*string[i]);
	return copy;
}

static inline void record_release(struct record *r)
{
	const char **string[RECORD_STRINGS_MAX];
	size_t n = record_strings(r, string);

	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)*string[i]);
}

/* All of its strings together. */
static inline size_t record_string_bytes(const struct record *r)
{
	struct record copy = *r;
	const char **string[RECORD_STRINGS_MAX];
	size_t n = record_strings(&copy, string), bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(*string[i]);
	return bytes;
}

#endif
