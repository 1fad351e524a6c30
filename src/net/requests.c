/* What the chat asks of the program. Owns the requests; each session has a few at most. */

#include "chatd/net/requests.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/net/server.h"

/* As of now, before the next effects, which may close the connection. */
static struct arrival arrived_at(struct server *s, struct conn_id id)
{
	const struct connection *c = &s->conns.slot[id.slot];

	return c->gen == id.gen && c->state == CONNECTION_OPEN
	       ? connection_arrived(s, c) : (struct arrival){.what = ARRIVED_NOTHING};
}

void requests_add(struct server *s, const struct effect *e)
{
	struct requests *r = &s->requests;

	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 4 : r->cap * 2;
		r->list = mem_resize(r->list, r->cap * sizeof *r->list);
	}
	/* The effect's text is only valid until the next step. */
	r->list[r->n++] = (struct program_request){
		.kind = e->kind, .conn = e->conn, .text = mem_strdup(e->text != NULL ? e->text : ""),
		.arrived = e->kind == EFFECT_ARRIVED ? arrived_at(s, e->about) : (struct arrival){0},
	};
}

/* -- answers ----------------------------------------------------------------------------------- */

static void reload(const struct server_program *p, const struct program_request *r, struct response *a)
{
	a->event.kind = EVENT_RELOADED;
	if (p->reload != NULL)
		a->event.reloaded.ok = p->reload(p->ctx, r->text, &a->said);
	a->event.reloaded.lines = a->said.len > 0 ? a->said.data : "";
}

static void figures(const struct server *s, struct response *a)
{
	const struct server_program *p = &s->requests.program;

	a->event.kind = EVENT_FIGURES;
	a->event.figures = &a->figures;
	if (p->figures != NULL)
		p->figures(p->ctx, &a->figures);
	acts_figures(s, &a->figures.cluster);
}

static void stop(struct server *s, const struct program_request *r)
{
	const struct server_program *p = &s->requests.program;

	if (p->stop != NULL)
		p->stop(p->ctx, r->text);
	else
		s->stop.asked = true;
}

bool requests_answer(struct server *s, struct response *a)
{
	struct requests *all = &s->requests;
	struct program_request r = all->list[0];

	memmove(all->list, all->list + 1, --all->n * sizeof *all->list);
	*a = (struct response){.event.conn = r.conn};
	if (r.kind == EFFECT_RELOAD) {
		reload(&all->program, &r, a);
	} else if (r.kind == EFFECT_FIGURES) {
		figures(s, a);
	} else if (r.kind == EFFECT_ARRIVED) {
		a->event.kind = EVENT_ARRIVED;
		a->event.arrived = r.arrived;
	} else {
		stop(s, &r);
	}
	free(r.text);
	return r.kind != EFFECT_STOP;
}

void response_release(struct response *a)
{
	bytes_release(&a->said);
}

void requests_release(struct requests *r)
{
	while (r->n > 0)
		free(r->list[--r->n].text);
	free(r->list);
}
