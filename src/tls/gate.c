/* Limits by address for handshakes. Owns what is counted. */

#include "chatd/tls/gate.h"

#include "chatd/base/log.h"

static bool is_exempt(const struct gate *g, const struct address *from)
{
	return address_is_local(from) || address_within_any(from, g->limits.exempt, g->limits.nexempt);
}

/* As the chat logs it (docs/admin.md), for those who read the log to ban addresses. o is what was counted. */
static void log_refused(struct gate *g, struct origin *o, int64_t now_ms, const struct address *from,
                        const char *why)
{
	char text[ORIGIN_REFUSED_BYTES], shown[ADDRESS_BYTES_MAX];

	if (origin_refused(o, &g->log, now_ms, why, text))
		log_info("security: refused address=%s name=- account=-: %s (before a TLS handshake)",
		         address_show(from, shown), text);
}

/* Another one may come from there; o is counted for it, and has the shares of that many addresses. */
static bool has_room(struct gate *g, struct origin *o, int64_t now_ms, const struct address *from, uint32_t shares)
{
	int64_t wait_ms = origin_take_ms(&o->connects, now_ms, g->limits.connects * shares);

	if (g->limits.connections > 0 && o->connections - o->exempt >= g->limits.connections * shares)
		log_refused(g, o, now_ms, from, "too many connections at one time");
	else if (wait_ms > 0)
		log_refused(g, o, now_ms, from, "too many connections in a minute");
	else
		return true;
	return false;
}

bool gate_enters(struct gate *g, int64_t now_ms, const struct address *from, bool *exempt)
{
	struct origin *o = origin_of(&g->origins, from), *site;

	*exempt = is_exempt(g, from);
	if (!*exempt && !has_room(g, o, now_ms, from, 1))
		return false;
	origin_hold(&g->origins, o);
	site = origin_site_of(&g->origins, from);
	if (site != NULL && !*exempt && !has_room(g, site, now_ms, from, SITE_SHARES)) {
		origin_drop(&g->origins, o);
		return false;
	}
	o->exempt += *exempt;
	if (site != NULL) {
		origin_hold(&g->origins, site);
		site->exempt += *exempt;
	}
	return true;
}

void gate_left(struct gate *g, const struct address *from, bool exempt)
{
	struct origin *site = origin_site_of(&g->origins, from), *o;

	if (site != NULL) {
		site->exempt -= exempt;
		origin_drop(&g->origins, site);
	}
	o = origin_of(&g->origins, from);
	o->exempt -= exempt;
	origin_drop(&g->origins, o);
}

uint32_t gate_count(struct gate *g, const struct address *from)
{
	const struct origin *o = origin_of(&g->origins, from);

	/* Many people share an address without limits. */
	return is_exempt(g, from) ? 1 : o->connections - o->exempt;
}

void gate_release(struct gate *g)
{
	origins_free(&g->origins);
}
