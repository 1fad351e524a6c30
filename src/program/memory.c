/*
 * The sum of what chatd may keep in memory. Owns nothing.
 *
 * The only file that includes private headers of all floors, and only for sizes.
 */
#include "chatd/program/memory.h"

#include "chatd/base/bounds.h"
#include "chatd/base/zone.h"
#include "chatd/cluster/engine.h"
#include "chatd/cluster/news.h"
#include "chatd/cluster/proposals.h"
#include "chatd/core/entry/guess.h"
#include "chatd/core/entry/dialogue.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/event.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/cert.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/state/question.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/state/state.h"
#include "chatd/core/terminal/editor.h"
#include "chatd/net/server.h"
#include "chatd/program/users.h"
#include "chatd/store/threads/writer_state.h"
#include "chatd/tls/peer.h"

#define KIB UINT64_C(1024)

enum {
	NICK_BYTES = NICK_CHARS_MAX * 4 + 1, /* strings, with their NUL */
	KEY_BYTES = NAME_KEY_BYTES_MAX + 1,
	HASH_BYTES = 80,        /* of a yescrypt hash */
	TOTP_BYTES = 64,
	TELNET_BYTES = TELNET_STATE_BYTES_MAX + TELNET_GMCP_BYTES_MAX, /* of one telnet client, with the
	                                                                * sub-negotiation that has begun */
	SMALL_BYTES = 32,       /* what malloc(3) adds to an allocation, with rounding */
	SLOT_BYTES = 64,        /* of a connection's entries in lists of slots, members, readers and
	                         * hashes, each of which may be twice as long as needed */
	WHO_BYTES = SHARE_WHO_BYTES + SMALL_BYTES, /* the owner of something */
	MEMBERSHIP_HASH_BYTES = sizeof(UT_hash_table) + HASH_INITIAL_NUM_BUCKETS * sizeof(UT_hash_bucket) +
	                   2 * SMALL_BYTES, /* of a room; with more members it grows by less than
	                                     * they take */
	PRINCIPALS_MAX = ROOMS_MAX + REPORTS_MAX + MAILS_MAX + RESUMABLES_MAX, /* each with one entry */
	ROW_BYTES = 3 * NAME_BYTES_MAX, /* of an answer's row, without struct row and the body */
	QUERY_BYTES = 2 * KEY_BYTES + 11 * HASH_BYTES, /* strings of a query that is not a search */
	THREADS = READERS + 2, /* the loop, the readers and the writer */
	ENGINE_THREADS = 2,     /* of a node: one talks to the engine, the other waits for connections to it */
	STACK_BYTES = 1 << 20,  /* stack that a thread uses */
	SHARE_BYTES = 256,      /* of a share with waiting queries, in a queue and in a count */
	SQLITE_READERS = READER_SECRETS + 1, /* and the connection used at the start */
	SQLITE_BYTES_EACH = 4 << 20, /* statements, the full-text index's buffers, sorting */
	PASSWORD_BYTES = 17 << 20, /* one yescrypt hash on its way: 16 MiB and libcrypt's own */
	TELLING_BYTES = KEY_BYTES + 2 * NICK_BYTES + NAME_BYTES_MAX + MENTION_COLUMNS * 16 + 256, /* of one
	                         * that waits: who, where, and the line as far as it is quoted */
	RING_BYTES = 4096 * 256 + 32768 * 16 + 8192 * 16, /* uring.c: operations, completions, vectors */
	EPOLL_BYTES = 2 * 64 + 2 * 4 * 32 + SEND_SPANS_MAX * 16 + SMALL_BYTES, /* epoll.c, of a descriptor: its watch
	                         * and its entries in the queue (both tables grow by doubling), and the vectors of a
	                         * send that waits */
	TEXTS_BYTES = 3 * (BANNER_BYTES_MAX + 2 * WELCOME_BYTES_MAX), /* the operator's texts: the program's
	                         * copy, the core's, and the next while a reload reads them */
	PROGRAM_BYTES = 40 << 20, /* code and data of chatd and its libraries, and ICU's tables */
	FOLD_BYTES = 12 << 20,  /* what each code point is folded to, once all have been seen:
	                         * fold.c */
	ZONES_BYTES = ZONES_MAX * (ZONE_BYTES_MAX + SMALL_BYTES + 8), /* names of zones that were asked for: zone.c */
	HEAP_KEPT_BYTES = 16 << 20, /* free memory that each thread's heap may keep: daemon.c */
	TLS_SESSION_BYTES = 176 << 10, /* of OpenSSL's, with a handshake on its way; 10 KiB are usual, but as many
	                         * ciphers as fit into a hello take 60 KiB, and names in a certificate 80 */
	TLS_PENDING_BYTES = 20 << 10, /* a record, and answers to messages that are not talk: session.c */
	TLS_RING_BYTES = 8 << 20, /* as RING_BYTES; the library's own tables */
	TLS_HEAP_KEPT_BYTES = 4 << 20, /* tls_process.c */
	ENGINE_WIRES = 3,       /* connections to the engine: one appends, one reads, one listens */
	NEWS_BYTES = sizeof(struct news) + 2 * SMALL_BYTES, /* of a message to the loop, without its text */
	ENGINE_NEWS_BYTES = NEWS_BYTES + 2 * ENGINE_WHY_BYTES_MAX, /* of one that is neither acts nor a text */
	HEAP_SHARE = 8,         /* one part in this many of everything is lost between pieces in
	                         * use */
};

