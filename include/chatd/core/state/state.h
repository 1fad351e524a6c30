/*
 * The chat's own data. For the core's files alone.
 *
 * struct chat owns everything here. Sessions live in a table by slot and never
 * move; rooms are allocated one by one and live while they have members or
 * history. A session is in its room's member list exactly while its room is set.
 *
 * What a module keeps in a session, a room or the chat is a struct of its own, in
 * its own header; the fields of struct chat are grouped like the core's folders.
 * No other header includes this one.
 */
#ifndef CHATD_CORE_STATE_STATE_H
#define CHATD_CORE_STATE_STATE_H

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/hash.h"
#include "chatd/base/time_format.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/chat.h"
#include "chatd/core/entry/admission.h"
#include "chatd/core/entry/guess.h"
#include "chatd/core/entry/resume.h"
#include "chatd/core/input.h"
#include "chatd/core/input/rate_limit.h"
#include "chatd/core/moderation/filter.h"
#include "chatd/core/moderation/lockdown.h"
#include "chatd/core/moderation/report.h"
#include "chatd/core/people/account.h"
#include "chatd/core/people/mail.h"
#include "chatd/core/people/origin.h"
#include "chatd/core/people/share.h"
#include "chatd/core/people/unnamed.h"
#include "chatd/core/rooms/access.h"
#include "chatd/core/rooms/ban.h"
#include "chatd/core/rooms/eject.h"
#include "chatd/core/rooms/history.h"
#include "chatd/core/rooms/join.h"
#include "chatd/core/rooms/making.h"
#include "chatd/core/rooms/membership.h"
#include "chatd/core/rooms/outage.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/server_status.h"

struct command;
struct dialogue;
struct forgotten;

enum session_state {
	SESSION_FREE,   /* the slot has no connection */
	SESSION_LOGIN,  /* is asked for a name */
	SESSION_HOST,   /* is whoever administers the host, by commands; has no name and no room */
	SESSION_CHAT,   /* has a name and a room */
	SESSION_ENDED,  /* is over: chat_session knows it no more, nothing is sent to it, and its
	                 * memory goes at the end of the step (session_reap) */
};

struct session {
	struct conn_id id;          /* gen 0 exactly while FREE */
	enum session_state state;
	struct address from;        /* where it comes from */
	struct origin *origin;      /* and what is counted there; held */
	bool trusted;               /* administers the host: an administrator without an account */
	char *nick, *key;           /* owned; NULL until named; of the HOST "the host" and "" */
	uint64_t skeletons[2];      /* skeleton_hash of its name: of the key, and as written */
	struct account *account;    /* that it is signed in to; NULL: a guest */
	struct room *room;          /* NULL until named */
	struct question *questions; /* owned; its own, oldest first: of those that hold its input one at
	                             * the most, or two if it came into a room meanwhile */
	struct dialogue *dialogue;  /* owned; the question that its next line answers; NULL: none */
	struct input input;
	struct throttle throttle;
	struct unnamed unnamed;
	struct resume resume;
	struct member member;
	struct replay replay;
	struct reading reading;
	struct presence presence;
	struct invites invites;
	struct mail_view mail;
	struct session *prev, *next; /* in unnamed_sessions.login (LOGIN) or chat.people.ended (ENDED) */
	UT_hash_handle hh;          /* in chat.people.by_key */
};

