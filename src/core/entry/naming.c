/* Which names people may have, and which to suggest. Owns nothing. */

#include "chatd/core/entry/naming.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/entry/welcome.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/confusable.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	NUMBERS = 100000000,    /* a suggested name has room for at most eight digits */
	NUMBERS_STEP = 38196601, /* large numbers are tried in steps of this and a multiple of ten */
	FIRST_NUMBER = 42,      /* the numbers that are tried first, of two digits each: the steps change */
	SMALL_NUMBERS = 99,     /* both of them, so none is taken for another */
	SMALL_STEP = 15,
};

static const char digits[] = "0123456789";

/* -- suggesting one ---------------------------------------------------------------------- */

static bool is_free(const struct chat *c, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	char bar[NAME_PROBLEM_BYTES_MAX];

	return name_key(nick, strlen(nick), key) && session_by_key(c, key) == NULL &&
	       account_bars(c, nick, key, NULL, bar) == NULL;
}

/* It is a name, and not the server's. */
static bool is_valid(const struct chat *c, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	char why[160];

	return name_check(NAME_NICK, nick, strlen(nick), key, why, sizeof why) &&
	       !welcome_bars_name(c, key);
}

/* Where the digits at the end of a name begin. */
static size_t number_at(const char *nick)
{
	size_t n = strlen(nick);

	while (n > 0 && strchr(digits, nick[n - 1]) != NULL)
		n--;
	return n;
}

/* People may take one for the other: the same look, but perhaps for one digit at the end (bob, bob2,
 * bob1) or how many of a sign there are (bob_, bob__). */
static bool are_alike(const char *a, const char *b)
{
	char skeletons[2][NAME_SKELETON_BYTES_MAX + 1], stem[NAME_BYTES_MAX + 1];
	const char *names[] = {a, b}, *x = a + number_at(a), *y = b + number_at(b);
	size_t differing = 0, n = strlen(x), m = strlen(y);

	for (int i = 0; i < 2; i++) {
		size_t len = number_at(names[i]);

		while (len > 1 && names[i][len - 1] == names[i][len - 2] &&
		       strchr("_-.|^", names[i][len - 1]) != NULL)
			len--;
		snprintf(stem, sizeof stem, "%.*s", (int)len, names[i]);
		skeleton_of(stem, false, skeletons[i]);
	}
	for (size_t i = 0; i < n || i < m; i++)
		differing += i >= n || i >= m || x[i] != y[i];
	return differing < 2 && strcmp(skeletons[0], skeletons[1]) == 0;
}

/* What a suggestion is made of: a name that nobody may take for the one that was refused. */
static size_t make_stem(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1])
{
	char key[NAME_KEY_BYTES_MAX + 1];
	bool is_name = name_key(typed, strlen(typed), key);
	const struct account *a;
	size_t len;

	if (filter_find(c, typed) != NULL || (is_name && welcome_bars_name(c, key)))
		typed = "guest";
	else if (is_name && (a = account_alike(c, typed, key)) != NULL)
		typed = a->nick;
	name_mend(NAME_NICK, typed, strlen(typed), NICK_CHARS_MAX - 8, out);
	len = number_at(out);
	return len > 0 ? len : strlen(out);
}

void session_name_suggest(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1],
                          char key[NAME_KEY_BYTES_MAX + 1])
{
	size_t len = make_stem(c, typed, out);
	char first[NAME_BYTES_MAX + 1];
	uint32_t n = FIRST_NUMBER;
	bool valid;

	strcpy(first, out);
	/* Whether it is taken is soon looked up; whether it is a name takes longer. */
	if (is_free(c, out, key) && is_valid(c, out, key))
		return;
	do {
		snprintf(out + len, NAME_BYTES_MAX + 1 - len, "%" PRIu32, n);
		/* If the small numbers are taken, the look-ups must stay few: the steps grow. They come to
		 * every number once before any comes again, for neither 2 nor 5 divides them. */
		n = n + SMALL_STEP < SMALL_NUMBERS ? n + SMALL_STEP
		                                   : (n + c->people.n % 1000 * 10 + NUMBERS_STEP) % NUMBERS;
		if (!is_free(c, out, key) || are_alike(out, first)) {
			valid = false;
			continue;
		}
		valid = is_valid(c, out, key);
		/* Some names cannot end in a number: their digits are of another script. */
		if (!valid)
			len = strlen(strcpy(out, "guest"));
	} while (!valid);
}

