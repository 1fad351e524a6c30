/* Lines named by their numbers. Owns struct line_ref. */

#include "chatd/core/rooms/line_ref.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/base/fields.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/state/state.h"

uint64_t line_ref_number(const char *word)
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

uint64_t line_ref_begins(const char **text)
{
	const char *p = *text;
	size_t digits = *p == '#' ? strspn(p + 1, "0123456789") : 0;
	char word[24];
	uint64_t id;

	if (digits == 0 || digits >= sizeof word || p[1 + digits] != ' ')
		return 0;
	memcpy(word, p + 1, digits);
	word[digits] = '\0';
	id = line_ref_number(word);
	p += 1 + digits;
	p += strspn(p, " ");
	if (*p == '\0')
		return 0;
	*text = p;
	return id;
}

/* What to do with a line once the store has found it. */
struct line_ref {
	const struct line_act *act;
	uint64_t id;             /* of the line */
	char *text;              /* owned */
};

static void line_ref_free(void *data)
{
	struct line_ref *p = data;

	free(p->text);
	free(p);
}

void line_ref_answer(struct chat *c, struct session *s, struct question *q, const struct event *e)
{
	const struct line_ref *p = q->data;
	const struct rows *rows = e->rows;

	if (rows->error != NULL)
		emit_reply(c, s, "%s", rows->error);
	else if (rows->n != 1 || rows->row[0].id != p->id)
		emit_reply(c, s, "There is no line #%" PRIu64 " in %s. %chistory shows the numbers.",
		           p->id, s->room->name, c->config.command_prefix);
	else
		p->act->does(c, s, &rows->row[0], p->text);
}

bool line_ref_is(const struct question *q, const struct line_act *act)
{
	const struct line_ref *p = q->data;

	return p->act == act;
}

void line_ref_put(const struct question *q, struct bytes *b)
{
	const struct line_ref *p = q->data;

	fields_put(b, "act", p->act->name);
	fields_put_number(b, "line_id", (int64_t)p->id);
	fields_put(b, "text", p->text);
}

static void take(struct question *q, const struct line_act *act, uint64_t id, char *text)
{
	struct line_ref *p = mem_alloc(sizeof *p);

	*p = (struct line_ref){act, id, text};
	q->data = p;
	q->free_data = line_ref_free;
}

bool line_ref_get(struct question *q, const struct line_act *acts, const char *fields)
{
	char *name = fields_get(fields, "act");

	while (acts->name != NULL && strcmp(acts->name, name) != 0)
		acts++;
	free(name);
	if (acts->name == NULL)
		return false;
	take(q, acts, (uint64_t)fields_get_number(fields, "line_id"), fields_get_text(fields, "text", BODY_BYTES_MAX));
	return true;
}

void line_ref_ask(struct chat *c, struct session *s, uint64_t id, const struct line_act *act,
                  const char *text)
{
	struct question *q = history_ask(c, s, line_ref_answer, HISTORY_SAVED, (struct query){
		.kind = QUERY_LAST, .room = s->room->number, .limit = 1, .after_id = id - 1,
		.before_id = id + 1,
	});

	if (q == NULL)
		return;
	take(q, act, id, mem_strdup(text));
	q->shared = act->shared;
}
