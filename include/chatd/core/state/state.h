/*
 * The chat's own data. For the core's files alone.
 *
 * struct chat owns everything here. Sessions live in a table by slot and never
 * move; rooms are allocated one by one and live while they have members or
 * history. A session is in its room's member list exactly while its room is set.
 */
#ifndef CHATD_CORE_STATE_STATE_H
#define CHATD_CORE_STATE_STATE_H

#include "chatd/base/bounds.h"
#include "chatd/base/hash.h"
#include "chatd/base/time_format.h"
#include "chatd/base/token_bucket.h"
#include "chatd/core/chat.h"
#include "chatd/core/input/line.h"
#include "chatd/core/input/slip.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/people/origin.h"
#include "chatd/core/people/share.h"
#include "chatd/core/rooms/outage.h"
#include "chatd/core/state/serve.h"

struct account;
struct ban;
struct command;
struct dialogue;
struct filter;
struct forgotten;
struct resumable;
struct guess;
struct membership;
struct ejection;
struct invite;
struct mail;
struct question;
struct report;
struct room;

enum session_state {
	SESSION_FREE,   /* the slot has no connection */
	SESSION_LOGIN,  /* is asked for a name */
	SESSION_HOST,   /* is whoever administers the host, by commands; has no name and no room */
	SESSION_CHAT,   /* has a name and a room */
	SESSION_ENDED,  /* is over: chat_session knows it no more, nothing is sent to it, and its
	                 * memory goes at the end of the step (session_reap) */
};

/* Bans, or mutes, of a room or of the whole server; see ban.h. */
struct ban_list {
	struct ban *first;          /* oldest first */
	uint32_t n;
};

/* All bans and mutes (ban.h). By kind: enum ban_kind. */
struct bans {
	struct ban *all;            /* owned; oldest first */
	uint32_t n[2];              /* of each kind; at most BANS_MAX, and those that are over and still
	                             * in the store */
	struct ban_list everywhere[2]; /* those that hold on the whole server */
	uint32_t nrooms[2];         /* those that hold in a room, of all rooms */
	int64_t due_ms;             /* when the first of all may be over; INT64_MAX: never */
};

/* Words that may not be said (filter.h). */
struct filters {
	struct filter *words, *beginnings; /* owned hashes, by word: n together */
	uint32_t n;
};

/* Only accounts may come in or speak (lockdown.h). */
struct lockdown {
	int64_t until_ms;           /* until then; 0: all may */
	char *by;                   /* owned; the nick of who said so; NULL while 0 */
};

/* Those who are about to be put out (eject.h). */
struct ejections {
	struct ejection *first;          /* in that order */
	bool due;                   /* some could not be put out for want of room in the effects */
};

