/*
 * What goes into the core and what comes out of it.
 *
 * The core is a function of events: each event carries its own time and leaves
 * effects, which the server carries out in order. Nothing else passes between
 * the chat and the world. The store's records, queries and rows are here too,
 * because this file is all that the store's code knows about the chat.
 */
#ifndef CHATD_CORE_EVENT_H
#define CHATD_CORE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/address.h"
#include "chatd/base/fingerprint.h"
#include "chatd/base/ranges.h"
#include "chatd/core/cluster_figures.h"
#include "chatd/core/terminal/view.h"

/* Identifies a connection for as long as it lives. Slots are reused and generations
 * are not, so an id that is kept too long names no connection, never a different one. */
struct conn_id {
	uint32_t slot;  /* index into the server's and the core's tables */
	uint32_t gen;   /* starts at 1; 0 names no connection */
};

/* -- the store's side --------------------------------------------------------- */

/* What a record says. Each comment starts with the member of struct record that holds it. */
enum record_kind {
	RECORD_SAY = 1,    /* line: a line said in a room. SAY, ACTION and GAP are the values of
	                    * messages.kind in the database */
	RECORD_ACTION = 2, /* line: the same, said with /me, as in "/me waves" */
	RECORD_ROOM = 3,   /* no member: gives the store the room's number */
	RECORD_TOPIC = 4,  /* topic: the room's topic from here on */
	RECORD_SEEN = 5,   /* seen: which lines of the room a person has seen */
	RECORD_FACT = 6,   /* fact: the fact's value from here on */
	RECORD_DELETE = 7, /* deletion: deletes a line from the history and from the search index. Does
	                    * nothing if the room has no such line */
	RECORD_AUDIT = 8,  /* audit: an operator, moderator or administrator did something */
	RECORD_RETENTION = 9, /* retention: how long the room's lines are kept from here on */
	RECORD_GAP = 10,   /* line: marks a place where lines are missing because they could not be
	                    * saved; said by the System, with their number */
	RECORD_REMOVE = 11, /* removal: deletes the room and all its lines, also from the search
	                    * index. Its number is never reused. A long history is deleted in steps,
	                    * after the record is saved */
	RECORD_PRUNE = 12, /* no member: lines that are too old may be deleted after all, although that
	                    * was held back (EVENT_STORE_CLOCK) */
	RECORD_ERASE = 13, /* erase: deletes what a person said before this record from the history and
	                    * from the search index; also in steps */
};

/*
 * Facts: what the core keeps in memory besides rooms and lines, and the store keeps on disk
 * for it. A fact maps (kind, key) to a value; key and value are text that only the core reads.
 * These numbers are stored in databases, so they must never change and never be reused.
 */
enum fact_kind {
	FACT_ACCOUNT = 1,  /* an account */
	FACT_ROOM = 2,     /* a room's settings */
	FACT_BAN = 3,      /* a ban: a person or address that may not come in */
	FACT_MUTE = 4,     /* a mute: a person or address that may not speak */
	FACT_FILTER = 5,   /* a word that may not be said */
	FACT_INVITE = 6,   /* an account's roles in a room: who may come in, and as what */
	FACT_MAIL = 7,     /* a private message for an account that is away */
	FACT_REPORT = 8,   /* a report of a line */
	FACT_STATE = 9,    /* the state of the server as a whole: a lockdown */
	FACT_PERSON = 10,  /* in a cluster: somebody who is here, on whatever node */
	FACT_RESUMABLE = 11, /* in a cluster: a guest who may come back with a code */
	FACT_KINDS,        /* one more than the last */
};

/*
 * Something to be saved. The kind says which member of the union is valid; ROOM, REMOVE and PRUNE
 * have none. The strings of the valid member are never NULL, and are borrowed for the call that
 * takes the record.
 */
