/*
 * Questions whose answer is the next line.
 *
 * Owns struct dialogue. What is typed is hidden where the client is one that can
 * be told so (telnet, RFC 857): we say that we echo, and do not.
 */

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/command.h"
#include "chatd/core/door.h"
#include "chatd/core/emit.h"
#include "chatd/core/login.h"
#include "chatd/core/session.h"

static const char *const prompts[] = {
	[DIALOGUE_PASSWORD] = "[PASSWORD]: ",
	[DIALOGUE_CODE] = "[CODE OF YOUR APP]: ",
	[DIALOGUE_OLD] = "[PASSWORD]: ",
	[DIALOGUE_NEW] = "[NEW PASSWORD]: ",
	[DIALOGUE_AGAIN] = "[THE SAME AGAIN]: ",
	[DIALOGUE_OVER] = "[PRESS ENTER]: ",
	[DIALOGUE_TOTP] = "[CODE OF YOUR APP]: ",
};

static void hide(struct chat *c, const struct session *s, bool hidden)
{
	struct bytes out = {0};

	if (s->telnet == NULL)
		return;
	telnet_hide(s->telnet, hidden, &out);
	if (out.len > 0)
		emit_raw(c, s, out.data, out.len);
	bytes_release(&out);
}

void dialogue_prompt(struct chat *c, const struct session *s)
{
	const char *prompt = prompts[s->dialogue->ask];

	if (s->telnet == NULL && !s->dialogue->warned) {
		emit_reply(c, s, "(What you type can be seen on your screen. In telnet, press ctrl-C first to "
		           "hide it.)");
		s->dialogue->warned = true;
	}
	hide(c, s, true);
	s->dialogue->hidden = s->telnet != NULL;
	emit_raw(c, s, prompt, strlen(prompt));
}

void dialogue_start(struct chat *c, struct session *s, enum dialogue_aim aim,
                    enum dialogue_ask ask)
{
	dialogue_end(c, s);
	s->dialogue = mem_zero(1, sizeof *s->dialogue);
	s->dialogue->aim = aim;
	s->dialogue->ask = ask;
}

void dialogue_begin(struct chat *c, struct session *s, enum dialogue_aim aim,
                    enum dialogue_ask ask)
{
	dialogue_start(c, s, aim, ask);
	dialogue_prompt(c, s);
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
	free(d->key);
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

void dialogue_retry(struct chat *c, struct session *s, enum dialogue_ask ask, const char *why)
{
	struct dialogue *d = s->dialogue;
	int left = PASSWORD_TRIES_MAX - ++d->tries;
	const char *gap = why != NULL ? " " : "";

	why = why != NULL ? why : "";
	if (d->once) {
		if (*why != '\0')
			emit_reply(c, s, "%s", why);
		login_give_up(c, s);
		return;
	}
	if (left > 0)
		emit_reply(c, s, "%s%s%d %s left.", why, gap, left, left == 1 ? "try" : "tries");
	else
		emit_reply(c, s, "%s%sThat was the last try.", why, gap);
	d->ask = left > 0 ? ask : DIALOGUE_OVER;
	dialogue_prompt(c, s);
}

void dialogue_interrupt(struct chat *c, struct session *s)
{
	if (!s->dialogue->hidden) {
		dialogue_prompt(c, s);
		return;
	}
	emit_reply(c, s, "Interrupted; the question is taken back.");
	login_give_up(c, s);
}

/* The account that the dialogue is about; NULL: it is gone, and s was told, or there never
 * was one. */
static struct account *about(struct chat *c, struct session *s)
{
	const char *key = s->dialogue->key;
	struct account *a = key != NULL ? account_by_key(c, key) : s->account;

	if (a != NULL || s->dialogue->aim == DIALOGUE_REGISTER || s->dialogue->aim == DIALOGUE_SIGN_IN)
		return a;
	emit_reply(c, s, "That account is gone.");
	login_give_up(c, s);
	return NULL;
}

void dialogue_line(struct chat *c, struct session *s, char *text)
{
	struct account *a;

	/* What was typed unseen has not moved the cursor. */
	if (s->telnet != NULL)
		emit_raw(c, s, "\r\n", 2);
	if (s->dialogue->ask == DIALOGUE_OVER) {
		login_give_up(c, s);
		return;
	}
	if (s->dialogue->aim == DIALOGUE_ENTER) {
		door_line(c, s, text);
		return;
	}
	a = about(c, s);
	if (s->dialogue == NULL)
		return;
	if (s->dialogue->aim == DIALOGUE_SIGN_IN)
		login_password_line(c, s, a, text);
	else
		account_line(c, s, a, text);
}

void dialogue_answer(struct chat *c, struct session *s, const struct rows *rows)
{
	struct account *a;

	s->asked = ASKED_NOTHING;
	if (s->dialogue != NULL && rows->error != NULL) {
		emit_reply(c, s, "%s", rows->error);
		login_give_up(c, s);
	} else if (s->dialogue != NULL && s->dialogue->aim == DIALOGUE_ENTER) {
		door_answer(c, s, rows);
	} else if (s->dialogue != NULL) {
		a = about(c, s);
		if (s->dialogue != NULL && s->dialogue->aim == DIALOGUE_SIGN_IN)
			login_password_answer(c, s, a, rows);
		else if (s->dialogue != NULL)
			account_answer(c, s, a, rows);
	}
	/* It may have ended. */
	if (s->state != SESSION_FREE)
		emit_session(c, EFFECT_RESUME, s);
}
