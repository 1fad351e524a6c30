/*
 * The chat's own data, for the core's files only.
 *
 * struct chat owns everything here. Sessions and rooms are allocated one by one; a session
 * lives until the end of the step in which it ends, a room while it has members or history. A session is in its room's member list exactly while its room is set.
 *
 * What a module keeps in a session, a room or the chat is a struct of its own, in
 * the module's header; the fields of struct chat are grouped like the core's folders.
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
#include "chatd/core/entry/welcome.h"
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
#include "chatd/core/rooms/mention.h"
#include "chatd/core/rooms/outage.h"
#include "chatd/core/rooms/presence.h"
#include "chatd/core/rooms/removal.h"
#include "chatd/core/rooms/seen.h"
#include "chatd/core/rooms/setting.h"
#include "chatd/core/rooms/watch.h"
#include "chatd/core/state/cluster.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/question.h"
#include "chatd/core/state/server_status.h"
#include "chatd/core/state/tables.h"

struct command;
struct dialogue;
struct forgotten;

enum session_state {
	SESSION_LOGIN,  /* at the name prompt */
	SESSION_HOST,   /* a control connection, for the host's administrator: gives commands, and has
	                 * no room and no name of its own */
	SESSION_CHAT,   /* has a name and a room */
	SESSION_ENDED,  /* over: chat_session no longer finds it, nothing is sent to it, and it is freed
	                 * at the end of the step (reap in chat.c) */
};

struct session {
	struct conn_id id;          /* its connection */
	enum session_state state;   /* where it is between connecting and its end */
	struct address from;        /* the address it connected from */
	bool trusted;               /* it administers the host: an administrator without an account */
	struct origin *origin;      /* the counters of that address; held */
	char *nick, *key;           /* owned; its name and the key of it; NULL until named; for HOST
	                             * "the host" and "" */
	struct account *account;    /* the account it is signed in to; NULL: a guest */
	struct room *room;          /* the room it is in; NULL until named */
	struct question *questions; /* owned; questions it waits for, oldest first. At most one of them
	                             * holds its input, or two if it entered a room in the meantime */
	struct dialogue *dialogue;  /* owned; the question that its next line answers; NULL: none */
	struct person person;       /* who it is to other nodes */
	struct input input;         /* what it types */
	struct unnamed unnamed;     /* its time at the name prompt */
	struct resume resume;       /* how a guest gets the name back after a lost connection */
	struct member member;       /* its place in the room */
	struct replay replay;       /* the room's replay */
	struct reading reading;     /* how far it has read the room */
	struct presence presence;   /* what others see of it */
	struct invites invites;     /* a guest's invitations */
	struct mail_view mail;      /* what it was shown of its mail */
	struct mentioned mentioned; /* its words, and what it was told of lines that mention it */
	struct session *prev, *next; /* in unnamed_sessions.login (LOGIN), chat.people.ended (ENDED) */
	UT_hash_handle hh;          /* in chat.people.by_key */
};

struct room {
	uint32_t slot;              /* index in chat.rooms.slot; its feeds are 2*slot and 2*slot + 1 */
	uint32_t number;            /* its number in the store; never reused */
	char *name, *key, *topic;   /* owned; topic "" for none */
	bool stored;                /* the store knows its number */
	bool kept;                  /* it is saved as a fact, with its settings */
	bool closed;                /* it is private or has a password: not everyone may read it */
	bool gone;                  /* it was removed: it is not found by name or number any more, and
	                             * is freed when its last member has left */
	char *doom;                 /* owned; it is about to be removed, by the person with this nick;
	                             * NULL: it is not */
	uint64_t mark;              /* equals chat.rooms.mark if the session that access_mark was last
	                             * called for has a role or an invitation here, or is here */
	struct making made;         /* who made it, and in whose share it counts */
	struct members members;     /* who is in it */
	struct watchers watchers;   /* who watches it */
	struct room_lines lines;    /* what the core knows about its lines */
	struct join_sum sum;        /* joins and leaves that are summed up */
	struct memberships memberships; /* who has which role in it */
	struct room_settings set;   /* its settings */
	struct {
		char *key, *by;     /* owned; key of the account that may take over the room, and nick of
		                     * the person who offered it; NULL: it is not offered */
		int64_t made_ms;    /* when that account was made */
		int64_t at_ms;      /* when the offer was made; it is valid for OFFER_MS */
	} offer;
	struct ban_list bans[BAN_KINDS]; /* owned; its bans and mutes */
	struct bucket tries;        /* tries at its password, from all addresses together */
	UT_hash_handle hh;          /* in chat.rooms.by_key */
	UT_hash_handle hh_number;   /* in chat.rooms.by_number */
};