struct record {
	uint64_t seq;          /* 1, 2, 3, ...: the order in which records are saved. A line's id is its
	                        * seq, so the ids in a room are ascending, with gaps */
	enum record_kind kind; /* what it says */
	uint32_t room;         /* the room's number, never reused for another room; 0: concerns no room
	                        * (FACT, AUDIT, PRUNE, ERASE) */
	int64_t time_ms;       /* when it happened, since the epoch */
	const char *room_name; /* as the room's maker typed it; "" if it concerns no room */
	union {
		struct {
			const char *sender; /* the speaker's nick, as shown */
			const char *body;   /* sanitized UTF-8, without a line end */
		} line;
		struct {
			const char *sender; /* nick of the person who set it */
			const char *text;   /* the topic; "": the room has none */
		} topic;
		struct {
			const char *key;    /* key of the nick whose user has seen the lines */
			uint64_t up_to_id;  /* they have seen all lines up to and including this one, */
			struct ranges gaps; /* except the lines in these ranges */
		} seen;
		struct {
			enum fact_kind kind; /* what it is about */
			const char *key;    /* unique within its kind */
			const char *value;  /* any text of at most BODY_BYTES_MAX bytes; "": delete the fact */
		} fact;
		struct {
			uint64_t line_id;   /* the line to be deleted */
			const char *by;     /* nick of the person who deleted it */
			const char *why;    /* the reason given; "": none */
		} deletion;
		struct {
			uint64_t share;     /* the share that it counts in: only the newest AUDIT_EACH_MAX of a
			                     * share are kept; 0: in none, so it stays */
			const char *actor;  /* nick, as shown, of the person who did it, or another actor */
			const char *text;   /* what was done, as a phrase */
			const char *changed; /* what that changed, as data for the core (undo.h); "": nothing */
		} audit;
		struct {
			bool ended;         /* nobody took anything away: the last person has left a room without
			                     * lines. Not saved */
		} removal;
		struct {
			uint32_t days, lines; /* how long lines are kept, and how many; 0: as the store was
			                     * told for all rooms */
		} retention;
		struct {
			const char *key;    /* deletes what was said under the name with this key, */
			uint64_t after_id;  /* with an id greater than this one, */
			int64_t since_ms;   /* at this time or later (since the epoch) */
		} erase;
	};
};

enum { RECORD_STRINGS_MAX = 4 };

/* Points strings at each string field of the record, room_name first, so that callers can copy
 * them all; returns how many there are. */
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
	case RECORD_RETENTION:
	case RECORD_REMOVE:
	case RECORD_PRUNE:
		break;
	}
	return n;
}

/* What is asked. Each comment starts with the member of struct query that says more, if there is
 * one. "Lines" are the room's lines with after_id < id < before_id. */
enum query_kind {
	QUERY_REPLAY,   /* replay: the last `limit` lines, and how many lines a person has missed since
	                 * they were last there */
	QUERY_LAST,     /* the last `limit` lines with since_ms <= time < until_ms */
	QUERY_FIRST,    /* the first `limit` of these */
	QUERY_AUDIT,    /* audit: the last `limit` audit records with id < before_id */
	QUERY_SEARCH,   /* search: the newest `limit` lines, of the room or of all rooms, that contain
	                 * all the words, each with the lines before and after it in its room; or any of
	                 * the words */
	QUERY_UNREAD,   /* unread: the `limit` rooms with the most lines that a person has not seen
	                 * since they were last there; one row for each (row.unread). In `room` (0:
	                 * none) only lines before before_id count, in the others those up to after_seq
	                 * (0: all) */

	/* These are about the database itself; they wait for no record. */
	QUERY_STATS,    /* how large it is, and why old lines are not being deleted */
	QUERY_BACKUP,   /* backup: copies the database, next to it. May take minutes. The core asks only
	                 * while no other backup is running, and then it is always accepted. The core
	                 * gets the answer even if conn is gone */

	/* These are about secrets, not about the history. Each takes a while on purpose, waits for no
	 * record, and uses no field but conn and the members named here. */
	QUERY_HASH,     /* hash: makes a new hash of the password */
	QUERY_CHECK,    /* check: does the secret match one of the hashes? */
	QUERY_CODES,    /* makes ten one-time codes */
	QUERY_TOTP,     /* makes a new secret for an authenticator */
	QUERY_CHECK_TOTP, /* totp: are these the right digits for the secret at this time? */
};

/*
 * A question to the history, or about a secret. The kind says which member of the union is valid;
 * LAST, FIRST, STATS, CODES and TOTP have none. The strings of the valid member are never NULL.
 * They are borrowed for the call that takes the query; its copies are wiped after the answer.
 */
