/*
 * For each account what it was before the step, and from that whether what has become of it may
 * have: by an answer to a question about this account, as it is, and by nothing else.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "fuzz_chat.h"

enum { KEPT_MAX = 64, LINE_BYTES_MAX = 64, USED_MAX = 1 << 16 };

struct kept {
	char *key, *hash, *codes, *totp; /* owned */
	uint64_t step;          /* of the second step, the newest that was taken */
	struct fingerprint cert[CERTS_MAX]; /* ncerts of them, that sign in */
	int ncerts;
	struct conn_id conn;    /* who is signed in; gen 0: nobody */
	uint32_t born;          /* a number: the same name may be registered again */
	bool seen;
};

/* What somebody has shown last: that they know this password, or have this code. */
struct proof {
	struct conn_id conn;
	uint32_t born;          /* of the account whose it was when the answer came; 0: nobody's */
	char line[LINE_BYTES_MAX]; /* the hash that it matched */
	bool code;
};

static struct kept kept[KEPT_MAX];
static uint32_t nkept, nborn;
static struct proof proof[FUZZ_PEOPLE];
static bool used[USED_MAX];  /* codes, by number, that have opened something */
static uint64_t locked;      /* rooms, by slot, that the asker may come into by a password alone */
static bool rules;           /* the asker is an administrator */

/* -- texts of hashes, a line each -------------------------------------------------------------------- */

static bool line_is(const char *p, const char *line)
{
	size_t n = strcspn(p, "\n");

	return n == strlen(line) && memcmp(p, line, n) == 0;
}

static bool has_line(const char *lines, const char *line)
{
	for (const char *p = lines; *p != '\0'; p += p[strcspn(p, "\n")] != '\0')
		if (line_is(p, line))
			return true;
		else
			p += strcspn(p, "\n");
	return false;
}

static uint32_t count_lines(const char *lines)
{
	uint32_t n = *lines != '\0';

	for (; *lines != '\0'; lines++)
		n += *lines == '\n';
	return n;
}

/* Every line of these is among those. */
static bool all_in(const char *these, const char *those)
{
	char line[LINE_BYTES_MAX];

	for (const char *p = these; *p != '\0'; p += p[0] == '\n') {
		size_t n = strcspn(p, "\n");

		snprintf(line, sizeof line, "%.*s", (int)n, p);
		if (!has_line(those, line))
			return false;
		p += n;
	}
	return true;
}

/* It is an answer to CHECK, and something has matched. */
static bool has_matched(const struct asked_query *q)
{
	return q->query.kind == QUERY_CHECK && q->rows.check.matches;
}

/* The line that an answer to CHECK says has matched. */
static void matched(const struct asked_query *q, char line[LINE_BYTES_MAX])
{
	const char *p = q->query.kind == QUERY_CHECK ? q->query.check.hashes : "";

	for (uint64_t i = 0; has_matched(q) && i < q->rows.check.which && strchr(p, '\n') != NULL; i++)
		p = strchr(p, '\n') + 1;
	snprintf(line, LINE_BYTES_MAX, "%.*s", (int)strcspn(p, "\n"), p);
}

/* -- what is kept ---------------------------------------------------------------------------------------- */

static void keep(struct kept *k, const struct account *a)
{
	free(k->hash);
	free(k->codes);
	free(k->totp);
	k->hash = mem_strdup(a->secrets.hash);
	k->codes = mem_strdup(a->secrets.codes);
	k->totp = mem_strdup(a->secrets.totp);
	k->step = a->secrets.totp_step;
	k->ncerts = 0;
	for (const struct cert *cert = a->secrets.certs; cert != NULL; cert = cert->next)
		k->cert[k->ncerts++] = cert->print;
	k->conn = a->session != NULL ? a->session->id : (struct conn_id){0};
}

static bool had_cert(const struct kept *k, const struct fingerprint *print)
{
	for (int i = 0; i < k->ncerts; i++)
		if (memcmp(&k->cert[i], print, sizeof *print) == 0)
			return true;
	return false;
}

