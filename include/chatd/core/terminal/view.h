/*
 * Lines as one person's terminal shows them.
 *
 * A room's log is one, and canonical. What a person sees who has asked for colours, short times or
 * a width is made from its lines when they are sent, by view_render: a pure function, which parses
 * no prose. The layouts are fixed, and where the name is stands beside the line (struct line_info).
 */
#ifndef CHATD_CORE_TERMINAL_VIEW_H
#define CHATD_CORE_TERMINAL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bytes.h"
#include "chatd/base/zone.h"

/* What a line is, with its canonical layout. [stamp] is format_stamp's, STAMP_BYTES long. */
enum line_kind {
	LINE_TEXT,              /* chatd's own text, replies and prompts: shown as it is */
	LINE_SAID,              /* [stamp][name]:text */
	LINE_ACTION,            /* [stamp]* name text */
	LINE_NOTICE,            /* [stamp][System]: text */
	LINE_PASSAGE,           /* the same: somebody came or went */
	LINE_PRIVATE,           /* [stamp][name -> you]:text */
	LINE_RAW,               /* bytes that show nothing: a protocol's. They are not given to view_render */
};

/* Kept beside each line of a log. All zero: LINE_TEXT. */
struct line_info {
	uint32_t time_s;        /* since the epoch; what the stamp shows */
	uint8_t kind;           /* enum line_kind */
	uint8_t name_bytes;     /* of the speaker's nick, for SAID, ACTION and PRIVATE */
	uint8_t stamp_at;       /* bytes before the layout, which are shown as they are: "#12 " */
	bool marked : 1;        /* it mentions the person that it is for */
	bool old : 1;           /* was said before, and is shown once more: it does not ring */
	bool live : 1;          /* was said in the room that they have left last, and not yet shown then */
	bool unasked : 1;       /* private text that they did not ask for: paging does not hold it back */
};

enum view_time {
	VIEW_TIME_FULL,         /* the stamp */
	VIEW_TIME_SHORT,        /* 20:14, and the date in a row of its own when it changes */
	VIEW_TIME_OFF,          /* none */
};

enum view_colour {
	VIEW_COLOUR_OFF,        /* no attributes at all */
	VIEW_COLOUR_16,
	VIEW_COLOUR_256,
};

/* Stands before the line being typed while more of an answer is to come. */
#define VIEW_MORE "[more: Enter goes on, ctrl-C leaves the rest out] "

enum {
	VIEW_COLUMNS_LEAST = 20, /* a terminal is taken to be at least so wide, */
	VIEW_COLUMNS_MAX = 500,  /* and at most */
};

/* What one person's terminal is, and how they want it. All zero: lines as they are, with LF. */
struct view_style {
	uint16_t columns;       /* of the terminal; 0: not known, lines are not wrapped */
	uint16_t rows;          /* of the terminal; 0: not known. For whoever draws the input line, as the next */
	bool reflows;           /* see screen.h */
	uint8_t time;           /* enum view_time */
	uint8_t colour;         /* enum view_colour */
	bool bell;              /* mentions and private lines ring */
	bool passages;          /* lines that say who comes and goes are shown */
	bool latin1;            /* the terminal's charset is ISO 8859-1 */
	bool pages;             /* answers longer than the screen are shown a screen at a time (VIEW_MORE) */
	bool editor;            /* chatd draws the input line: no row is left without its end */
	bool crlf;              /* rows end with CR LF, otherwise with LF */
	bool channels;          /* the client is told of lines by GMCP too (gmcp.h) */
	bool zoned;             /* times are shown by the zone below, otherwise as the stamp has them */
	const char *zone_name;  /* by zone_known, for whoever keeps the zone below up to date; NULL: none */
	struct zone_offset zone; /* which must hold at the times of the lines (zone_holds) */
};

/* The day last shown, for VIEW_TIME_SHORT. All zero: none yet, so that the next line shows its. */
struct view_day {
	char date[10];          /* "2026-11-29" */
};

/* A line to be shown. All text is sanitized UTF-8, and borrowed for the call. */
struct view_line {
	const char *text;       /* canonical, without its line end; LINE_TEXT: one or several rows, each
	                         * with CR LF or LF, perhaps but for the last (a prompt) */
	size_t len;             /* bytes of it */
	struct line_info info;  /* what it is */
	bool marked;            /* it mentions this person; not for LINE_TEXT */
	const char *room;       /* the watched room that it comes from; NULL: the one they are in */
};

/* Where somebody's name and what they say begin in a line that begins with its layout. False: it is none, or
 * nobody says it. */
bool view_speech(const struct view_line *line, size_t *name_at, size_t *text_at);

/*
 * Appends the line to out as that terminal shows it; nothing, for LINE_PASSAGE without
 * style->passages.
 *
 * VIEW_TIME_FULL keeps the canonical layout; [room] stands after the stamp. The others read
 *     20:14 bob: text         20:14 * bob waves           20:14 -- dave has joined.
 *     20:14 [room] bob: text  20:14 [bob -> you] text     20:14 [room] -- dave has joined.
 * or the same without the time. A mention begins with ">> ", and is bold if there are colours. A
 * line that is too short for its layout is shown as it is.
 *
 * Rows are wrapped between words, at one column less than the terminal has: a full row would leave
 * the cursor where terminals differ. Rows that follow are indented, always, so that no text can
 * begin a row and pass for a line. A word that fits no row is cut between graphemes. Every row ends
 * with its line end, and with attributes reset, except LINE_TEXT's last one without an end, unless
 * style->editor.
 */
void view_render(const struct view_style *style, struct view_day *day, const struct view_line *line,
                 struct bytes *out);

#endif