struct query {
	enum query_kind kind; /* what is asked */
	uint64_t number;      /* identifies the question; the answer carries it too */
	struct conn_id conn;  /* the connection that asks; the answer carries it too */
	uint64_t share;       /* the same for everyone who is served as one (the people of one address):
	                       * when several wait, shares take turns. 0: the server itself */
	uint64_t after_seq;   /* not answered before this record is saved (SEARCH, UNREAD: indexed) */
	uint32_t room;        /* the room's number; SEARCH: 0 for all rooms; UNREAD: see there */
	uint32_t limit;       /* lines wanted, 1 to ROWS_MAX; SEARCH: hits */
	uint64_t after_id;    /* exclusive; 0: from the start */
	uint64_t before_id;   /* exclusive; UINT64_MAX: to the end */
	int64_t since_ms;     /* inclusive; INT64_MIN: from the start */
	int64_t until_ms;     /* exclusive; INT64_MAX: to the end */
	union {
		struct {
			const char *key;    /* key of the nick whose missed lines are counted */
			const char *nick;   /* their nick: their own lines are not counted as missed */
			uint64_t marked_after; /* see rows.replay.back */
		} replay;
		struct {
			const char *key;    /* key of the nick whose unread lines are counted */
			const char *nick;   /* their nick: its mentions are counted, their own lines are not */
			uint64_t marked_after; /* only rooms whose read mark is newer than this record count */
			const char *hidden; /* as in search */
		} unread;
		struct {
			const char *words;  /* as typed: words separated by white space; a word may end in *
			                     * to match all words that begin with it */
			const char *hidden; /* what the asker may not read: rooms in ascending order of number,
			                     * separated by blanks. "12": all lines of room 12, "15:99": those
			                     * of room 15 up to id 99 */
			const char *not_by; /* nick whose own lines are left out; "": nobody's */
			bool any;           /* finds lines with any of the words instead of all, each without
			                     * the lines around it; a word without a letter is passed over */
		} search;
		struct {
			const char *words;  /* an actor, or a word in what was done; "": everything */
			bool of_share;      /* only records in `share` */
			uint64_t share;     /* 0: those that are in no share */
		} audit;
		struct {
			const char *name;   /* file name of the copy; no file of that name exists */
		} backup;
		struct {
			const char *password; /* as typed */
		} hash;
		struct {
			const char *secret; /* a password or a one-time code, as typed */
			const char *hashes; /* one per line, made by HASH or CODES; "*" if there is no such
			                     * account: that takes as long, and never matches */
		} check;
		struct {
			const char *digits; /* six of them, as typed */
			const char *secret; /* the account's, in base32 */
			int64_t now_ms;     /* the time to check them for, since the epoch */
		} totp;
	};
};

enum { QUERY_STRINGS_MAX = 3 };

/* Points strings at each string field of the query, so that callers can copy or wipe them all;
 * returns how many there are. */
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
		strings[n++] = &q->search.not_by;
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

/* One line of an answer. The kind of the answer says which member of the union is valid. Strings
 * are borrowed until the answer is released. */
struct row {
	uint64_t id;            /* of the line; UNREAD: of the last line seen in the room */
	int64_t time_ms;        /* when it was said or done, since the epoch */
	enum record_kind kind;  /* RECORD_SAY, RECORD_ACTION or RECORD_GAP; AUDIT: RECORD_AUDIT */
	uint32_t room;          /* the room's number */
	const char *room_name;  /* as the room's maker typed it */
	const char *sender;     /* the speaker's nick, as shown; AUDIT: the actor */
	const char *body;       /* the line's text; AUDIT: what was done */
	const char *changed;    /* AUDIT: what that changed, as data for the core (undo.h), or "";
	                         * NULL in other answers */
	union {
		bool hit;       /* SEARCH: true for a line found, false for a line before or after one */
		struct {
			uint32_t lines; /* other people's lines in this room after id, the last line
			                 * seen, and in the gaps before it; at most 1000 */
			uint32_t mentions; /* how many of these lines contain the nick */
		} unread;       /* UNREAD */
	};
};

/* Why old lines are not being deleted. */
enum old_lines_wait {
	OLD_LINES_GO,         /* they are: nothing holds them back */
	OLD_LINES_WAIT_CLOCK, /* the host's clock may be wrong */
	OLD_LINES_WAIT_MUCH,  /* a room would lose many lines at once */
};

/* The answer to a query. Rows are ordered oldest line first; for SEARCH newest hit first, each hit
 * as up to three rows in the order before, hit, after; for UNREAD the room with the most lines
 * first. The kind says which member of the union is valid: none for LAST, FIRST, UNREAD and AUDIT,
 * and none if there is an error. Strings in a valid member are never NULL; they are borrowed until
 * the answer is released, which wipes them. */
