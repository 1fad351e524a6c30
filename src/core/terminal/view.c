/*
 * Lines as one person's terminal shows them.
 *
 * A line is composed first, without regard to rows: a head of a few spans, each with its
 * attributes, and the text. Then it is broken into rows. Owns nothing.
 */
#include "chatd/core/terminal/view.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bounds.h"
#include "chatd/base/columns.h"
#include "chatd/base/hash.h"
#include "chatd/base/time_format.h"
#include "chatd/core/terminal/latin1.h"

enum {
	SPANS_MAX = 8,          /* of a line: more than a head has, and the text */
	HANG_LEAST = 3,         /* the least that rows which follow are indented: as wide as "-- " */
	HANG_MORE = 2,          /* indented from where names begin, so that no text that follows looks
	                         * like a name */
	HANG_PART = 3,          /* the most: one part in so many of a row */
};

enum attribute {
	ATTR_NONE,
	ATTR_DIM,               /* times */
	ATTR_BOLD,              /* mentions */
	ATTR_NAME,              /* the speaker */
	ATTRIBUTES,
};

/* The colours of names. Each has a contrast of 3 or more with black and with white, and each pair
 * differs to those who cannot tell red from green (protanopia, deuteranopia) or blue from green
 * (tritanopia) by 24 or more (CIE 1976; simulated as by Machado 2009). Of the 16 colours, whose
 * values are the terminal's, only three are like that in the palettes of xterm, PuTTY and VTE; a
 * pair of these differs by 15. */
static const char *const names_256[][2] = {
	{"\033[38;5;33m", "\033[1;38;5;33m"}, {"\033[38;5;93m", "\033[1;38;5;93m"},
	{"\033[38;5;127m", "\033[1;38;5;127m"}, {"\033[38;5;137m", "\033[1;38;5;137m"},
	{"\033[38;5;160m", "\033[1;38;5;160m"}, {"\033[38;5;162m", "\033[1;38;5;162m"},
};
static const char *const names_16[][2] = {
	{"\033[31m", "\033[1;31m"}, {"\033[35m", "\033[1;35m"}, {"\033[94m", "\033[1;94m"},
};

/* A line while it is composed, and then broken into rows. */
struct canvas {
	const struct view_style *style;
	struct bytes *out;
	size_t limit;           /* columns of a row */
	bool bytes;             /* a byte is a column: the text is no UTF-8, but Latin-1 */
	const char *sequences[ATTRIBUTES]; /* that switch each on; NULL: nothing does */
	char *text;             /* what is composed */
	size_t len;             /* bytes of it */
	struct span {
		size_t end;     /* offset in text */
		enum attribute attribute;
	} spans[SPANS_MAX];
	size_t spans_n;
	size_t head;            /* bytes of text before what was said */
	size_t hang;            /* columns that the rows after the first are indented */
};

static void put(struct canvas *c, const char *s, size_t len, enum attribute attribute)
{
	if (c->spans_n == 0 || c->spans[c->spans_n - 1].attribute != attribute)
		c->spans[c->spans_n++].attribute = attribute;
	if (c->bytes) {
		c->len += latin1_write(c->text + c->len, s, len);
	} else {
		memcpy(c->text + c->len, s, len);
		c->len += len;
	}
	c->spans[c->spans_n - 1].end = c->len;
}

static void puts_plain(struct canvas *c, const char *s)
{
	put(c, s, strlen(s), ATTR_NONE);
}

/* -- rows --------------------------------------------------------------------------------- */

static void row_end(struct canvas *c)
{
	if (c->style->crlf)
		bytes_append(c->out, "\r\n", 2);
	else
		bytes_append(c->out, "\n", 1);
}

static void row_indent(struct canvas *c, size_t columns)
{
	static const char blanks[] = "                                ";

	for (size_t n; columns > 0; columns -= n) {
		n = columns < sizeof blanks - 1 ? columns : sizeof blanks - 1;
		bytes_append(c->out, blanks, n);
	}
}

