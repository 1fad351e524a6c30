/*
 * What the chat asks of the program around the server: its configuration, its figures, its end.
 *
 * A step of the core leaves one such wish at the most: whoever has one waits for the answer.
 */

#include "chatd/net/server_state.h"

static void reload(struct server *s, const struct effect *e)
{
	struct event answer = {.kind = EVENT_RELOADED, .conn = e->conn};
	struct bytes said = {0};

	if (s->program.reload != NULL)
		answer.reloaded.ok = s->program.reload(s->program.ctx, e->text, &said);
	answer.reloaded.lines = said.len > 0 ? said.data : "";
	server_step(s, &answer);
	bytes_release(&said);
}

static void figures(struct server *s, const struct effect *e)
{
	struct figures f = {0};
	struct event answer = {.kind = EVENT_FIGURES, .conn = e->conn, .figures = &f};

	if (s->program.figures != NULL)
		s->program.figures(s->program.ctx, &f);
	server_step(s, &answer);
}

void server_want(struct server *s, const struct effect *e)
{
	/* What follows are steps of their own, with wishes of their own. */
	s->wanted = NULL;
	if (e->kind == EFFECT_RELOAD)
		reload(s, e);
	else if (e->kind == EFFECT_FIGURES)
		figures(s, e);
	else if (s->program.stop != NULL)
		s->program.stop(s->program.ctx, e->text);
	else
		server_stop(s);
}
