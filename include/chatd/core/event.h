/*
 * What goes into the core and what comes out of it.
 *
 * The core is a function of events: each carries its own time, and leaves
 * effects that the server carries out in order. Nothing else passes between
 * the chat and the world; the store's records, queries and rows are here too,
 * because the store floor knows no more of the chat than this file.
 */
#ifndef CHATD_CORE_EVENT_H
#define CHATD_CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/ranges.h"

/* A connection for as long as it lives. Slots are used again, generations are
 * not, so an id that is kept too long names nobody, never somebody else. */
struct conn_id {
	uint32_t slot;  /* index into the server's and the core's tables */
	uint32_t gen;   /* starts at 1; 0 names no connection */
};

/* -- the store's side --------------------------------------------------------- */

/* What a record says: behind each kind, the member of struct record that has it. */
enum record_kind {
	RECORD_SAY = 1,    /* line: somebody said it in a room. In messages.kind, like ACTION and GAP */
	RECORD_ACTION = 2, /* line: the same, by "/me waves" */
	RECORD_ROOM = 3,   /* the store learns the room's number */
	RECORD_TOPIC = 4,  /* topic: the room has it from here on */
	RECORD_SEEN = 5,   /* seen: somebody has seen lines of the room */
	RECORD_FACT = 6,   /* fact: it has that value from here on */
	RECORD_DELETE = 7, /* deletion: the line goes from the history and from the search. If the room
	                    * has no such line, nothing happens */
	RECORD_AUDIT = 8,  /* audit: somebody who has power did something */
	RECORD_KEEP = 9,   /* retention: the room's lines are kept like that from here on */
	RECORD_GAP = 10,   /* line: here lines are missing that could not be saved; the System says how
	                    * many */
	RECORD_REMOVE = 11, /* the room and all its lines go, from the search too. Its number is never
	                    * used again. A long history goes in steps, after the record is saved */
	RECORD_PRUNE = 12, /* lines that are too old may go, although they were held back (STORE_CLOCK) */
	RECORD_ERASE = 13, /* erase: what somebody said before this record goes from the history and from
	                    * the search; in steps too */
};

/*
 * What the core keeps in memory beside rooms and lines, and the store durable for
 * it: (kind, key) -> value, both text that only the core reads. These numbers are
 * in databases: they are never changed and never used again.
 */
enum fact_kind {
	FACT_ACCOUNT = 1,  /* somebody who has registered */
	FACT_ROOM = 2,     /* a room's settings */
	FACT_BAN = 3,      /* who may not come in */
	FACT_MUTE = 4,     /* who may not speak */
	FACT_FILTER = 5,   /* what may not be said */
	FACT_INVITE = 6,   /* who may come in, or with which code */
	FACT_MAIL = 7,     /* what waits for somebody who is away */
	FACT_REPORT = 8,   /* what somebody has complained of */
	FACT_STATE = 9,    /* what the server as a whole is in: a lockdown */
	FACT_KINDS,        /* one more than the last */
};

/*
 * Something to be saved. The kind says which member of the union holds; ROOM, REMOVE and PRUNE have
 * none. All strings that hold are set, and are borrowed for the call that takes the record.
 */
struct record {
	uint64_t seq;          /* 1, 2, 3, ...: the order in which records are saved. A said line's id is
	                        * its seq, so ids order the lines of a room, with gaps */
	enum record_kind kind;
	uint32_t room;         /* the room's number, never used again for another room; 0: of no room
	                        * (FACT, AUDIT, PRUNE, ERASE) */
	int64_t time_ms;       /* since the epoch */
	const char *room_name; /* as typed by whoever made the room; "" for no room */
	union {
		struct {
			const char *sender; /* a nick as shown */
			const char *body;   /* neutralised UTF-8 without line end */
		} line;
		struct {
			const char *sender; /* whoever set it */
			const char *text;   /* "": the room has none */
		} topic;
		struct {
			const char *key;    /* of a nick: its bearer has seen the room's lines */
			uint64_t up_to_id;  /* up to this one, */
			struct ranges gaps; /* but for those in here */
		} seen;
		struct {
			enum fact_kind kind;
			const char *key;    /* of which there is one in its kind */
			const char *value;  /* any text of up to BODY_BYTES_MAX bytes; "": the fact is gone */
		} fact;
		struct {
			uint64_t line_id;   /* the line that goes */
			const char *by;     /* the nick of whoever deleted it */
			const char *why;    /* "" for none */
		} deletion;
		struct {
			uint64_t share;     /* in which the newest AUDIT_EACH_MAX are kept; 0: it stays */
			const char *actor;  /* a nick as shown, or who else acted */
			const char *text;   /* what was done, as a phrase */
			const char *changed; /* what that changed, as data that the core reads (undo.h); or "" */
		} audit;
		struct {
			uint32_t days, lines; /* 0: as the store was told for all rooms */
		} retention;
		struct {
			const char *key;    /* what was said under the name with this key, */
			uint64_t after_id;  /* with a greater id, */
			int64_t since_ms;   /* and at this time or later */
		} erase;
	};
};

