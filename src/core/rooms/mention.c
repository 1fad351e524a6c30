/* Mentions. Owns struct telling. */

#include "chatd/core/rooms/mention.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "chatd/base/bytes.h"
#include "chatd/base/siphash.h"
#include "chatd/base/text.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/people/highlight.h"
#include "chatd/core/people/name.h"
#include "chatd/core/people/share.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"

enum {
	SIGNS_APART = 4,          /* signs at the end of a word that are taken off one by one */
	NICK_BYTES_MAX = NICK_CHARS_MAX * 4, /* of a name or its key in a line */
	CLITIC_BYTES_MAX = 2,     /* of the rest of a word after an apostrophe: it's, we'll */
};

/* What somebody is told once the line is saved. */
struct telling {
	uint64_t seq;             /* the line's record */
	struct conn_id to;        /* who is told */
	uint32_t room;            /* number of the line's room */
	uint32_t untold;          /* lines before it that they were not told of */
	char *speaker;            /* owned; the key of the speaker's name */
	char *text;               /* owned; the sentence */
	struct telling *prev, *next; /* in mentions.first */
};

/* -- names in a line ------------------------------------------------------------------ */

/* What looks for names in a line. */
struct searching {
	/* Called with each piece that may be a name, as a key, NUL-terminated; true: it is one. */
	bool (*take)(void *ctx, const char *key);
	void *ctx;                /* of take */
	const struct name_shapes *shapes; /* no other names are looked for */
};

static bool try_name(const struct searching *f, const char *piece, size_t len)
{
	char key[NICK_BYTES_MAX + 1];

	if (len == 0 || len > NICK_BYTES_MAX || f->shapes->n[name_shape(piece, len)] == 0)
		return false;
	memcpy(key, piece, len);
	key[len] = '\0';
	return f->take(f->ctx, key);
}

/* Tries a piece as it is, and without the signs at its end, more and more of them. */
static bool try_ends(const struct searching *f, const char *piece, size_t len, size_t signs)
{
	if (try_name(f, piece, len))
		return true;
	for (size_t n = 1; n <= signs && n < SIGNS_APART; n++)
		if (try_name(f, piece, len - n))
			return true;
	return signs >= SIGNS_APART && try_name(f, piece, len - signs);
}

/* The piece is what an apostrophe makes of a word's end. */
static bool is_clitic(const char *text, size_t at, size_t len)
{
	static const char apostrophe[] = "’";
	size_t n = sizeof apostrophe - 1;

	return len <= CLITIC_BYTES_MAX &&
	       ((at > 1 && text[at - 1] == '\'' && text[at - 2] != ' ') ||
	        (at > n && memcmp(text + at - n, apostrophe, n) == 0 && text[at - n - 1] != ' '));
}

/* Tries the pieces of a folded text that begin at `at` or later. */
static void try_pieces(const struct searching *f, const char *folded, size_t len, size_t at)
{
	size_t n;

	for (; (n = name_next(folded, len, &at)) > 0; at += n) {
		const char *piece = folded + at;
		size_t before = name_signs_before(piece, n), behind = name_signs_behind(piece, n);

		if (is_clitic(folded, at, n - behind))
			continue;
		if (!try_ends(f, piece, n, behind) && before > 0)
			try_ends(f, piece + before, n - before, behind);
	}
}

