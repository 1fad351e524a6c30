/* Messages to the absent. Owns struct mail. */

#include "chatd/core/mail.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/fields.h"

enum { KEY_BYTES_MAX = NAME_KEY_BYTES_MAX + 32 };

/* Sorted as text, keys are in the order in which the mail came. */
static const char *key_of(const struct account *a, uint64_t number, char key[KEY_BYTES_MAX])
{
	snprintf(key, KEY_BYTES_MAX, "%s %020" PRIu64, a->key, number);
	return key;
}

static struct mail *add(struct chat *c, struct account *a, uint64_t number, int64_t at_ms,
                        char *from, char *text)
{
	struct mail *m = mem_zero(1, sizeof *m);

	*m = (struct mail){.number = number, .at_ms = at_ms, .from = from, .text = text};
	DL_APPEND(a->mail, m);
	a->nmail++;
	c->nmail++;
	return m;
}

void mail_keep(struct chat *c, struct session *s, struct account *a, const char *text)
{
	char key[KEY_BYTES_MAX];
	struct bytes b = {0};
	struct mail *m;

	if (a->nmail == MAIL_MAX || c->nmail == MAILS_MAX) {
		emit_reply(c, s, "Not sent: %s is not here, and no more can be kept until the %s read.",
		           a->nick, a->nmail == MAIL_MAX ? "mail is" : "mail of others is");
		return;
	}
	if (strlen(text) > MAIL_BYTES_MAX) {
		emit_reply(c, s, "Not sent: %s is not here, and at most %d bytes of a message are kept; this "
		           "has %zu.", a->nick, MAIL_BYTES_MAX, strlen(text));
		return;
	}
	if (c->store_failed != NULL) {
		emit_reply(c, s, "Not sent: nothing can be saved at present (%s). Try again in a minute.",
		           c->store_failed);
		return;
	}
	fields_put(&b, "from", s->nick);
	fields_put_number(&b, "at", c->now_ms);
	fields_put(&b, "text", text);
	/* A fact is no longer than that; as one, some characters take three bytes. */
	if (b.len > BODY_BYTES_MAX) {
		bytes_release(&b);
		emit_reply(c, s, "Not sent: %s is not here, and your message is too long to be kept. Send it "
		           "in parts.", a->nick);
		return;
	}
	m = add(c, a, c->seq + 1, c->now_ms, mem_strdup(s->nick), mem_strdup(text));
	emit_fact(c, FACT_MAIL, key_of(a, m->number, key), b.data);
	bytes_release(&b);
	emit_reply(c, s, "%s is not here and will read it on coming back.", a->nick);
}

static void mail_end(struct chat *c, struct account *a, struct mail *m)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): m is in the list */
	DL_DELETE(a->mail, m);
	a->nmail--;
	c->nmail--;
	free(m->from);
	free(m->text);
	free(m);
}

void mail_deliver(struct chat *c, struct session *s, struct account *a)
{
	char key[KEY_BYTES_MAX];

	if (a->nmail == 0)
		return;
	emit_reply(c, s, "%" PRIu32 " %s for you came while you were away:", a->nmail,
	           a->nmail == 1 ? "message" : "messages");
	while (a->mail != NULL) {
		struct mail *m = a->mail;

		emit_line(c, s, "%s[%s -> you]:%s", format_stamp(&c->stamp, m->at_ms), m->from, m->text);
		emit_fact(c, FACT_MAIL, key_of(a, m->number, key), "");
		mail_end(c, a, m);
	}
}

void mail_load(struct chat *c, const char *key, const char *value)
{
	const char *number = strrchr(key, ' ');
	char *owner = number == NULL ? mem_strdup(key) : strndup(key, (size_t)(number - key));
	struct account *a = owner != NULL && number != NULL ? account_by_key(c, owner) : NULL;

	free(owner);
	if (a != NULL && a->nmail < MAIL_MAX && c->nmail < MAILS_MAX)
		add(c, a, strtoull(number + 1, NULL, 10), fields_get_time(value, "at"),
		    fields_get_text(value, "from", NAME_BYTES_MAX),
		    fields_get_text(value, "text", MAIL_BYTES_MAX));
}

void mail_drop(struct chat *c, struct account *a)
{
	char key[KEY_BYTES_MAX];

	for (struct mail *m = a->mail; m != NULL; m = m->next)
		emit_fact(c, FACT_MAIL, key_of(a, m->number, key), "");
	mail_free(c, a);
}

void mail_free(struct chat *c, struct account *a)
{
	while (a->mail != NULL)
		mail_end(c, a, a->mail);
}