/* The composed text from begin to end, with attributes that are reset after each span. */
static void row_put(struct canvas *c, size_t begin, size_t end)
{
	for (size_t i = 0; i < c->spans_n && begin < end; i++) {
		const char *sequence = c->sequences[c->spans[i].attribute];
		size_t upto = c->spans[i].end < end ? c->spans[i].end : end;

		if (upto <= begin)
			continue;
		if (sequence != NULL)
			bytes_puts(c->out, sequence);
		bytes_append(c->out, c->text + begin, upto - begin);
		if (sequence != NULL)
			bytes_append(c->out, "\033[0m", 4);
		begin = upto;
	}
}

static size_t fit(const struct canvas *c, size_t at, size_t columns)
{
	if (c->bytes || c->limit == SIZE_MAX)
		return c->len - at < columns ? c->len - at : columns;
	return text_fit_columns(c->text + at, c->len - at, columns, NULL);
}

/* The word at that offset fits a row of its own. */
static bool word_fits(const struct canvas *c, size_t at)
{
	size_t n = fit(c, at, c->limit - c->hang);

	return at + n == c->len || memchr(c->text + at, ' ', n + 1) != NULL;
}

/* Where the row ends that begins at that offset, of whose text so much fits, but not all. */
static size_t row_break(const struct canvas *c, size_t begin, size_t fits)
{
	size_t end = begin + fits, least = begin < c->head && c->head <= end ? c->head : begin, at = end;

	/* The blank after the last word may be the first that does not fit. */
	while (at > least && c->text[at] != ' ')
		at--;
	if (c->text[at] != ' ' && at != c->head)
		return end; /* no word ends here */
	if (at == begin || !word_fits(c, c->text[at] == ' ' ? at + 1 : at))
		return end;
	return at;
}

/* All that is composed, in rows. The last has no line end yet. */
static void rows_put(struct canvas *c)
{
	size_t begin = 0, columns = c->limit, fits, next, end;

	while (begin + (fits = fit(c, begin, columns)) < c->len) {
		next = end = row_break(c, begin, fits);
		while (end > begin + 1 && c->text[end - 1] == ' ')
			end--;
		while (next < c->len && c->text[next] == ' ')
			next++;
		row_put(c, begin, end);
		if (next == c->len)
			return;
		row_end(c);
		row_indent(c, c->hang);
		begin = next;
		columns = c->limit - c->hang;
	}
	row_put(c, begin, c->len);
}

/* -- times -------------------------------------------------------------------------------- */

static void put_digits(char *at, int n, int64_t value)
{
	for (at += n; n > 0; n--, value /= 10)
		*--at = (char)('0' + value % 10);
}

/* The date of a day since 1970 in the Gregorian calendar, by which 400 years have as many days, and
 * a year is taken to begin in March, so that the leap day is its last. */
static void put_date(char at[10], int64_t day)
{
	enum { DAYS_400 = 146097, DAYS_100 = 36524, DAYS_4 = 1461, BEFORE_1970 = 719468 };
	int64_t era, of_era, year, of_year, month;

	day += BEFORE_1970;
	era = day / DAYS_400;
	of_era = day % DAYS_400;
	year = (of_era - of_era / (DAYS_4 - 1) + of_era / DAYS_100 - of_era / (DAYS_400 - 1)) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	put_digits(at + 8, 2, of_year - (153 * month + 2) / 5 + 1);
	month += month < 10 ? 3 : -9;
	put_digits(at + 5, 2, month);
	put_digits(at, 4, year + era * 400 + (month <= 2));
	at[4] = at[7] = '-';
}

/* The line's stamp, as the style has it. */
static void make_stamp(const struct view_style *style, const struct view_line *line,
                       char stamp[STAMP_BYTES])
{
	enum { DAY = 86400 };
	int64_t s;

	if (!style->zoned) {
		memcpy(stamp, line->text, STAMP_BYTES);
		return;
	}
	/* A day more, so that nothing is negative west of Greenwich in 1970. */
	s = (int64_t)line->info.time_s + style->zone.offset_s + DAY;
	memcpy(stamp, "[yyyy-mm-dd hh:mm:ss]", STAMP_BYTES);
	put_date(stamp + 1, s / DAY - 1);
	put_digits(stamp + 12, 2, s % DAY / 3600);
	put_digits(stamp + 15, 2, s % 3600 / 60);
	put_digits(stamp + 18, 2, s % 60);
}