enum { RECORD_STRINGS_MAX = 4 };

/* Where the record has its strings, room_name first, for whoever copies it; returns how many. */
static inline size_t record_strings(struct record *r, const char **strings[RECORD_STRINGS_MAX])
{
	size_t n = 0;

	strings[n++] = &r->room_name;
	switch (r->kind) {
	case RECORD_SAY:
	case RECORD_ACTION:
	case RECORD_GAP:
		strings[n++] = &r->line.sender;
		strings[n++] = &r->line.body;
		break;
	case RECORD_TOPIC:
		strings[n++] = &r->topic.sender;
		strings[n++] = &r->topic.text;
		break;
	case RECORD_SEEN:
		strings[n++] = &r->seen.key;
		break;
	case RECORD_FACT:
		strings[n++] = &r->fact.key;
		strings[n++] = &r->fact.value;
		break;
	case RECORD_DELETE:
		strings[n++] = &r->deletion.by;
		strings[n++] = &r->deletion.why;
		break;
	case RECORD_AUDIT:
		strings[n++] = &r->audit.actor;
		strings[n++] = &r->audit.text;
		strings[n++] = &r->audit.changed;
		break;
	case RECORD_ERASE:
		strings[n++] = &r->erase.key;
		break;
	case RECORD_ROOM:
	case RECORD_KEEP:
	case RECORD_REMOVE:
	case RECORD_PRUNE:
		break;
	}
	return n;
}

/* What is asked: behind each kind, the member of struct query that says more. "Lines" are those of
 * the room with after_id < id < before_id. */
enum query_kind {
	QUERY_REPLAY,   /* replay: the last limit lines, and how many of them somebody has missed since
	                 * they were last there */
	QUERY_LAST,     /* the last limit lines with since_ms <= time < until_ms */
	QUERY_FIRST,    /* the first limit of these */
	QUERY_AUDIT,    /* audit: the last limit acts with id < before_id */
	QUERY_SEARCH,   /* search: the newest limit lines, of the room or of all, that have all the
	                 * words, each with the line before and the line after it in its room */
	QUERY_UNREAD,   /* unread: the limit rooms with the most lines that somebody has not seen since
	                 * they were last there; a row for each, see there. Of room (0: of none) only the
	                 * lines before before_id count, of others those up to after_seq (0: all) */

	/* These are about the database itself; they wait for no record. */
	QUERY_STATS,    /* how large it is, and why old lines do not go */
	QUERY_BACKUP,   /* backup: a copy of it beside it. May take minutes; asked only while no other is
	                 * under way, and then always taken. Is answered to the core also when conn is
	                 * gone */

	/* These are about secrets and not about the history. Each takes a while on purpose,
	 * waits for no record, and goes by conn and what is named here alone. */
	QUERY_HASH,     /* hash: a new hash of the password */
	QUERY_CHECK,    /* check: is the secret one of those that the hashes are of? */
	QUERY_CODES,    /* ten one-time codes */
	QUERY_TOTP,     /* a new secret */
	QUERY_CHECK_TOTP, /* totp: are these the digits of the secret, at this time? */
};