/* "bob_ or bob42": one or two names that s could take in place of what was typed. */
static void suggest(struct chat *c, const char *typed, struct bytes *b)
{
	char one[NAME_BYTES_MAX + 1], two[NAME_BYTES_MAX + 1], key[NAME_KEY_BYTES_MAX + 1];
	size_t len = make_stem(c, typed, one);

	session_name_suggest(c, typed, two, key);
	/* The name itself is free once it is mended. */
	if (strncmp(one, two, len) != 0 || strcmp(one, two) == 0) {
		bytes_puts(b, two);
		return;
	}
	one[len] = '\0';
	if (strchr("_-.|^", one[len - 1]) == NULL) {
		strcpy(one + len, "_");
		if (is_free(c, one, key) && is_valid(c, one, key))
			bytes_printf(b, "%s or ", one);
	}
	bytes_puts(b, two);
}

/* -- taking one -------------------------------------------------------------------------- */

/* The name of the account that s is signed in to, in some spelling. */
static bool is_own(const struct session *s, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	return s->account != NULL && name_kept(nick, NAME_BYTES_MAX) &&
	       name_key(nick, strlen(nick), key) && strcmp(s->account->key, key) == 0;
}

/* Whoever administers the host may use the name "host". */
static bool is_hosts(const struct session *s, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	return s->trusted && name_kept(nick, NAME_BYTES_MAX) && name_key(nick, strlen(nick), key) &&
	       strcmp(key, "host") == 0;
}

bool session_name_is_free(const struct chat *c, const struct session *s, const char *nick,
                          char key[NAME_KEY_BYTES_MAX + 1], char problem[NAME_PROBLEM_BYTES_MAX])
{
	const struct session *bearer;
	const char *word;
	char why[160];

	/* People keep the name of their account, even if the rules would not let anybody take it now. */
	if (!is_own(s, nick, key) && !is_hosts(s, nick, key) &&
	    !name_check(NAME_NICK, nick, strlen(nick), key, why, sizeof why)) {
		snprintf(problem, NAME_PROBLEM_BYTES_MAX, "You cannot use that name: %s", why);
		return false;
	}
	if (!is_own(s, nick, key) && welcome_bars_name(c, key)) {
		snprintf(problem, NAME_PROBLEM_BYTES_MAX, "You cannot use that name: it looks like the name of "
		         "this server");
		return false;
	}
	if (account_bars(c, nick, key, s->account, problem) != NULL)
		return false;
	word = moderation_bars_name(c, s, nick);
	if (word != NULL) {
		snprintf(problem, NAME_PROBLEM_BYTES_MAX, "You cannot use that name: it contains a blocked "
		         "word (%s)", word);
		return false;
	}
	bearer = session_by_key(c, key);
	if (bearer == NULL || bearer == s)
		return true;
	snprintf(problem, NAME_PROBLEM_BYTES_MAX, "%s is taken", bearer->nick);
	return false;
}

bool session_may_be_named(struct chat *c, struct session *s, const char *nick, char *key)
{
	char problem[NAME_PROBLEM_BYTES_MAX];
	struct bytes names = {0};

	if (session_name_is_free(c, s, nick, key, problem))
		return true;
	suggest(c, nick, &names);
	emit_reply(c, s, "%s. Try: %s", problem, names.data);
	bytes_release(&names);
	return false;
}
