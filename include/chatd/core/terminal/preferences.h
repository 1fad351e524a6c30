/*
 * What a person has set about their own terminal (/set): a table of settings, and what was chosen of each.
 */
#ifndef CHATD_CORE_TERMINAL_PREFERENCES_H
#define CHATD_CORE_TERMINAL_PREFERENCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bytes.h"
#include "chatd/base/zone.h"

/* What a setting can be, besides a number or a name. */
enum preference {
	PREFER_UNSET,           /* the default of the kind of client holds */
	PREFER_OFF,
	PREFER_ON,
	PREFER_COLOUR_16,
	PREFER_COLOUR_256,
	PREFER_TIME_FULL,       /* these three in the order of enum view_time */
	PREFER_TIME_SHORT,
	PREFER_TIME_OFF,
};

/* All zero: nothing is set. */
struct preferences {
	uint8_t time;           /* enum preference, like the others but width and zone */
	uint8_t colour;
	uint8_t bell;           /* mentions ring */
	uint8_t passages;       /* who comes and goes is shown */
	uint8_t reader;         /* a screen reader speaks what is sent: nothing is drawn again */
	uint8_t pages;          /* long answers are shown a screen at a time */
	uint8_t mentions;       /* they are told of mentions in other rooms */
	uint16_t width;         /* columns to wrap lines at; 0: those of the terminal, if it says so */
	const char *zone;       /* of the times shown, by zone_known; NULL: the server's */
};

enum {
	PREFERENCE_VALUE_BYTES = ZONE_BYTES_MAX, /* of a value in words, with its NUL */
	PREFERENCES_BYTES_MAX = 255, /* of all of them, as preferences_text writes them */
	PREFERENCE_WIDTH_LEAST = 20,
	PREFERENCE_WIDTH_MAX = 500,
};

/* A setting. */
struct preference_row {
	const char *name;       /* as it is typed; NULL ends the table */
	const char *values;     /* what it can be, for people */
	const char *help;       /* what it does */
};
extern const struct preference_row preference_rows[];

/* The index of the row with that name, in any case; -1: there is none. */
int preference_find(const char *name);

/* The i-th word that it can be set to; NULL: there is none. */
const char *preference_choice(int row, int i);

/* Sets it; "default" unsets it. False: that is no value of it, and nothing has changed. */
bool preference_set(struct preferences *p, int row, const char *value);

/* It is set. */
bool preference_is_set(const struct preferences *p, int row);
/* What it is, in words; "default" if it is not set. */
const char *preference_value(const struct preferences *p, int row, char value[PREFERENCE_VALUE_BYTES]);

/* Appends what is set, as "name=value" divided by blanks; and reads that, leaving out what is not a value. */
void preferences_text(const struct preferences *p, struct bytes *out);
void preferences_read(struct preferences *p, const char *text);

#endif