struct rows {
	enum query_kind kind;   /* of the question */
	uint64_t number;        /* of the question, as in struct query */
	struct conn_id conn;    /* the connection that asked */
	const struct row *row;  /* n of them; borrowed until the answer is released */
	size_t n;               /* how many rows */
	bool more;              /* there was more than `limit` or ROWS_BYTES_MAX allows */
	const char *error;      /* NULL, or a sentence for the person who asked */
	union {
		struct {
			uint64_t seen_id;   /* last line that the person with replay.key had seen; 0: they
			                     * were never in the room */
			struct ranges gaps; /* lines up to seen_id that they had not been shown */
			bool back;          /* their read mark is newer than the record marked_after */
			uint32_t missed;    /* other people's lines in those gaps, and those after seen_id that
			                     * are not in the answer; at most 1000; 0 if seen_id is 0 */
		} replay;
		struct {
			uint8_t unindexed;  /* percent of all lines (the newest ones) that were not searched,
			                     * because the index is still being rebuilt; 0: none */
		} search;
		struct {
			uint64_t database_bytes; /* size of the database file; 0: not known */
			uint64_t wal_bytes; /* size of its write-ahead log; 0: not known */
			uint64_t free_bytes; /* free on its disk; 0: not known */
			enum old_lines_wait waits; /* why old lines are not being deleted */
			uint32_t room;      /* OLD_LINES_WAIT_MUCH: the room's number */
		} stats;
		struct {
			uint64_t bytes;     /* size of the copy */
		} backup;
		struct {
			const char *text;   /* the new hash */
		} hash;
		struct {
			const char *codes;  /* the codes, separated by blanks */
			const char *hashes; /* their hashes, one per line, as query.check takes them */
		} codes;
		struct {
			const char *secret; /* in base32 */
		} totp;
		struct {
			bool matches;       /* the secret matches one of the hashes */
			uint64_t which;     /* index of that hash, from 0; 0 if none matches */
		} check;
		struct {
			bool matches;       /* the digits are right */
			uint64_t step;      /* number of the 30 s period since 1970 that the digits belong to,
			                     * so that the caller can refuse to accept it twice; 0 if they do
			                     * not match */
		} check_totp;
	};
};

enum { ROWS_STRINGS_MAX = 2 };

/* Points strings at each string field of the answer itself, but not of its rows, so that callers
 * can copy or wipe them; returns how many there are. They are NULL if there is an error. */
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
	const char *name;     /* as its maker typed it */
	const char *topic;    /* "": none */
	uint64_t last_id;     /* id of its newest line; 0: it has no lines */
	int64_t last_ms;      /* when that line was said, since the epoch */
};

/* A fact as it was saved. Strings are borrowed for the call. */
struct saved_fact {
	enum fact_kind kind;  /* what it is about */
	const char *key;      /* unique within its kind */
	const char *value;    /* never "" */
};

/* What the chat counts from its start on. */
struct chat_counts {
	uint64_t lines;          /* said */
	uint64_t login_failures; /* wrong passwords and one-time codes, but for those that confirm
	                          * something while signed in */
	uint64_t banned;         /* people who could not come in because of a ban, */
	uint64_t locked_out;     /* or of the lockdown */
	uint32_t unnamed;        /* connections without a name, at present, */
	uint32_t named;          /* and of people with one */
};

/* The program's own figures. */
struct figures {
	int64_t up_ms;           /* how long it has been running */
	uint64_t memory_bytes;   /* memory in use; 0: not known */
	uint64_t memory_max;     /* the most memory that it may use (memory.h); 0: not known */
	uint64_t descriptors;    /* open file descriptors; 0: not known */
	uint64_t descriptors_max; /* the most that may be open */
	const char *io;          /* what it waits for connections with, a string that stays: "epoll"; NULL: not known */
	struct {
		int64_t until_ms;   /* the end of the certificate, since the epoch; 0: there is no TLS, or it
		                     * is not known yet */
		uint64_t done, failed; /* handshakes */
		uint64_t refused;   /* connections that were refused before one */
	} tls;
	struct cluster_figures cluster;
};

/* How much of a room's feed has arrived at a connection's peer. */
enum arrived {
	ARRIVED_ALL,       /* everything that was visible */
	ARRIVED_UP_TO,     /* everything up to the record seq, or a little more */
	ARRIVED_NOTHING,   /* not even what was sent before EFFECT_RELEASE */
};

