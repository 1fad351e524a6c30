/* Limits by address for handshakes. Owns what is counted. */

#include "chatd/tls/gate.h"

#include "chatd/base/clock.h"
#include "chatd/base/log.h"

#define MINUTE_NS INT64_C(60000000000)

static bool is_exempt(const struct gate *g, const struct address *from)
{
	return address_is_local(from) || address_within_any(from, g->limits.exempt, g->limits.nexempt);
}

/* NULL: there are not too many. o has the shares of that many addresses. */
static const char *too_many(struct gate *g, struct origin *o, int64_t now_ms, uint32_t shares)
{
	uint32_t connects = g->limits.connects * shares;
	int64_t wait_ms = 0;

	if (connects > 0)
		wait_ms = bucket_wait_span_ms(&o->connects, now_ms, connects, MINUTE_NS / connects);
	if (connects > 0 && wait_ms == 0)
		bucket_take_span(&o->connects, now_ms, MINUTE_NS / connects);
	if (g->limits.connections > 0 && o->connections - o->exempt >= g->limits.connections * shares)
		return "too many connections at one time";
	return wait_ms > 0 ? "too many connections in a minute" : NULL;
}

/* As the chat logs it (docs/admin.md), for those who read the log to ban addresses. */
static void log_refused(struct gate *g, struct origin *o, int64_t now_ms, const struct address *from,
                        const char *why)
{
	char shown[ADDRESS_BYTES_MAX];

	o->nrefused++;
	if ((o->refused_ms != 0 && now_ms < o->refused_ms + REFUSED_LOG_MS) ||
	    slow_bucket_wait_ms(&g->log, now_ms, REFUSED_LOG_BURST, REFUSED_LOG_PERIOD_MS) > 0)
		return;
	slow_bucket_take(&g->log, now_ms, REFUSED_LOG_PERIOD_MS);
	log_info("security: refused address=%s name=- account=-: %s, before a TLS handshake; %u were refused",
	         address_show(from, shown), why, o->nrefused);
	o->refused_ms = now_ms;
	o->nrefused = 0;
}

bool gate_enters(struct gate *g, int64_t now_ms, const struct address *from, bool *exempt)
{
	struct origin *o = origin_of(&g->origins, from), *site;
	const char *why = NULL;

	*exempt = is_exempt(g, from);
	if (!*exempt)
		why = too_many(g, o, now_ms, 1);
	if (why == NULL) {
		origin_hold(&g->origins, o);
		site = origin_site_of(&g->origins, from);
		if (site != NULL && !*exempt)
			why = too_many(g, site, now_ms, SITE_SHARES);
		if (site != NULL && why == NULL) {
			origin_hold(&g->origins, site);
			site->exempt += *exempt;
		}
		if (why == NULL)
			o->exempt += *exempt;
		else
			origin_drop(&g->origins, o);
	}
	if (why != NULL)
		log_refused(g, origin_of(&g->origins, from), now_ms, from, why);
	return why == NULL;
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