/*
 * A question to the history, or about a secret. The kind says which member of the union holds; LAST,
 * FIRST, STATS, CODES and TOTP have none. All strings that hold are set; they are borrowed for the
 * call that takes the query, and its copies are cleared when it is answered.
 */
struct query {
	enum query_kind kind;
	uint64_t number;      /* of the question; comes back with the answer */
	struct conn_id conn;  /* who asks; comes back too */
	uint64_t share;       /* the same for all who are served as one (people of one address): when
	                       * several wait, shares are served in turn. 0: the server's own */
	uint64_t after_seq;   /* is answered once this record is saved (SEARCH, UNREAD: indexed) */
	uint32_t room;        /* SEARCH: 0 for all rooms; UNREAD: see there */
	uint32_t limit;       /* lines wanted, 1 to ROWS_MAX; SEARCH: hits */
	uint64_t after_id;    /* exclusive; 0: from the start */
	uint64_t before_id;   /* exclusive; UINT64_MAX: to the end */
	int64_t since_ms;     /* inclusive; INT64_MIN: from the start */
	int64_t until_ms;     /* exclusive; INT64_MAX: to the end */
	union {
		struct {
			const char *key;    /* of a nick: whose it is to have missed lines */
			const char *nick;   /* whose own lines are not missed */
			uint64_t marked_after; /* see rows.replay.back */
		} replay;
		struct {
			const char *key;    /* of a nick: who has not seen them */
			const char *nick;   /* whose mentions are counted, and whose own lines are not */
			uint64_t marked_after; /* only rooms that they were marked in after this record count */
			const char *hidden; /* as in search */
		} unread;
		struct {
			const char *words;  /* as typed: words with white space between; one may end in *
			                     * (begins with) */
			const char *hidden; /* from who asks, rooms in order of number, with blanks between:
			                     * "12" for all of its lines, "15:99" for those up to that id */
		} search;
		struct {
			const char *words;  /* who acted, or a word in what they did; "": any act */
			bool of_share;      /* only those in this share; 0: in nobody's */
			uint64_t share;
		} audit;
		struct {
			const char *name;   /* of the copy; there is nothing of that name */
		} backup;
		struct {
			const char *password;
		} hash;
		struct {
			const char *secret; /* a password or a one-time code */
			const char *hashes; /* a line each, made by HASH or CODES; "*" if there is no such account,
			                     * which takes as long and never matches */
		} check;
		struct {
			const char *digits; /* six of them */
			const char *secret;
			int64_t now_ms;
		} totp;
	};
};

enum { QUERY_STRINGS_MAX = 3 };

/* Where the query has its strings, for whoever copies or clears them; returns how many. */
static inline size_t query_strings(struct query *q, const char **strings[QUERY_STRINGS_MAX])
{
	size_t n = 0;

	switch (q->kind) {
	case QUERY_REPLAY:
		strings[n++] = &q->replay.key;
		strings[n++] = &q->replay.nick;
		break;
	case QUERY_UNREAD:
		strings[n++] = &q->unread.key;
		strings[n++] = &q->unread.nick;
		strings[n++] = &q->unread.hidden;
		break;
	case QUERY_SEARCH:
		strings[n++] = &q->search.words;
		strings[n++] = &q->search.hidden;
		break;
	case QUERY_AUDIT:
		strings[n++] = &q->audit.words;
		break;
	case QUERY_BACKUP:
		strings[n++] = &q->backup.name;
		break;
	case QUERY_HASH:
		strings[n++] = &q->hash.password;
		break;
	case QUERY_CHECK:
		strings[n++] = &q->check.secret;
		strings[n++] = &q->check.hashes;
		break;
	case QUERY_CHECK_TOTP:
		strings[n++] = &q->totp.digits;
		strings[n++] = &q->totp.secret;
		break;
	case QUERY_LAST:
	case QUERY_FIRST:
	case QUERY_STATS:
	case QUERY_CODES:
	case QUERY_TOTP:
		break;
	}
	return n;
}

