/*
 * The store behind fuzz_chat: what is about secrets it answers honestly, for it is looked at what
 * becomes of that (fuzz_chat_book.c); what is about the history it makes up. All comes when it
 * likes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/core/rooms/line_ref.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "fuzz_chat.h"

enum {
	ASKED_MAX = 256,        /* questions out at one time: most people have one or two */
	OLD_MAX = 32,           /* answers that may come again */
	TOTP_STEP_MS = 30000,
	CODES = 10,
};

static struct asked_query *asked[ASKED_MAX], *old[OLD_MAX];
static uint32_t nasked, nold, nsecrets, nhashes;

/* -- secrets --------------------------------------------------------------------------------- */

void secret_begin(void)
{
	nsecrets = nhashes = 0;
}

uint32_t secret_new(void)
{
	return ++nsecrets;
}

uint32_t secret_any(void)
{
	return nsecrets > 0 ? 1 + below(nsecrets) : 0;
}

void secret_put_password(struct bytes *b, uint32_t number)
{
	bytes_printf(b, "zqp%" PRIu32 "-secret", number);
}

void secret_put_code(struct bytes *b, uint32_t number)
{
	bytes_printf(b, "zqc%" PRIu32 "-code", number);
}

/* Of any text that may be tried as a password. */
static uint32_t number_of(const char *text)
{
	uint32_t n = 0x811c9dc5;

	if ((strncmp(text, "zqp", 3) == 0 || strncmp(text, "zqc", 3) == 0) && strchr(text, '-') != NULL)
		return (uint32_t)strtoul(text + 3, NULL, 10);
	for (; *text != '\0'; text++)
		n = (n ^ (unsigned char)*text) * 0x01000193;
	return n | 1u << 31;
}

static void put_hash(struct bytes *b, uint32_t number)
{
	bytes_printf(b, "zqh%" PRIu32 "-%" PRIu32, ++nhashes, number);
}

uint32_t secret_of_hash(const char *line)
{
	const char *gap = strncmp(line, "zqh", 3) == 0 ? strchr(line, '-') : NULL;

	return gap != NULL ? (uint32_t)strtoul(gap + 1, NULL, 10) : 0;
}

void secret_put_digits(struct bytes *b, const char *totp, int64_t now_ms)
{
	uint32_t number = strncmp(totp, "ZQT", 3) == 0 ? (uint32_t)strtoul(totp + 3, NULL, 10) : 0;

	bytes_printf(b, "%06" PRIu32, (number * 7919 + (uint32_t)(now_ms / TOTP_STEP_MS)) % 1000000);
}

static bool is_shown_by(const struct asked_query *cause, struct conn_id conn, const char *at)
{
	uint32_t number = (uint32_t)strtoul(at + 3, NULL, 10);

	return cause != NULL && same_conn(cause->query.conn, conn) && number >= cause->first &&
	       number <= cause->last;
}

const char *secret_in(const char *text, size_t len, struct conn_id conn,
                      const struct asked_query *cause, bool hashes)
{
	const char *end = text + len, *p = text;

	while ((p = memmem(p, (size_t)(end - p), "zq", 2)) != NULL) {
		if (end - p > 3 && p[2] == 'p')
			return p;
		if (end - p > 3 && p[2] == 'h' && !hashes)
			return p;
		if (end - p > 3 && p[2] == 'c' && !is_shown_by(cause, conn, p))
			return p;
		p += 2;
	}
	p = text;
	while (!hashes && (p = memmem(p, (size_t)(end - p), "ZQT", 3)) != NULL) {
		if (!is_shown_by(cause, conn, p))
			return p;
		p += 3;
	}
	return NULL;
}

/* -- answers about them ------------------------------------------------------------------------ */

static void answer_check(struct asked_query *q)
{
	const char *p = q->query.check.hashes;
	uint32_t number = number_of(q->query.check.secret);
	uint64_t line = 0;

	for (;; p++, line++) {
		if (secret_of_hash(p) == number) {
			q->rows.check.matches = true;
			q->rows.check.which = line;
			return;
		}
		p += strcspn(p, "\n");
		if (*p == '\0')
			return;
	}
}