/* Products of bounds are constants: the compiler reports any overflow.
 * NOLINTBEGIN(bugprone-implicit-widening-of-multiplication-result) */

/* What a session owns. */
static uint64_t memory_session(void)
{
	return sizeof(struct session) + sizeof(struct fingerprint) + SMALL_BYTES + LINE_BYTES_LIMIT + 1 + TELNET_BYTES +
	       NICK_BYTES + KEY_BYTES +
	       /* away, and lines of a paste */
	       BODY_BYTES_MAX + 1 + SLIP_BYTES_MAX +
	       /* the question it waits for, perhaps with what is said about a referenced line;
	        * another question, and one that is asked later */
	       BODY_BYTES_MAX + 1 +
	       3 * (sizeof(struct question) + KEY_BYTES + 2 * SMALL_BYTES) + sizeof(struct query) +
	       QUERY_BYTES + PASSWORD_BYTES_MAX +
	       editor_bytes_max() +
	       /* its words, each perhaps nobody else's, and its name as one */
	       (HIGHLIGHTS_MAX + 1) * (sizeof(struct highlight) + sizeof(struct listening) + 4 * SMALL_BYTES) +
	       2 * HIGHLIGHTS_BYTES_MAX + HIGHLIGHT_BYTES_MAX + MENTION_SPEAKERS_MAX * sizeof(struct mentioning) +
	       IGNORES_MAX * (KEY_BYTES + SMALL_BYTES) + INVITES_MAX * sizeof(struct invite) +
	       sizeof(struct dialogue) + 2 * KEY_BYTES + 13 * SMALL_BYTES;
}

static uint64_t memory_connections(uint64_t n)
{
	uint64_t known = n + CONTROL_SLOTS;

	return (known + LINGERERS) * (sizeof(struct connection) + RECV_BUFFER_BYTES + SLOT_BYTES + EPOLL_BYTES) +
	       /* An address and its site; requests to the program, and queries that the store
	        * refused, in lists that grow by doubling. */
	       known * (memory_session() + sizeof(struct effect) + 2 * sizeof(struct origin) +
	                2 * sizeof(void *) + 2 * sizeof(struct program_request) + SMALL_BYTES +
	                4 * sizeof(struct refused)) +
	       /* What is typed, as it is drawn and as it is to be. */
	       known * (DISPLAY_STATE_BYTES + 2 * NAME_BYTES_MAX + 2 * (LINE_BYTES_LIMIT + PROMPT_CHARS_MAX * 4)) +
	       (EFFECTS_MAX + EFFECTS_ROWS_MAX) * sizeof(struct effect);
}

/* Beyond the sum nobody's input is taken; the text of one step and a turn's answers may come on
 * top. */
static uint64_t memory_text(uint64_t n)
{
	return SENDQS_BYTES + n * SENDQS_BYTES_EACH + ARENA_BYTES +
	       (ANSWERS_MAX + READERS) * (uint64_t)(ROWS_BYTES_MAX + ROWS_MAX * LINE_HEAD_BYTES_MAX);
}

static uint64_t memory_logs(uint64_t n)
{
	return LOGS_BYTES_HIGH + n * LOGS_BYTES_EACH + 2 * ARENA_BYTES;
}

/* Two questions for each connection, of which one may be about unread lines. */
static uint64_t memory_questions(uint64_t n)
{
	/* The text grows by doubling. */
	uint64_t answer = 2 * (ROWS_BYTES_MAX + BODY_BYTES_MAX + ROWS_MAX * (uint64_t)ROW_BYTES) +
	                  2 * ROWS_MAX * sizeof(struct row);
	uint64_t search = HIDDEN_BYTES_MAX + ROOMS_MAX * 11 + BODY_BYTES_MAX;

	return (ANSWERS_MAX + READERS + 1) * answer + SEARCHES_WAITING_MAX * search +
	       2 * n * (sizeof(struct request) + QUERY_BYTES + SHARE_BYTES);
}

