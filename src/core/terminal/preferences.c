/* What a person has set about their own terminal. Owns the table of settings. */

#include "chatd/core/terminal/preferences.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind {
	KIND_WORDS,             /* one of the row's words */
	KIND_WIDTH,
	KIND_ZONE,
};

/* A word, and what it stands for. */
struct word {
	const char *word;
	uint8_t value;          /* enum preference */
};

static const struct word switches[] = {{"on", PREFER_ON}, {"off", PREFER_OFF}, {NULL, 0}};
static const struct word times[] = {
	{"full", PREFER_TIME_FULL}, {"short", PREFER_TIME_SHORT}, {"off", PREFER_TIME_OFF}, {NULL, 0},
};
static const struct word colours[] = {
	{"on", PREFER_ON}, {"off", PREFER_OFF}, {"16", PREFER_COLOUR_16}, {"256", PREFER_COLOUR_256}, {NULL, 0},
};

const struct preference_row preference_rows[] = {
	{"time", "full, short or off", "the time before each line"},
	{"colour", "on, off, 16 or 256", "names in colours"},
	{"bell", "on or off", "mentions and private lines ring"},
	{"joins", "on or off", "who comes and goes is shown"},
	{"mentions", "on or off", "you are told of mentions in other rooms"},
	{"width", "20 to 500, or off", "where lines are wrapped"},
	{"zone", "one such as Europe/Berlin, or off", "the zone of the times"},
	{"more", "on or off", "long answers come a screen at a time"},
	{"reader", "on or off", "a screen reader: nothing is drawn again"},
	{NULL, NULL, NULL},
};

/* The same rows: where each is kept. */
static const struct {
	enum kind kind;
	const struct word *words;
	size_t at;              /* of its byte in struct preferences */
} kept[] = {
	{KIND_WORDS, times, offsetof(struct preferences, time)},
	{KIND_WORDS, colours, offsetof(struct preferences, colour)},
	{KIND_WORDS, switches, offsetof(struct preferences, bell)},
	{KIND_WORDS, switches, offsetof(struct preferences, passages)},
	{KIND_WORDS, switches, offsetof(struct preferences, mentions)},
	{KIND_WIDTH, NULL, 0},
	{KIND_ZONE, NULL, 0},
	{KIND_WORDS, switches, offsetof(struct preferences, pages)},
	{KIND_WORDS, switches, offsetof(struct preferences, reader)},
};

_Static_assert(sizeof preference_rows / sizeof preference_rows[0] == sizeof kept / sizeof kept[0] + 1,
               "each row is kept somewhere");

int preference_find(const char *name)
{
	/* Both spellings are typed. */
	if (strcasecmp(name, "color") == 0)
		name = "colour";
	for (int i = 0; preference_rows[i].name != NULL; i++)
		if (strcasecmp(preference_rows[i].name, name) == 0)
			return i;
	return -1;
}

const char *preference_choice(int row, int i)
{
	if (kept[row].kind != KIND_WORDS)
		return i == 0 ? "off" : NULL;
	return kept[row].words[i].word;
}

static bool set_width(struct preferences *p, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	long n = digits > 0 && digits <= 3 && value[digits] == '\0' ? strtol(value, NULL, 10) : -1;

	if (strcasecmp(value, "off") == 0)
		n = 0;
	else if (n < PREFERENCE_WIDTH_LEAST || n > PREFERENCE_WIDTH_MAX)
		return false;
	p->width = (uint16_t)n;
	return true;
}

static bool set_zone(struct preferences *p, const char *value)
{
	bool off = strcasecmp(value, "off") == 0;
	const char *zone = off ? NULL : zone_known(value);

	if (zone == NULL && !off)
		return false;
	p->zone = zone;
	return true;
}

static uint8_t *byte_of(struct preferences *p, int row)
{
	return (uint8_t *)p + kept[row].at;
}

bool preference_set(struct preferences *p, int row, const char *value)
{
	bool none = strcasecmp(value, "default") == 0;

	if (kept[row].kind == KIND_WIDTH)
		return set_width(p, none ? "off" : value);
	if (kept[row].kind == KIND_ZONE)
		return set_zone(p, none ? "off" : value);
	if (none) {
		*byte_of(p, row) = PREFER_UNSET;
		return true;
	}
	for (const struct word *w = kept[row].words; w->word != NULL; w++)
		if (strcasecmp(w->word, value) == 0) {
			*byte_of(p, row) = w->value;
			return true;
		}
	return false;
}

const char *preference_value(const struct preferences *p, int row, char value[PREFERENCE_VALUE_BYTES])
{
	snprintf(value, PREFERENCE_VALUE_BYTES, "default");
	if (kept[row].kind == KIND_WIDTH && p->width != 0)
		snprintf(value, PREFERENCE_VALUE_BYTES, "%u", p->width);
	else if (kept[row].kind == KIND_ZONE && p->zone != NULL)
		snprintf(value, PREFERENCE_VALUE_BYTES, "%s", p->zone);
	if (kept[row].kind != KIND_WORDS)
		return value;
	for (const struct word *w = kept[row].words; w->word != NULL; w++)
		if (w->value == *((const uint8_t *)p + kept[row].at))
			snprintf(value, PREFERENCE_VALUE_BYTES, "%s", w->word);
	return value;
}

bool preference_is_set(const struct preferences *p, int row)
{
	char value[PREFERENCE_VALUE_BYTES];

	return strcmp(preference_value(p, row, value), "default") != 0;
}

void preferences_text(const struct preferences *p, struct bytes *out)
{
	char value[PREFERENCE_VALUE_BYTES];
	size_t begin = out->len;

	for (int i = 0; preference_rows[i].name != NULL; i++)
		if (preference_is_set(p, i))
			bytes_printf(out, "%s%s=%s", out->len > begin ? " " : "", preference_rows[i].name,
			             preference_value(p, i, value));
}

void preferences_read(struct preferences *p, const char *text)
{
	char word[PREFERENCE_VALUE_BYTES + 16];

	*p = (struct preferences){0};
	for (size_t n; *(text += strspn(text, " ")) != '\0'; text += n) {
		char *equals;
		int row;

		n = strcspn(text, " ");
		if (n >= sizeof word)
			continue;
		memcpy(word, text, n);
		word[n] = '\0';
		equals = strchr(word, '=');
		if (equals == NULL)
			continue;
		*equals = '\0';
		row = preference_find(word);
		if (row >= 0)
			preference_set(p, row, equals + 1);
	}
}
