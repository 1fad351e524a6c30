/*
 * cluster_talk's parts: people who talk on several nodes (cluster_talk.c), and whether what they said and read is what
 * the database has (cluster_check.c).
 */
#ifndef CHATD_TESTS_SYSTEM_CLUSTER_TALK_H
#define CHATD_TESTS_SYSTEM_CLUSTER_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PEOPLE_MAX = 200,
	ROOMS = 4,
	MARK_STAY = UINT32_MAX, /* in what a person read: it has come to a room, or lines were skipped, as it was told */
};

/* Numbers of lines. */
struct numbers {
	uint32_t *n;           /* owned; len of cap */
	size_t len, cap;
};

/* One connection of somebody's. */
struct visit {
	uint32_t said;         /* lines */
	uint32_t commands;     /* that chatd refuses like lines */
	uint32_t refused;      /* lines and such commands: as many as chatd said were not sent */
	bool whole;            /* we ended it, when all was at rest */
};

struct said {
	uint16_t who;
	uint32_t visit;        /* its index */
};

/* What happened. */
struct story {
	uint32_t people;
	struct said *said;     /* owned; by number, nsaid of them */
	uint32_t nsaid;
	struct visit *visit;   /* owned; nvisits of them */
	uint32_t nvisits;
	struct numbers read[PEOPLE_MAX]; /* what each read, in order, of the others and maybe of itself */
	bool stayed[PEOPLE_MAX]; /* it was there to the end */
	uint64_t nread, skipped;
};

void numbers_add(struct numbers *to, uint32_t n);

/* Prints what is wrong with the database of a node, a line each, and counts. */
void story_check(const struct story *s, const char *database);

#endif