static uint64_t memory_loop(void)
{
	return (uint64_t)RECV_BUFFERS * RECV_BUFFER_BYTES + RING_BYTES + ARENA_BYTES +
	       PROXIED_SLOTS * (PROXY_HEADER_BYTES_MAX + RECV_BUFFER_BYTES) +
	       UNSHOWN_MAX * sizeof(struct unshown) + sizeof(struct server) + sizeof(struct chat) +
	       2 * ROOMS_MAX * sizeof(struct feed) + RECORDS_BYTES + 2 * POSITION_BYTES_MAX + TEXTS_BYTES;
}

static uint64_t memory_sqlite(void)
{
	return (STORE_CACHE_KIB + SQLITE_READERS * READER_CACHE_KIB) * KIB +
	       (SQLITE_READERS + 1) * (uint64_t)SQLITE_BYTES_EACH;
}

/* Acts on their way to the engine, and those that the loop has not taken, in buffers that grow by doubling; the same of
 * texts for one node, with those of a step that the engine did not take; other news; on each connection a batch to be
 * sent, and an answer, as it came and taken apart. */
static uint64_t memory_engine(void)
{
	uint64_t proposals = PROPOSALS_BYTES_MAX + PROPOSALS_MAX * (sizeof(struct proposal) + SMALL_BYTES);
	uint64_t waiting = 2 * (ACTS_WAITING_BYTES_MAX + ACTS_WAITING_MAX * (ACT_ID_BYTES_MAX + SMALL_BYTES));
	uint64_t texts = 2 * (TELLS_BYTES_MAX + TELLS_WAITING_BYTES_MAX) +
	                 (TELLS_MAX + TELLS_WAITING_MAX) * (uint64_t)NEWS_BYTES +
	                 ARENA_BYTES + EFFECTS_MAX * (2 * sizeof(char *) + SMALL_BYTES);
	uint64_t news = (ENGINE_NEWS_MAX + 2 * NODES_MAX) * (uint64_t)ENGINE_NEWS_BYTES;
	uint64_t wire = 2 * (ACTS_BATCH_BYTES_MAX + TELLS_BATCH_BYTES_MAX) + 3 * (uint64_t)ENGINE_REPLY_BYTES_MAX;

	return proposals + waiting + texts + news + ENGINE_WIRES * wire;
}

static uint64_t memory_account(void)
{
	return sizeof(struct account) + PREFERENCES_BYTES_MAX + 1 + NICK_BYTES + KEY_BYTES +
	       2 * (NAME_SKELETON_BYTES_MAX + 1) + 11 * HASH_BYTES + TOTP_BYTES + HIGHLIGHTS_BYTES_MAX + 9 * SMALL_BYTES +
	       CERTS_MAX * (sizeof(struct cert) + SMALL_BYTES);
}

static uint64_t memory_rooms(void)
{
	return ROOMS_MAX * (sizeof(struct room) + NAME_BYTES_MAX + KEY_BYTES + TOPIC_CHARS_MAX * 4 + 1 +
	                    HASH_BYTES + 2 * NICK_BYTES + 9 * SMALL_BYTES + 2 * WHO_BYTES +
	                    MEMBERSHIP_HASH_BYTES) +
	       (FORGETS_MAX + MAILS_MAX + REPORTS_MAX) *
	               (2 * KEY_BYTES + sizeof(UT_hash_handle) + 3 * SMALL_BYTES) +
	       (MEMBERSHIPS_ALL_MAX + ROOMS_MAX) * (sizeof(struct membership) + KEY_BYTES + 2 * SMALL_BYTES);
}

static uint64_t memory_bans(void)
{
	return BAN_KINDS * BANS_MAX * (sizeof(struct ban) + NAME_BYTES_MAX + KEY_BYTES + NICK_BYTES +
	                               BAN_WHY_CHARS_MAX * 4 + 1 + 5 * SMALL_BYTES) +
	       FILTERS_MAX * (sizeof(struct filter) + FILTER_CHARS_MAX * 4 + NICK_BYTES);
}

static uint64_t memory_mail(void)
{
	return MAILS_MAX * (sizeof(struct mail) + WHO_BYTES + NICK_BYTES + MAIL_BYTES_MAX + 1 + 3 * SMALL_BYTES) +
	       REPORTS_MAX * (sizeof(struct report) + WHO_BYTES + NAME_BYTES_MAX + 3 * NICK_BYTES + KEY_BYTES +
	                      REPORT_LINE_BYTES_MAX + 2 * REPORT_WHY_BYTES_MAX + 8 * SMALL_BYTES);
}

