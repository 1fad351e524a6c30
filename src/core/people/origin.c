/* Counters by address. Owns struct origin. */

#include "chatd/core/people/origin.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/time_format.h"

#define MINUTE_NS INT64_C(60000000000)

static void idle_add(struct origins *origins, struct origin *o)
{
	struct origin *oldest = origins->idle;

	if (origins->nidle == ORIGINS_MAX) {
		DL_DELETE(origins->idle, oldest);
		HASH_DEL(origins->all, oldest);
		free(oldest);
		origins->nidle--;
	}
	DL_APPEND(origins->idle, o);
	origins->nidle++;
}

static void idle_remove(struct origins *origins, struct origin *o)
{
	DL_DELETE(origins->idle, o);
	origins->nidle--;
}

struct origin *origin_of(struct origins *origins, const struct address *a)
{
	struct address key = address_counted(a);
	struct origin *o;

	HASH_FIND(hh, origins->all, &key, sizeof key, o);
	if (o == NULL) {
		o = mem_zero(1, sizeof *o);
		o->address = key;
		o->number = ++origins->number;
		HASH_ADD(hh, origins->all, address, sizeof o->address, o);
	} else if (o->connections > 0) {
		return o;
	} else {
		idle_remove(origins, o);
	}
	idle_add(origins, o);
	return o;
}

struct origin *origin_find(const struct origins *origins, const struct address *counted)
{
	struct origin *o;

	HASH_FIND(hh, origins->all, counted, sizeof *counted, o);
	return o;
}

struct origin *origin_site_of(struct origins *origins, const struct address *a)
{
	struct address site;

	return address_site(a, &site) ? origin_of(origins, &site) : NULL;
}

void origin_hold(struct origins *origins, struct origin *o)
{
	if (o->connections++ == 0)
		idle_remove(origins, o);
}

void origin_drop(struct origins *origins, struct origin *o)
{
	if (--o->connections == 0)
		idle_add(origins, o);
}

void origins_free(struct origins *origins)
{
	struct origin *o, *next;

	HASH_ITER(hh, origins->all, o, next) {
		HASH_DEL(origins->all, o); /* NOLINT(clang-analyzer-unix.Malloc): not freed yet */
		free(o);
	}
	*origins = (struct origins){0};
}

int64_t origin_take_ms(struct bucket *b, int64_t now_ms, uint32_t a_minute)
{
	int64_t wait_ms;

	if (a_minute == 0)
		return 0;
	wait_ms = bucket_wait_span_ms(b, now_ms, a_minute, MINUTE_NS / a_minute);
	if (wait_ms == 0)
		bucket_take_span(b, now_ms, MINUTE_NS / a_minute);
	return wait_ms;
}

bool origin_refused(struct origin *o, struct bucket *log, int64_t now_ms, const char *why,
                    char text[ORIGIN_REFUSED_BYTES])
{
	char age[AGE_BYTES_MAX];
	int n;

	o->nrefused++;
	if ((o->refused_ms != 0 && now_ms < o->refused_ms + REFUSED_LOG_MS) || !slow_bucket_take_log(log, now_ms))
		return false;
	if (o->nrefused == 1 || o->refused_ms == 0)
		n = snprintf(text, ORIGIN_REFUSED_BYTES, "%s", why);
	else
		n = snprintf(text, ORIGIN_REFUSED_BYTES, "%s; %" PRIu32 " were refused in %s", why, o->nrefused,
		             format_age(age, now_ms - o->refused_ms));
	assert(n < ORIGIN_REFUSED_BYTES);
	o->refused_ms = now_ms;
	o->nrefused = 0;
	return true;
}
