/*
 * Questions that the next line answers.
 *
 * Owns struct dialogue. What people type is hidden if their client speaks telnet
 * (RFC 857): we say that we echo, and do not.
 */

#include "chatd/core/entry/dialogue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/input/console.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static const char name_prompt[] = "[ENTER YOUR NAME]: ";

static const char *const prompts[] = {
	[DIALOGUE_PASSWORD] = "[PASSWORD]: ",
	[DIALOGUE_CODE] = "[AUTHENTICATOR CODE]: ",
	[DIALOGUE_OLD] = "[PASSWORD]: ",
	[DIALOGUE_NEW] = "[NEW PASSWORD]: ",
	[DIALOGUE_AGAIN] = "[NEW PASSWORD AGAIN]: ",
	[DIALOGUE_OVER] = "[PRESS ENTER]: ",
	[DIALOGUE_TOTP] = "[AUTHENTICATOR CODE]: ",
};

static void hide(struct chat *c, struct session *s, bool hidden)
{
	struct bytes out = {0};

	if (s->input.console.editor != NULL) {
		console_hide(c, s, hidden);
		return;
	}
	if (s->input.telnet == NULL)
		return;
	telnet_hide(s->input.telnet, hidden, &out);
	if (out.len > 0)
		emit_protocol(c, s, out.data, out.len);
	bytes_release(&out);
}

const char *session_question(const struct session *s)
{
	if (s->dialogue != NULL)
		return prompts[s->dialogue->ask];
	return s->state == SESSION_LOGIN ? name_prompt : NULL;
}

/* Shows the question, if there is one. The editor draws it before the line. */
static void ask(struct chat *c, struct session *s)
{
	const char *question = session_question(s);
	struct bytes end = {0};

	if (s->input.console.editor != NULL) {
		console_touch(c, s);
		return;
	}
	if (question == NULL)
		return;
	emit_raw(c, s, question, strlen(question));
	if (s->input.telnet != NULL)
		telnet_prompt_end(s->input.telnet, &end);
	if (end.len > 0)
		emit_protocol(c, s, end.data, end.len);
	bytes_release(&end);
}

void dialogue_hide(struct chat *c, struct session *s)
{
	hide(c, s, true);
	s->dialogue->hidden = s->input.telnet != NULL || s->input.console.editor != NULL;
}

void dialogue_prompt(struct chat *c, struct session *s)
{
	if (s->input.telnet == NULL && s->input.console.editor == NULL && !s->dialogue->warned) {
		emit_reply(c, s, "(What you type shows on your screen; in telnet, not nc, ctrl-C hides it.)");
		s->dialogue->warned = true;
	}
	dialogue_hide(c, s);
	ask(c, s);
}

void session_prompt(struct chat *c, struct session *s)
{
	if (s->dialogue != NULL)
		dialogue_prompt(c, s);
	else
		ask(c, s);
}

void dialogue_start(struct chat *c, struct session *s, enum dialogue_aim aim,
                    enum dialogue_ask ask, dialogue_take *take)
{
	assert(take != NULL);
	dialogue_end(c, s);
	s->dialogue = mem_zero(1, sizeof *s->dialogue);
	s->dialogue->aim = aim;
	s->dialogue->ask = ask;
	s->dialogue->take = take;
}

void dialogue_keep(struct dialogue *d, char *secret)
{
	if (d->secret != NULL)
		explicit_bzero(d->secret, strlen(d->secret));
	free(d->secret);
	d->secret = secret;
}

void dialogue_free(struct dialogue *d)
{
	if (d == NULL)
		return;
	if (d->secret != NULL)
		explicit_bzero(d->secret, strlen(d->secret));
	free(d->secret);
	free(d->code);
	account_ref_clear(&d->account);
	free(d->name);
	free(d);
}

void dialogue_end(struct chat *c, struct session *s)
{
	if (s->dialogue == NULL)
		return;
	hide(c, s, false);
	dialogue_free(s->dialogue);
	s->dialogue = NULL;
}

void login_wrong(struct chat *c, struct session *s)
{
	if (++s->unnamed.wrong < NAME_WRONG_MAX) {
		session_prompt(c, s);
		return;
	}
	emit_reply(c, s, "None of your %d lines was a name you could use, so this connection ends here. Connect "
	           "again any time.", NAME_WRONG_MAX);
	session_end(c, s, NULL, true);
}

void login_give_up(struct chat *c, struct session *s)
{
	dialogue_end(c, s);
	if (s->state == SESSION_LOGIN)
		login_wrong(c, s);
}

void dialogue_retry(struct chat *c, struct session *s, enum dialogue_ask ask, const char *why)
{
	struct dialogue *d = s->dialogue;
	int left = PASSWORD_TRIES_MAX - ++d->tries;
	const char *gap = why != NULL ? " " : "";

	why = why != NULL ? why : "";
	if (d->once) {
		if (*why != '\0')
			emit_reply(c, s, "%s", why);
		slip_secret(c, s);
		login_give_up(c, s);
		return;
	}
	if (left > 0) {
		emit_reply(c, s, "%s%s%d %s left.", why, gap, left, left == 1 ? "try" : "tries");
	} else {
		emit_reply(c, s, "%s%sThat was the last try.", why, gap);
		emit_reply(c, s, "Your next line is ignored, in case it is a password.");
	}
	d->ask = left > 0 ? ask : DIALOGUE_OVER;
	dialogue_prompt(c, s);
}

void dialogue_interrupt(struct chat *c, struct session *s)
{
	if (!s->dialogue->hidden) {
		dialogue_prompt(c, s);
		return;
	}
	emit_reply(c, s, "Cancelled.");
	login_give_up(c, s);
}

/* The account that the dialogue is about has changed. */
static void tell_gone(struct chat *c, struct session *s)
{
	emit_reply(c, s, account_at(c, &s->dialogue->account) == NULL ? "That account no longer exists."
	           : "The password of that account was just changed. Please start again.");
	login_give_up(c, s);
}

/* What has been proved so far (the password, before the second step) holds for the account as it was. */
static bool still_stands(const struct chat *c, const struct session *s)
{
	const struct dialogue *d = s->dialogue;

	if (d->account.key == NULL)
		return true;
	if (d->aim != DIALOGUE_SIGN_IN && account_at(c, &d->account) != s->account)
		return false;
	return d->ask == DIALOGUE_PASSWORD || d->ask == DIALOGUE_OLD
	       ? account_at(c, &d->account) != NULL : account_unchanged(c, &d->account);
}

void dialogue_line(struct chat *c, struct session *s, char *text)
{
	/* Hidden typing has not moved the cursor. */
	if (s->input.telnet != NULL && s->input.console.editor == NULL)
		emit_raw(c, s, "\r\n", 2);
	if (s->dialogue->ask == DIALOGUE_OVER)
		login_give_up(c, s);
	else if (!still_stands(c, s))
		tell_gone(c, s);
	else
		s->dialogue->take(c, s, account_at(c, &s->dialogue->account), text);
}

bool dialogue_goes_on(struct chat *c, struct session *s, const struct rows *rows)
{
	if (s->dialogue == NULL)
		return false;
	if (rows->error == NULL)
		return true;
	/* That is not the fault of s, and does not count as a wrong line at the prompt. */
	emit_reply(c, s, "%s", rows->error);
	dialogue_end(c, s);
	if (s->state == SESSION_LOGIN)
		session_prompt(c, s);
	return false;
}