static uint64_t memory_others(void)
{
	return RESUMABLES_MAX * (sizeof(struct resumable) + NICK_BYTES + KEY_BYTES + NAME_BYTES_MAX +
	                         INVITES_MAX * sizeof(struct invite) + HIGHLIGHTS_BYTES_MAX + 6 * SMALL_BYTES) +
	       TELLINGS_MAX * (uint64_t)TELLING_BYTES +
	       ORIGINS_MAX * (sizeof(struct origin) + SMALL_BYTES) +
	       GUESSES_MAX * (sizeof(struct guess) + SMALL_BYTES) +
	       /* And the sites of principals that are addresses. */
	       2 * PRINCIPALS_MAX * (sizeof(struct share) + WHO_BYTES + SMALL_BYTES) +
	       USERS_MAX * (sizeof(struct user) + 2 * SMALL_BYTES);
}

uint64_t memory_tls_max(uint32_t slots)
{
	uint64_t each = sizeof(struct peer) + 2 * sizeof(uint32_t) + 2 * (sizeof(struct origin) + SMALL_BYTES) +
	                TLS_SESSION_BYTES + 7 * SMALL_BYTES + 2 * EPOLL_BYTES +
	                /* What goes to the client, what to the chat, and what waits for its turn; buffers grow by
	                 * doubling. */
	                2 * (TLS_PENDING_BYTES + TLS_BUFFER_BYTES) + TLS_BUFFER_BYTES;
	uint64_t heap = slots * each + ORIGINS_MAX * (sizeof(struct origin) + SMALL_BYTES);

	return heap + heap / HEAP_SHARE + TLS_BUFFERS * (uint64_t)TLS_BUFFER_BYTES + TLS_RING_BYTES +
	       TLS_HEAP_KEPT_BYTES + STACK_BYTES + PROGRAM_BYTES;
}

/* NOLINTEND(bugprone-implicit-widening-of-multiplication-result) */

void memory_parts(uint32_t connections_max, bool cluster, struct memory_part parts[MEMORY_PARTS])
{
	uint64_t n = connections_max, heap = 0, threads = THREADS + (cluster ? ENGINE_THREADS : 0);
	const struct memory_part all[MEMORY_PARTS - 1] = {
		{"connections", MEMORY_TRAFFIC, memory_connections(n)},
		{"replies and other private text", MEMORY_TRAFFIC, memory_text(n)},
		{"rooms' logs, and sends that read from them", MEMORY_TRAFFIC, memory_logs(n)},
		{"queries to the history, and their answers", MEMORY_TRAFFIC, memory_questions(n)},
		{"the loop's buffers, and records to be saved", MEMORY_FIXED, memory_loop()},
		{"SQLite", MEMORY_FIXED, memory_sqlite()},
		{"the engine of the cluster", MEMORY_FIXED, cluster ? memory_engine() : 0},
		{"passwords being checked", MEMORY_FIXED,
		 SECRET_THREADS * (uint64_t)PASSWORD_BYTES},
		{"accounts", MEMORY_TABLES, ACCOUNTS_MAX * memory_account()},
		{"rooms and their members", MEMORY_TABLES, memory_rooms()},
		{"bans, mutes and filters", MEMORY_TABLES, memory_bans()},
		{"mail and reports", MEMORY_TABLES, memory_mail()},
		{"resumable guests, addresses, users of the host", MEMORY_TABLES,
		 memory_others()},
		{"threads' stacks", MEMORY_FIXED, threads * STACK_BYTES},
		{"program and libraries", MEMORY_FIXED, PROGRAM_BYTES + FOLD_BYTES + ZONES_BYTES},
	};

	for (int i = 0; i < MEMORY_PARTS - 1; i++) {
		parts[i] = all[i];
		heap += i < MEMORY_PARTS - 3 ? all[i].bytes : 0;
	}
	parts[MEMORY_PARTS - 1] = (struct memory_part){
		"malloc's overhead", MEMORY_FIXED, threads * HEAP_KEPT_BYTES + heap / HEAP_SHARE,
	};
}

uint64_t memory_max(uint32_t connections_max, bool cluster)
{
	struct memory_part parts[MEMORY_PARTS];
	uint64_t sum = 0;

	memory_parts(connections_max, cluster, parts);
	for (int i = 0; i < MEMORY_PARTS; i++)
		sum += parts[i].bytes;
	return sum;
}
