/* What chatd sends to the people of a soak, line by line. */
#include "soak.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	STAMP_BYTES = 21, /* "[2026-11-22 20:14:05]" */
	ODD_SHOWN = 10,
};

static const char prompt[] = "[ENTER YOUR NAME]: ";

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* -- what is said -------------------------------------------------------------------- */

/* "[c12x3]:k77 ...", "[c12x3 -> you]:m5 ..." or "[System]: ...", behind the stamp. */
static void said_take(struct soak *s, struct person *p, struct stay *stay, const char *line)
{
	char *end;
	unsigned long by, id;

	if (begins(line, "[System]: "))
		return;
	by = begins(line, "[c") ? strtoul(line + 2, &end, 10) : ULONG_MAX;
	if (by >= s->people || *end != 'x') {
		book_wrong(&s->book, "nobody of ours said", line, strlen(line));
		return;
	}
	end += strcspn(end, "] ");
	if (begins(end, " -> you]:m")) {
		id = strtoul(end + strlen(" -> you]:m"), NULL, 10);
		book_read_message(&s->book, (uint32_t)id, p->index);
	} else if (begins(end, "]:k")) {
		id = strtoul(end + strlen("]:k"), NULL, 10);
		book_read(&s->book, stay, (uint32_t)id, (uint32_t)by);
	} else {
		book_wrong(&s->book, "not as it was said", line, strlen(line));
	}
}

/* -- replies ------------------------------------------------------------------------- */

/* "-- You are in r7 with ...": from here on that room is read. */
static void joined(struct soak *s, struct person *p, const char *room)
{
	book_stay_end(&s->book, &p->stay);
	p->stay.conn = p->conn;
	p->stay.room = (uint8_t)strtoul(room, NULL, 10);
	p->past.conn = p->conn;
	p->past.room = p->stay.room;
	s->count.joins++;
}

static void greeted(struct soak *s, struct person *p)
{
	joined(s, p, "50"); /* SOAK_LOBBY */
	s->count.joins--;
	p->state = PERSON_IN;
	p->next_ms = s->now_ms + prng_range(&p->chance, 500, 5000);
}

/* The end of an answer to /history. `saved`: it waited for what was said before. */
static void answered(struct soak *s, struct person *p, bool saved)
{
	book_stay_end(&s->book, &p->past);
	p->asked = false;
	s->count.answered++;
	if (!saved)
		return;
	for (uint32_t i = 0; i < p->open_asked; i++)
		s->book.said[p->open[i]].fate = FATE_MUST;
	p->nopen -= p->open_asked;
	memmove(p->open, p->open + p->open_asked, p->nopen * sizeof *p->open);
	p->open_asked = 0;
}

static void skipped(struct soak *s, struct person *p, const char *line)
{
	uint32_t n = (uint32_t)strtoul(line, NULL, 10);

	book_skip(&p->stay, n);
	s->count.skips++;
	s->count.skipped += n;
}

/* Those that need no more than to be known. */
static bool is_known(struct soak *s, const char *line)
{
	static const char *const known[] = {
		"The last ", "End of history", "To c", "Nobody in the chat is called ", "Not sent: c",
		"chatd is going down", "Goodbye", "Topic: ", "Here with you: ", "Nobody else is here.",
		"If your connection breaks, ", "Nothing new in ",
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (begins(line, known[i]))
			return true;
	if (begins(line, "You are sending more ") || begins(line, "Your address is sending more ")) {
		s->count.delays++;
		return true;
	}
	if (begins(line, "Not sent: your line has ")) {
		s->count.long_refused++;
		return true;
	}
	return strstr(line, " unread line") != NULL || strstr(line, " new line") != NULL ||
	       strstr(line, " #") != NULL; /* "20 lines of r7, #12 to #40:" */
}

/* Behind "-- ". */
static void reply_take(struct soak *s, struct person *p, const char *line)
{
	if (begins(line, "You are in r"))
		joined(s, p, line + strlen("You are in r"));
	else if (begins(line, "You are already in r"))
		joined(s, p, line + strlen("You are already in r"));
	else if (begins(line, "You are c") && strstr(line, ", in general") != NULL)
		greeted(s, p);
	else if (begins(line, "You are c") && strstr(line, " now.") != NULL)
		s->count.renames++;
	else if (p->asked && begins(line, "End.") )
		answered(s, p, true);
	else if (p->asked && (begins(line, "Nothing has been said") || begins(line, "No such lines") ||
	                      begins(line, "The history ")))
		answered(s, p, false);
	else if (strstr(line, " skipped while your connection was slow") != NULL)
		skipped(s, p, line);
	else if (!is_known(s, line) && s->count.odd++ < ODD_SHOWN)
		fprintf(stderr, "soak: c%ux%u reads: %s\n", p->index, p->names, line);
}

static void line_take(struct soak *s, struct person *p, const char *line)
{
	bool numbered = *line == '#';

	while (begins(line, prompt))
		line += strlen(prompt);
	if (begins(line, "--    ")) /* a further row of a reply */
		return;
	if (begins(line, "-- ")) {
		reply_take(s, p, line + 3);
		return;
	}
	if (numbered)
		line += strcspn(line, " ") + (strchr(line, ' ') != NULL);
	if (*line == '[' && strlen(line) > STAMP_BYTES && line[STAMP_BYTES - 1] == ']' &&
	    line[STAMP_BYTES] == '[')
		said_take(s, p, numbered ? &p->past : &p->stay, line + STAMP_BYTES);
	else if (p->state != PERSON_COMING)
		book_wrong(&s->book, "no line of chatd's", line, strlen(line));
}

void person_take(struct soak *s, struct person *p, const char *data, size_t n)
{
	size_t at = 0;
	char *end;

	bytes_append(&p->in, data, n);
	while (at < p->in.len && (end = memchr(p->in.data + at, '\n', p->in.len - at)) != NULL) {
		*end = '\0';
		line_take(s, p, p->in.data + at);
		at = (size_t)(end + 1 - p->in.data);
	}
	bytes_drop(&p->in, at);
}
