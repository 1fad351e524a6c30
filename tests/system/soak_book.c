/* The book of a soak: every line that was said, and what everybody read, in order. */
#include "soak.h"

#include <stdlib.h>
#include <string.h>

enum { WRONG_SHOWN = 10 };

/* Makes room for one more; *cap of them are there. */
static void *grow(void *list, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return list;
	*cap = *cap ? *cap * 2 : 16;
	return mem_resize(list, *cap * size);
}

static void *grow32(void *list, uint32_t n, uint32_t *cap, size_t size)
{
	size_t wide = *cap;

	list = grow(list, n, &wide, size);
	*cap = (uint32_t)wide;
	return list;
}

uint32_t book_say(struct book *b, uint32_t person, uint32_t conn, uint8_t room, enum fate fate)
{
	b->said = grow32(b->said, b->nsaid + 1, &b->cap_said, sizeof *b->said);
	b->said[++b->nsaid] = (struct said){person, conn, room, (uint8_t)fate, false};
	return b->nsaid;
}

uint32_t book_message(struct book *b, uint32_t to)
{
	b->message_to = grow32(b->message_to, b->nmessages + 1, &b->cap_messages,
	                       sizeof *b->message_to);
	b->message_to[++b->nmessages] = to + 1;
	return b->nmessages;
}

void book_wrong(struct book *b, const char *what, const char *line, size_t n)
{
	if (b->wrong++ < WRONG_SHOWN)
		fprintf(stderr, "soak: %s: %.*s\n", what, (int)n, line);
}

static void stay_add(struct stay *s, uint32_t id)
{
	s->id = grow32(s->id, s->n, &s->cap, sizeof *s->id);
	s->id[s->n++] = id;
}

void book_read(struct book *b, struct stay *s, uint32_t id, uint32_t by)
{
	char what[96];
	int n = snprintf(what, sizeof what, "line %u of person %u in room %u", id, by, s->room);

	if (id == 0 || id > b->nsaid || b->said[id].person != by || b->said[id].room != s->room) {
		book_wrong(b, "read, but not said so", what, (size_t)n);
		return;
	}
	b->said[id].read = true;
	b->reads++;
	stay_add(s, id);
}

void book_read_message(struct book *b, uint32_t id, uint32_t to)
{
	char what[64];
	int n = snprintf(what, sizeof what, "message %u by person %u", id, to);

	if (id == 0 || id > b->nmessages || b->message_to[id] != to + 1)
		book_wrong(b, "read twice, or not by whom it was for", what, (size_t)n);
	else
		b->message_to[id] = 0;
	b->messages_read++;
}

void book_skip(struct stay *s, uint32_t lines)
{
	stay_add(s, STAY_SKIP | lines);
}

void book_stay_end(struct book *b, struct stay *s)
{
	if (s->n > 0) {
		b->stays = grow(b->stays, b->nstays, &b->cap_stays, sizeof *b->stays);
		b->stays[b->nstays] = *s;
		b->stays[b->nstays++].id = mem_resize(s->id, s->n * sizeof *s->id);
		s->id = NULL;
		s->cap = 0;
	}
	s->n = 0;
}
