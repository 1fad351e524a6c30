/* Connections without a name. Owns struct unnamed_sessions. */

#include "chatd/core/people/unnamed.h"

#include <utlist.h>

#include "chatd/core/people/origin.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

/* s, or the first session after it, that is to be sent the banner; they are in the order in which they came. */
static struct session *first_ungreeted(struct session *s)
{
	while (s != NULL && (s->unnamed.greeted || s->unnamed.asking))
		s = s->next;
	return s;
}

static struct session *first_asked(struct session *s)
{
	while (s != NULL && !s->unnamed.asking)
		s = s->next;
	return s;
}

void unnamed_add(struct chat *c, struct session *s)
{
	struct origin *site = origin_site_of(&c->people.origins, &s->from);
	bool exempt = c->entry.admission.held_exempt[s->id.slot];

	DL_APPEND(c->people.unnamed.login, s);
	s->unnamed.pos = c->people.unnamed.n;
	c->people.unnamed.list[c->people.unnamed.n++] = s;
	s->origin->nunnamed += !exempt;
	if (site != NULL)
		site->nunnamed += !exempt;
}

void unnamed_greeted(struct chat *c, struct session *s)
{
	s->unnamed.greeted = true;
	c->people.unnamed.ungreeted = first_ungreeted(c->people.unnamed.ungreeted);
}

void unnamed_ask(struct chat *c, struct session *s)
{
	s->unnamed.asking = true;
	if (c->people.unnamed.asked == NULL)
		c->people.unnamed.asked = s;
}

void unnamed_answered(struct chat *c, struct session *s)
{
	s->unnamed.asking = false;
	c->people.unnamed.asked = first_asked(c->people.unnamed.asked);
}

void unnamed_again(struct chat *c, struct session *s)
{
	DL_DELETE(c->people.unnamed.login, s);
	DL_APPEND(c->people.unnamed.login, s);
	s->presence.since_ms = c->now_ms;
}

void unnamed_remove(struct chat *c, struct session *s)
{
	struct session *last;
	struct origin *site;
	bool exempt;

	if (s->state != SESSION_LOGIN || person_is_remote(s))
		return;
	exempt = c->entry.admission.held_exempt[s->id.slot];
	unnamed_greeted(c, s);
	unnamed_answered(c, s);
	c->people.unnamed.nwaiting -= s->unnamed.waiting.on;
	s->unnamed.waiting.on = false;
	account_ref_clear(&s->unnamed.waiting.account);
	site = origin_site_of(&c->people.origins, &s->from);
	DL_DELETE(c->people.unnamed.login, s);
	s->origin->nunnamed -= !exempt;
	if (site != NULL)
		site->nunnamed -= !exempt;
	last = c->people.unnamed.list[--c->people.unnamed.n];
	c->people.unnamed.list[s->unnamed.pos] = last;
	last->unnamed.pos = s->unnamed.pos;
	/* From here on it has the rate limits of people with a name. */
	s->input.throttle.rate = (struct rate){0};
	s->input.throttle.turn_lines = 0;
}
