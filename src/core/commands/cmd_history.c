/* Commands that read the history: /history /search /catchup. */

#include "chatd/core/commands/cmd_history.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "chatd/core/state/emit.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/line_ref.h"
#include "chatd/core/state/state.h"

/* What "/history WORD" asks for; false: WORD is neither a number, an age nor a day. */
static bool parse_span(const struct chat *c, const char *word, struct query *q)
{
	int64_t age_ms = format_parse_age(word);
	uint64_t n = line_ref_number(word);

	if (age_ms > 0) {
		q->since_ms = c->wall_ms - age_ms;
		return true;
	}
	if (isdigit((unsigned char)*word) && n > 0) {
		q->limit = n < ROWS_MAX ? (uint32_t)n : ROWS_MAX;
		return true;
	}
	return format_parse_day(word, &q->since_ms, &q->until_ms);
}

void cmd_history(struct chat *c, struct session *s, const struct args *a)
{
	struct query q = {
		.kind = QUERY_LAST, .room = s->room->number, .limit = HISTORY_LINES_SPAN,
	};
	const char *word = a->arg[0];

	if (word == NULL) {
		q.limit = HISTORY_LINES_DEFAULT;
	} else if (strcasecmp(word, "before") == 0 && a->arg[1] != NULL) {
		q.before_id = line_ref_number(a->arg[1]);
		q.limit = HISTORY_LINES_DEFAULT;
		if (q.before_id == 0) {
			command_usage(c, s, "history");
			return;
		}
	} else if (a->arg[1] != NULL || !parse_span(c, word, &q)) {
		command_usage(c, s, "history");
		return;
	}
	history_ask(c, s, q.since_ms != 0 || q.until_ms != 0 ? history_show_times : history_show,
	            HISTORY_SAVED, q);
}

void cmd_search(struct chat *c, struct session *s, const struct args *a)
{
	history_ask(c, s, history_show_search, HISTORY_SAVED, (struct query){
		.kind = QUERY_SEARCH, .limit = SEARCH_HITS_MAX, .search = {a->rest, "", "", false},
	});
}

void cmd_catchup(struct chat *c, struct session *s, const struct args *a)
{
	(void)a;
	if (s->reading.gaps.n == 0) {
		emit_reply(c, s, "You have missed nothing in %s. %chistory shows earlier lines.",
		           s->room->name, c->config.command_prefix);
		return;
	}
	history_catch_up(c, s);
}