static void answer_codes(struct asked_query *q)
{
	struct bytes codes = {0}, hashes = {0};

	q->first = nsecrets + 1;
	for (int i = 0; i < CODES; i++) {
		if (i > 0) {
			bytes_puts(&codes, " ");
			bytes_puts(&hashes, "\n");
		}
		secret_put_code(&codes, secret_new());
		put_hash(&hashes, nsecrets);
	}
	q->last = nsecrets;
	q->rows.codes.codes = codes.data;
	q->rows.codes.hashes = hashes.data;
}

static void answer_totp(struct asked_query *q)
{
	struct bytes text = {0};

	q->first = q->last = secret_new();
	bytes_printf(&text, "ZQT%" PRIu32 "A", nsecrets);
	q->rows.totp.secret = text.data;
}

static void answer_check_totp(struct asked_query *q)
{
	struct bytes right = {0};

	secret_put_digits(&right, q->query.totp.secret, q->query.totp.now_ms);
	q->rows.check_totp.matches = *q->query.totp.secret != '\0' &&
	                             strcmp(right.data, q->query.totp.digits) == 0;
	if (q->rows.check_totp.matches)
		q->rows.check_totp.step = (uint64_t)(q->query.totp.now_ms / TOTP_STEP_MS);
	bytes_release(&right);
}

static void answer_hash(struct asked_query *q)
{
	struct bytes text = {0};

	put_hash(&text, number_of(q->query.hash.password));
	q->rows.hash.text = text.data;
}

/* -- answers about the history ------------------------------------------------------------------- */

/* The line that its asker has pointed at. */
static void point(struct asked_query *q)
{
	const struct session *s = chat_session(fuzz.chat, q->query.conn);
	uint64_t id = q->query.before_id - 1;

	if (s == NULL || q->query.limit != 1 || q->query.before_id == UINT64_MAX || below(4) == 0)
		return;
	q->row[0].id = id;
	q->rows.n = 1;
}

static void answer_lines(struct asked_query *q)
{
	static const char *const undos[] = {
		"", "unban --in=ops #B5", "undo=ban room=7 number=5", "undo=ban number=5",
		"undo=ban was=target%3Dguest%20who%3Dbob%20key%3Dbob%20from%3D192.0.2.1%20by%3Dann",
		"undo=ban mute=yes lobby=yes was=target%3Daccount%20who%3Dann%20key%3Dann",
		"undo=setting room=7 setting=private is=1", "undo=setting room=7 setting=slow was=9",
		"undo=lockdown was=9999999999999", "undo=role account=ann was=account is=admin",
		"undo=filter word=spam added=yes", "undo=filter word=spam by=ann at=5",
		"undo=owner room=7 is=ann", "undo=offer room=7 account=bob", "undo=report number=5 was=claimed",
		"undo=grant room=7 role=member account=cat given=yes", "undo=grant room=7 role=voice slot=2 gen=1",
		"undo=grant room=7 role=operator account=bob since=3", "undo=shutdown was=9999999999999 why=no",
	};
	bool acts = q->query.kind == QUERY_AUDIT;

	for (size_t k = 0; k < FUZZ_ROWS; k++)
		q->row[k] = (struct row){.id = 1 + below((uint32_t)fuzz.chat->records.seq + 1),
		                         .time_ms = fuzz.wall_ms - below(2000000),
		                         .kind = acts ? RECORD_AUDIT : RECORD_SAY + below(2),
		                         .room = q->query.room != 0 ? q->query.room : 1 + below(20),
		                         .room_name = acts ? "" : "ops",
		                         .changed = acts ? OF(undos) : NULL,
		                         .sender = of(people_names, people_nnames),
		                         .body = of(people_words, people_nwords)};
	for (size_t k = 0; k < FUZZ_ROWS && q->query.kind == QUERY_SEARCH; k++)
		q->row[k].hit = below(2) != 0;
	for (size_t k = 0; k < FUZZ_ROWS && q->query.kind == QUERY_UNREAD; k++)
		q->row[k].unread.lines = below(5);
	q->rows.n = below(FUZZ_ROWS);
	q->rows.more = below(2) != 0;
	if (q->query.kind == QUERY_REPLAY) {
		q->rows.replay.seen_id = below(5);
		q->rows.replay.missed = below(3);
	}
	point(q);
}

