/* Facts of what is gone. Owns struct forgotten. */

#include "chatd/core/people/forget.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"

enum {
	AGAIN_MS = 1000,       /* a store that fails, or is behind, is waited for */
	UNSTORED_MOST = 4096,  /* records that may wait to be saved when one more goes */
};

struct forgotten {
	char *what;            /* owned; the key: a character for the kind, and the fact's key */
	UT_hash_handle hh;     /* in chat.people.forgets, the oldest first */
};

static char *what_of(enum fact_kind kind, const char *key)
{
	size_t n = strlen(key);
	char *what = mem_alloc(n + 2);

	what[0] = (char)('0' + (int)kind);
	memcpy(what + 1, key, n + 1);
	return what;
}

static struct forgotten *find(const struct chat *c, const char *what)
{
	struct forgotten *f;

	HASH_FIND_STR(c->people.forgets, what, f);
	return f;
}

static void end(struct chat *c, struct forgotten *f)
{
	HASH_DELETE(hh, c->people.forgets, f);
	free(f->what);
	free(f);
}

static void add(struct chat *c, enum fact_kind kind, const char *key)
{
	char *what = what_of(kind, key);
	struct forgotten *f;

	if (find(c, what) != NULL) {
		free(what);
		return;
	}
	f = mem_zero(1, sizeof *f);
	f->what = what;
	HASH_ADD_KEYPTR(hh, c->people.forgets, f->what, strlen(f->what), f);
}

void forget_fact(struct chat *c, enum fact_kind kind, const char *key)
{
	/* Other nodes would not do it. */
	if (c->cluster.self != NULL)
		return;
	/* Text that others wrote into the database may be unfit to be passed on. */
	if (text_is_shown(key, strlen(key)) && HASH_COUNT(c->people.forgets) < FORGETS_MAX)
		add(c, kind, key);
}

void forget_taken(struct chat *c, enum fact_kind kind, const char *key)
{
	if (act_has_room(c))
		emit_fact(c, kind, key, "");
	else
		add(c, kind, key);
}

void forget_not(struct chat *c, enum fact_kind kind, const char *key)
{
	struct forgotten *f;
	char *what;

	if (c->people.forgets == NULL)
		return;
	what = what_of(kind, key);
	f = find(c, what);
	free(what);
	if (f != NULL)
		end(c, f);
}

uint32_t forget_waiting(const struct chat *c)
{
	return HASH_COUNT(c->people.forgets);
}

/* In a cluster all of it goes before the next act, however far the store of this node is. */
static bool has_to_wait(const struct chat *c)
{
	return !chat_can_save(c) || (c->cluster.self == NULL && c->records.seq - c->records.stored_seq >= UNSTORED_MOST);
}

void forget_tick(struct chat *c)
{
	while (c->people.forgets != NULL && !has_to_wait(c) && act_has_room(c)) {
		struct forgotten *f = c->people.forgets;

		emit_fact(c, (enum fact_kind)(f->what[0] - '0'), f->what + 1, "");
		end(c, f);
	}
}

int64_t forget_due_ms(const struct chat *c)
{
	if (c->people.forgets == NULL)
		return INT64_MAX;
	return has_to_wait(c) ? c->now_ms + AGAIN_MS : c->now_ms;
}

void forget_free(struct chat *c)
{
	while (c->people.forgets != NULL)
		end(c, c->people.forgets);
}
