/* Kept messages in a cluster. Owns nothing. */

#include "chatd/core/people/mail_act.h"

#include <stdlib.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/people/account_act.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

void mail_keep_apply(struct chat *c, struct session *s, const char *fields)
{
	struct account *a = account_made_at(c, fields);
	char *text = fields_get_text(fields, "text", BODY_BYTES_MAX);

	if (a == NULL)
		emit_reply(c, s, "Not sent: that account is gone.");
	else
		mail_keep(c, s, a, text);
	free(text);
}

void mail_read_apply(struct chat *c, const char *fields)
{
	struct account *a = account_made_at(c, fields);

	if (a != NULL)
		mail_read(c, a, (uint64_t)fields_get_number(fields, "read"));
}
