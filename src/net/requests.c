/*
 * What the chat asks of the program around the server: its configuration, its figures, its end.
 *
 * And of the server itself, what has arrived. Each session has a few wishes at the most; several may have one in
 * the same step of the core.
 */

#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/net/loop_state.h"

static void reload(struct server *s, const struct wish *w)
{
	struct event answer = {.kind = EVENT_RELOADED, .conn = w->conn};
	struct bytes said = {0};

	if (s->program.reload != NULL)
		answer.reloaded.ok = s->program.reload(s->program.ctx, w->text, &said);
	answer.reloaded.lines = said.len > 0 ? said.data : "";
	server_step(s, &answer);
	bytes_release(&said);
}

static void figures(struct server *s, const struct wish *w)
{
	struct figures f = {0};
	struct event answer = {.kind = EVENT_FIGURES, .conn = w->conn, .figures = &f};

	if (s->program.figures != NULL)
		s->program.figures(s->program.ctx, &f);
	server_step(s, &answer);
}

/* As it is before the effects that come next, which may end it. */
static struct arrival arrived_at(struct server *s, struct conn_id id)
{
	const struct connection *c = &s->conns[id.slot];

	return c->gen == id.gen && c->state == CONNECTION_OPEN ? server_arrived(s, c)
	                                                 : (struct arrival){.what = ARRIVED_NOTHING};
}

void server_wish(struct server *s, const struct effect *e)
{
	if (s->nwishes == s->wishes_cap) {
		s->wishes_cap = s->wishes_cap == 0 ? 4 : s->wishes_cap * 2;
		s->wishes = mem_resize(s->wishes, s->wishes_cap * sizeof *s->wishes);
	}
	/* The effect's text is gone with the next step. */
	s->wishes[s->nwishes++] = (struct wish){
		.kind = e->kind, .conn = e->conn, .text = mem_strdup(e->text != NULL ? e->text : ""),
		.arrived = e->kind == EFFECT_ARRIVED ? arrived_at(s, e->about) : (struct arrival){0},
	};
}

void server_grant(struct server *s)
{
	struct wish w = s->wishes[0];

	memmove(s->wishes, s->wishes + 1, --s->nwishes * sizeof *s->wishes);
	if (w.kind == EFFECT_RELOAD)
		reload(s, &w);
	else if (w.kind == EFFECT_FIGURES)
		figures(s, &w);
	else if (w.kind == EFFECT_ARRIVED)
		server_step(s, &(struct event){.kind = EVENT_ARRIVED, .conn = w.conn, .arrived = w.arrived});
	else if (s->program.stop != NULL)
		s->program.stop(s->program.ctx, w.text);
	else
		server_stop(s);
	free(w.text);
}
