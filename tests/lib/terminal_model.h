/*
 * A terminal, as far as chatd's output needs one: what is on it after some bytes.
 *
 * It keeps all rows that it ever had, and knows only the sequences that every terminal knows: any
 * other is a fault, and so is a character that is not ASCII and not in its list, whose columns are
 * stated there by hand and not computed (unless model.grapheme is set, which then measures them). It wraps at its edge as a VT100 does: the cursor stays in
 * the last column until the next character.
 */
#ifndef CHATD_TESTS_TERMINAL_MODEL_H
#define CHATD_TESTS_TERMINAL_MODEL_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MODEL_COLUMNS_MAX = 128,
	MODEL_CELL_BYTES = 72,
	MODEL_ROW_BYTES = MODEL_COLUMNS_MAX * MODEL_CELL_BYTES,
};

/* A character that takes so many columns, 1 or 2. */
struct model_character {
	const char *text;
	int columns;
};

struct model_cell {
	char text[MODEL_CELL_BYTES]; /* "": blank, or the second half of a wide character */
	bool second;            /* that */
};

struct model_row {
	struct model_cell cells[MODEL_COLUMNS_MAX];
	int used;               /* cells up to the last that is not blank */
	bool goes_on;           /* the next row is the rest of it, because the terminal became narrower */
};

struct model {
	int columns, rows;      /* of the terminal */
	bool reflows;           /* it breaks rows again when it becomes narrower */
	const struct model_character *known; /* up to one without text */
	size_t (*grapheme)(const char *s, size_t len, size_t *columns); /* the bytes and columns of the next;
	                         * NULL: by the list */
	struct model_row *all;  /* all rows, the oldest first; owned */
	int n, room;            /* as many; there is room for */
	int top;                /* the first that is on the screen */
	int x, y;               /* the cursor; y among all rows */
	bool pending;           /* the last column was written: the next character goes to the next row */
	bool dim;               /* attributes are on */
	int rings;              /* bells */
	char fault[200];        /* the first thing that it did not know; "": none */
};

static inline void model_grow(struct model *m, int n)
{
	if (n <= m->n)
		return;
	if (n > m->room) {
		m->room = 2 * n;
		m->all = realloc(m->all, (size_t)m->room * sizeof *m->all);
	}
	memset(m->all + m->n, 0, (size_t)(n - m->n) * sizeof *m->all);
	m->n = n;
}

static inline struct model model_begin(int columns, int rows, const struct model_character *known)
{
	struct model m = {.columns = columns, .rows = rows, .known = known};

	model_grow(&m, 1);
	return m;
}

static inline void model_end(struct model *m)
{
	free(m->all);
	memset(m, 0, sizeof *m);
}

static inline void model_clear(struct model *m, int y, int from)
{
	/* Half of a wide character cannot stay. */
	if (from > 0 && from < m->columns && m->all[y].cells[from].second)
		m->all[y].cells[from - 1].text[0] = '\0';
	if (from < m->all[y].used) {
		memset(&m->all[y].cells[from], 0, sizeof m->all[y].cells[0] * (size_t)(m->all[y].used - from));
		m->all[y].used = from;
	}
	m->all[y].goes_on = false;
}

static inline void model_feed_line(struct model *m)
{
	m->y++;
	model_grow(m, m->y + 1);
	if (m->y >= m->top + m->rows)
		m->top++;
	m->pending = false;
}

static inline void model_put(struct model *m, const char *text, size_t len, int columns)
{
	struct model_cell *cell;

	if (m->pending || m->x + columns > m->columns) {
		model_feed_line(m);
		m->x = 0;
	}
	cell = &m->all[m->y].cells[m->x];
	if (cell->second)
		cell[-1].text[0] = '\0';
	if (m->x + columns < m->columns && cell[columns].second) {
		cell[columns].second = false;
		cell[columns].text[0] = '\0';
	}
	memcpy(cell->text, text, len);
	cell->text[len] = '\0';
	cell->second = false;
	for (int i = 1; i < columns; i++)
		cell[i] = (struct model_cell){.second = true};
	m->x += columns;
	if (m->all[m->y].used < m->x)
		m->all[m->y].used = m->x;
	m->pending = m->x >= m->columns;
	if (m->pending)
		m->x = m->columns - 1;
}

static inline void model_fault(struct model *m, const char *what, const char *at, size_t len)
{
	int n = snprintf(m->fault, sizeof m->fault, "%s:", what);

	for (size_t i = 0; i < len && i < 20; i++)
		n += snprintf(m->fault + n, sizeof m->fault - (size_t)n, " %02X", (unsigned char)at[i]);
}