/* One line of an answer. The kind of the answer says which member of the union holds. */
struct row {
	uint64_t id;
	int64_t time_ms;
	enum record_kind kind;  /* RECORD_SAY, RECORD_ACTION, RECORD_GAP, or for AUDIT RECORD_AUDIT */
	uint32_t room;
	const char *room_name;
	const char *sender;
	const char *body;
	const char *changed;    /* AUDIT: what the act has changed, as data that the core reads (undo.h),
	                         * or ""; NULL in other answers */
	union {
		bool hit;       /* SEARCH: true for a line found, false for one beside it */
		struct {
			uint32_t lines; /* of others in this room since id, the last line seen, and in
			                 * the gaps before it; at most 1000 */
			uint32_t mentions; /* how many of them have the nick in them */
		} unread;       /* UNREAD */
	};
};

/* Why old lines do not go. */
enum old_lines_wait {
	OLD_LINES_GO,
	OLD_LINES_WAIT_CLOCK, /* the host's clock may be wrong */
	OLD_LINES_WAIT_MUCH,  /* a room would lose many at once */
};

/* The answer to a query: oldest line first; for SEARCH newest hit first, and
 * each hit as up to three rows in the order before, hit, after; for UNREAD the
 * room with the most lines first. The kind says which member of the union holds: none for LAST,
 * FIRST, UNREAD and AUDIT, nor if there is an error. Strings are set there, are borrowed until the
 * answer is released, and are cleared then. */
struct rows {
	enum query_kind kind;
	uint64_t number;        /* of the question, as struct query has it */
	struct conn_id conn;
	const struct row *row;  /* n of them; borrowed until the answer is released */
	size_t n;
	bool more;              /* there were more than limit, or than ROWS_BYTES_MAX allows */
	const char *error;      /* NULL, or a sentence for the person who asked */
	union {
		struct {
			uint64_t seen_id;   /* last id that replay.key had seen; 0: never here */
			struct ranges gaps; /* and those up to it that it had not been shown */
			bool back;          /* what it had seen was marked after the record marked_after */
			uint32_t missed;    /* lines of others in those gaps, and since seen_id those that are
			                     * not in the answer, at most 1000; 0 if seen_id is 0 */
		} replay;
		struct {
			uint8_t unindexed;  /* percent of all lines that are not searched yet, because the index
			                     * is being made again: the newest; 0: none */
		} search;
		struct {
			uint64_t database_bytes;
			uint64_t wal_bytes;
			uint64_t free_bytes; /* on its disk; 0: not known, as the others */
			enum old_lines_wait waits;
			uint32_t room;      /* MUCH: the room's number */
		} stats;
		struct {
			uint64_t bytes;     /* of the copy */
		} backup;
		struct {
			const char *text;   /* the new hash */
		} hash;
		struct {
			const char *codes;  /* with blanks between them */
			const char *hashes; /* of each, a line each, as check takes them */
		} codes;
		struct {
			const char *secret; /* in base32 */
		} totp;
		struct {
			bool matches;
			uint64_t which;     /* of the hashes, from 0; 0 if nothing matches */
		} check;
		struct {
			bool matches;
			uint64_t step;      /* number of the 30 s since 1970 that the digits are good for, which
			                     * no one should take twice; 0 if they do not match */
		} check_totp;
	};
};

enum { ROWS_STRINGS_MAX = 2 };

/* Where the answer has strings of its own, not those of its lines, for whoever copies or clears
 * them; returns how many. They are NULL if there is an error. */
static inline size_t rows_strings(struct rows *r, const char **strings[ROWS_STRINGS_MAX])
{
	size_t n = 0;

	if (r->kind == QUERY_HASH) {
		strings[n++] = &r->hash.text;
	} else if (r->kind == QUERY_CODES) {
		strings[n++] = &r->codes.codes;
		strings[n++] = &r->codes.hashes;
	} else if (r->kind == QUERY_TOTP) {
		strings[n++] = &r->totp.secret;
	}
	return n;
}

/* A room as it was saved. Strings are borrowed for the call. */
struct saved_room {
	uint32_t room;        /* its number */
	const char *name;
	const char *topic;    /* "": none */
	uint64_t last_id;     /* of its newest line; 0: no line */
	int64_t last_ms;      /* and when that was said */
};

