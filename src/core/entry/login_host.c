/*
 * Users of the host, who come over a unix socket: the kernel has said who they are, so they
 * need no password. Owns nothing.
 */

#include <string.h>

#include "chatd/core/state/emit.h"
#include "chatd/core/entry/login.h"
#include "chatd/core/people/name.h"
#include "chatd/core/state/state.h"

/* A new account of that login name; NULL: it cannot be, and s was told. */
static struct account *host_account(struct chat *c, struct session *s, const char *user,
                                    const char *key)
{
	char problem[NAME_PROBLEM_BYTES_MAX];
	struct account *a;

	if (account_bars(c, user, key, NULL, problem) != NULL) {
		emit_reply(c, s, "You have no account by your login name: %s.", problem);
		return NULL;
	}
	if (c->outage.reason != NULL) {
		emit_reply(c, s, "You have no account by your login name yet, and nothing can be saved at "
		           "present (%s).", c->outage.reason);
		return NULL;
	}
	a = c->people.accounts.n < ACCOUNTS_MAX - ACCOUNTS_RESERVE ? account_new(c, user, key, "", "")
	                                                           : NULL;
	if (a == NULL) {
		emit_reply(c, s, "You have no account by your login name: there are %d, and that is the "
		           "most.", ACCOUNTS_MAX - ACCOUNTS_RESERVE);
		return NULL;
	}
	/* Saved with the sign-in that follows. */
	a->host = true;
	login_clear_name(c, a);
	return a;
}

bool login_host(struct chat *c, struct session *s, const char *user)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[160];
	struct account *a = account_named(c, user);

	if (a == NULL && !name_check(NAME_NICK, user, strlen(user), key, why, sizeof why)) {
		emit_reply(c, s, "Your login name will not do here: %s.", why);
		return false;
	}
	/* To the host Bob and bob are two, to us one name: the first has it. */
	if (a != NULL && (!a->host || strcmp(a->nick, user) != 0)) {
		emit_reply(c, s, "%s was registered by somebody, and not as your login on this host. If "
		           "that was you, give the name and its password; or choose another name.", a->nick);
		return false;
	}
	if (a == NULL)
		a = host_account(c, s, user, key);
	if (a == NULL)
		return false;
	login_signed_in(c, s, a);
	return true;
}
