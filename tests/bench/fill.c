/*
 * fill: a history of many lines, and questions to it.
 *
 *     fill make FILE LINES [ROOMS [SENDERS]]   makes the database, if it is not there
 *     fill ask history|rare|common N           prints N commands for a client to put
 *
 * Lines go in through the store's own functions, so the schema is the program's. All
 * is drawn from a fixed seed: lines of about 60 bytes, out of WORDS words of which
 * the one of rank r comes r times less often than the first. rare asks for two words
 * that are in every thousandth line or so, common for two that are in every tenth.
 */
#include "chatd/store/db/store.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WORDS = 20000,
	DRAWS = 1 << 20,       /* a word's share of them is how often it comes */
	BODY_BYTES = 60,       /* a line ends with the word that goes beyond this */
	BATCH = 4096,          /* lines in one transaction */
	ROOMS = 50, SENDERS = 500,
	LINE_MS = 700,         /* between two lines: 10 million of them are 81 days */
	RARE_FIRST = 700, RARE_LAST = 1500, /* ranks of words asked for */
	COMMON_FIRST = 8, COMMON_LAST = 60,
	PROGRESS = 1 << 20,    /* lines between two words about it */
};

static const int64_t START_MS = 1760000000000; /* when the first line was said */

static uint16_t draw[DRAWS];
static uint64_t state = 0x9e3779b97f4a7c15;

static uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Syllables and an "n": each number its own word. */
static size_t word_put(char *to, uint32_t number)
{
	static const char head[] = "bcdfghjklmnprstvwxyz", tail[] = "aeiou";
	size_t n = 0;

	do {
		to[n++] = head[number % 20];
		to[n++] = tail[number / 20 % 5];
		number /= 100;
	} while (number > 0);
	to[n++] = 'n';
	return n;
}

static void draw_fill(void)
{
	double sum = 0, part = 0;
	uint32_t at = 0;

	for (int r = 1; r <= WORDS; r++)
		sum += 1.0 / r;
	for (int r = 1; r <= WORDS; r++) {
		part += 1.0 / r;
		while (at < DRAWS && at < part / sum * DRAWS)
			draw[at++] = (uint16_t)(r - 1);
	}
	while (at < DRAWS)
		draw[at++] = WORDS - 1;
}

static void body_put(char *to)
{
	size_t n = 0;

	while (n < BODY_BYTES - 4) {
		if (n > 0)
			to[n++] = ' ';
		n += word_put(to + n, draw[random_next() >> 20 & (DRAWS - 1)]);
	}
	to[n] = '\0';
}

/* The first room is the one in which everybody comes in. */
static void room_put(char *to, size_t max, uint32_t room)
{
	if (room == 1)
		snprintf(to, max, "general");
	else
		snprintf(to, max, "room%u", room);
}

/* -- make ---------------------------------------------------------------------------- */

static int fail(const struct store_error *err)
{
	fprintf(stderr, "fill: %s\n", err->text);
	return 1;
}

static bool batch_save(struct store *s, uint64_t from, uint64_t to, uint32_t rooms,
                       uint32_t senders, struct store_error *err)
{
	static struct record record[BATCH];
	static struct {
		char body[BODY_BYTES + 32], room[32], sender[32];
	} text[BATCH];
	size_t n = 0;

	for (uint64_t seq = from; seq < to; seq++, n++) {
		record[n] = (struct record){
			.seq = seq,
			.kind = RECORD_SAY,
			.room = (uint32_t)(random_next() >> 20) % rooms + 1,
			.time_ms = START_MS + (int64_t)seq * LINE_MS,
			.room_name = text[n].room,
			.line = {text[n].sender, text[n].body},
		};
		room_put(text[n].room, sizeof text[n].room, record[n].room);
		snprintf(text[n].sender, sizeof text[n].sender, "sender%u",
		         (uint32_t)(random_next() >> 20) % senders);
		body_put(text[n].body);
	}
	return store_begin(s, err) && store_save(s, record, n, err) && store_commit(s, err);
}

static int make(const char *path, uint64_t lines, uint32_t rooms, uint32_t senders)
{
	struct store_error err;
	char side[512];
	struct store *s = store_open(path, DURABILITY_COMMIT, &err);

	if (s != NULL && store_last_seq(s) >= lines && store_indexed(s) >= lines) {
		store_close(s);
		return 0;
	}
	store_close(s);
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = {"", "-wal", "-shm"};

		snprintf(side, sizeof side, "%s%s", path, ends[i]);
		unlink(side);
	}
	if ((s = store_open(path, DURABILITY_COMMIT, &err)) == NULL)
		return fail(&err);
	draw_fill();
	for (uint64_t seq = 1; seq <= lines; seq += BATCH) {
		uint64_t to = seq + BATCH > lines ? lines + 1 : seq + BATCH;

		if (!batch_save(s, seq, to, rooms, senders, &err) || store_index(s, BATCH, 0, &err) < 0)
			return fail(&err);
		store_checkpoint(s);
		if ((seq - 1) % PROGRESS == 0 && lines > PROGRESS)
			fprintf(stderr, "  %llu of %llu lines\n", (unsigned long long)seq - 1,
			        (unsigned long long)lines);
	}
	int n;
	while ((n = store_index(s, BATCH, 0, &err)) > 0)
		store_checkpoint(s);
	store_close(s);
	return n < 0 ? fail(&err) : 0;
}

/* -- ask ----------------------------------------------------------------------------- */

static int ask(const char *what, uint32_t n)
{
	uint32_t first = strcmp(what, "rare") == 0 ? RARE_FIRST : COMMON_FIRST;
	uint32_t last = strcmp(what, "rare") == 0 ? RARE_LAST : COMMON_LAST;
	char word[2][16], room[32];

	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(what, "history") == 0) {
			room_put(room, sizeof room, i % ROOMS + 1);
			printf("/join %s\n/history 100\n", room);
			continue;
		}
		for (int k = 0; k < 2; k++) {
			uint32_t number = first + (uint32_t)(random_next() >> 20) % (last - first);
			word[k][word_put(word[k], number)] = '\0';
		}
		printf("/search %s %s\n", word[0], word[1]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && strcmp(argv[1], "make") == 0)
		return make(argv[2], strtoull(argv[3], NULL, 10),
		            argc > 4 ? (uint32_t)atoi(argv[4]) : ROOMS,
		            argc > 5 ? (uint32_t)atoi(argv[5]) : SENDERS);
	if (argc == 4 && strcmp(argv[1], "ask") == 0)
		return ask(argv[2], (uint32_t)atoi(argv[3]));
	fprintf(stderr, "usage: fill make FILE LINES [ROOMS [SENDERS]]\n"
	                "       fill ask history|rare|common N\n");
	return 2;
}