/* Tries the word of body from begin to end, which has signs in it or is long. */
static void try_signs(const struct searching *f, const char *body, size_t begin, size_t end)
{
	/* With what an apostrophe may be in. */
	size_t from = begin < 2 ? 0 : begin - 2, len = end - from;
	char small[256], *folded = len <= sizeof small ? small : mem_alloc(len);

	for (size_t i = 0; i < len; i++) {
		char c = body[from + i];

		folded[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	try_pieces(f, folded, len, begin - from);
	if (folded != small)
		free(folded);
}

/* What an ASCII character of a name is in a key; SIGN is added to signs. 0: no name has it. */
enum { SIGN = 0x80 };
#define SAME(c) [c] = c
#define LOWER(c) [c] = (c) | 0x20, [(c) | 0x20] = (c) | 0x20
#define SIGNED(c) [c] = (c) | SIGN
static const unsigned char forms[0x80] = {
	SAME('0'), SAME('1'), SAME('2'), SAME('3'), SAME('4'), SAME('5'), SAME('6'), SAME('7'), SAME('8'),
	SAME('9'), LOWER('A'), LOWER('B'), LOWER('C'), LOWER('D'), LOWER('E'), LOWER('F'), LOWER('G'),
	LOWER('H'), LOWER('I'), LOWER('J'), LOWER('K'), LOWER('L'), LOWER('M'), LOWER('N'), LOWER('O'),
	LOWER('P'), LOWER('Q'), LOWER('R'), LOWER('S'), LOWER('T'), LOWER('U'), LOWER('V'), LOWER('W'),
	LOWER('X'), LOWER('Y'), LOWER('Z'), SIGNED('_'), SIGNED('-'), SIGNED('.'), SIGNED('|'), SIGNED('^'),
};

/* Most lines are ASCII, and most words in them letters: they take the short way. */
static void try_ascii(const struct searching *f, const char *body, size_t len)
{
	char key[NICK_CHARS_MAX + 1];

	for (size_t i = 0; i < len; i++) {
		size_t begin = i, n = 0;
		unsigned char form, all = 0;

		while (i < len && n <= NICK_CHARS_MAX && (form = forms[body[i] & 0x7f]) != 0) {
			all |= form;
			key[n++] = (char)form;
			i++;
		}
		if (n == 0)
			continue;
		if ((all & SIGN) != 0 || n > NICK_CHARS_MAX) {
			while (i < len && forms[body[i] & 0x7f] != 0)
				i++;
			try_signs(f, body, begin, i);
		} else if (f->shapes->n[name_shape(key, n)] > 0 && !is_clitic(body, begin, n)) {
			key[n] = '\0';
			f->take(f->ctx, key);
		}
	}
}

static bool is_ascii(const char *text, size_t len)
{
	uint64_t all = 0, eight;
	size_t i = 0;

	for (; i + sizeof eight <= len; i += sizeof eight) {
		memcpy(&eight, text + i, sizeof eight);
		all |= eight;
	}
	for (; i < len; i++)
		all |= (unsigned char)text[i];
	return (all & UINT64_C(0x8080808080808080)) == 0;
}

/* A line that is not all ASCII is folded as a key is, before it is cut: that costs less than each of its
 * words. */
static void try_names(const struct searching *f, const char *body)
{
	size_t len = strlen(body);
	char *folded;

	if (is_ascii(body, len)) {
		try_ascii(f, body, len);
		return;
	}
	folded = text_form(body, FORM_NAME);
	if (folded != NULL)
		try_pieces(f, folded, strlen(folded), 0);
	free(folded);
}

/* -- telling people elsewhere --------------------------------------------------------- */

/* A line that is looked through. */
struct hearing {
	struct chat *c;
	struct session *s;        /* its speaker */
	struct room *room;        /* where it was said */
	const struct said *line;  /* what it says */
	uint32_t marked, told, looked; /* people so far */
	uint64_t who;             /* as in struct mentioned; 0: not known yet */
};

static void telling_free(struct chat *c, struct telling *t)
{
	DL_DELETE(c->rooms.mentions.first, t);
	c->rooms.mentions.n--;
	free(t->speaker);
	free(t->text);
	free(t);
}

static void tell(struct chat *c, const struct session *to, const char *text, uint32_t untold)
{
	emit_notice(c, to, "%s", text);
	if (untold > 0)
		emit_notice(c, to, "(%" PRIu32 " more %s you since the last one: %cmentions.)", untold,
		           untold == 1 ? "line mentioned" : "lines mentioned", c->config.command_prefix);
}

static uint64_t speaker_of(struct hearing *h)
{
	char who[SHARE_WHO_BYTES];

	if (h->who == 0) {
		share_who(h->c, h->s, who);
		h->who = siphash(who, strlen(who)) | 1;
	}
	return h->who;
}

/* What to may still be told of by this speaker; of those that it remembers, the one that has been silent
 * for longest makes way. */
static struct bucket *bucket_of(struct session *to, uint64_t who)
{
	struct mentioning *by = to->mentioned.by, *oldest;

	if (by == NULL)
		by = to->mentioned.by = mem_zero(MENTION_SPEAKERS_MAX, sizeof *by);
	oldest = by;
	for (struct mentioning *b = by; b < by + MENTION_SPEAKERS_MAX; b++) {
		if (b->who == who)
			return &b->bucket;
		if (b->bucket.full_ns < oldest->bucket.full_ns)
			oldest = b;
	}
	*oldest = (struct mentioning){.who = who};
	return &oldest->bucket;
}

/* Whether to can be told of one more line now. */
static bool may_be_told(struct hearing *h, struct session *to)
{
	int64_t now_ms = h->c->now_ms;
	struct bucket *by = bucket_of(to, speaker_of(h));

	if (to->reading.slow || h->c->rooms.mentions.n >= TELLINGS_MAX ||
	    slow_bucket_wait_ms(by, now_ms, MENTION_SPEAKER_BURST, MENTION_SPEAKER_PERIOD_MS) > 0 ||
	    slow_bucket_wait_ms(&to->mentioned.all, now_ms, MENTION_BURST, MENTION_PERIOD_MS) > 0)
		return false;
	slow_bucket_take(by, now_ms, MENTION_SPEAKER_PERIOD_MS);
	slow_bucket_take(&to->mentioned.all, now_ms, MENTION_PERIOD_MS);
	return true;
}

/* "bob mentioned you in general (#123): ...", as a new string. */
static char *sentence(const struct hearing *h, const char *typed)
{
	const char *body = h->line->body;
	size_t len = strlen(body), shown = text_fit(body, len, MENTION_COLUMNS);
	struct bytes b = {0};

	bytes_printf(&b, "%s mentioned %s in %s", h->s->nick, typed != NULL ? typed : "you",
	             h->room->name);
	if (h->line->id != 0)
		bytes_printf(&b, " (#%" PRIu64 ")", h->line->id);
	bytes_printf(&b, ": %s%.*s%s", h->line->kind == RECORD_ACTION ? "* " : "", (int)shown, body,
	             shown < len ? "…" : "");
	return b.data;
}

/* Has to told of the line, by its name or a word as it typed it. */
static void tell_later(struct hearing *h, struct session *to, const char *typed)
{
	struct chat *c = h->c;
	struct telling *t;
	char *text;

	if (!may_be_told(h, to)) {
		to->mentioned.untold++;
		return;
	}
	/* Nobody is to blame for the words that others highlight: a crowd with "the" would slow everybody
	 * down. */
	if (typed == NULL)
		rate_bytes(c, h->s, MENTION_BYTES);
	text = sentence(h, typed);
	if (h->line->id == 0 || c->outage.talks) {
		tell(c, to, text, to->mentioned.untold);
		free(text);
	} else {
		t = mem_alloc(sizeof *t);
		*t = (struct telling){.seq = h->line->id, .to = to->id, .room = h->room->number,
		                      .untold = to->mentioned.untold, .speaker = mem_strdup(h->s->key),
		                      .text = text};
		DL_APPEND(c->rooms.mentions.first, t);
		c->rooms.mentions.n++;
	}
	to->mentioned.untold = 0;
}

static bool watches(const struct session *s, const struct room *r)
{
	const struct watch *w = watch_find(s, r);

	return w != NULL && !w->rests;
}

static bool wants(const struct session *s)
{
	return s->input.console.prefer.mentions != PREFER_OFF;
}

/* to is mentioned. False: it is left out, because the line mentions too many. */
static bool hear(struct hearing *h, struct session *to, const char *typed)
{
	struct chat *c = h->c;
	bool here = to->room == h->room || watches(to, h->room);

	if (to == h->s || to->state != SESSION_CHAT || to->mentioned.line == c->rooms.mentions.line ||
	    (here ? !to->input.console.view : !wants(to) || to->presence.ejection != NULL) ||
	    session_ignores(to, h->s->key) || (!here && !access_hears(c, to, h->room)))
		return true;
	if (here ? h->marked >= MARKS_LINE_MAX : h->told >= MENTIONS_LINE_MAX)
		return false;
	to->mentioned.line = c->rooms.mentions.line;
	if (here) {
		h->marked++;
		emit_mark(c, to, h->room);
	} else {
		h->told++;
		tell_later(h, to, typed);
	}
	return true;
}

/* -- whom a line mentions ------------------------------------------------------------- */

static bool hear_name(void *ctx, const char *key)
{
	struct hearing *h = ctx;
	struct session *to = session_by_key(h->c, key);

	if (to != NULL)
		hear(h, to, NULL);
	return to != NULL;
}

/* Whoever had their turn goes to the end, so that the next line begins with the others. */
static bool hear_word(void *ctx, struct highlight *word)
{
	struct listening *l, *next = word->first, *last = word->first->prev;
	struct hearing *h = ctx;

	do {
		if (h->looked++ >= MENTIONS_LOOKED_MAX)
			return false;
		l = next;
		next = l->next;
		if (hear(h, l->session, l->typed) && l != last) {
			DL_DELETE(word->first, l);
			DL_APPEND(word->first, l);
		}
	} while (l != last);
	return true;
}

void mention_said(struct chat *c, struct session *s, struct room *r, const struct said *line)
{
	struct hearing h = {.c = c, .s = s, .room = r, .line = line};
	struct searching f = {hear_name, &h, &c->people.shapes};

	/* Nobody is elsewhere, and nobody here has a view. */
	if (c->people.n == r->members.n && c->people.nviews == 0)
		return;
	c->rooms.mentions.line++;
	try_names(&f, line->body);
	highlight_each(c, line->body, hear_word, &h);
}

struct naming {
	const char *key;          /* of the name that is looked for */
	bool found;               /* it is there */
};

static bool compare_name(void *ctx, const char *key)
{
	struct naming *n = ctx;
	bool same = strcmp(key, n->key) == 0;

	n->found |= same;
	return same;
}

struct listener {
	const struct session *s;  /* whose words are looked for */
	bool found;               /* one of them is there */
};

static bool compare_word(void *ctx, struct highlight *word)
{
	struct listener *w = ctx;
	const struct listening *l;

	DL_FOREACH2(w->s->mentioned.words.first, l, own_next)
		w->found |= l->highlight == word;
	return !w->found;
}

bool mention_is(const struct chat *c, const struct session *s, const char *body)
{
	struct naming n = {.key = s->key};
	struct searching f = {compare_name, &n, &c->people.shapes};
	struct listener w = {.s = s};

	try_names(&f, body);
	if (!n.found)
		highlight_each(c, body, compare_word, &w);
	return n.found || w.found;
}

/* -- when the lines are saved --------------------------------------------------------- */

static bool is_due(const struct chat *c)
{
	const struct telling *t = c->rooms.mentions.first;

	return t != NULL && (t->seq <= c->records.stored_seq || c->outage.talks);
}

/* Things may have changed since the line was said. */
static bool may_hear(const struct chat *c, const struct session *to, const struct telling *t)
{
	const struct room *r = room_by_number(c, t->room);

	return to != NULL && to->state == SESSION_CHAT && r != NULL && to->room != r && !watches(to, r) && !c->stopping &&
	       to->presence.ejection == NULL && wants(to) && !session_ignores(to, t->speaker) &&
	       access_hears(c, to, r);
}

void mention_tick(struct chat *c)
{
	while (is_due(c) && emit_has_room(c)) {
		struct telling *t = c->rooms.mentions.first;
		const struct session *to = chat_session(c, t->to);

		if (may_hear(c, to, t))
			tell(c, to, t->text, t->untold);
		telling_free(c, t);
	}
}

int64_t mention_due_ms(const struct chat *c)
{
	return is_due(c) ? c->now_ms : INT64_MAX;
}

void mentions_free(struct chat *c)
{
	while (c->rooms.mentions.first != NULL)
		telling_free(c, c->rooms.mentions.first);
}