static struct kept *keep_new(const struct account *a)
{
	struct kept *k = &kept[nkept++];

	CHECK(nkept <= KEPT_MAX);
	*k = (struct kept){.key = mem_strdup(a->key), .born = ++nborn};
	return k;
}

static void kept_free(struct kept *k)
{
	free(k->key);
	free(k->hash);
	free(k->codes);
	free(k->totp);
	*k = kept[--nkept];
}

static struct kept *kept_by_key(const char *key)
{
	for (uint32_t i = 0; i < nkept; i++)
		if (strcmp(kept[i].key, key) == 0)
			return &kept[i];
	return NULL;
}

void book_begin(void)
{
	while (nkept > 0)
		kept_free(&kept[nkept - 1]);
	memset(proof, 0, sizeof proof);
	memset(used, 0, sizeof used);
	if (fuzz.chat == NULL)
		return;
	for (const struct account *a = fuzz.chat->people.accounts.by_key; a != NULL; a = a->hh.next)
		keep(keep_new(a), a);
}

/* -- proofs ------------------------------------------------------------------------------------------------ */

static void prove(const struct asked_query *q)
{
	struct proof *p = &proof[q->query.conn.slot];

	if (chat_session(fuzz.chat, q->query.conn) == NULL)
		return;
	*p = (struct proof){.conn = q->query.conn};
	if (!has_matched(q))
		return;
	matched(q, p->line);
	for (uint32_t i = 0; i < nkept; i++)
		if (line_is(kept[i].hash, p->line) || has_line(kept[i].codes, p->line)) {
			p->born = kept[i].born;
			p->code = !line_is(kept[i].hash, p->line);
		}
}

/* Whoever asked has shown, since k is what it is, that it is theirs. */
static bool is_proved(const struct kept *k, struct conn_id conn)
{
	const struct proof *p = &proof[conn.slot];

	return same_conn(p->conn, conn) && p->born == k->born && (p->code || strcmp(p->line, k->hash) == 0);
}

static void find_locked(struct conn_id conn)
{
	const struct session *s = chat_session(fuzz.chat, conn);

	locked = 0;
	if (s == NULL || s->state != SESSION_CHAT)
		return;
	for (uint32_t slot = 0; slot < fuzz.chat->rooms.top && slot < 64; slot++) {
		const struct room *r = fuzz.chat->rooms.slot[slot];

		if (r != NULL && r != s->room && access_bar(r, s, s->account) == BAR_PASSWORD)
			locked |= UINT64_C(1) << slot;
	}
}

void book_before(const struct asked_query *cause)
{
	const struct session *s = cause != NULL ? chat_session(fuzz.chat, cause->query.conn) : NULL;

	locked = 0;
	rules = s != NULL && role_of(s) >= ROLE_ADMIN;
	if (cause == NULL || cause->query.kind != QUERY_CHECK)
		return;
	prove(cause);
	find_locked(cause->query.conn);
}

/* -- what may be ---------------------------------------------------------------------------------------------- */

/* This was signed in to, or changed, by a code: once. */
static void use(const char *line)
{
	uint32_t number = secret_of_hash(line);

	CHECK(number < USED_MAX);
	if (used[number])
		fuzz_fail("the one-time code %" PRIu32 " opens something for the second time", number);
	used[number] = true;
}

/* The answer was about k as it is now, and right; otherwise what has come of it is a failure. */
static void check_by_answer(const struct kept *k, const char *now_codes, const struct asked_query *q,
                            const char *what)
{
	struct conn_id conn = q->query.conn;
	char line[LINE_BYTES_MAX];

	if (q->query.kind == QUERY_CHECK_TOTP) {
		if (!q->rows.check_totp.matches || strcmp(q->query.totp.secret, k->totp) != 0 ||
		    q->rows.check_totp.step <= k->step)
			fuzz_fail("%s is %s by a second step that is not its own, or not now", k->key, what);
		if (!is_proved(k, conn) || proof[conn.slot].code)
			fuzz_fail("%s is %s by its second step and a password that is not its own now", k->key,
			          what);
		return;
	}
	matched(q, line);
	if (!has_matched(q))
		fuzz_fail("%s is %s by an answer that says nothing of it", k->key, what);
	if (line_is(k->hash, line))
		return;
	if (!has_line(k->codes, line))
		fuzz_fail("%s is %s by %s, which is no password and no code of it now", k->key, what, line);
	if (now_codes != NULL && has_line(now_codes, line))
		fuzz_fail("%s is %s by a code that stays good", k->key, what);
	use(line);
}