struct session {
	struct conn_id id;          /* gen 0 exactly while FREE */
	enum session_state state;
	struct question *questions; /* owned; of it, oldest first: of those that hold its input one at
	                             * the most, or two where it came into a room meanwhile */
	void (*settled)(struct chat *c, struct session *s); /* what it is told once its room's replay is
	                             * there; NULL: nothing more */
	void (*after_replay)(struct chat *c, struct session *s); /* what follows each replay, behind what
	                             * `settled` says; until it is NULL again the session does not end */
	uint8_t tries;              /* empty names given so far */
	uint8_t wrong;              /* lines given in place of a name, and names that it may not bear */
	bool iac_held;              /* true while a last byte IAC waits for the next */
	bool crlf;                  /* true if lines to it end with CR LF: it was a telnet client
	                             * when it came into its room */
	bool slow;                  /* between EVENT_SLOW and EVENT_DRAINED */
	bool throttled;             /* true exactly while in chat.throttled */
	bool throttle_told;         /* has been told in this episode that it is too fast */
	bool address_told;          /* and that its address is */
	bool waits_for_address;     /* is throttled because of it: counted in rate_shared's waiting */
	bool trusted;               /* administers the host: an administrator without an account */
	bool superseded;            /* ends because its bearer has come back: nobody is told */
	bool farewell;              /* it ends with words of its own, for the room */
	bool greeted;               /* has read the banner */
	bool heard;                 /* has sent something */
	bool held;                  /* its feed is held back until its room's replay is there */
	bool eof;                   /* has sent its last byte: what it had begun is taken, and it ends,
	                             * once it may go on (input_finish) */
	bool finishing;             /* true exactly while in chat.finishing */
	struct telnet *telnet;      /* owned; NULL for raw clients */
	struct line line;           /* the unfinished line */
	struct slip slip;           /* what it has typed by mistake */
	uint32_t outage;            /* number of the outage in which it was connected; 0: in none */
	uint32_t turn_lines;        /* that it may send before others of its address who wait */
	struct rate rate;           /* of what it sends */
	int64_t delayed_ms;         /* how long its input has waited for a pace, less the time in
	                             * which it did not, as of delay_at_ms; at least 0 */
	int64_t delay_at_ms;        /* when it began to wait or to go on */
	int64_t muted_until_ms;     /* nothing it says is passed on before; 0: never was */
	struct strikes strikes;     /* of this session, where its address is exempt; else see origin */
	struct address from;        /* where it comes from */
	struct origin *origin;      /* and what is counted there; held */
	uint64_t token;             /* what its /resume code is made of */
	struct account *account;    /* that it is signed in to; NULL: a guest */
	struct dialogue *dialogue;  /* owned; the question that its next line answers; NULL: none */
	const char *command;        /* the command that it gave last, by its name in the table; NULL:
	                             * none */
	char *nick, *key;           /* owned; NULL until named; of the HOST "the host" and "" */
	uint64_t skeletons[2];          /* skeleton_hash of what its name looks like: the key, as written */
	uint64_t named_seq;         /* the newest record when it got its name */
	uint64_t back_seq;          /* a room that it was marked in after this record it comes back to */
	struct room *room;          /* NULL until named */
	uint32_t room_pos;          /* index in room->members */
	bool voiced;                /* a guest who has a voice while in its room */
	struct invite *invited;     /* owned, ninvited of INVITES_MAX: rooms it may come into until
	                             * it ends; NULL while 0 */
	uint32_t ninvited;
	int64_t slow_ms;            /* said something last in a room that is slow; 0: never */
	uint64_t said_id;           /* of what it said last in its room; 0: nothing */
	struct arrival arrived;     /* once its connection is gone: what of its room it got */
	bool seen_known;            /* what its name had seen of its room before, it knows: the replay was
	                             * there, or history_recall's answer */
	bool replay_of_other;       /* the replay that is on its way was asked for another name of its */
	struct ranges gaps;         /* lines of its room that have not been shown: /catchup does */
	struct ranges gaps_were;    /* and had not before /catchup showed some, */
	uint64_t caught_up_at;      /* when this was the newest line of its room; 0: it has not */
	bool caught_up;             /* it has since what it has seen was saved last */
	uint64_t seen_id;           /* up to which that was saved since it came there; 0: not yet */
	uint64_t joined_id;         /* newest line of its room when it came there */
	uint64_t shown_from;        /* id of the first line of its room that it was shown, or of the
	                             * first that it may be shown live */
	uint64_t mail_shown;        /* number of the newest message of its account that it was shown
	                             * and that is kept until it has arrived; 0: none is */
	uint64_t mail_at;           /* newest line, anywhere, when it was; and the time */
	int64_t mail_shown_ms;
	struct conn_id reply_to;    /* who wrote to it last with /msg; gen 0: nobody */
	char *away;                 /* owned; "" without a text, NULL while here */
	char **ignored;             /* owned keys, nignored of IGNORES_MAX; NULL while 0 */
	uint32_t nignored;
	int64_t since_ms;           /* connected, or named */
	int64_t said_ms;            /* said or did something last */
	struct ejection *ejection;  /* owned; it is about to be put out; NULL: it is not */
	struct session *prev, *next; /* in chat.login (LOGIN) or chat.ended (ENDED) */
	struct session *finish_prev, *finish_next; /* in chat.finishing */
	struct session *slow_prev, *slow_next; /* in chat.throttled */
	uint32_t unnamed_pos;       /* while LOGIN: index in chat.unnamed */
	struct session *ign_prev, *ign_next; /* in room->ignorers while nignored > 0 */
	UT_hash_handle hh;          /* in chat.nicks, by key */
};

/* What a room is like; the table in setting.c says who may set what. */
struct room_settings {
	bool topic_lock;            /* operators alone set the topic */
	bool private;               /* unlisted, and nobody comes in who was not invited */
	bool moderated;             /* only those who have a voice speak */
	bool history;               /* what is said is saved */
	bool open_history;          /* of a private room: also to those who were not yet invited */
	bool permanent;             /* stays also without people and lines */
	uint32_t slow_s;            /* a person says one line in so many seconds; 0: as many as they like */
	uint32_t days, lines;       /* how long lines are kept, and how many; 0: as configured */
	uint32_t replay;            /* lines shown on joining, plus 1; 0: as configured */
	char *hash;                 /* owned; of the password; NULL: it asks for none */
	uint64_t lock;              /* another number with each change of it */
};

