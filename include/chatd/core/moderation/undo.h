/*
 * What moderation actions have changed, as data, so that /undo can restore it.
 *
 * The record of an action (emit_audit) has, next to its words, its data as fields (fields.h); the first
 * is "undo", the kind of the action. It names rooms, bans and reports by number, accounts by key and
 * time of creation, settings by their values before and after: a later thing of the same name is never
 * meant. Each kind is written and restored in the file that has its command; the table of kinds is in
 * cmd_undo.c. The field names are in databases: they keep their meaning.
 */
#ifndef CHATD_CORE_MODERATION_UNDO_H
#define CHATD_CORE_MODERATION_UNDO_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;
struct room;

struct bytes;

/* "#A12", "A12" or "12"; 0: not the number of an action. */
uint64_t undo_number(const char *word);

/* Begins the data of an action of that kind. */
void undo_begin(struct bytes *data, const char *kind);
/* The room it was done in (NULL: the whole server). The store learns its number, which no other
 * room gets from then on. */
void undo_put_room(struct chat *c, struct bytes *data, struct room *r);
/* An account under this name (NULL: none). */
void undo_put_account(struct bytes *data, const char *name, const struct account *a);

/* Whether it is data, and not what older versions wrote. */
bool undo_is_data(const char *data);
/* Its room (*r NULL: the whole server). False: that room is gone. */
bool undo_room(const struct chat *c, const char *data, struct room **r);
/* The very account of that name in it. NULL: it is gone, or there was none. */
struct account *undo_account(const struct chat *c, const char *data, const char *name);
/* Whether it has a field of that name. */
bool undo_has(const char *data, const char *name);

/* Tells s that something has been changed since, so that nothing is restored. */
void undo_late(struct chat *c, struct session *s, const char *what);

/* Each restores what was before the action, if s may, and if nothing has changed it since; tells s what
 * it did, and records that as an action that can be taken back in turn. */
typedef void undo_restore(struct chat *c, struct session *s, const struct row *act);

#endif