/* All zero means ARRIVED_ALL. */
struct arrival {
	enum arrived what; /* how much */
	uint64_t seq;      /* UP_TO: the last record; 0: there was no record yet */
};

/* Why a connection is refused. */
enum refusal {
	REFUSAL_CONNECTIONS, /* too many of its address at one time, */
	REFUSAL_CONNECTS,    /* or in a minute */
	REFUSAL_FULL,        /* max_connections are in use, or nearly */
	REFUSAL_UNNAMED,     /* too many have no name */
	REFUSAL_CONTROL,     /* it came to the control socket, where there are too many, or it may not */
	REFUSAL_PROXY,       /* as a proxy: it is none that is trusted, or its header is wrong */
	REFUSALS,
};

/* -- events: the world to the core ---------------------------------------------- */

enum event_kind {
	EVENT_CONNECTED,   /* a new connection asks to be let in as conn: the core either sets
	                    * connected.refused, or conn exists from here on */
	EVENT_BYTES,       /* conn has sent bytes; the core sets bytes.taken */
	EVENT_EOF,         /* conn will send nothing more but still reads (half-close) */
	EVENT_CLOSED,      /* conn is gone: except for RELEASED, no later event names it, nor does any
	                    * effect of a later event */
	EVENT_RELEASED,    /* conn's descriptor is closed, and nothing of it is left; its slot may be
	                    * reused. Comes once for each connection that was let in, after CLOSED,
	                    * EFFECT_CLOSE or EFFECT_DROP, and only when the peer takes no more text and
	                    * no longer keeps us waiting */
	EVENT_SLOW,        /* conn's queue of private text has grown beyond SENDQ_SLOW_BYTES */
	EVENT_DRAINED,     /* after SLOW: the queue has shrunk below SENDQ_DRAINED_BYTES */
	EVENT_WAITS,       /* conn's input waits because the store is behind */
	EVENT_SKIPPED,     /* conn was moved to the live end of a feed */
	EVENT_STORED,      /* records up to stored.seq are saved */
	EVENT_STORE_FAILED, /* nothing can be saved at present; unsaved records are kept. May come
	                    * again, with another reason */
	EVENT_STORE_FULL,  /* after STORE_FAILED: append nothing more until STORE_BACK */
	EVENT_STORE_LOW,   /* after STORE_FAILED: the reason is that some disk space must stay free.
	                    * Append no lines until STORE_BACK; other records are still saved */
	EVENT_STORE_BACK,  /* records are being saved again */
	EVENT_STORE_CLOCK,  /* the host's clock may be wrong, and nothing is deleted for its age; or the
	                    * clock is trusted again (doubted) */
	EVENT_NOTICE,      /* the store, or another process, did something that administrators should know
	                    * of */
	EVENT_ROWS,        /* the answer to conn's query */
	EVENT_ROOM_EMPTY,  /* pruning deleted the last line of a room */
	EVENT_RELOADED,    /* the answer to EFFECT_RELOAD, at once */
	EVENT_FIGURES,     /* the answer to EFFECT_FIGURES, at once */
	EVENT_ARRIVED,     /* the answer to EFFECT_ARRIVED, at once */
	EVENT_INCARNATION, /* in a cluster: this node begins, or begins again because it was cut off for too long */
	EVENT_LEASE_OVER,  /* in a cluster: another node has not been heard of for as long as its lease */
	EVENT_ACT,         /* in a cluster: the next act, of whatever node, in the order that all nodes have */
	EVENT_TOLD,        /* in a cluster: another node's EFFECT_TELL to this one. In no order with acts, and at any
	                    * time, even before INCARNATION; what it says is to be checked */
	EVENT_UNHEARD,     /* in a cluster: no node has heard what EFFECT_TELL gave. That it does not come shows
	                    * nothing: best effort */
	EVENT_TICK,        /* the time chat_due_ms has come */
	EVENT_STOP,        /* chatd is shutting down: tell everyone */
};