/* The row that says that the date is another one. */
static void day_put(struct canvas *c, struct view_day *day, const char *date)
{
	const char *sequence = c->sequences[ATTR_DIM];

	if (memcmp(day->date, date, sizeof day->date) == 0)
		return;
	memcpy(day->date, date, sizeof day->date);
	bytes_puts(c->out, sequence != NULL ? sequence : "");
	bytes_append(c->out, "-- ", 3);
	bytes_append(c->out, date, sizeof day->date);
	bytes_puts(c->out, sequence != NULL ? "\033[0m" : "");
	row_end(c);
}

/* -- lines -------------------------------------------------------------------------------- */

static const char system_head[] = "[System]: ", private_end[] = " -> you]";

/* Bytes of the layout before the text; 0: the line does not have it. */
static size_t layout_bytes(const struct view_line *line)
{
	size_t name = line->info.name_bytes, n;

	switch (line->info.kind) {
	case LINE_SAID:
		n = STAMP_BYTES + 1 + name + 2;
		break;
	case LINE_ACTION:
		n = STAMP_BYTES + 2 + name + 1;
		break;
	case LINE_NOTICE:
	case LINE_PASSAGE:
		n = STAMP_BYTES + sizeof system_head - 1;
		break;
	case LINE_PRIVATE:
		n = STAMP_BYTES + 1 + name + sizeof private_end;
		break;
	default:
		return 0;
	}
	return n <= line->len ? n : 0;
}

bool view_speech(const struct view_line *line, size_t *name_at, size_t *text_at)
{
	enum line_kind kind = line->info.kind;

	*name_at = STAMP_BYTES + (kind == LINE_ACTION ? 2 : 1);
	*text_at = layout_bytes(line);
	return line->info.stamp_at == 0 && *text_at > 0 &&
	       (kind == LINE_SAID || kind == LINE_ACTION || kind == LINE_PRIVATE);
}

/* Who speaks, as it stands in the canonical line. */
static void put_speaker(struct canvas *c, const struct view_line *line)
{
	size_t name = line->info.name_bytes;
	bool full = c->style->time == VIEW_TIME_FULL;

	switch (line->info.kind) {
	case LINE_SAID:
		if (full)
			put(c, "[", 1, ATTR_NONE);
		put(c, line->text + STAMP_BYTES + 1, name, ATTR_NAME);
		puts_plain(c, full ? "]:" : ": ");
		break;
	case LINE_ACTION:
		put(c, "* ", 2, ATTR_NONE);
		put(c, line->text + STAMP_BYTES + 2, name, ATTR_NAME);
		put(c, " ", 1, ATTR_NONE);
		break;
	case LINE_PRIVATE:
		put(c, "[", 1, ATTR_NONE);
		put(c, line->text + STAMP_BYTES + 1, name, ATTR_NAME);
		puts_plain(c, private_end);
		puts_plain(c, full ? ":" : " ");
		break;
	default:
		puts_plain(c, full ? system_head : "-- ");
	}
}

/* How far the rows after the first are indented: to where the text begins, if names begin at the
 * same place in all lines and it is not too far. */
static size_t hang_of(const struct canvas *c, size_t names, size_t text)
{
	size_t most = c->limit / HANG_PART;

	if (c->style->time != VIEW_TIME_FULL && text >= HANG_LEAST && text <= most)
		return text;
	return names > 0 && names + HANG_MORE <= most ? names + HANG_MORE : HANG_LEAST;
}

/* Composes what is before the text. */
static void put_head(struct canvas *c, struct view_day *day, const struct view_line *line)
{
	char stamp[STAMP_BYTES];
	size_t names, text;

	if (line->marked)
		put(c, ">> ", 3, ATTR_BOLD);
	if (line->info.stamp_at > 0)
		put(c, line->text - line->info.stamp_at, line->info.stamp_at, ATTR_NONE);
	if (c->style->time != VIEW_TIME_OFF)
		make_stamp(c->style, line, stamp);
	if (c->style->time == VIEW_TIME_FULL) {
		put(c, stamp, STAMP_BYTES, ATTR_DIM);
	} else if (c->style->time == VIEW_TIME_SHORT) {
		day_put(c, day, stamp + 1);
		put(c, stamp + 12, 5, ATTR_DIM);
		put(c, " ", 1, ATTR_NONE);
	}
	names = c->len;
	if (line->room != NULL) {
		put(c, "[", 1, ATTR_NONE);
		put(c, line->room, strnlen(line->room, NAME_BYTES_MAX), ATTR_NONE);
		puts_plain(c, c->style->time == VIEW_TIME_FULL ? "]" : "] ");
	}
	put_speaker(c, line);
	c->head = c->len;
	text = c->len;
	if (!c->bytes)
		text = text_columns(c->text, c->len);
	if (line->info.kind == LINE_ACTION)
		text = names + 2;
	c->hang = hang_of(c, names, text);
}

