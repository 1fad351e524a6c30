/*
 * The end of a soak: the book against the database.
 *
 * Every line that was read, or was answered for, is there once; what was refused is not; and what
 * each connection read of a room is a run of that room's lines without a gap, but for its own
 * lines and for those of which it was told that they were skipped.
 */
#include "soak.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 5 }; /* of each kind of mistake */

struct check {
	const struct book *book;
	uint32_t *times;             /* by line: how often it is in the database */
	uint32_t *at;                /* and where in its room */
	uint32_t *row[SOAK_ROOMS + 1]; /* the room's lines in order */
	uint32_t nrows[SOAK_ROOMS + 1], cap[SOAK_ROOMS + 1];
	uint64_t rows, unknown;      /* rows in the database; how many of these nobody said */
};

/* The room by its name; -1: none of ours. */
static int room_of(const char *name)
{
	char *end;
	unsigned long n;

	if (strcmp(name, "general") == 0)
		return SOAK_LOBBY;
	n = *name == 'r' ? strtoul(name + 1, &end, 10) : SOAK_ROOMS;
	return n < SOAK_ROOMS && *end == '\0' ? (int)n : -1;
}

/* "id|room|sender|body" */
static void row_take(struct check *c, char *line)
{
	char *rest = line, *id = strsep(&rest, "|"), *room = strsep(&rest, "|");
	char *sender = strsep(&rest, "|");
	const struct said *said;
	uint32_t n = 0;
	int r = room != NULL ? room_of(room) : -1;

	(void)id;
	c->rows++;
	if (rest != NULL && *rest == 'k')
		n = (uint32_t)strtoul(rest + 1, NULL, 10);
	said = n > 0 && n <= c->book->nsaid ? &c->book->said[n] : NULL;
	if (r < 0 || said == NULL || said->room != r || *sender != 'c' ||
	    strtoul(sender + 1, NULL, 10) != said->person) {
		if (c->unknown++ < SHOWN_MAX)
			printf("# not said so: %s in %s\n", rest, room);
		return;
	}
	c->times[n]++;
	c->at[n] = c->nrows[r];
	if (c->nrows[r] == c->cap[r]) {
		c->cap[r] = c->cap[r] != 0 ? c->cap[r] * 2 : 1024;
		c->row[r] = mem_resize(c->row[r], c->cap[r] * sizeof **c->row);
	}
	c->row[r][c->nrows[r]++] = n;
}

static void result(unsigned *test, bool ok, const char *title)
{
	printf("%s %u - %s\n", ok ? "ok" : "not ok", ++*test, title);
}

/* -- each line ------------------------------------------------------------------------ */

static bool check_lines(const struct check *c, unsigned *test)
{
	uint64_t read = 0, must = 0, never = 0, lost = 0, unsaved = 0, twice = 0, refused = 0;
	char title[160];

	for (uint32_t i = 1; i <= c->book->nsaid; i++) {
		const struct said *s = &c->book->said[i];

		read += s->read;
		must += s->fate == FATE_MUST;
		never += s->fate == FATE_NEVER;
		twice += c->times[i] > 1;
		refused += s->fate == FATE_NEVER && c->times[i] > 0;
		if (s->read && c->times[i] == 0 && lost++ < SHOWN_MAX)
			printf("# read and not saved: k%u, of person %u in room %u\n", i, s->person,
			       s->room);
		if (s->fate == FATE_MUST && c->times[i] == 0 && unsaved++ < SHOWN_MAX)
			printf("# answered for and not saved: k%u, of person %u in room %u\n", i,
			       s->person, s->room);
	}
	printf("# %u said, %llu saved, %llu of them read by others\n", c->book->nsaid,
	       (unsigned long long)c->rows, (unsigned long long)read);
	snprintf(title, sizeof title, "each of %llu lines that were read is saved; %llu are not",
	         (unsigned long long)read, (unsigned long long)lost);
	result(test, lost == 0 && read > 0, title);
	snprintf(title, sizeof title, "and each of %llu that an answer came behind; %llu are not",
	         (unsigned long long)must, (unsigned long long)unsaved);
	result(test, unsaved == 0 && must > 0, title);
	snprintf(title, sizeof title, "none is there twice (%llu), nor as nobody said it (%llu)",
	         (unsigned long long)twice, (unsigned long long)c->unknown);
	result(test, twice == 0 && c->unknown == 0, title);
	snprintf(title, sizeof title, "of %llu that were too long none is saved",
	         (unsigned long long)never);
	result(test, refused == 0 && never > 0, title);
	return lost + unsaved + twice + c->unknown + refused == 0 && read > 0 && must > 0;
}

/* -- each stay ------------------------------------------------------------------------ */

/* Lines of the room between two that were read; one's own are not sent to oneself. */
static uint32_t missing(const struct check *c, const struct stay *s, uint32_t from, uint32_t to)
{
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++) {
		const struct said *said = &c->book->said[c->row[s->room][i]];

		n += s->history || said->person != s->person || said->conn != s->conn;
	}
	return n;
}

/* NULL: what it read is a run of the room's lines. */
static const char *stay_wrong(const struct check *c, const struct stay *s, uint32_t *where)
{
	uint32_t next = UINT32_MAX, skipped = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t id = s->id[i], at;

		*where = id;
		if (id & STAY_SKIP) {
			skipped += id & ~STAY_SKIP;
			continue;
		}
		if (c->times[id] == 0)
			continue; /* told already */
		at = c->at[id];
		if (next != UINT32_MAX && at < next)
			return "out of order, or twice";
		if (next != UINT32_MAX && missing(c, s, next, at) > skipped)
			return "a gap before it";
		next = at + 1;
		skipped = 0;
	}
	return NULL;
}

static bool check_stays(const struct check *c, unsigned *test)
{
	uint64_t wrong = 0, stays = 0, answers = 0;
	char title[160];

	for (size_t i = 0; i < c->book->nstays; i++) {
		const struct stay *s = &c->book->stays[i];
		uint32_t where = 0;
		const char *why = stay_wrong(c, s, &where);

		stays += !s->history;
		answers += s->history;
		if (why != NULL && wrong++ < SHOWN_MAX)
			printf("# person %u, connection %u, room %u, %s, line k%u: %s\n", s->person,
			       s->conn, s->room, s->history ? "an answer" : "live", where, why);
	}
	snprintf(title, sizeof title, "in each of %llu stays and %llu answers all of the room's lines "
	         "were read, in order and once; not in %llu", (unsigned long long)stays,
	         (unsigned long long)answers, (unsigned long long)wrong);
	result(test, wrong == 0 && stays > 0, title);
	return wrong == 0 && stays > 0;
}

bool check_book(const struct book *b, FILE *dump, unsigned *test)
{
	struct check c = {.book = b};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool ok;

	c.times = mem_zero(b->nsaid + 1, sizeof *c.times);
	c.at = mem_zero(b->nsaid + 1, sizeof *c.at);
	while ((n = getline(&line, &cap, dump)) > 0) {
		line[n - 1] = '\0';
		row_take(&c, line);
	}
	free(line);
	ok = check_lines(&c, test);
	ok = check_stays(&c, test) && ok;
	for (int i = 0; i <= SOAK_ROOMS; i++)
		free(c.row[i]);
	free(c.times);
	free(c.at);
	return ok;
}
