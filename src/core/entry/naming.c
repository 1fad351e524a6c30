/* Which name somebody may have. Owns nothing. */

#include "chatd/core/entry/naming.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/moderation.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	NUMBERS = 100000000,    /* have at most the eight digits that a suggested name has room for */
	NUMBERS_STEP = 38196601, /* and are tried in steps of this and of ten times something */
	SMALL_NUMBERS = 16,     /* numbers that are tried one by one behind a taken name */
};

static bool is_taken(const struct chat *c, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	return name_key(nick, strlen(nick), key) && session_by_key(c, key) != NULL;
}

void session_name_suggest(const struct chat *c, const char *typed, char out[NAME_BYTES_MAX + 1],
                          char key[NAME_KEY_BYTES_MAX + 1])
{
	char why[160], bar[NAME_PROBLEM_BYTES_MAX];
	uint32_t n = 2;
	size_t len;
	bool valid;

	if (filter_find(c, typed) != NULL)
		typed = "guest";
	name_mend(NAME_NICK, typed, strlen(typed), NICK_CHARS_MAX - 8, out);
	len = strlen(out);
	/* Whether it is taken is soon looked up; whether it is a name takes longer. */
	while (valid = true, is_taken(c, out, key) ||
	       !(valid = name_check(NAME_NICK, out, strlen(out), key, why, sizeof why)) ||
	       account_bars(c, out, key, NULL, bar) != NULL) {
		/* No number can stand behind some names: they have digits of another script. */
		if (!valid)
			len = strlen(strcpy(out, "guest"));
		snprintf(out + len, NAME_BYTES_MAX + 1 - len, "%" PRIu32, n);
		/* Where the small numbers are taken, the looks must stay few: steps grow. They come to
		 * every number once before any comes again, for neither 2 nor 5 divides them. */
		n = n < SMALL_NUMBERS ? n + 1 : (n + c->people.n % 1000 * 10 + NUMBERS_STEP) % NUMBERS;
	}
}

/* The name of the account that s is signed in to, in some spelling. */
static bool is_own(const struct session *s, const char *nick, char key[NAME_KEY_BYTES_MAX + 1])
{
	return s->account != NULL && name_kept(nick, NAME_BYTES_MAX) &&
	       name_key(nick, strlen(nick), key) && strcmp(s->account->key, key) == 0;
}

/* Who administers the host may be called so. */
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

	/* One's own name goes on being that, also where nobody may take it any more. */
	if (!is_own(s, nick, key) && !is_hosts(s, nick, key) &&
	    !name_check(NAME_NICK, nick, strlen(nick), key, why, sizeof why)) {
		snprintf(problem, NAME_PROBLEM_BYTES_MAX, "That name will not do: %s", why);
		return false;
	}
	if (account_bars(c, nick, key, s->account, problem) != NULL)
		return false;
	word = moderation_bars_name(c, s, nick);
	if (word != NULL) {
		snprintf(problem, NAME_PROBLEM_BYTES_MAX, "That name has a word that is not allowed here (%s)",
		         word);
		return false;
	}
	bearer = session_by_key(c, key);
	if (bearer == NULL || bearer == s)
		return true;
	snprintf(problem, NAME_PROBLEM_BYTES_MAX, "%s is taken", bearer->nick);
	return false;
}

bool session_may_bear(struct chat *c, struct session *s, const char *nick, char *key)
{
	char problem[NAME_PROBLEM_BYTES_MAX], free_one[NAME_BYTES_MAX + 1];

	if (session_name_is_free(c, s, nick, key, problem))
		return true;
	session_name_suggest(c, nick, free_one, key);
	emit_reply(c, s, "%s. Free is, for example: %s", problem, free_one);
	return false;
}