/* A sequence after its CSI; returns the bytes of it, 0 if it is none that is known. */
static inline size_t model_control(struct model *m, const char *s, size_t len)
{
	size_t n = strspn(s, "0123456789;");
	int number = n == 0 ? 1 : atoi(s);

	if (n >= len)
		return 0;
	switch (s[n]) {
	case 'A':
		m->y = m->y - number < m->top ? m->top : m->y - number;
		break;
	case 'B':
		m->y = m->y + number >= m->top + m->rows ? m->top + m->rows - 1 : m->y + number;
		model_grow(m, m->y + 1);
		break;
	case 'C':
		m->x = m->x + number >= m->columns ? m->columns - 1 : m->x + number;
		break;
	case 'D':
		m->x = m->x - number < 0 ? 0 : m->x - number;
		break;
	case 'J':
		if (n > 0)
			return 0;
		for (int y = m->y + 1; y < m->n; y++)
			model_clear(m, y, 0);
		model_clear(m, m->y, m->x);
		break;
	case 'K':
		if (n > 0)
			return 0;
		model_clear(m, m->y, m->x);
		break;
	case 'm':
		m->dim = strncmp(s, "0m", 2) != 0 && n > 0;
		return n + 1;
	default:
		return 0;
	}
	m->pending = false;
	return n + 1;
}

/* One character or control; returns its bytes. */
static inline size_t model_step(struct model *m, const char *s, size_t len)
{
	const struct model_character *best = NULL;
	size_t n;

	switch (*s) {
	case '\r':
		m->x = 0;
		m->pending = false;
		return 1;
	case '\n':
		model_feed_line(m);
		return 1;
	case '\a':
		m->rings++;
		return 1;
	case '\033':
		n = len > 2 && s[1] == '[' ? model_control(m, s + 2, len - 2) : 0;
		if (n == 0)
			model_fault(m, "unknown sequence", s, len);
		return n == 0 ? len : n + 2;
	}
	if (m->grapheme != NULL && (unsigned char)*s >= ' ' && *s != 0x7F) {
		size_t columns;

		n = m->grapheme(s, len, &columns);
		if (n < MODEL_CELL_BYTES && columns > 0)
			model_put(m, s, n, (int)columns);
		return n;
	}
	for (const struct model_character *c = m->known; (s[0] | s[1]) & 0x80 && c->text != NULL; c++)
		if (*c->text == *s && strncmp(s, c->text, strlen(c->text)) == 0 &&
		    (best == NULL || strlen(c->text) > strlen(best->text)))
			best = c;
	if (best != NULL) {
		model_put(m, s, strlen(best->text), best->columns);
		return strlen(best->text);
	}
	if (*s >= ' ' && *s < 0x7F)
		model_put(m, s, 1, 1);
	else
		model_fault(m, "unknown character", s, len);
	return *s >= ' ' && *s < 0x7F ? 1 : len;
}

/* There is a NUL behind the bytes. */
static inline void model_write(struct model *m, const char *s, size_t len)
{
	for (size_t at = 0; at < len && m->fault[0] == '\0'; )
		at += model_step(m, s + at, len - at);
}

/* What a row shows, without the blanks at its end. */
static inline const char *model_row(const struct model *m, int y, char out[MODEL_ROW_BYTES])
{
	size_t n = 0;

	for (int x = 0; y < m->n && x < m->all[y].used; x++) {
		const struct model_cell *c = &m->all[y].cells[x];

		if (c->text[0] == '\0' && !c->second)
			out[n++] = ' ';
		for (const char *p = c->text; *p != '\0'; p++)
			out[n++] = *p;
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

/* Breaks all rows again. Only for characters of one column. */
static inline void model_reflow(struct model *m, int columns)
{
	struct model old = *m;
	int x = 0, y = 0;

	m->all = NULL;
	m->n = m->room = 0;
	for (int from = 0, to; from < old.n; from = to) {
		int length = 0, begin = m->n, cursor = -1;

		for (to = from; to == from || old.all[to - 1].goes_on; to++) {
			if (to == old.y)
				cursor = length + old.x + old.pending;
			length += old.all[to].goes_on ? old.columns : old.all[to].used;
		}
		model_grow(m, begin + (length == 0 ? 1 : (length - 1) / columns + 1));
		for (int row = from, at = 0; row < to; row++)
			for (int i = 0; i < (old.all[row].goes_on ? old.columns : old.all[row].used); i++, at++)
				m->all[begin + at / columns].cells[at % columns] = old.all[row].cells[i];
		for (int row = begin; row < m->n; row++)
			m->all[row].used = row < m->n - 1 ? columns : length - (row - begin) * columns;
		for (int row = begin; row < m->n; row++)
			m->all[row].goes_on = row < m->n - 1;
		if (cursor >= 0) {
			bool behind = cursor > 0 && cursor == length && cursor % columns == 0;

			y = begin + (behind ? cursor - 1 : cursor) / columns;
			x = behind ? columns - 1 : cursor % columns;
			m->pending = behind;
		}
	}
	free(old.all);
	m->columns = columns;
	m->x = x;
	m->y = y;
	model_grow(m, y + 1);
}

static inline void model_resize(struct model *m, int columns, int rows)
{
	if (columns != m->columns && m->reflows) {
		model_reflow(m, columns);
	} else if (columns != m->columns) {
		for (int y = 0; y < m->n && columns < m->columns; y++)
			model_clear(m, y, columns);
		m->columns = columns;
		m->x = m->x < columns ? m->x : columns - 1;
		m->pending = false;
	}
	/* Blank rows below the cursor are the first that go. */
	while (m->n - 1 > m->y && m->all[m->n - 1].used == 0)
		m->n--;
	m->rows = rows;
	m->top = m->n > rows ? m->n - rows : 0;
	if (m->top > m->y)
		m->top = m->y;
}

#endif