static void choose_colours(struct canvas *c, const struct view_line *line, size_t name_at)
{
	uint64_t hash;

	if (c->style->colour == VIEW_COLOUR_OFF)
		return;
	c->sequences[ATTR_DIM] = "\033[2m";
	c->sequences[ATTR_BOLD] = "\033[1m";
	hash = siphash(line->text + name_at, line->info.name_bytes);
	if (c->style->colour == VIEW_COLOUR_16)
		c->sequences[ATTR_NAME] = names_16[hash % (sizeof names_16 / sizeof names_16[0])][line->marked];
	else
		c->sequences[ATTR_NAME] =
			names_256[hash % (sizeof names_256 / sizeof names_256[0])][line->marked];
}

/* A line with a layout, whose text begins at that offset. */
static void line_put(struct canvas *c, struct view_day *day, const struct view_line *line, size_t at)
{
	choose_colours(c, line, line->info.kind == LINE_ACTION ? STAMP_BYTES + 2 : STAMP_BYTES + 1);
	if (c->style->bell && !line->info.old && (line->marked || line->info.kind == LINE_PRIVATE))
		bytes_append(c->out, "\a", 1);
	put_head(c, day, line);
	put(c, line->text + at, line->len - at, line->marked ? ATTR_BOLD : ATTR_NONE);
	rows_put(c);
	row_end(c);
}

/* Text in rows of its own. */
static void text_put(struct canvas *c, const char *text, size_t len, bool ended)
{
	const char *end = text + len, *next;

	c->hang = HANG_LEAST;
	for (; text < end; text = next) {
		const char *lf = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((lf != NULL ? lf : end) - text);

		next = lf != NULL ? lf + 1 : end;
		if (lf != NULL && n > 0 && text[n - 1] == '\r')
			n--;
		c->len = c->spans_n = 0;
		put(c, text, n, ATTR_NONE);
		rows_put(c);
		if (lf != NULL || ended)
			row_end(c);
	}
}

static bool is_ascii(const char *s, size_t len)
{
	unsigned char all = 0;

	for (size_t i = 0; i < len; i++)
		all |= (unsigned char)s[i];
	return all < 0x80;
}

static size_t clamp(size_t n, size_t least, size_t most)
{
	return n < least ? least : n > most ? most : n;
}

void view_render(const struct view_style *style, struct view_day *day, const struct view_line *line,
                 struct bytes *out)
{
	UNCLEARED char small[LINE_HEAD_BYTES_MAX + BODY_BYTES_MAX];
	struct view_line laid = *line; /* without what stands before its layout */
	size_t at;
	struct canvas c = {.style = style, .out = out, .limit = SIZE_MAX, .text = small};

	laid.text += line->info.stamp_at;
	laid.len -= line->info.stamp_at;
	at = line->info.stamp_at < line->len ? layout_bytes(&laid) : 0;
	if (line->info.kind == LINE_PASSAGE && !style->passages)
		return;
	if (style->columns > 0)
		c.limit = clamp(style->columns, VIEW_COLUMNS_LEAST, VIEW_COLUMNS_MAX) - 1;
	c.bytes = style->latin1 && !(is_ascii(line->text, line->len) && line->room == NULL);
	if (line->len > BODY_BYTES_MAX)
		c.text = mem_alloc(line->len + LINE_HEAD_BYTES_MAX);
	if (at > 0)
		line_put(&c, day, &laid, at);
	else
		text_put(&c, line->text, line->len, line->info.kind != LINE_TEXT || style->editor);
	if (c.text != small)
		free(c.text);
}
