/* Certificates of accounts. Owns struct cert; each is freed in one place (cert_remove). */

#include "chatd/core/people/cert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/fields.h"
#include "chatd/core/state/state.h"

struct cert *cert_find(const struct chat *c, const struct fingerprint *print)
{
	struct cert *found;

	HASH_FIND(hh, c->people.accounts.by_cert, print, sizeof *print, found);
	return found;
}

struct cert *cert_of(const struct chat *c, const struct session *s)
{
	return s->presence.cert != NULL ? cert_find(c, s->presence.cert) : NULL;
}

int cert_count(const struct account *a)
{
	const struct cert *cert;
	int n;

	LL_COUNT(a->secrets.certs, cert, n);
	return n;
}

bool cert_add(struct chat *c, struct account *a, const struct fingerprint *print, int64_t added_ms)
{
	struct cert *cert;

	if (cert_count(a) >= CERTS_MAX || cert_find(c, print) != NULL)
		return false;
	cert = mem_zero(1, sizeof *cert);
	cert->print = *print;
	cert->account = a;
	cert->added_ms = added_ms;
	LL_APPEND(a->secrets.certs, cert);
	HASH_ADD(hh, c->people.accounts.by_cert, print, sizeof cert->print, cert);
	return true;
}

void cert_remove(struct chat *c, struct cert *cert)
{
	struct account *a = cert->account;

	LL_DELETE(a->secrets.certs, cert);
	HASH_DELETE(hh, c->people.accounts.by_cert, cert);
	a->secrets.number = ++c->people.accounts.number;
	free(cert);
}

void certs_remove(struct chat *c, struct account *a)
{
	while (a->secrets.certs != NULL)
		cert_remove(c, a->secrets.certs);
}

void certs_save(struct bytes *b, const struct account *a)
{
	const struct cert *cert;
	int i = 0;

	LL_FOREACH(a->secrets.certs, cert) {
		char name[16], value[FINGERPRINT_TEXT_BYTES + 64], print[FINGERPRINT_TEXT_BYTES];

		snprintf(name, sizeof name, "cert%d", i++);
		snprintf(value, sizeof value, "%s/%" PRId64 "/%" PRId64, fingerprint_show(&cert->print, print),
		         cert->added_ms, cert->used_ms);
		fields_put(b, name, value);
	}
}

/* A time that a '/' stands before; 0 if there is none, or it cannot be one. *at: moves behind it. */
static int64_t parse_time(const char **at)
{
	char *end = (char *)*at;
	int64_t ms = **at == '/' ? strtoll(*at + 1, &end, 10) : 0;

	*at = end;
	return ms < 0 || ms > TIME_MS_MAX ? 0 : ms;
}

bool cert_parse(const char *text, struct fingerprint *print, int64_t *added_ms, int64_t *used_ms)
{
	size_t len = strcspn(text, "/");
	const char *at = text + len;
	char *head = mem_strdup(text);
	bool is;

	head[len] = '\0';
	is = fingerprint_parse(head, print);
	free(head);
	if (!is)
		return false;
	*added_ms = parse_time(&at);
	*used_ms = parse_time(&at);
	return true;
}

void certs_load(struct chat *c, struct account *a, const char *value)
{
	for (int i = 0; i < CERTS_MAX; i++) {
		struct fingerprint print;
		int64_t added_ms, used_ms;
		char name[16], *text;

		snprintf(name, sizeof name, "cert%d", i);
		text = fields_get(value, name);
		if (cert_parse(text, &print, &added_ms, &used_ms) && cert_add(c, a, &print, added_ms))
			cert_find(c, &print)->used_ms = used_ms;
		free(text);
	}
}