/* More than one has spoken in a room (room.alone), or it is not known. No principal is called so. */
#define ROOM_SEVERAL "several"

struct room {
	uint32_t slot;              /* index in chat.rooms; its feeds are 2*slot, 2*slot + 1 */
	uint32_t number;            /* in the store; never used again */
	char *name, *key, *topic;   /* owned; topic "" for none */
	struct session **members;   /* owned array */
	uint32_t nmembers, members_cap;
	uint32_t ncrlf;             /* members whose lines end with CR LF */
	struct session *ignorers;   /* members who ignore somebody */
	uint64_t last_id;           /* of its newest line; 0: it has no history */
	int64_t last_ms;            /* when that was said */
	uint64_t deleted_seq;       /* newest record that deletes a line of it; 0: none */
	struct gap gap;             /* what its history is to say that it lacks */
	bool stored;                /* the store knows its number */
	bool kept;                  /* it is a fact in the store, with its settings */
	bool closed;                /* private, or with a password: not all may read it */
	bool gone;                  /* is removed: neither a name nor a number leads to it, and it is
	                             * freed when the last of its members has been put out */
	char *doom;                 /* owned; the nick of who has it removed; NULL: nobody */
	char *maker;                /* owned; who made it (share_who); "": not known */
	char *alone;                /* owned; the one who ever spoke in it (share_who_address); "": nobody
	                             * has; ROOM_SEVERAL: more than one, or it is not known */
	int64_t made_ms;            /* when; 0: not known */
	struct share *share;        /* that it is counted in, as */
	enum share_kind counted;    /* ROOMS or OWNED: its owner's, or else its maker's */
	struct membership *owner;        /* in grants; NULL: nobody owns it */
	uint64_t mark;              /* chat.mark as it was when somebody was found to be something here */
	struct room_settings set;   /* what it is like */
	struct {
		char *key, *by;     /* owned; of the account that may have the room, and the nick of who
		                     * offered it; NULL: it is not offered */
		int64_t made_ms;    /* when that account was made */
		int64_t at_ms;      /* when it was offered; holds for OFFER_MS */
	} offer;
	struct membership *memberships; /* owned hash; nmemberships of at most MEMBERSHIPS_MAX: who is
	                             * what in it */
	uint32_t nmemberships;
	struct ban_list bans[2];    /* owned; by enum ban_kind: who may not come in, or speak */
	struct bucket tries;         /* at its password, from everywhere */
	struct bucket notices;       /* pace of joins and leaves read one by one */
	uint32_t sum_joined, sum_left; /* waiting to be summed up */
	char *sum_nick;             /* owned; of the first of them */
	int64_t sum_due_ms;         /* when; 0 exactly while not in chat.sums */
	struct room *sum_prev, *sum_next;
	UT_hash_handle hh;          /* in chat.by_key */
	UT_hash_handle hh_number;   /* in chat.by_number */
};

struct chat {
	struct chat_config config;
	const struct command *commands; /* the table, handed in by chat.c; ends with name NULL */
	int64_t now_ms;             /* of the event being handled: durations go by it */
	int64_t wall_ms;            /* of it too: dates that are shown or saved go by it */
	uint64_t seq;               /* of the newest record */
	uint64_t line_seq;          /* of the newest line, its id, or that deletes one */
	uint64_t stored_seq;        /* up to which all is saved */
	uint32_t last_room;         /* newest room number */
	bool more;                  /* true while more of the same input waits behind a line */
	bool stopping;              /* after EVENT_STOP */
	char *store_failed;         /* owned reason while nothing can be saved; else NULL */
	struct outage outage;       /* what is done then */