static void answer_stats(struct asked_query *q)
{
	if (below(2) == 0) {
		q->rows.stats.database_bytes = 4096;
		q->rows.stats.wal_bytes = 8192;
	} else {
		q->rows.stats.waits = below(2) == 0 ? OLD_LINES_WAIT_CLOCK : OLD_LINES_WAIT_MUCH;
		q->rows.stats.room = 6;
	}
}

static void answer(struct asked_query *q)
{
	q->rows = (struct rows){.kind = q->query.kind, .number = q->query.number,
	                        .conn = q->query.conn, .row = q->row};
	if (below(16) == 0)
		q->rows.error = "No.";
	else if (q->query.kind == QUERY_HASH)
		answer_hash(q);
	else if (q->query.kind == QUERY_CHECK)
		answer_check(q);
	else if (q->query.kind == QUERY_CODES)
		answer_codes(q);
	else if (q->query.kind == QUERY_TOTP)
		answer_totp(q);
	else if (q->query.kind == QUERY_CHECK_TOTP)
		answer_check_totp(q);
	else if (q->query.kind == QUERY_STATS)
		answer_stats(q);
	else if (q->query.kind == QUERY_BACKUP)
		q->rows.backup.bytes = 4096;
	else
		answer_lines(q);
}

/* -- which come when ------------------------------------------------------------------------------ */

static void asked_free(struct asked_query *q)
{
	const char **string[ROWS_STRINGS_MAX];
	size_t n;

	if (q == NULL)
		return;
	query_release(&q->query);
	n = rows_strings(&q->rows, string);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)*string[i]);
	free(q);
}

void store_begin(void)
{
	while (nasked > 0)
		asked_free(asked[--nasked]);
	while (nold > 0) {
		asked_free(old[--nold]);
		old[nold] = NULL;
	}
}

void store_ask(const struct query *q)
{
	struct asked_query *new = mem_zero(1, sizeof *new);

	CHECK(nasked < ASKED_MAX);
	new->query = query_copy(q);
	new->late = below(10) == 0 ? below(300) : below(3) == 0 ? below(30) : 0;
	new->lost = below(200) == 0;
	asked[nasked++] = new;
}

bool store_waits(struct conn_id conn, int kind)
{
	for (uint32_t i = 0; i < nasked; i++)
		if (same_conn(asked[i]->query.conn, conn) &&
		    (kind < 0 ? asked[i]->query.kind != QUERY_UNREAD : asked[i]->query.kind == (unsigned)kind))
			return true;
	return false;
}

bool store_lost(struct conn_id conn)
{
	for (uint32_t i = 0; i < nasked; i++)
		if (same_conn(asked[i]->query.conn, conn) && asked[i]->lost)
			return true;
	return false;
}

static bool comes_now(struct asked_query *q, bool all)
{
	if (q->lost && chat_session(fuzz.chat, q->query.conn) == NULL)
		q->lost = false;
	if (q->late > 0)
		q->late--;
	return !q->lost && (all || q->late == 0);
}

struct asked_query *store_answer(bool all)
{
	uint32_t at = 0, n = 0;
	struct asked_query *q;

	for (uint32_t i = 0; i < nasked; i++)
		if (comes_now(asked[i], all) && below(++n) == 0)
			at = i;
	if (n == 0)
		return NULL;
	q = asked[at];
	asked[at] = asked[--nasked];
	answer(q);
	return q;
}

struct asked_query *store_again(void)
{
	return nold > 0 ? old[below(nold)] : NULL;
}

void store_done(struct asked_query *q)
{
	uint32_t at = nold < OLD_MAX ? nold++ : below(OLD_MAX);

	asked_free(old[at]);
	old[at] = q;
}