struct room {
	uint32_t slot;              /* index in chat.rooms.slot; its feeds are 2*slot, 2*slot + 1 */
	uint32_t number;            /* in the store; never used again */
	char *name, *key, *topic;   /* owned; topic "" for none */
	bool stored;                /* the store knows its number */
	bool kept;                  /* it is a fact in the store, with its settings */
	bool closed;                /* private, or with a password: not all may read it */
	bool gone;                  /* is removed: neither a name nor a number leads to it, and it is
	                             * freed when the last of its members has left */
	char *doom;                 /* owned; the nick of who has it removed; NULL: nobody */
	uint64_t mark;              /* chat.rooms.mark as it was when somebody was found to be something
	                             * here */
	struct making made;
	struct members members;
	struct room_lines lines;
	struct join_sum sum;
	struct memberships memberships;
	struct room_settings set;   /* what it is like */
	struct {
		char *key, *by;     /* owned; of the account that may have the room, and the nick of who
		                     * offered it; NULL: it is not offered */
		int64_t made_ms;    /* when that account was made */
		int64_t at_ms;      /* when it was offered; holds for OFFER_MS */
	} offer;
	struct ban_list bans[BAN_KINDS]; /* owned; who may not come in, or speak */
	struct bucket tries;        /* at its password, from everywhere */
	UT_hash_handle hh;          /* in chat.rooms.by_key */
	UT_hash_handle hh_number;   /* in chat.rooms.by_number */
};

struct chat {
	struct chat_config config;
	const struct command *commands; /* the table, handed in by chat.c; ends with name NULL */
	int64_t now_ms;             /* of the event being handled: durations go by it */
	int64_t wall_ms;            /* of it too: dates that are shown or saved go by it */
	bool stopping;              /* after EVENT_STOP */
	struct records records;
	struct outage outage;       /* what is done while nothing can be saved */
	struct server_status status;         /* what administrators are told of, and have ordered */
	struct questions questions;
	struct output output;
	struct stamp_cache stamp;
	struct bytes scratch;       /* lists being put together; free between uses */

	struct {
		bool more;          /* true while more of the same input waits behind a line */
		char body[BODY_BYTES_MAX + 1]; /* the sanitized line */
		struct throttled throttled;
	} input;

	struct {
		struct session *sessions; /* owned, by slot: nslots of them */
		uint32_t nslots;    /* config.connections_max, and CONTROL_SLOTS */
		struct session *by_key; /* hash of the named; n of them */
		uint32_t n;
		struct session *finishing; /* that have sent their last byte and may perhaps go on: looked
		                     * at when the step ends */
		struct session *ended; /* and those that are over: reaped then */
		struct unnamed_sessions unnamed;
		struct accounts accounts;
		struct mails mail;
		struct origins origins; /* addresses, for their limits */
		struct shares shares; /* how much of the tables is whose */
		struct forgotten *forgets; /* owned hash; facts to be removed from the store (forget.h) */
	} people;

	struct {
		struct room *slot[ROOMS_MAX]; /* owned; NULL: free */
		uint32_t top;       /* slots below it may be in use, */
		uint32_t low;       /* and those below this one all are */
		uint32_t n;
		struct room *by_key, *by_number; /* hashes */
		struct room *lobby; /* "general"; always there */
		uint32_t last_number; /* newest room number */
		uint32_t nclosed;   /* rooms that are closed */
		uint32_t nmemberships; /* in all rooms; at most MEMBERSHIPS_ALL_MAX, and the owners' */
		uint64_t mark;      /* of access_mark; counts up */
		struct room *sums;  /* rooms with joins and leaves to be summed up */
		struct seen_round seen;
		struct room_removal removal;
		struct bans bans;
		struct ejections ejections;
	} rooms;

	struct {
		uint32_t guards;    /* mutes, filters and the lockdown: while there is any, what is said is
		                     * looked at (moderation_bars) */
		struct filters filters;
		struct lockdown lockdown;
		struct reports reports;
	} moderation;

	struct {
		struct admission admission;
		struct guesses guesses;
		struct resumables resumables;
	} entry;
};

/* When a date comes, by the clock that durations go by, if the host's clock is not set meanwhile.
 * INT64_MAX: never, as wall_ms. */
static inline int64_t chat_due_at(const struct chat *c, int64_t wall_ms)
{
	return wall_ms == INT64_MAX ? INT64_MAX : wall_ms - c->wall_ms + c->now_ms;
}

/* What is no line (orders, removals, accounts) can be saved: also where only disk_reserve keeps
 * lines back. */
static inline bool chat_can_save(const struct chat *c)
{
	return c->outage.reason == NULL || c->outage.low;
}

#endif