	struct session *sessions;   /* by slot: nslots of them */
	struct origin **held;       /* and by slot too: whose connection has it, from its admission to
	                             * RELEASED; NULL: nobody's */
	bool *held_exempt;          /* and whether its address had no limits then */
	uint32_t nheld;             /* of them, those that are not NULL */
	uint32_t nslots;            /* config.connections_max, and CONTROL_SLOTS */
	struct session *nicks;      /* hash of the named, by key */
	struct session *login;      /* unnamed, oldest first */
	struct session **unnamed;   /* the same, nunnamed of nslots, in any order: to be drawn from */
	uint32_t nunnamed;
	struct session *ungreeted;  /* the first of them that may not be greeted yet; NULL: none */
	struct session *throttled;  /* whose input waits for its pace */
	int64_t throttle_due_ms;    /* when the first of them may go on; INT64_MAX: none */
	struct session *finishing;  /* that have sent their last byte and may perhaps go on: looked at
	                             * when the step ends */
	struct session *ended;      /* and those that are over: reaped then */
	struct question *questions; /* owned; the server's own */
	struct question *delayed;   /* questions that wait before they are asked, the next first */
	uint64_t question_number;   /* newest number of a question */
	uint32_t people;            /* named sessions */
	struct serve serve;         /* what administrators are told of, and have ordered */

	struct room *rooms[ROOMS_MAX]; /* by slot; NULL: free */
	uint32_t rooms_top;         /* slots below it may be in use */
	uint32_t rooms_low;         /* and those below this one all are */
	uint64_t mark;              /* of access_mark; counts up */
	uint32_t ndoomed;           /* rooms that are about to be removed, and were not yet */
	bool clock_doubted;         /* what goes because it is old waits */
	int64_t rooms_look_ms;      /* when silent rooms are looked for next; 0: no event was yet */
	int64_t rooms_ahead_ms;     /* so much was wall_ms ahead of now_ms at the last look */
	uint32_t nrooms;
	uint32_t nclosed;           /* rooms that are closed */
	uint32_t nmemberships;           /* in all rooms; at most MEMBERSHIPS_ALL_MAX, and the owners' */
	struct room *by_key, *by_number; /* hashes */
	struct room *lobby;         /* "general"; always there */
	struct account *accounts, *skeletons, *shown; /* hashes, by key and by their looks */
	uint32_t naccounts;
	uint64_t account_number;    /* newest number of an account, or of its secrets */
	int64_t account_made_ms;    /* when the newest account was made; no two are at one time */
	struct account *keepers;    /* those that have a role: moderators and administrators */
	struct mail *mails;         /* messages that wait for their accounts, nmail of them */
	uint32_t nmail;
	uint32_t mails_shown;       /* sessions that have some on their screen which are kept until they
	                             * have arrived: whose mail_shown is not 0 */
	struct shares shares;       /* how much of the tables is whose */
	struct forgotten *forgets;  /* owned hash; facts to be removed from the store (forget.h) */
	struct address exempt[EXEMPT_MAX]; /* nexempt blocks that have no limits by address */
	uint32_t nexempt;
	char refusal[REFUSAL_BYTES_MAX]; /* what the last one reads who was refused */
	struct bucket refused_log;   /* words in the log about that; slow_* */
	struct origins origins;     /* addresses, for their limits */
	struct guess *guesses;      /* owned hash: what each address has tried */
	struct guess *guesses_oldest; /* the same as a list, tried longest ago first */
	uint32_t nguesses;          /* at most GUESSES_MAX */
	int64_t guesses_swept_ms;   /* when those that say nothing any more were forgotten */
	struct report *reports;     /* owned, oldest first: nreports of at most REPORTS_MAX */
	uint32_t nreports;
	bool reports_unsaved;       /* some of them are still to be saved as they are now */
	struct resumable *resumables;       /* guests who were cut off, oldest first */
	uint32_t nresumables;

	uint32_t seen_slot, seen_left; /* whose connection is asked next what has arrived there, and how
	                             * many are to be asked until nobody is; see seen.h */
	int64_t seen_ms;            /* and when, while there are some */

	struct room *sums;          /* rooms with joins and leaves to be summed up */

	struct bans bans;
	struct filters filters;
	struct lockdown lockdown;
	uint32_t guards;            /* mutes, filters and the lockdown: while there is any, what is said is
	                             * looked at (moderation_bars) */
	struct ejections ejections;

	struct effect *effects;     /* EFFECTS_MAX + nslots */
	size_t neffects;
	char *arena;                /* ARENA_BYTES; text of the effects */
	size_t arena_len;
	bool secret;                /* the arena has a password or a code in it: it is cleared */
	struct stamp_cache stamp;
	char body[BODY_BYTES_MAX + 1]; /* the neutralised input line */
	struct bytes scratch;       /* lists being put together; free between uses */
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
	return c->store_failed == NULL || c->outage.low;
}

#endif
