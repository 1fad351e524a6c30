/* What follows a sign-in. Owns nothing. */

#include "chatd/core/entry/signed_in.h"

#include "chatd/base/clock.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"

#include <inttypes.h>

/* The sign-in before this one came from elsewhere, so the owner may not have seen what was reported
 * there. */
static void say_before(struct chat *c, struct session *s, const struct account *a)
{
	if (a->wrong.before.passwords + a->wrong.before.codes == 0 ||
	    account_same_place(&a->last[1].from, &s->from))
		return;
	emit_reply(c, s, "Before that sign-in, wrong passwords: %" PRIu32 ", wrong codes: %" PRIu32 ".",
	           a->wrong.before.passwords, a->wrong.before.codes);
	emit_reply(c, s, "If it was not you, someone knows your password: %cpasswd sets a new one.",
	           c->config.command_prefix);
}

static void say_last(struct chat *c, struct session *s, const struct account *a)
{
	char age[AGE_BYTES_MAX], from[ADDRESS_BYTES_MAX];

	if (a->last[1].at_ms == 0)
		return;
	emit_reply(c, s, "You last signed in %s ago, from %s.",
	           format_age(age, c->wall_ms - a->last[1].at_ms),
	           address_show(&a->last[1].from, from));
	say_before(c, s, a);
	if (a->wrong.since.passwords > 0)
		emit_reply(c, s, "Since then %" PRIu32 " wrong %s tried. If that was not you, %cpasswd "
		           "sets a new one.", a->wrong.since.passwords,
		           a->wrong.since.passwords == 1 ? "password was" : "passwords were",
		           c->config.command_prefix);
	if (a->wrong.since.codes > 0)
		emit_reply(c, s, "Since then %" PRIu32 " wrong %s given after your password. If that was not "
		           "you, someone knows it: %cpasswd sets a new one.", a->wrong.since.codes,
		           a->wrong.since.codes == 1 ? "code was" : "codes were", c->config.command_prefix);
}

/* The account was signed in to from there before the wrong tries. */
static bool was_there_before(const struct account *a, const struct address *from)
{
	for (int i = 0; i < SIGN_INS_KEPT && a->last[i].at_ms != 0; i++)
		if (a->last[i].at_ms < a->wrong.at_ms && account_same_place(&a->last[i].from, from))
			return true;
	return false;
}

/* The wrong tries have been reported to whoever signed in now. If that may not be the owner, who
 * usually comes from elsewhere, they are reported again at the next sign-in, however often the other
 * signs in. */
static void wrong_told(struct chat *c, struct account *a, const struct session *s)
{
	struct account_terms t = account_terms(a);
	bool over = a->wrong.at_ms < c->wall_ms - WRONG_TOLD_DAYS * DAY_MS;
	struct wrong kept = over || was_there_before(a, &s->from) ? (struct wrong){0} : a->wrong.before;

	t.before.passwords = t.since.passwords + kept.passwords;
	t.before.codes = t.since.codes + kept.codes;
	t.since = (struct wrong){0};
	if (t.before.passwords + t.before.codes == 0)
		t.wrong_ms = 0;
	account_change_later(c, a, &t);
}

void signed_in_tell(struct chat *c, struct session *s)
{
	struct account *a = s->account;

	report_remind(c, s);
	setting_tell_offers(c, s);
	mail_deliver(c, s, a);
	say_last(c, s, a);
	if (a->wrong.at_ms != 0)
		wrong_told(c, a, s);
}