/* A fact as it was saved. Strings are borrowed for the call. */
struct saved_fact {
	enum fact_kind kind;  /* what it is about */
	const char *key;      /* of which there is one in its kind */
	const char *value;    /* never "" */
};

/* What the program knows of itself. */
struct figures {
	int64_t up_ms;           /* for how long it has run */
	uint64_t memory_bytes;   /* that it takes; 0: not known */
	uint64_t memory_max;     /* and that it may take at the most (memory.h); 0: not known */
	uint64_t descriptors;    /* open ones; 0: not known */
	uint64_t descriptors_max; /* as many as there may be */
};

/* What of a room's feed has come to a connection. All zero: all that was to be seen. */
enum arrived {
	ARRIVED_ALL,
	ARRIVED_UP_TO,     /* the record seq, or a little more */
	ARRIVED_NOTHING,   /* not even what was sent before RELEASE */
};

struct arrival {
	enum arrived what;
	uint64_t seq;      /* UP_TO: 0 where there was no record yet */
};

/* -- events: the world to the core ---------------------------------------------- */

enum event_kind {
	EVENT_CONNECTED,   /* somebody has connected, and would be conn; the core sets
	                    * connected.refused, or from here on conn is there */
	EVENT_BYTES,       /* conn has sent bytes; the core sets bytes.taken */
	EVENT_EOF,         /* conn will send nothing more but still reads (half-close) */
	EVENT_CLOSED,      /* conn is gone; but for RELEASED, no event and no effect of a later one
	                    * names it */
	EVENT_RELEASED,    /* the last of conn is gone: its descriptor is closed. Comes once for each
	                    * that was taken, after CLOSED, EFFECT_CLOSE or DROP; what the peer still takes or
	                    * keeps us waiting for is before it. Its slot may be used again */
	EVENT_SLOW,        /* conn's queue of private text is over SENDQ_SLOW_BYTES */
	EVENT_DRAINED,     /* and has come below SENDQ_DRAINED_BYTES */
	EVENT_WAITS,       /* conn's input waits because the store is behind */
	EVENT_SKIPPED,     /* conn was moved to the live end of its feed */
	EVENT_STORED,      /* records up to stored.seq are saved */
	EVENT_STORE_FAILED, /* nothing can be saved at present; what waits is kept. May come again,
	                    * with another reason */
	EVENT_STORE_FULL,  /* and no more is to be appended until STORE_BACK */
	EVENT_STORE_LOW,   /* behind STORE_FAILED: it is for want of space that is to be left free. No
	                    * line is to be appended until STORE_BACK; what else is appended is saved */
	EVENT_STORE_BACK,  /* saving goes on */
	EVENT_STORE_CLOCK,  /* the host's clock may be wrong, or is believed again: what goes because it
	                    * is old waits */
	EVENT_STORE_NOTICE, /* the store has done what administrators are to know */
	EVENT_ROWS,        /* the answer to conn's query */
	EVENT_ROOM_EMPTY,  /* pruning took the last line of a room */
	EVENT_RELOADED,    /* the answer to EFFECT_RELOAD, at once */
	EVENT_FIGURES,     /* the answer to EFFECT_FIGURES, at once */
	EVENT_ARRIVED,     /* the answer to EFFECT_ARRIVED, at once */
	EVENT_TICK,        /* chat_due_ms has come */
	EVENT_STOP,        /* chatd is going down: say so to everybody */
};

