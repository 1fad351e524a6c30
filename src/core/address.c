/* Addresses and what is counted by them. Looks nothing up. */

#include "chatd/core/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"

enum { BITS_ALL = 128, BITS_MAPPED = 96, BITS_COUNTED = 64 };

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_mapped(const struct address *a)
{
	return a->bits >= BITS_MAPPED && memcmp(a->ip, mapped, sizeof mapped) == 0;
}

/* Bits that do not count are 0, so that equal blocks are equal bytes. */
static void cut(struct address *a)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned bits = a->bits <= i * 8 ? 0 : a->bits - i * 8;

		if (bits < 8)
			a->ip[i] &= (uint8_t)(0xff00 >> bits);
	}
}

/* The address alone. False: it is none. */
static bool parse_ip(const char *text, struct address *a)
{
	*a = (struct address){.bits = BITS_ALL, .network = 1};
	if (inet_pton(AF_INET6, text, a->ip) == 1)
		return true;
	memcpy(a->ip, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, a->ip + 12) == 1;
}

struct address address_of_peer(const char *peer)
{
	char text[ADDRESS_BYTES_MAX];
	const char *end = strrchr(peer, ':');
	struct address a;

	if (end == NULL)
		return (struct address){0};
	if (*peer == '[' && end > peer + 1 && end[-1] == ']') {
		peer++;
		end--;
	}
	snprintf(text, sizeof text, "%.*s", (int)(end - peer), peer);
	return parse_ip(text, &a) ? a : (struct address){0};
}

bool address_parse(const char *text, struct address *a)
{
	char ip[ADDRESS_BYTES_MAX];
	size_t len = strcspn(text, "/");
	unsigned long bits, most;
	char *end;

	if (len == 0 || len >= sizeof ip)
		return false;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (!parse_ip(ip, a))
		return false;
	most = is_mapped(a) ? 32 : BITS_ALL;
	bits = is_mapped(a) ? 32 : BITS_COUNTED;
	if (text[len] == '/') {
		if (text[len + 1] < '0' || text[len + 1] > '9')
			return false;
		bits = strtoul(text + len + 1, &end, 10);
		if (*end != '\0' || bits > most)
			return false;
	}
	a->bits = (uint8_t)(bits + BITS_ALL - most);
	cut(a);
	return true;
}

const char *address_show(const struct address *a, char out[ADDRESS_BYTES_MAX])
{
	bool four = is_mapped(a);
	unsigned bits = four ? a->bits - BITS_MAPPED : a->bits;
	size_t n;

	if (address_is_local(a))
		return strcpy(out, "this host");
	inet_ntop(four ? AF_INET : AF_INET6, four ? a->ip + 12 : a->ip, out, ADDRESS_BYTES_MAX);
	n = strlen(out);
	if (a->bits < BITS_ALL)
		snprintf(out + n, ADDRESS_BYTES_MAX - n, "/%u", bits);
	return out;
}

struct address address_counted(const struct address *a)
{
	struct address counted = *a;

	if (!address_is_local(a) && !is_mapped(a) && a->bits > BITS_COUNTED) {
		counted.bits = BITS_COUNTED;
		cut(&counted);
	}
	return counted;
}

bool address_is_local(const struct address *a)
{
	return a->network == 0;
}

bool address_within(const struct address *a, const struct address *block)
{
	struct address same = *a;

	if (address_is_local(a) || address_is_local(block) || a->bits < block->bits)
		return false;
	same.bits = block->bits;
	cut(&same);
	return memcmp(&same, block, sizeof same) == 0;
}

/* -- what is counted ------------------------------------------------------------------ */

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
		HASH_ADD(hh, origins->all, address, sizeof o->address, o);
	} else if (o->sessions > 0) {
		return o;
	} else {
		idle_remove(origins, o);
	}
	idle_add(origins, o);
	return o;
}

void origin_hold(struct origins *origins, struct origin *o)
{
	if (o->sessions++ == 0)
		idle_remove(origins, o);
}

void origin_drop(struct origins *origins, struct origin *o)
{
	if (--o->sessions == 0)
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

/* limit.h counts tokens a second; here a "second" is a period. */
int64_t slow_wait_ms(struct limit *l, int64_t now_ms, uint32_t burst, int64_t period_ms)
{
	return limit_wait_ms(l, now_ms * 1000 / period_ms, burst, 1) * period_ms / 1000;
}

void slow_take(struct limit *l, int64_t now_ms, int64_t period_ms)
{
	limit_take(l, now_ms * 1000 / period_ms, 1);
}
