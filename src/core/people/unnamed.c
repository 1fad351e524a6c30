/* Those without a name. Owns chat.login, chat.unnamed and chat.ungreeted. */

#include "chatd/core/people/unnamed.h"

#include <utlist.h>

#include "chatd/core/people/origin.h"

/* s, or the first after it, that has read no banner; they are in the order in which they came. */
static struct session *first_ungreeted(struct session *s)
{
	while (s != NULL && s->greeted)
		s = s->next;
	return s;
}

void unnamed_add(struct chat *c, struct session *s)
{
	struct origin *site = origin_site_of(&c->origins, &s->from);
	bool exempt = c->held_exempt[s->id.slot];

	DL_APPEND(c->login, s);
	s->unnamed_pos = c->nunnamed;
	c->unnamed[c->nunnamed++] = s;
	s->origin->nunnamed += !exempt;
	if (site != NULL)
		site->nunnamed += !exempt;
}

void unnamed_greeted(struct chat *c, struct session *s)
{
	s->greeted = true;
	c->ungreeted = first_ungreeted(c->ungreeted);
}

void unnamed_remove(struct chat *c, struct session *s)
{
	bool exempt = c->held_exempt[s->id.slot];
	struct session *last;
	struct origin *site;

	if (s->state != SESSION_LOGIN)
		return;
	unnamed_greeted(c, s);
	site = origin_site_of(&c->origins, &s->from);
	DL_DELETE(c->login, s);
	s->origin->nunnamed -= !exempt;
	if (site != NULL)
		site->nunnamed -= !exempt;
	last = c->unnamed[--c->nunnamed];
	c->unnamed[s->unnamed_pos] = last;
	last->unnamed_pos = s->unnamed_pos;
	/* From here on it is paced as one who has a name. */
	s->rate = (struct rate){0};
	s->turn_lines = 0;
}
