/* The data of moderation actions. Owns nothing. */

#include "chatd/core/moderation/undo.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/rooms/line_ref.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

static const char first[] = "undo=";

enum { FIELD_BYTES_MAX = 32 };

uint64_t undo_number(const char *word)
{
	word += *word == '#';
	word += (*word | 0x20) == 'a';
	return isdigit((unsigned char)*word) ? line_ref_number(word) : 0;
}

void undo_begin(struct bytes *data, const char *kind)
{
	bytes_clear(data);
	fields_put(data, "undo", kind);
}

void undo_put_room(struct chat *c, struct bytes *data, struct room *r)
{
	/* The lobby always exists, and has no number before something is said there. */
	if (r == c->rooms.lobby) {
		fields_put(data, "lobby", "yes");
	} else if (r != NULL) {
		setting_introduce(c, r);
		fields_put_number(data, "room", r->number);
	}
}

/* The field that tells an account from later ones of the same name. */
static const char *made_field(const char *name, char out[FIELD_BYTES_MAX])
{
	snprintf(out, FIELD_BYTES_MAX, "%s_made", name);
	return out;
}

void undo_put_account(struct bytes *data, const char *name, const struct account *a)
{
	char made[FIELD_BYTES_MAX];

	if (a == NULL)
		return;
	fields_put(data, name, a->key);
	fields_put_number(data, made_field(name, made), a->made.at_ms);
}

bool undo_is_data(const char *data)
{
	/* Older records begin with the name of a command, and no command is named "undo=". */
	return strncmp(data, first, sizeof first - 1) == 0;
}

bool undo_room(const struct chat *c, const char *data, struct room **r)
{
	*r = NULL;
	if (undo_has(data, "lobby"))
		*r = c->rooms.lobby;
	else if (undo_has(data, "room"))
		*r = room_by_number(c, fields_get_count(data, "room", ROOM_NUMBER_MAX));
	else
		return true;
	return *r != NULL;
}

bool undo_has(const char *data, const char *name)
{
	char *value = fields_get(data, name);
	bool has = *value != '\0';

	free(value);
	return has;
}

struct account *undo_account(const struct chat *c, const char *data, const char *name)
{
	char *key = fields_get(data, name), made[FIELD_BYTES_MAX];
	struct account *a = *key != '\0' ? account_by_key(c, key) : NULL;

	free(key);
	return a != NULL && a->made.at_ms == fields_get_number(data, made_field(name, made)) ? a : NULL;
}

void undo_late(struct chat *c, struct session *s, const char *what)
{
	emit_reply(c, s, "Cannot undo: %s. Nothing has changed.", what);
}
