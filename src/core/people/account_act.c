/* Changes of accounts in a cluster. Owns nothing. */

#include "chatd/core/people/account_act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

struct account *account_made_at(const struct chat *c, const char *fields)
{
	char *key = fields_get(fields, "key");
	struct account *a = account_by_key(c, key);

	free(key);
	return a != NULL && a->made.at_ms == fields_get_number(fields, "of") ? a : NULL;
}

void account_change_as(struct chat *c, const char *fields)
{
	struct account *a = account_made_at(c, fields);
	char *changes = fields_get(fields, "changes");
	struct account_terms t, next = {0};
	struct bytes is = {0}, value = {0};

	if (a == NULL) {
		free(changes);
		return;
	}
	t = account_terms(a);
	account_terms_put(&is, &t);
	for (const char *const *name = account_term_names; *name != NULL; name++) {
		char listed[32], *text;

		snprintf(listed, sizeof listed, ",%s,", *name);
		text = fields_get(strstr(changes, listed) != NULL ? fields : is.data, *name);
		fields_put(&value, *name, text);
		explicit_bzero(text, strlen(text));
		free(text);
	}
	account_terms_get(value.data, &next);
	account_apply(c, a, &next);
	account_save(c, a);
	account_terms_free(&next);
	explicit_bzero(is.data, is.len);
	explicit_bzero(value.data, value.len);
	bytes_release(&is);
	bytes_release(&value);
	free(changes);
}

int64_t account_secrets_mark(const struct account *a)
{
	return (int64_t)(cluster_mix(cluster_mix(0, a->secrets.hash), a->secrets.totp) >> 1);
}
