/* A command's usage, as a grammar. Owns nothing. */

#include "chatd/core/commands/usage.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Part of a usage. */
struct span {
	const char *p, *end;
};

/* What can stand at one place: one of some words. */
struct spot {
	struct span words;      /* divided by | */
	const char *group;      /* the bracket that it can be left out with; NULL: it cannot */
	bool repeated;
};

/* The bracket that closes the one at p. */
static const char *closing(const char *p)
{
	int depth = 0;

	for (;; p++) {
		depth += (*p == '[') - (*p == ']');
		if (depth == 0)
			return p;
	}
}

static struct span trimmed(struct span s)
{
	while (s.p < s.end && *s.p == ' ')
		s.p++;
	while (s.p < s.end && s.end[-1] == ' ')
		s.end--;
	return s;
}

/* Cuts off what comes before the next | that is in no bracket. False: there is nothing left. */
static bool cut_choice(struct span *all, struct span *choice)
{
	const char *p = all->p;

	if (p >= all->end)
		return false;
	while (p < all->end && *p != '|')
		p = *p == '[' ? closing(p) + 1 : p + 1;
	*choice = trimmed((struct span){all->p, p});
	all->p = p < all->end ? p + 1 : p;
	return true;
}

static size_t word_length(struct span s)
{
	size_t n = 0;

	while (s.p + n < s.end && strchr(" []|", s.p[n]) == NULL)
		n++;
	return n;
}

static bool has(struct span s, const char *text)
{
	return memmem(s.p, (size_t)(s.end - s.p), text, strlen(text)) != NULL;
}

/* Cuts the next spot off. *group: the bracket around what was cut off before, then around it. False: there
 * is none. */
static bool cut_spot(struct span *all, const char **group, struct spot *spot)
{
	for (; all->p < all->end && strchr(" []", *all->p) != NULL; all->p++) {
		if (*all->p == '[' && has((struct span){all->p, closing(all->p)}, "|")) {
			/* Choices in brackets are one spot: none is of several words. */
			*spot = (struct spot){{all->p + 1, closing(all->p)}, all->p, false};
			all->p = closing(all->p) + 1;
			return true;
		}
		if (*all->p != ' ')
			*group = *all->p == '[' ? all->p : NULL;
	}
	if (all->p >= all->end)
		return false;
	*spot = (struct spot){{all->p, all->p + word_length(*all)}, *group, false};
	all->p = spot->words.end;
	return true;
}

/* Capitals that stand for the rest of the line. */
static bool is_text(struct span word)
{
	static const char *const texts[] = {"TEXT", "ACTION", "WHY", "HOW", "WORDS"};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if ((size_t)(word.end - word.p) == strlen(texts[i]) &&
		    memcmp(word.p, texts[i], strlen(texts[i])) == 0)
			return true;
	return false;
}

static bool is_between(char ch, char first, char last)
{
	return ch >= first && ch <= last;
}

/* What was typed can be that word of the usage. */
static bool accepts(struct span word, struct span typed)
{
	size_t n = (size_t)(typed.end - typed.p);

	if (is_between(*word.p, 'A', 'Z'))
		return true;
	if (is_between(*word.p, '0', '9'))
		return is_between(*typed.p, '0', '9');
	if (*word.p == '#')
		return *typed.p == '#';
	return (size_t)(word.end - word.p) == n && strncasecmp(word.p, typed.p, n) == 0;
}

static bool spot_accepts(const struct spot *spot, struct span typed)
{
	struct span all = spot->words, word;

	while (cut_choice(&all, &word))
		if (accepts((struct span){word.p, word.p + word_length(word)}, typed))
			return true;
	return false;
}

static void spot_add(const struct spot *spot, struct usage_word *next, uint32_t *n)
{
	struct span all = spot->words, word;

	while (*n < USAGE_NEXT_MAX && cut_choice(&all, &word)) {
		struct usage_word one = {word.p, word_length(word)};
		uint32_t i = 0;

		/* Two choices may begin alike. */
		while (i < *n && (next[i].len != one.len || memcmp(next[i].p, one.p, one.len) != 0))
			i++;
		if (i == *n)
			next[(*n)++] = one;
	}
}

/* The next word that was typed which is no option. False: there is none left. */
static bool cut_typed(struct span *typed, struct span *word)
{
	do {
		*typed = trimmed(*typed);
		word->p = typed->p;
		while (typed->p < typed->end && *typed->p != ' ')
			typed->p++;
		word->end = typed->p;
	} while (word->end - word->p >= 2 && memcmp(word->p, "--", 2) == 0);
	return word->p < word->end;
}

/* Options are no spots; a repeated word, or text, is one that never ends. */
static bool next_spot(struct span *usage, const char **group, struct spot *spot)
{
	do {
		if (!cut_spot(usage, group, spot))
			return false;
	} while (spot->words.end - spot->words.p >= 2 && memcmp(spot->words.p, "--", 2) == 0);
	if (spot->words.end - spot->words.p > 3 && memcmp(spot->words.end - 3, "...", 3) == 0) {
		spot->words.end -= 3;
		spot->repeated = true;
	}
	spot->repeated |= is_text(spot->words);
	return true;
}

/* Follows one choice. */
static void follow(struct span usage, struct span typed, struct usage_word *next, uint32_t *n)
{
	struct span word = {NULL, NULL};
	struct spot spot;
	const char *group = NULL, *left = NULL; /* a bracket that is passed over */
	bool more = cut_typed(&typed, &word);

	while (next_spot(&usage, &group, &spot)) {
		if (spot.group != NULL && spot.group == left)
			continue;
		if (more && !spot_accepts(&spot, word)) {
			if (spot.group == NULL)
				return;
			left = spot.group;
			continue;
		}
		if (more && spot.repeated) {
			spot_add(&spot, next, n);
			return;
		}
		if (more) {
			more = cut_typed(&typed, &word);
			continue;
		}
		spot_add(&spot, next, n);
		if (spot.group == NULL)
			return;
		left = spot.group;
	}
}

uint32_t usage_next(const char *usage, const char *typed, size_t len,
                    struct usage_word next[USAGE_NEXT_MAX])
{
	struct span all = {usage, usage + strlen(usage)}, choice;
	uint32_t n = 0;

	if (*usage == '[' && closing(usage) + 1 == all.end)
		all = (struct span){usage + 1, all.end - 1};
	while (cut_choice(&all, &choice))
		follow(choice, (struct span){typed, typed + len}, next, &n);
	return n;
}