/* The user of the host who has come last. */
static struct conn_id host_user;
/* Who was let in to the account with this key, and waits to be told what has arrived at the one whose
 * place it takes. */
static struct conn_id let_in;
static char let_in_to[NAME_KEY_BYTES_MAX + 1];
static bool just_let_in;     /* in this step */

/* conn is let in to a by the answer to q. k: a as it was; NULL: it was not there. */
static void check_right(struct conn_id conn, const struct account *a, const struct kept *k,
                        const struct asked_query *q)
{
	if (q == NULL || !same_conn(q->query.conn, conn))
		fuzz_fail("%u.%u is signed in to %s, and no answer to it has come", conn.slot, conn.gen,
		          a->key);
	if (k == NULL) {
		if (q->query.kind != QUERY_HASH || strcmp(a->secrets.hash, q->rows.hash.text) != 0)
			fuzz_fail("%s is made with a password that nobody chose for it", a->key);
		return;
	}
	check_by_answer(k, a->secrets.codes, q, "signed in to");
	if (q->query.kind == QUERY_CHECK && line_is(k->hash, proof[conn.slot].line) && *k->totp != '\0')
		fuzz_fail("%u.%u is signed in to %s without its second step", conn.slot, conn.gen, a->key);
}

/* a has a session that it had not. */
static void check_sign_in(const struct account *a, const struct kept *k, const struct event *e,
                          const struct asked_query *q)
{
	struct conn_id conn = a->session->id;

	if (e->kind == EVENT_CONNECTED && e->connected.user != NULL && same_conn(e->conn, conn))
		return;
	if (e->kind == EVENT_ARRIVED &&
	    (same_conn(host_user, conn) || (same_conn(let_in, conn) && strcmp(let_in_to, a->key) == 0)))
		return;
	/* It has shown a certificate that was the account's before. */
	if (k != NULL && a->session->presence.by_cert && a->session->presence.cert != NULL &&
	    had_cert(k, a->session->presence.cert))
		return;
	check_right(conn, a, k, q);
}

static void check_codes(const struct account *a, const struct kept *k, const struct asked_query *q)
{
	char line[LINE_BYTES_MAX];

	if (q == NULL)
		fuzz_fail("the codes of %s change, and no answer has come", a->key);
	if (q->query.kind == QUERY_CODES && q->rows.codes.hashes != NULL &&
	    all_in(a->secrets.codes, q->rows.codes.hashes)) {
		if (!same_conn(k->conn, q->query.conn) && !rules)
			fuzz_fail("%u.%u makes codes for %s", q->query.conn.slot, q->query.conn.gen, a->key);
		return;
	}
	matched(q, line);
	if (!has_matched(q) || !all_in(a->secrets.codes, k->codes) ||
	    count_lines(a->secrets.codes) + 1 != count_lines(k->codes) || !has_line(k->codes, line) ||
	    has_line(a->secrets.codes, line))
		fuzz_fail("%s has lost a code of its own that nobody has given", a->key);
}

/* One more certificate signs in to a: its bearer has shown it, and the password. */
static void check_certs(const struct account *a, const struct kept *k, const struct asked_query *q)
{
	for (const struct cert *cert = a->secrets.certs; cert != NULL; cert = cert->next) {
		if (cert->account != a || cert_find(fuzz.chat, &cert->print) != cert)
			fuzz_fail("a certificate of %s is not its own", a->key);
		if (had_cert(k, &cert->print))
			continue;
		if (q == NULL || !same_conn(k->conn, q->query.conn) || a->session == NULL ||
		    a->session->presence.cert == NULL ||
		    memcmp(a->session->presence.cert, &cert->print, sizeof cert->print) != 0)
			fuzz_fail("%s gets a certificate that its bearer has not shown", a->key);
		check_by_answer(k, a->secrets.codes, q, "given a certificate");
	}
}