struct event {
	enum event_kind kind;
	int64_t now_ms;        /* for durations: a clock that nobody sets and that stands still while
	                        * chatd is stopped; above 0, never smaller than in an earlier event */
	int64_t wall_ms;       /* for dates, shown or saved: since the epoch, as the host's clock has
	                        * it, so it may go back */
	struct conn_id conn;   /* where the kind names one */
	union {
		struct {
			const char *data; /* borrowed for the call */
			size_t len;
			size_t taken;     /* out: bytes used. Fewer than len: the rest is to be kept
			                   * and offered again after EFFECT_RESUME */
		} bytes;
		struct {
			struct address from; /* where it comes from; never unknown */
			bool control;     /* over the control socket, by root or by chatd's own user, who
			                   * administer the host */
			const char *user; /* login name of the host's user who has come over another
			                   * unix socket and is to have an account by it; NULL: none.
			                   * Borrowed for the call */
			uint64_t token;   /* random, for its /resume code; different each time */
			uint64_t seed;  /* and more of it, for who is ended where too many come */
			const char *refused; /* out: NULL, or what it reads, lines with their ends: then
			                   * nothing is kept of it, and it has no conn. Valid until the
			                   * next CONNECTED */
		} connected;              /* CONNECTED; conn.gen 0: there is no slot for it */
		struct {
			uint32_t lines;   /* how many */
			uint64_t first_id; /* id of the first line skipped */
		} skipped;
		struct {
			uint64_t seq;
		} stored;
		struct {
			const char *reason; /* for everybody */
			const char *advice; /* for moderators: what to do about it; NULL: nothing to say */
		} failure;                /* STORE_FAILED */
		const char *notice;       /* STORE_NOTICE: for moderators */
		bool doubted;             /* STORE_CLOCK */
		struct {
			const char *reason; /* for the room ("connection lost"); NULL: it ended */
			struct arrival arrived; /* of its room's feed, as far as is known */
		} closed;                 /* CLOSED, EOF */
		const struct rows *rows;  /* ROWS: borrowed for the call */
		struct {
			bool ok;            /* false: something is wrong, and nothing has changed */
			const char *lines;  /* what changed, or what is wrong: each with its end. From
			                     * the file, so perhaps no UTF-8. Not ok and "": there is
			                     * no file to read */
		} reloaded;               /* RELOADED: borrowed for the call */
		const struct figures *figures; /* FIGURES: borrowed for the call */
		struct arrival arrived;   /* ARRIVED: of what was sent to whom the effect names */
		struct {
			uint32_t room;
			uint64_t up_to_seq; /* true as of this record */
		} empty;
	};
};

/* -- effects: the core to the world ---------------------------------------------- */

enum effect_kind {
	EFFECT_SEND,        /* text to conn alone, after what it can already see */
	EFFECT_SEND_ALL,    /* text to every connection */
	EFFECT_PUBLISH,     /* text, one whole line, to a feed; visible once record seq is saved */
	EFFECT_SKIP,        /* the line last published to feed is not for conn, its subscriber */
	EFFECT_SUBSCRIBE,   /* conn gets what is published to feed from here on, once released */
	EFFECT_RELEASE,     /* what conn's feed holds back may flow */
	EFFECT_UNSUBSCRIBE, /* conn gets what it could see already and no more; text in place of lines
	                     * that are missing because it read too slowly */
	EFFECT_RESUME,      /* offer conn's kept bytes again, and read on */
	EFFECT_CLOSE,       /* end conn after what is queued for it; the core has forgotten it */
	EFFECT_DROP,        /* the same, without waiting for the peer's end afterwards: others need
	                     * its place */
	EFFECT_APPEND,      /* save record */
	EFFECT_QUERY,       /* ask the history */
	EFFECT_RELOAD,      /* read the configuration again, for conn and by the wish of text */
	EFFECT_FIGURES,     /* tell conn what the program knows of itself */
	EFFECT_ARRIVED,     /* tell conn what has arrived at the connection `about`, which may be conn */
	EFFECT_STOP,        /* end the program in order (EVENT_STOP follows); text: why, for the log */
	EFFECT_SHOW,        /* all that was published so far is visible, saved or not */
	EFFECT_LOG,         /* text goes to the operator's log, at level info */
};

struct effect {
	enum effect_kind kind;
	struct conn_id conn;  /* where the kind names one */
	struct conn_id about; /* ARRIVED */
	uint32_t feed;        /* PUBLISH, SKIP, SUBSCRIBE; below chat_feeds_max() */
	const char *text;     /* SEND, SEND_ALL, PUBLISH, UNSUBSCRIBE, RELOAD, STOP, LOG; valid until the
	                       * next chat_step */
	size_t len;
	uint64_t seq;         /* PUBLISH: the record it shows; 0: a notice, seen by its turn */
	union {
		struct record record; /* APPEND */
		struct query query;   /* QUERY */
	};
};

#endif
