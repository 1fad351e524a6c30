/*
 * The fuzzer of the whole core: what its files share.
 *
 * fuzz_chat.c is the server, in short, and what must hold. fuzz_chat_people.c is what people type.
 * fuzz_chat_store.c keeps the questions that are out, and answers them late, twice, in any order.
 * fuzz_chat_book.c knows for each account what it was before a step, and so whether the answer
 * that came in that step may have done what it did.
 */
#ifndef CHATD_TESTS_FUZZ_CHAT_H
#define CHATD_TESTS_FUZZ_CHAT_H

#include "chatd/base/bytes.h"
#include "chatd/core/people/account.h"
#include "chatd/core/state/state.h"
#include "prng.h"
#include "queries.h"
#include "records.h"

enum { FUZZ_PEOPLE = 10, FUZZ_ROWS = 5, FUZZ_SHOWN = 48 };

/* Whoever has a slot, as the server sees it. */
struct actor {
	struct conn_id id;      /* of the newest; gen 0: nobody was here yet */
	bool taken;             /* its slot, until nothing is left of the connection */
	bool held;              /* its feed is held back */
	bool slow;              /* it is told so */
	bool eof;               /* has sent its last byte */
	bool resumed;           /* what it sent may be offered again */
	bool telnet;            /* has said so, and ends its lines with CR alone */
	bool begun;             /* the last line that it typed has no end yet */
	struct bytes rest;      /* was offered and is not taken yet */
	char shown[FUZZ_SHOWN]; /* the end of what it has read last */
	char wanted[32];        /* the name that it wants to sign in as */
	uint32_t chosen;        /* number of the password that it has chosen last */
};

struct fuzz {
	struct chat *chat;
	struct prng prng;
	uint64_t seed, step;
	int64_t now_ms;
	int64_t wall_ms;         /* of the clock that is set now and then */
	bool tells;             /* says what happens */
	struct actor person[FUZZ_PEOPLE];
};

extern struct fuzz fuzz;

/* A question, and once it is answered what the answer is. Strings are owned. */
struct asked_query {
	struct query query;
	uint32_t late;          /* steps until it may be answered */
	bool lost;              /* is not answered as long as its asker is here */
	struct rows rows;
	struct row row[FUZZ_ROWS];
	uint32_t first, last;   /* numbers of the secrets that are made by the answer */
};

/* Says what is wrong, and in which round, and ends the program. */
_Noreturn void fuzz_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define CHECK(fact) \
	do { \
		if (!(fact)) \
			fuzz_fail("%s:%d: not so: %s", __FILE__, __LINE__, #fact); \
	} while (0)

static inline uint32_t below(uint32_t n)
{
	return prng_below(&fuzz.prng, n);
}

static inline const char *of(const char *const *list, size_t n)
{
	return list[below((uint32_t)n)];
}

#define OF(list) of(list, sizeof(list) / sizeof *(list))

static inline bool same_conn(struct conn_id a, struct conn_id b)
{
	return a.gen == b.gen && a.slot == b.slot;
}

/* What is on slot is still this one. */
static inline struct session *session_at(uint32_t slot)
{
	return fuzz.chat->people.sessions[slot];
}

/* -- secrets: fuzz_chat_store.c --------------------------------------------------------------- */

/*
 * Each password and code has a number, and a text by which it is known wherever it turns up:
 * "zqp17-secret", "zqc18-code". Hashes are "zqh5-17": no two are the same, and each says whose it
 * is. Secrets of second steps are "ZQT19A".
 */

/* None is made yet. */
void secret_begin(void);
/* Makes a new password; its number. */
uint32_t secret_new(void);
/* Any that was made before; 0: there is none. */
uint32_t secret_any(void);
void secret_put_password(struct bytes *b, uint32_t number);
void secret_put_code(struct bytes *b, uint32_t number);
/* The number of what a hash is of. */
uint32_t secret_of_hash(const char *line);
/* The digits that are right for a second step at this time. */
void secret_put_digits(struct bytes *b, const char *totp, int64_t now_ms);
/* What is in this text that must not be: the place, or NULL. cause: whose answer may show it to
 * conn; hashes: it may have hashes and the secrets of second steps. */
const char *secret_in(const char *text, size_t len, struct conn_id conn,
                      const struct asked_query *cause, bool hashes);

/* -- questions -------------------------------------------------------------------------------- */

void store_begin(void);
void store_ask(const struct query *q);
/* Questions of that kind (-1: any but UNREAD) are out for conn. */
bool store_waits(struct conn_id conn, int kind);
/* One of them will not be answered. */
bool store_lost(struct conn_id conn);
/* Gives one of those that are out an answer, by chance, and the caller owns it; NULL: there is none
 * that comes now. all: whatever is not lost comes now. */
struct asked_query *store_answer(bool all);
/* One that was answered before, as it was; NULL: there is none. Borrowed. */
struct asked_query *store_again(void);
/* It has been carried out; it may come again. */
void store_done(struct asked_query *q);

/* -- accounts: fuzz_chat_book.c --------------------------------------------------------------- */

/* All is as it is: nothing is asked how it came. */
void book_begin(void);
/* Before and after a step. cause: the question that is answered in it; NULL: none. */
void book_before(const struct asked_query *cause);
/* conn waits to be told what has arrived at the session with this key, whose place it takes. */
void book_lets_in(struct conn_id conn, const char *key);
void book_after(const struct event *e, const struct asked_query *cause);

/* -- people: fuzz_chat_people.c ---------------------------------------------------------------- */

extern const char *const people_names[], *const people_words[];
extern const size_t people_nnames, people_nwords;

/* Nobody has typed anything yet. */
void people_begin(void);
/* What slot types next: lines, the last one perhaps without its end. */
void people_type(uint32_t slot, struct bytes *b);
/* A name to come with, with its end. */
void people_name(uint32_t slot, struct bytes *b);

#endif
