/* The lockdown. Owns chat.lockdown. */

#include "chatd/core/moderation/lockdown.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

static const char lockdown_key[] = "lockdown";

bool lockdown_on(const struct chat *c)
{
	return c->moderation.lockdown.until_ms > c->wall_ms;
}

/* The one place where it changes: by a command, by /undo, by the clock, or as it was saved. */
static void lockdown_apply(struct chat *c, int64_t until_ms, const char *by)
{
	c->moderation.guards -= c->moderation.lockdown.until_ms != 0;
	free(c->moderation.lockdown.by);
	c->moderation.lockdown.by = until_ms != 0 ? mem_strdup(by) : NULL;
	c->moderation.lockdown.until_ms = until_ms;
	c->moderation.guards += until_ms != 0;
}

void lockdown_set(struct chat *c, int64_t until_ms, const char *by)
{
	struct bytes value = {0};

	lockdown_apply(c, until_ms, by);
	if (until_ms != 0) {
		fields_put_number(&value, "until", until_ms);
		fields_put(&value, "by", by);
	}
	emit_fact(c, FACT_STATE, lockdown_key, until_ms != 0 ? value.data : "");
	bytes_release(&value);
}

void lockdown_load(struct chat *c, const char *key, const char *value)
{
	char *by;

	if (strcmp(key, lockdown_key) != 0)
		return;
	by = fields_get_text(value, "by", NAME_BYTES_MAX);
	lockdown_apply(c, fields_get_time(value, "until"), by);
	free(by);
}

void lockdown_tick(struct chat *c)
{
	int64_t until_ms = c->moderation.lockdown.until_ms;

	if (until_ms == 0 || until_ms > c->wall_ms || !act_has_room(c))
		return;
	lockdown_set(c, 0, NULL);
	emit_all(c, "The lockdown is over: everyone can come in and speak again.");
}

int64_t lockdown_due_ms(const struct chat *c)
{
	return c->moderation.lockdown.until_ms != 0 ? chat_due_at(c, c->moderation.lockdown.until_ms)
	                                            : INT64_MAX;
}

void lockdown_free(struct chat *c)
{
	free(c->moderation.lockdown.by);
}