static void check_changes(const struct account *a, const struct kept *k, const struct asked_query *q)
{
	struct conn_id conn = q != NULL ? q->query.conn : (struct conn_id){0};

	if (strcmp(a->secrets.hash, k->hash) != 0) {
		if (q == NULL || q->query.kind != QUERY_HASH ||
		    strcmp(q->rows.hash.text, a->secrets.hash) != 0 || !same_conn(k->conn, conn))
			fuzz_fail("the password of %s changes, and its bearer chose no other", a->key);
		if (*k->hash != '\0' && !is_proved(k, conn))
			fuzz_fail("the password of %s changes without the one that held", a->key);
	}
	if (strcmp(a->secrets.codes, k->codes) != 0)
		check_codes(a, k, q);
	check_certs(a, k, q);
	if (strcmp(a->secrets.totp, k->totp) != 0 && *a->secrets.totp != '\0' &&
	    (q == NULL || q->query.kind != QUERY_CHECK_TOTP || !q->rows.check_totp.matches ||
	     strcmp(q->query.totp.secret, a->secrets.totp) != 0 || !same_conn(k->conn, conn)))
		fuzz_fail("%s gets a second step that its bearer has not shown", a->key);
	if (strcmp(a->secrets.totp, k->totp) != 0 && *a->secrets.totp == '\0') {
		if (q == NULL || !same_conn(k->conn, conn))
			fuzz_fail("%s has its second step taken away by somebody else", a->key);
		check_by_answer(k, a->secrets.codes, q, "robbed of its second step");
	}
}

/* The account is no more. */
static void check_gone(const struct kept *k, const struct event *e, const struct asked_query *q)
{
	if (e->kind != EVENT_ROWS)
		return;
	if (q == NULL || !same_conn(k->conn, q->query.conn))
		fuzz_fail("%s is dropped, and not by its bearer", k->key);
	check_by_answer(k, NULL, q, "dropped");
}

static void check_locked(const struct asked_query *q)
{
	const struct session *s = chat_session(fuzz.chat, q->query.conn);
	char line[LINE_BYTES_MAX];

	if (s == NULL || s->room == NULL || s->room->slot >= 64 ||
	    (locked & UINT64_C(1) << s->room->slot) == 0 || s->room->set.hash == NULL)
		return;
	matched(q, line);
	if (!has_matched(q) || strcmp(line, s->room->set.hash) != 0)
		fuzz_fail("%u.%u comes into %s with a password that is not its own now", s->id.slot,
		          s->id.gen, s->room->name);
}

void book_after(const struct event *e, const struct asked_query *cause)
{
	if (e->kind == EVENT_CONNECTED && e->connected.user != NULL)
		host_user = e->conn;
	for (const struct account *a = fuzz.chat->people.accounts.by_key; a != NULL; a = a->hh.next) {
		struct kept *k = kept_by_key(a->key);

		/* As soon as is known what has arrived at the other. */
		if (just_let_in && cause != NULL && strcmp(a->key, let_in_to) == 0)
			check_right(let_in, a, k, cause);
		if (a->session != NULL && (k == NULL || !same_conn(a->session->id, k->conn)))
			check_sign_in(a, k, e, cause);
		if (k != NULL)
			check_changes(a, k, cause);
		else
			k = keep_new(a);
		keep(k, a);
		k->seen = true;
	}
	for (uint32_t i = 0; i < nkept;) {
		if (!kept[i].seen) {
			check_gone(&kept[i], e, cause);
			kept_free(&kept[i]);
		} else {
			kept[i++].seen = false;
		}
	}
	if (locked != 0)
		check_locked(cause);
	just_let_in = false;
}

void book_lets_in(struct conn_id conn, const char *key)
{
	let_in = conn;
	snprintf(let_in_to, sizeof let_in_to, "%s", key);
	just_let_in = true;
}