struct event {
	enum event_kind kind;  /* what happened */
	int64_t now_ms;        /* for durations: a clock that nobody sets and that stands still while
	                        * chatd is stopped; above 0, never less than in an earlier event */
	int64_t wall_ms;       /* for dates that are shown or saved: since the epoch, by the host's
	                        * clock, so it may go back */
	struct conn_id conn;   /* the connection, if the kind concerns one */
	union {
		struct {
			const char *data; /* borrowed for the call */
			size_t len;       /* bytes in data */
			size_t taken;     /* out: bytes used. If fewer than len, the server keeps the
			                   * rest and offers it again after EFFECT_RESUME */
		} bytes;                  /* BYTES */
		struct {
			struct address from; /* the peer's address; never unknown */
			bool control;     /* it came over the control socket, from root or chatd's own
			                   * user: they administer the host */
			bool telnet;      /* it came to a port or unix socket where chatd negotiates
			                   * telnet at once (RFC 854) */
			bool tls;         /* it is encrypted */
			const struct fingerprint *cert; /* of the certificate whose key its client has
			                   * proved to hold, valid or not; NULL: none. Borrowed for the call */
			const char *user; /* login name of the host's user, for connections over another
			                   * unix socket that are to have an account of that name; NULL:
			                   * none. Borrowed for the call */
			uint64_t token;   /* random, for its /resume code; different each time */
			uint64_t seed;    /* more randomness, to choose which connection makes way when
			                   * there are too many */
			const char *refused; /* out: NULL, or the text to send, of whole lines: then
			                   * the connection is refused, the core keeps nothing of it,
			                   * and it gets no conn. Valid until the next CONNECTED */
			enum refusal why; /* out, if refused is set */
		} connected;              /* CONNECTED; conn.gen 0: there is no slot for it */
		struct {
			uint32_t lines;   /* how many lines were skipped */
			uint64_t first_id; /* id of the first of them */
			uint32_t feed;    /* of which feed */
		} skipped;                /* SKIPPED */
		struct {
			uint64_t seq;     /* of the last record saved */
		} stored;                 /* STORED */
		struct {
			const char *reason; /* for everyone */
			const char *advice; /* for moderators: what to do about it; NULL: no advice */
		} failure;                /* STORE_FAILED */
		const char *notice;       /* NOTICE: for moderators */
		bool doubted;             /* STORE_CLOCK: the clock may be wrong */
		struct {
			const char *reason; /* for the room ("connection lost"); NULL: an ordinary end */
			struct arrival arrived; /* what arrived of its room's feed, as far as known */
		} closed;                 /* CLOSED, EOF */
		const struct rows *rows;  /* ROWS: borrowed for the call */
		struct {
			bool ok;            /* false: something is wrong, and nothing has changed */
			const char *lines;  /* what changed, or what is wrong, in whole lines. They quote
			                     * the file, so they may not be UTF-8. Not ok and "": there
			                     * is no file to read */
		} reloaded;               /* RELOADED: borrowed for the call */
		const struct figures *figures; /* FIGURES: borrowed for the call */
		uint64_t incarnation;     /* INCARNATION: greater than all that the node has had */
		struct {
			const char *node; /* its name; borrowed for the call */
			uint64_t incarnation;
		} lease;                  /* LEASE_OVER */
		struct {
			const char *text; /* as EFFECT_PROPOSE gave it; NUL-terminated; borrowed for the call. NULL: the last
			                   * one goes on (chat_goes_on) */
			int64_t at_ms;    /* its time, the same for all nodes: since the epoch, never less than that
			                   * of the act before it */
		} act;                    /* ACT */
		struct {
			const char *text; /* without the node; 1 to TELL_BYTES_MAX bytes, NUL-terminated; borrowed for the
			                   * call */
		} told;                   /* TOLD, UNHEARD */
		struct arrival arrived;   /* ARRIVED: what arrived at the connection effect.about */
		struct {
			uint32_t room;      /* the room's number */
			uint64_t up_to_seq; /* the room was empty as of this record */
		} empty;                  /* ROOM_EMPTY */
	};
};

/* -- effects: the core to the world ---------------------------------------------- */