struct chat {
	struct chat_config config;  /* what is configured */
	const struct command *commands; /* the table, set by chat.c; ends with name NULL */
	int64_t now_ms;             /* time of the event being handled, for durations */
	int64_t wall_ms;            /* time of the event being handled, for dates shown or saved */
	int64_t started_ms;           /* wall-clock time of the first event */
	bool stopping;              /* EVENT_STOP has come */
	struct records records;     /* numbers of the records appended and saved */
	struct outage outage;       /* the time while nothing can be saved */
	struct server_status status; /* what administrators are warned of, and what they have scheduled or
	                             * started */
	struct cluster cluster;     /* the nodes of which this chat is one */
	struct questions questions; /* questions that are not answered yet */
	struct output output;       /* the effects of this step */
	struct stamp_cache stamp;   /* the time stamp last shown */
	struct bytes scratch;       /* for building lists; free between uses */

	struct {
		bool more;          /* more of the same input follows the line being handled */
		char body[BODY_BYTES_MAX + 1]; /* that line, sanitized */
		struct throttled throttled; /* sessions whose input is delayed */
		struct session *consoles; /* sessions whose line is to be drawn, or that are to be sent
		                     * their list of channels */
	} input;

	struct {
		struct session **sessions; /* owned, by slot; nslots places; NULL: the slot is free */
		uint32_t nslots;    /* config.connections_max + CONTROL_SLOTS */
		struct session *by_key; /* hash of the sessions with a name; n of them */
		struct name_shapes shapes; /* of these names */
		uint32_t nviews;    /* how many sessions have input.console.view set */
		uint32_t n;         /* how many people have a name */
		struct session *finishing; /* sessions that have sent their last byte and may be able to
		                     * go on: checked when the step ends */
		struct session *ended; /* sessions that are over: freed when the step ends */
		struct unnamed_sessions unnamed; /* connections without a name */
		struct accounts accounts; /* all accounts */
		struct mails mail;  /* all messages kept for accounts that are away */
		struct origins origins; /* addresses, for their limits */
		struct shares shares; /* how much of each table belongs to whom */
		struct highlights highlights; /* words that people want to be told of */
		struct forgotten *forgets; /* owned hash; facts to be deleted from the store (forget.h) */
	} people;

	struct {
		struct room *slot[ROOMS_MAX]; /* owned; NULL: free */
		uint32_t top;       /* all slots from this one on are free */
		uint32_t low;       /* all slots below this one are in use */
		uint32_t n;         /* how many rooms there are */
		struct room *by_key, *by_number; /* hashes of all rooms that are not gone */
		bool unsorted;      /* by_number is not in the order of the numbers (rooms_in_order) */
		struct room *lobby; /* where people start; it always exists */
		uint32_t last_number; /* newest room number */
		uint32_t nclosed;   /* rooms that are closed */
		uint32_t nmemberships; /* in all rooms; at most MEMBERSHIPS_ALL_MAX, plus the owners' */
		uint64_t mark;      /* number of the newest access_mark; counts up */
		bool left;          /* a room's watchers.left is set */
		struct room *sums;  /* rooms with joins and leaves to be summed up */
		struct seen_round seen; /* the round that saves read marks */
		struct room_removal removal; /* rooms that are to be removed */
		struct bans bans;   /* all bans and mutes, of rooms and of the whole server */
		struct ejections ejections; /* people who are about to be removed */
		struct mentions mentions; /* people who are about to be told of lines that mention them */
	} rooms;

	struct {
		uint32_t guards;    /* how many mutes and filters there are, and the lockdown: unless it is
		                     * 0, lines are checked before they are said (moderation_bars) */
		struct filters filters; /* words that may not be said */
		struct lockdown lockdown; /* whether guests are kept out */
		struct reports reports; /* reports of lines */
	} moderation;

	struct {
		struct admission admission; /* which connections are let in */
		struct guesses guesses; /* tries at passwords and codes */
		struct resumables resumables; /* guests who may come back with a code */
		struct welcome welcome; /* the server's name, and the operator's texts */
	} entry;
};

/* Converts a date to the clock of now_ms, on which it comes unless the host's clock is set in the
 * meantime. INT64_MAX (never) stays INT64_MAX. */
static inline int64_t chat_due_at(const struct chat *c, int64_t wall_ms)
{
	return wall_ms == INT64_MAX ? INT64_MAX : wall_ms - c->wall_ms + c->now_ms;
}

/* Why nothing can be saved here; NULL: it can. What all nodes of a cluster do, they do in any case: a node whose disk
 * is full applies no more acts. */
static inline const char *chat_outage(const struct chat *c)
{
	return c->cluster.applying ? NULL : c->outage.reason;
}

/* Whether records other than lines (moderation, removals, accounts) can be saved: they can even while
 * disk_reserve keeps lines from being saved. */
static inline bool chat_can_save(const struct chat *c)
{
	return c->cluster.applying || c->outage.reason == NULL || c->outage.low;
}

#endif
