/*
 * cluster_talk's check: what people said and read, by the lines of a node's database.
 */
#include "cluster_talk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_SHOWN = 20 };

/* A saved line, by its number. */
struct saved {
	int64_t id;            /* 0: it was not saved */
	uint32_t room;         /* index of its room's list */
	uint32_t at;           /* where it is in that list */
};

struct check {
	const struct story *story;
	struct saved *saved;   /* by number */
	int64_t room_number[ROOMS];
	uint32_t nrooms;
	struct numbers room[ROOMS]; /* the lines of each, in order */
	uint64_t faults;
};

static void fault(struct check *c, const char *what, uint32_t who, uint32_t number)
{
	if (c->faults++ < FAULTS_SHOWN)
		printf("fault: p%02u, line %08x: %s\n", who, number, what);
}

/* -- the database -------------------------------------------------------------------------------- */

static uint32_t room_of(struct check *c, int64_t number)
{
	uint32_t i = 0;

	while (i < c->nrooms && c->room_number[i] != number)
		i++;
	if (i == c->nrooms) {
		if (i == ROOMS) {
			printf("fault: there are more rooms than people went to\n");
			exit(1);
		}
		c->room_number[c->nrooms++] = number;
	}
	return i;
}

static void line_take(struct check *c, int64_t id, int64_t room, const char *sender, const char *body, uint32_t *newest)
{
	uint32_t number = (uint32_t)strtoul(body + 1, NULL, 16), r = room_of(c, room);
	uint32_t who = (uint32_t)atoi(sender + 1);

	char name[16];

	/* Whoever comes in again after their node was cut off, and finds their name taken by their own next connection, has
	 * another one, with a digit more: p12 is p122 then, and p05 is p057, which is not p57. */
	snprintf(name, sizeof name, "p%02u", who);
	if (number < c->story->nsaid && (who >= c->story->people || strcmp(name, sender) != 0))
		who = c->story->said[number].who;
	if (number >= c->story->nsaid || c->story->said[number].who != who) {
		fault(c, "nobody has said it, but it is saved", who, number);
		return;
	}
	if (c->saved[number].id != 0) {
		fault(c, "it is saved twice", who, number);
		return;
	}
	if (newest[who] > number)
		fault(c, "it is saved behind one that was said later", who, number);
	newest[who] = number;
	c->saved[number] = (struct saved){.id = id, .room = r, .at = (uint32_t)c->room[r].len};
	numbers_add(&c->room[r], number);
}

static void lines_load(struct check *c, const char *database)
{
	uint32_t newest[PEOPLE_MAX] = {0};
	sqlite3 *db;
	sqlite3_stmt *st;

	if (sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, "SELECT id, room, sender, body FROM messages WHERE body GLOB '~*' ORDER BY id", -1, &st,
	                       NULL) != SQLITE_OK) {
		printf("fault: %s: %s\n", database, sqlite3_errmsg(db));
		exit(1);
	}
	while (sqlite3_step(st) == SQLITE_ROW)
		line_take(c, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
		          (const char *)sqlite3_column_text(st, 2), (const char *)sqlite3_column_text(st, 3), newest);
	sqlite3_finalize(st);
	sqlite3_close(db);
}

/* -- what was read ------------------------------------------------------------------------------- */

/* The lines of a room from one place to before another one were left out: they must be the reader's own. */
static void check_left_out(struct check *c, uint32_t who, uint32_t room, uint32_t from, uint32_t to)
{
	for (uint32_t at = from; at < to; at++) {
		uint32_t number = c->room[room].n[at];

		if (c->story->said[number].who != who)
			fault(c, "it was left out among what this person read", who, number);
	}
}

static void check_reader(struct check *c, uint32_t who)
{
	const struct numbers *read = &c->story->read[who];
	const struct saved *last = NULL;

	for (size_t i = 0; i < read->len; i++) {
		uint32_t number = read->n[i];

		if (number == MARK_STAY) {
			last = NULL;
			continue;
		}
		if (number >= c->story->nsaid || c->saved[number].id == 0) {
			fault(c, "this person has read it, but it is not saved", who, number);
			continue;
		}
		const struct saved *s = &c->saved[number];

		if (last != NULL && last->room != s->room)
			fault(c, "this person read it in another room than it is saved in", who, number);
		else if (last != NULL && last->at < s->at)
			check_left_out(c, who, s->room, last->at + 1, s->at);
		if (last != NULL && last->room == s->room && last->at >= s->at)
			fault(c, "this person read it again, or in another order", who, number);
		else
			last = s;
	}
	if (last != NULL && c->story->stayed[who])
		check_left_out(c, who, last->room, last->at + 1, (uint32_t)c->room[last->room].len);
}

/* -- what was said ------------------------------------------------------------------------------- */

/* Who stayed to the end was told of each line that is missing. */
static void check_said(struct check *c, uint64_t *missing)
{
	const struct story *s = c->story;
	uint32_t *lost = calloc(s->nvisits + 1, sizeof *lost);

	for (uint32_t number = 0; number < s->nsaid; number++) {
		if (c->saved[number].id == 0) {
			lost[s->said[number].visit]++;
			++*missing;
		}
	}
	for (uint32_t i = 0; i < s->nvisits; i++) {
		const struct visit *v = &s->visit[i];

		if (v->whole && (v->refused < lost[i] || v->refused > lost[i] + v->commands) && c->faults++ < FAULTS_SHOWN)
			printf("fault: of a connection's %u lines %u are not saved, but it was told that %u were not sent, "
			       "or of its %u commands\n", v->said, lost[i], v->refused, v->commands);
	}
	free(lost);
}

void story_check(const struct story *s, const char *database)
{
	struct check c = {.story = s, .saved = calloc(s->nsaid + 1, sizeof *c.saved)};
	uint64_t missing = 0, refused = 0;

	lines_load(&c, database);
	for (uint32_t who = 0; who < s->people; who++)
		check_reader(&c, who);
	check_said(&c, &missing);
	for (uint32_t i = 0; i < s->nvisits; i++)
		refused += s->visit[i].refused;
	printf("said=%u saved=%u refused=%llu missing=%llu read=%llu skipped=%llu visits=%u faults=%llu\n", s->nsaid,
	       (unsigned)(s->nsaid - missing), (unsigned long long)refused, (unsigned long long)missing,
	       (unsigned long long)s->nread, (unsigned long long)s->skipped, s->nvisits, (unsigned long long)c.faults);
	for (uint32_t i = 0; i < ROOMS; i++)
		free(c.room[i].n);
	free(c.saved);
}