enum effect_kind {
	EFFECT_SEND,        /* send text to conn alone, after what it can already see */
	EFFECT_SEND_ALL,    /* send text to every connection */
	EFFECT_PUBLISH,     /* add text, one whole line, to a feed; visible once record seq is saved */
	EFFECT_SKIP,        /* do not send conn, who reads or watches feed, the line last published to it */
	EFFECT_MARK,        /* the line last published to feed mentions conn, who reads or watches it and has a
	                     * view; comes before anything else is published */
	EFFECT_VIEW,        /* conn's terminal is sent what view_render makes of the lines, in this style, from
	                     * here on; text: the room that conn is in, for style.channels; NULL: none */
	EFFECT_PLAIN,       /* conn is sent the lines as they are from here on: it has no view any more */
	EFFECT_INPUT,       /* show text, a prompt and what has been typed behind it, below conn's lines; text
	                     * "": nothing */
	EFFECT_HOLD,        /* conn's lines, and text that waits, are held back from here on, */
	EFFECT_LET,         /* except those visible now: they are let through */
	EFFECT_CUT,         /* conn is not shown the rest of answers that its view shows a screen at a time; if
	                     * there is none, it is sent text */
	EFFECT_FLOW,        /* nothing of conn's is held back any more */
	EFFECT_WATCH,       /* conn gets what is published to feed from here on as well, under the name text;
	                     * held back until EFFECT_WATCH_RELEASE */
	EFFECT_WATCH_RELEASE, /* conn gets what its watch over feed holds back, and what follows */
	EFFECT_UNWATCH,     /* conn gets what it could already see of feed, then text, and no more */
	EFFECT_SUBSCRIBE,   /* conn gets what is published to feed from here on, but held back until
	                     * EFFECT_RELEASE; text: the room's name, if conn's view has channels */
	EFFECT_RELEASE,     /* send conn what its feed holds back, and go on sending */
	EFFECT_UNSUBSCRIBE, /* conn gets what it could already see of its feed and no more; if lines are
	                     * missing because it read too slowly, text takes their place */
	EFFECT_RESUME,      /* offer conn's kept bytes again, and go on reading */
	EFFECT_CLOSE,       /* close conn after what is queued for it; the core has forgotten it */
	EFFECT_DROP,        /* the same, but then do not wait for the peer to close its end: the slot is
	                     * needed for others */
	EFFECT_APPEND,      /* save record */
	EFFECT_QUERY,       /* ask query of the store */
	EFFECT_RELOAD,      /* reload the configuration and answer conn; text: the nick that asked */
	EFFECT_FIGURES,     /* answer conn with the program's figures */
	EFFECT_ARRIVED,     /* answer conn with what has arrived at the connection `about`, perhaps conn
	                     * itself */
	EFFECT_STOP,        /* shut down in order (EVENT_STOP follows); text: why, for the log */
	EFFECT_SHOW,        /* make everything published so far visible, saved or not */
	EFFECT_DONE,        /* in a cluster: the act is done; what it appended is to be saved together with text, which
	                     * chat_load_cluster takes at the next start */
	EFFECT_PROPOSE,     /* in a cluster: give text to all nodes, this one too, as EVENT_ACT */
	EFFECT_TELL,        /* in a cluster: text is a node's name, a blank, and what that node gets as EVENT_TOLD: 1 to
	                     * TELL_BYTES_MAX bytes. Nothing keeps it, and it may be lost. If it is known that nobody
	                     * has heard it, EVENT_UNHEARD says so, perhaps at once; an answer to that which tells
	                     * again would go round in a circle */
	EFFECT_UNFIT,       /* in a cluster: this node cannot take part any more, and is to end; text: why, and what to do */
	EFFECT_LOG,         /* write text to the operator's log, at level info */
};

struct effect {
	enum effect_kind kind; /* what to do */
	struct conn_id conn;  /* the connection, if the kind concerns one */
	struct conn_id about; /* ARRIVED: the connection asked about */
	uint32_t feed;        /* PUBLISH, SKIP, MARK, SUBSCRIBE, WATCH, UNWATCH; less than chat_feeds_max() */
	const char *text;     /* of most kinds, as they say; NUL-terminated or of len bytes; valid until the
	                       * next chat_step */
	size_t len;           /* bytes in text; 0: there is nothing to send */
	uint64_t seq;         /* PUBLISH: the record of that line; 0: a notice, visible in its turn */
	bool waits;           /* SEND, SEND_ALL: conn has not asked for it, so EFFECT_HOLD holds it back */
	struct line_info line; /* PUBLISH, SEND, SEND_ALL: what kind of line text is, for views */
	union {
		struct view_style view; /* VIEW */
		struct {
			uint32_t prompt_bytes; /* how much of text is the prompt */
			uint32_t cursor; /* where the cursor stands: bytes of what follows the prompt */
			bool clear;       /* clear the screen first */
		} input;              /* INPUT */
		struct record record; /* APPEND */
		struct query query;   /* QUERY */
	};
};

#endif
