/*
 * A store in a file of its own, for tests that open it again.
 */
#ifndef CHATD_TESTS_STORE_FILE_H
#define CHATD_TESTS_STORE_FILE_H

#include "store_help.h"

static struct folder *folder;
static struct store *store;

static inline int store_setup(void **state)
{
	int rc = folder_setup(state);
	folder = *state;
	store = rc ? NULL : store_in(folder_file(folder, "chat.db"));
	return rc;
}

static inline int store_teardown(void **state)
{
	store_close(store);
	return folder_teardown(state);
}

static inline void restart(void)
{
	store_close(store);
	store = store_in(folder_file(folder, "chat.db"));
}

/* One record of any kind. */
static inline void save_kind(uint64_t seq, uint32_t room, enum record_kind kind, const char *sender,
                             uint64_t ref, const char *body)
{
	struct record r = record_as(seq, room, kind, sender, ref, body);
	save_all(store, &r, 1);
}

#endif
