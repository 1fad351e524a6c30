/* Lines pointed at by their numbers. Owns struct pointed. */

#include "chatd/core/pointed.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/emit.h"
#include "chatd/core/history.h"

uint64_t pointed_number(const char *word)
{
	char *end;
	unsigned long long id;

	if (*word == '#')
		word++;
	if (!isdigit((unsigned char)*word))
		return 0;
	errno = 0;
	id = strtoull(word, &end, 10);
	return *end != '\0' || errno != 0 || id >= INT64_MAX ? 0 : id;
}

void pointed_free(struct pointed *p)
{
	if (p != NULL)
		free(p->text);
	free(p);
}

void pointed_ask(struct chat *c, struct session *s, uint64_t id, pointed_act *act,
                 const char *text)
{
	/* One that was never answered, because s left the room meanwhile. */
	pointed_free(s->pointed);
	s->pointed = mem_zero(1, sizeof *s->pointed);
	*s->pointed = (struct pointed){
		.act = act, .id = id, .room = s->room->number, .text = mem_strdup(text),
	};
	history_ask(c, s, ASKED_LINE, (struct query){
		.kind = QUERY_LAST, .room = s->room->number, .limit = 1, .after_id = id - 1,
		.before_id = id + 1,
	});
}

void pointed_answer(struct chat *c, struct session *s, const struct rows *rows)
{
	struct pointed *p = s->pointed;

	s->pointed = NULL;
	if (p == NULL || s->room == NULL || s->room->number != p->room) {
		pointed_free(p);
		return;
	}
	if (rows->error != NULL)
		emit_reply(c, s, "%s", rows->error);
	else if (rows->n != 1 || rows->row[0].id != p->id)
		emit_reply(c, s, "There is no line #%" PRIu64 " in %s. %chistory shows the numbers.",
		           p->id, s->room->name, c->config.command_prefix);
	else
		p->act(c, s, &rows->row[0], p->text);
	pointed_free(p);
}
