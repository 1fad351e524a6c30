/*
 * The bounds of every queue, table and loop, by name.
 *
 * Each says what it counts and why it has that size. Where one bound relies on
 * another, a static assertion at the end of this file says so.
 */
#ifndef CHATD_BASE_BOUNDS_H
#define CHATD_BASE_BOUNDS_H

#include "chatd/base/clock.h"

/* Of a time in a database, in ms since 1970: a day before the year 10000, so that it is shown with
 * four digits in each zone, and sums of a few of them do not overflow. */
#define TIME_MS_MAX 253402214400000LL

enum {
	/* -- names ------------------------------------------------------------ */
	NICK_CHARS_MAX = 32,    /* code points in a nick */
	ROOM_CHARS_MAX = 64,    /* code points in a room's name */
	NAME_BYTES_MAX = 256,   /* bytes of a nick or room name as typed: 64 x 4 */
	NAME_KEY_BYTES_MAX = 512, /* bytes of its case-folded key; longer ones are refused */
	NAME_SKELETON_BYTES_MAX = 1024, /* bytes of what a name looks like; cut there */
	NAME_PROBLEM_BYTES_MAX = NAME_BYTES_MAX * 2 + 160, /* a sentence about two names */
	NAME_ACCENTS_MAX = 2,   /* accents on one letter of a name: more are drawn over the lines
	                         * above and below ("zalgo") */
	NAME_MARKS_MAX = 4,     /* and marks of all kinds that take no room of their own: Burmese and
	                         * Tibetan have so many (UTS 39, 5.4) */
	PASSWORD_BYTES_MAX = 511, /* bytes of a password: libcrypt takes no more */

	/* -- lines ------------------------------------------------------------ */
	LINE_BYTES_DEFAULT = 1024, /* line_bytes_max when not configured */
	LINE_BYTES_LIMIT = 4096,   /* the most that line_bytes_max may be set to */
	LINE_BYTES_LEAST = 64,     /* the least: commands must still fit */
	TEXT_EXPANSION = 4,     /* bytes out per byte in when a line is neutralised:
	                         * a tab becomes four spaces, two bytes of C1 become eight */
	BODY_BYTES_MAX = LINE_BYTES_LIMIT * TEXT_EXPANSION, /* a neutralised line */
	LINE_HEAD_BYTES_MAX = NAME_BYTES_MAX * 2 + 96, /* stamps, names and marks around it */
	TOPIC_CHARS_MAX = 200,  /* code points of a room's topic: one line on a wide terminal */
	TOPIC_BYTES_MAX = TOPIC_CHARS_MAX * 4,

	/* -- what one step of the core may leave ------------------------------- */
	EFFECTS_MAX = 1024,     /* effects of one chat_step, and one more for each connection, which
	                         * may have to be told that a line is not for it */
	EFFECTS_PER_LINE_MAX = 128, /* effects that one input line can cause beside those */
	ARENA_BYTES = 2 << 20,  /* text of one chat_step's effects */
	ARENA_INPUT_BYTES = 128 << 10, /* of these, beyond which a step takes no further line of its
	                         * input: many short commands with long answers are not one turn */
	ARENA_PER_LINE_MAX = 256 << 10, /* text that one input line can cause */

	/* -- people and rooms -------------------------------------------------- */
	CONNECTIONS_DEFAULT = 1024,
	CONNECTIONS_LIMIT = 1 << 20, /* the most max_connections may be: slots are 20 bits */
	CONTROL_SLOTS = 8,      /* connections over the control socket, beyond max_connections: whoever
	                         * runs chatd comes in also when it is full */
	UNNAMED_FREE_PARTS = 4, /* one of so many parts of the room that named people leave is kept free:
	                         * beyond the others, connections without a name are ended by chance */
	UNNAMED_DRAWN = 8,      /* of them, out of which that is ended whose address has the most: so
	                         * an address with half of them nearly always loses one */
	FULL_FREE_PARTS = 64,   /* one of so many parts of max_connections: where less is free, the chat is
	                         * nearly full, and addresses with many connections make way */
	FULL_DRAWN = 16,        /* connections out of which that is ended whose address has the most */
	FULL_ADDRESS_LEAST = 8, /* and an address with fewer than these keeps all of its own */
	FULL_ACCOUNTS_LEAST = 32, /* the same for those of its connections that are signed in */
	SITE_SHARES = 16,       /* an IPv6 /48 may have of everything as much as so many addresses */
	SITE_WEIGHT = 4,        /* and where somebody has to make way, so many connections of it weigh as
	                         * much as one of an address */
	ROOMS_MAX = 10000,      /* rooms with people or history; one more is refused */
	ROOMS_GUESTS_MAX = 3000, /* of them, made by guests and nobody's: what strangers can take at all */
	ROOMS_ACCOUNTS_MAX = 6000, /* owned, or made by accounts; the rest is for those who keep order */
	ROOMS_EACH_MAX = 20,    /* that one address, or one account beside those it owns, has made and
	                         * nobody owns; a person needs a few, a whole office one or two dozen */
	ROOMS_LOOK_MS = 600000, /* between two looks for rooms that have been silent for too long */
	ROOMS_LOOK_AGAIN_MS = 60000, /* the same while there are more than one look ends */
	ROOMS_LOOK_FIRST_MS = 3600000, /* after the start; and what the host's clock may have jumped
	                         * between two looks: beyond it the second ends nothing */
	ROOMS_END_MAX = 4,      /* rooms that one look ends: some 240 an hour, so a wrong clock takes
	                         * hours to do harm, and says so in the log */
	ROOM_ALONE_DAYS = 7,    /* without a line, after which a room ends that nobody owns and in which
	                         * one address alone ever spoke */
	ROOM_NUMBER_MAX = 1 << 30, /* of a room, in a database: rooms are counted and never so many */
	IGNORES_MAX = 32,       /* nicks that one person may ignore */
	GREETING_MS = 50,       /* what speaks another protocol has spoken by then, and is answered in
	                         * that; who says nothing is greeted */
	SLIP_SECRET_MS = 60000, /* after a password that was refused, a line may be the next try */
	SLIP_BURST = 3,         /* commands in a paste that there are not: then it is told how to say them */
	SLIP_BURST_MS = 2000,   /* a pause that ends the paste */
	SLIP_BYTES_MAX = 2048,  /* of those lines, that are kept until then */
	NAME_TRIES_MAX = 3,     /* empty names before the connection is closed */
	NAME_WRONG_MAX = 10,    /* and other lines there that are no name that can be had, commands that
	                         * are not for there among them: each costs a look for a free name */
	NAMES_LISTED_MAX = 200, /* names that /who prints before "and N more" */
	ROOMS_LISTED_MAX = 100, /* and rooms that /rooms prints */
	NOTICE_BURST = 8,       /* joins and leaves a room reads one by one; after that one a second,
	                         * and the others in a sum */
	NOTICE_SUM_MS = 1000,   /* how long a sum gathers */

	/* -- accounts ------------------------------------------------------------ */
	ACCOUNTS_MAX = 100000,  /* all of them are in memory, about 700 bytes each */
	ACCOUNTS_RESERVE = 1000, /* of them, that administrators alone can make (/role) */
	PASSWORD_CHARS_LEAST = 8,
	PASSWORD_CHARS_MAX = 128,
	PASSWORD_TRIES_MAX = 3, /* in one dialogue */
	PASSWORD_TRIES_BURST = 5, /* wrong ones from one address for one account or room, at once */
	GUESS_PERIOD_MS = 30000, /* then one in so long */
	GUESS_SLOW_BURST = 20,  /* wrong ones for one account or room from everywhere, before each waits */
	GUESS_DELAY_MS_MAX = 20000, /* at the most so long: who is kept waiting is not kept out */
	GUESS_CODES_BURST = 20, /* wrong codes behind a right password, from where the account was never */
	GUESS_CODES_PERIOD_MS = 1800000, /* signed in to: then one in so long (NIST SP 800-63B, 5.2.2) */
	GUESSES_MAX = 16384,    /* pairs of an address and what it has tried */
	GUESSES_ADDRESS_MAX = 64, /* accounts that one address has tried, and as many rooms: see guess.h */
	SIGN_INS_KEPT = 5,      /* that /sessions tells of */
	WRONG_TOLD_DAYS = 30,   /* for so long wrong tries before a sign-in are told again */
	MAIL_MAX = 20,          /* messages kept for one account until it reads them */
	MAIL_GUESTS_MAX = 8,    /* of them, by guests */
	MAIL_OTHERS_MAX = 16,   /* and by all but moderators and administrators */
	MAIL_PAIR_MAX = 3,      /* from one sender to one account; accounts made from one address are one
	                         * sender, also after they are gone */
	MAILS_MAX = 10000,      /* messages kept for all accounts */
	MAILS_EACH_MAX = 50,    /* of them, by one sender */
	MAILS_GUESTS_MAX = 3000, /* by all guests */
	MAILS_ACCOUNTS_MAX = 6000, /* by all accounts; the rest is for those who keep order */
	MAIL_BYTES_MAX = 8192,  /* of the text of one */
	AUDIT_BYTES_MAX = 1024, /* of one act's description; cut there */
	UNDO_BYTES_MAX = 4096,  /* and of the data that takes it back: beyond it nothing does */
	AUDIT_EACH_MAX = 500,   /* acts kept of one account that keeps order in rooms alone; the newest */
	AUDIT_DAYS = 365,       /* and for so long */
	AUDIT_KEPT_DAYS = 1826, /* for which what moderators and administrators did is kept: five years */
	AUDIT_END_STEP = 100,   /* at most so many older ones go with each that comes */
	AUDIT_LINES_DEFAULT = 20, /* acts that /audit alone shows */
	MEMBERSHIPS_MAX = 256,       /* people who are something in one room, or are invited to it */
	MEMBERSHIPS_ALL_MAX = 100000, /* and in all rooms, beside their owners */
	MEMBERSHIPS_OWNER_MAX = 1000, /* of them, in the rooms of one owner together */
	MEMBERSHIPS_OWNERLESS_MAX = 32, /* in a room that nobody owns, given by its operators: they are in
	                         * nobody's share */
	MEMBERSHIPS_RESERVE = 10000, /* and so many for the rooms of moderators and administrators, and for
	                         * what they give in those that nobody owns */
	FORGETS_MAX = 16384,    /* facts of rooms and accounts that are gone that wait to be removed from
	                         * the store; what is beyond that is found at the next start. Mail and
	                         * reports that were taken away wait beside them, none left out */
	ROOMS_OWNED_MAX = 20,   /* rooms that one account owns */
	OFFER_MS = 7 * DAY_MS, /* for so long a room that is offered waits for its new owner; one
	                         * offer for each room */
	OFFERS_TOLD_MAX = 5,    /* of which one is told on signing in before "and N more" */
	BANS_MAX = 10000,       /* bans in force, and as many mutes: all are in memory and looked
	                         * through by number */
	BANS_EVERYWHERE_MAX = 2000, /* of them, on the whole server: no room's ban takes their place */
	BANS_ROOMS_MAX = BANS_MAX - BANS_EVERYWHERE_MAX, /* and in all rooms together */
	BANS_ROOMS_RESERVE = 1000, /* of these, for moderators and administrators alone */
	BANS_OWNER_MAX = 500,   /* in the rooms of one account; in rooms without an owner, by one who
	                         * sets them */
	BANS_ROOM_MAX = 200,    /* in one room: looked through by who comes in or speaks */
	BANS_ROOM_RESERVE = 50, /* and so many more, for moderators and administrators alone */
	BANS_LISTED_MAX = 40,   /* of each kind and place that /bans prints before "and N more" */
	BAN_HITS_NAMED_MAX = 40, /* people whom a ban, or its preview, names */
	BAN_WHY_CHARS_MAX = 200, /* code points of a reason */
	FILTERS_MAX = 200,      /* words that may not be said */
	FILTER_CHARS_MAX = 64,  /* code points of one */
	EXEMPT_MAX = 16,        /* blocks of addresses without limits by address */
	ORIGINS_MAX = 8192,     /* addresses whose tries are counted while nobody is here from them */
	INVITES_MAX = 16,       /* rooms that a guest is invited to until they leave */
	INVITES_OWNER_MAX = 4,  /* of them, of one owner */
	MEMBERSHIPS_LISTED_MAX = 20, /* operators, and people with a voice, that /room names */
	SLOW_S_MAX = 86400,     /* seconds between two lines of a person in a slow room */
	CLOCK_AHEAD_DAYS = 7,   /* that the clock may be ahead of the last time that was noted: beyond it,
	                         * nothing goes because it is old */
	OLD_LINES_MUCH = 1000,  /* lines of a room that go at once without a word; or one */
	OLD_PARTS = 10,         /* in so many of its lines */
	RETENTION_DAYS_MAX = 36500,  /* days for which a room may keep its lines */
	RETENTION_LINES_MAX = 100000000, /* and how many */
	REPLAY_MAX = 500,       /* lines that a room may show on joining */
	HIDDEN_BYTES_MAX = 64 << 10, /* of the list of what a search must not show; beyond it all of a
	                         * closed room is hidden and not only what was said too early */
	REPORTS_MAX = 1000,     /* reports kept, those that are resolved too */
	REPORTS_OPEN_EACH_MAX = 5, /* that are not resolved, by one account or address */
	REPORTS_GUESTS_MAX = 400, /* the same by all guests */
	REPORTS_ACCOUNTS_MAX = 500, /* by all accounts; the rest is for those who keep order */
	REPORTS_LISTED_MAX = 100, /* that /reports prints */
	REPORT_LINE_BYTES_MAX = 4000, /* of the line that one keeps; cut there */
	REPORT_WHY_BYTES_MAX = 400, /* of why it was made, and of how it was resolved; cut there */
	RESUMABLES_MAX = 1024,      /* guests who may /resume */
	RESUMABLES_EACH_MAX = 64,   /* of them, from one address: its own oldest gives place */
	RESUME_MS = 600000,     /* for so long */

	/* -- running the server ------------------------------------------------- */
	SHUTDOWN_MS_MAX = 24 * HOUR_MS, /* an end that is further away is better ordered later */
	SHUTDOWN_WHY_CHARS_MAX = 200, /* code points of its reason: one line */
	RELOAD_LINES_MAX = 50,  /* that /reload shows of what the program says; all are in the log */
	RELOAD_LINE_BYTES_MAX = 500, /* and of each */
	BACKUP_NAME_BYTES_MAX = 100, /* of the file of a /backup */
	USERS_MAX = 65536,      /* of the host who may have accounts by their login names */

	/* -- floods --------------------------------------------------------------- */
	PROMPT_LINES_BURST = 10, /* lines that may come at once before there is a name: a name, its
	                         * password and a code, three times wrong */
	PROMPT_LINES = 2,       /* and a second after that */
	PROMPT_BYTES_BURST = 4 * LINE_BYTES_LIMIT, /* bytes, in the same way: more than those lines */
	PROMPT_BYTES = 2048,
	PROMPT_ADDRESS_TIMES = 8, /* times so much may all unnamed connections of one address send:
	                         * an office that comes back after a restart */
	REFUSED_LOG_MS = 10000, /* between two words in the log that an address is refused */
	REFUSED_LOG_BURST = 20, /* such words at once, about all addresses: many of them are no reason
	                         * to fill the disk */
	REFUSED_LOG_PERIOD_MS = 500, /* then one in so long */
	REFUSAL_BYTES_MAX = 256, /* of the sentence that a refused connection reads */
	RATE_BYTES_LIMIT = 1000000, /* the most that rate_bytes may be set to */
	RATE_ADDRESS_LIMIT = 1000, /* and rate_address */
	FLOOD_BYTES_BURST_S = 16, /* bytes that may come at once, in seconds of rate_bytes: a
	                         * screenful of the longest lines */
	FLOOD_STEP_BYTES = LINE_BYTES_LIMIT, /* that must be left of them before more is taken */
	FLOOD_STRIKES_MAX = 3,  /* times that somebody goes on sending too much; this one ends it */
	FLOOD_MUTE_MS = 60000,  /* how long nothing is passed on the first time */
	FLOOD_MUTE_AGAIN_MS = 300000, /* and the second */
	FLOOD_AGAIN_MS = 600000, /* after a mute; then the times are counted anew */

	/* -- history ------------------------------------------------------------ */
	HISTORY_LINES_DEFAULT = 20, /* /history with nothing after it */
	HISTORY_LINES_SPAN = 100, /* lines of /history 2h, of a day, of /catchup */
	ROWS_MAX = 500,         /* lines that one query answers with */
	ROWS_BYTES_MAX = 192 << 10, /* bytes of bodies in one answer */
	MISSED_MAX = 1000,      /* lines that somebody has missed are counted so far */
	UNREAD_ROOMS_MAX = 20,  /* rooms of which one is told on coming back */
	DELETE_OWN_MS = 600000, /* for so long one can delete a line of one's own */
	QUOTE_CHARS = 40,       /* code points of a line that stand before an answer to it */
	SEARCH_HITS_MAX = 10,   /* hits that one /search prints */
	QUERY_MS_MAX = 5000,    /* a read that takes longer is interrupted */
	SEARCH_MS_MAX = 2000,   /* and so is a search, for which other long searches wait */
	SEARCH_MS_QUICK = 10,   /* of the processor's time; one that takes more is such a long one,
	                         * and begins again */
	ANSWERS_MAX = 32,       /* answers that the loop has not taken; the history is not read on
	                         * meanwhile */
	SEARCHES_WAITING_MAX = 64, /* searches asked and not yet answered: each is up to 200 KiB */
	SEARCHES_SHARE_MAX = 4, /* of them, by all who count as one address: they may take seconds
	                         * each, so one more is better told to come back */
	SECRETS_SHARE_MAX = 256, /* passwords and codes of one address that wait to be checked: the last
	                         * of them waits for about 3 s, where nobody else has any */

	/* -- store --------------------------------------------------------------- */
	RECORDS_BYTES = 8 << 20, /* ring of records that wait for the writer */
	UNSTORED_MAX = 32768,   /* records appended and not yet committed; the server stops
	                         * reading from clients beyond UNSTORED_HIGH */
	UNSTORED_HIGH = UNSTORED_MAX / 2,
	STORE_CACHE_KIB = 64 << 10, /* SQLite's cache of the connection that writes */
	READER_CACHE_KIB = 16 << 10, /* and of each that reads */
	BATCH_RECORDS_MAX = 4096, /* records in one transaction */
	INDEX_ROWS_STEP = 512,  /* lines that one indexing transaction takes, 1 to 2 ms; where
	                         * commits are larger, BATCH_RECORDS_MAX */
	PRUNE_ROWS_STEP = 500,  /* lines that one pruning transaction deletes */
	COUNT_LINES_STEP = 20000, /* lines counted before the queue is looked at: 1 to 2 ms */
	SECRET_THREADS = 2,     /* that hash passwords: 16 MiB and 20 ms each time; one person's slow
	                         * check leaves the other to everybody else */

	/* -- net ------------------------------------------------------------------ */
	LISTENERS_MAX = 16,     /* listen lines in the configuration */
	LISTENERS_ALL_MAX = LISTENERS_MAX + 1, /* and the control socket */
	ACCEPTS_EACH = 16,      /* accepts out for each listener: so many connections come in a turn, or
	                         * in each of a few if more wait. The next ones are asked for at once */
	LISTEN_BACKLOG = 4096,  /* the kernel cuts it to net.core.somaxconn */
	LINGERERS = 256,        /* connections that were refused and may still read why: at 128 a second
	                         * all do. Beyond that they are closed at once */
	RECV_BUFFERS = 2048,    /* buffers lent to the kernel; a power of two */
	RECV_BUFFER_BYTES = 2048, /* and the size of each */
	FEED_CHUNK_BYTES = 32 << 10, /* a chunk of a busy feed's log */
	FEED_CHUNK_BYTES_FIRST = 4 << 10, /* the first chunk of a feed that was idle */
	FEED_BYTES_MAX = 1 << 20, /* of what was shown; a reader that is further behind is moved to
	                         * the live end */
	FEED_BYTES_LEAST = 32 << 10, /* the same while all logs together are over LOGS_BYTES_HIGH */
	LOGS_BYTES_HIGH = 64 << 20, /* of all rooms' logs, with what sends in flight still read and
	                         * with the cuts; beyond it logs, sends and cuts are kept short */
	LOGS_BYTES_EACH = 192 << 10, /* that a connection may add to that: the log of a room of its
	                         * own (FEED_BYTES_LEAST and two chunks), what its send reads (two
	                         * chunks) and its cuts. Beyond both sums input waits */
	SENDS_PER_TURN_MAX = 8192, /* sends of one turn; the rest waits for the next, so that their
	                         * completions fit the completion queue */
	SEND_SPANS_MAX = 32,    /* pieces of one send */
	SEND_BYTES_MAX = 256 << 10, /* bytes of one send: keeps one fast reader from a whole turn */
	SEND_BYTES_LEAST = 16 << 10, /* the same while the logs are over LOGS_BYTES_HIGH */
	SENDQ_SLOW_BYTES = 256 << 10, /* private text waiting; beyond it the owner's input waits too
	                               * and /msg to them is refused */
	SENDQ_DRAINED_BYTES = 64 << 10, /* and goes on below this */
	SENDQ_BYTES_MAX = 16 << 20, /* beyond it the connection ends: more than a step's text and all
	                         * that the store's queue can hold for one room together */
	SENDQ_SHARE_BYTES = 16 << 10, /* the same as SENDQ_SLOW_BYTES while the private text of all
	                         * is over half of what it may be */
	SENDQS_BYTES = 64 << 20, /* private text of all connections, and so much more for each of
	                         * max_connections: */
	SENDQS_BYTES_EACH = 16 << 10, /* beyond the sum the one with the most is closed */
	CUTS_SLOW = 4096,       /* own lines amid what a reader still has to get; beyond it the
	                         * reader's input waits */
	CUTS_MAX = 2 * CUTS_SLOW, /* these, and lines of people whom it ignores; beyond it the reader is
	                         * moved to the live end */
	CUTS_LEAST = 512,       /* the same while the logs are over LOGS_BYTES_HIGH */
	FULL_LOG_MS = 60000,    /* between two words in the log that max_connections is reached, or that
	                         * nothing can be accepted */
	ACCEPT_PAUSE_MS = 100,  /* after accept ran out of descriptors */
	SWEEP_MS = 1000,        /* between looks for stuck sends and unread chunks */
	SWEEP_STOPPING_MS = 100, /* the same when chatd is going down */
	STORE_WAIT_MS = 1000,   /* who has been kept waiting by the disk for so long is told */
	STORE_WAIT_AGAIN_MS = 60000, /* and no sooner again than this */
	LATE_MS_MAX = 1000,     /* that a turn of the loop which comes later than it was to come counts of
	                         * that time */
	WATCHES_MAX = 4,        /* descriptors that loop_watch can watch */
	DRAIN_MS_MAX = 30000,   /* from the core's word that a connection ends to its end, however slowly
	                         * the peer takes what is queued for it */
	DRAIN_DROPPED_MS = 1000, /* the same where others need its place, because it made way or the chat is
	                         * nearly full: found by the next sweep */
	ENDING_BYTES_MAX = 1 << 20, /* that are taken from a connection that ends, unread: whoever sends more
	                         * than that has no use for the last lines */
	LINGER_MS = 2000,       /* how long a closing connection waits for the peer's end */
	LINGER_STOPPING_MS = 300, /* the same when chatd is going down: nc on a terminal never ends
	                         * by itself */
	STOP_MS_MAX = 4000,     /* SIGTERM to exit: farewells, then the last commit */
};

_Static_assert(NICK_CHARS_MAX * 4 <= NAME_BYTES_MAX, "a nick fits its field");
_Static_assert(ROOM_CHARS_MAX * 4 <= NAME_BYTES_MAX, "a room's name fits its field");
_Static_assert(BODY_BYTES_MAX + LINE_HEAD_BYTES_MAX <= FEED_CHUNK_BYTES,
               "a published line lies in one chunk");
_Static_assert(ARENA_PER_LINE_MAX * 2 <= ARENA_BYTES, "a line's text fits the arena");
_Static_assert(ROWS_BYTES_MAX + BODY_BYTES_MAX < ARENA_PER_LINE_MAX,
               "the bodies of one answer fit a line's share of the arena");
_Static_assert(ROWS_BYTES_MAX + ROWS_MAX * LINE_HEAD_BYTES_MAX + ARENA_PER_LINE_MAX < ARENA_BYTES,
               "an answer with its heads fits the arena");
_Static_assert(ROWS_BYTES_MAX * TEXT_EXPANSION + ROWS_MAX * LINE_HEAD_BYTES_MAX + ARENA_PER_LINE_MAX <
               ARENA_BYTES, "also where all of it has to be neutralised");
_Static_assert(MAIL_MAX * 2 + 16 <= EFFECTS_PER_LINE_MAX, "all mail is delivered in one step");
_Static_assert(ROOMS_OWNED_MAX * 4 + 16 <= EFFECTS_PER_LINE_MAX, "an account and its rooms go in one");
_Static_assert(MAIL_MAX * (MAIL_BYTES_MAX + 2 * LINE_HEAD_BYTES_MAX) < ARENA_PER_LINE_MAX,
               "and its text fits");
_Static_assert(4 * BANS_LISTED_MAX * (BAN_WHY_CHARS_MAX * 4 + 2 * NAME_BYTES_MAX + 160) <
               ARENA_PER_LINE_MAX, "lists of bans and mutes, of a room and of all, fit");
_Static_assert(BAN_WHY_CHARS_MAX * 5 + 3 * NAME_KEY_BYTES_MAX + 2 * NAME_BYTES_MAX + 320 <=
               UNDO_BYTES_MAX && REPORT_WHY_BYTES_MAX * 3 + NAME_BYTES_MAX + 160 <= UNDO_BYTES_MAX,
               "a ban fits the data of the act that lifts it, written %XX twice; and a report");
_Static_assert((int)BANS_OWNER_MAX >= (int)BANS_ROOM_MAX &&
               (int)BANS_OWNER_MAX <= (int)BANS_ROOMS_MAX - (int)BANS_ROOMS_RESERVE,
               "a room's bans fit its owner's share, and one owner does not fill all rooms'");
_Static_assert(HIDDEN_BYTES_MAX + ROOMS_MAX * 11 + BODY_BYTES_MAX < ARENA_PER_LINE_MAX,
               "a search and what is hidden from it fit a line's share of the arena");
_Static_assert((int)ROOMS_GUESTS_MAX + (int)ROOMS_ACCOUNTS_MAX < (int)ROOMS_MAX &&
               (int)REPORTS_GUESTS_MAX + (int)REPORTS_ACCOUNTS_MAX < (int)REPORTS_MAX &&
               (int)MAILS_GUESTS_MAX + (int)MAILS_ACCOUNTS_MAX < (int)MAILS_MAX,
               "what guests and accounts can take leaves something for those who keep order");
_Static_assert((int)MAIL_PAIR_MAX < (int)MAIL_GUESTS_MAX && (int)MAIL_GUESTS_MAX < (int)MAIL_OTHERS_MAX &&
               (int)MAIL_OTHERS_MAX < (int)MAIL_MAX, "the same in one box");
_Static_assert(REPLAY_MAX <= ROWS_MAX, "a replay is one answer");
_Static_assert((REPORT_LINE_BYTES_MAX + 2 * REPORT_WHY_BYTES_MAX) * 3 + 4 * NAME_BYTES_MAX +
               NAME_KEY_BYTES_MAX + 320 <= BODY_BYTES_MAX, "a report is a fact, all written %XX");
_Static_assert(REPORTS_LISTED_MAX * (3 * NAME_BYTES_MAX + 160) < ARENA_PER_LINE_MAX,
               "the list of reports fits a line's text");
_Static_assert(EFFECTS_PER_LINE_MAX * 2 <= EFFECTS_MAX, "one line's effects fit the array");
_Static_assert((RECV_BUFFERS & (RECV_BUFFERS - 1)) == 0, "a buffer ring is a power of two");
_Static_assert(UNSTORED_HIGH + EFFECTS_MAX < UNSTORED_MAX,
               "a step that begins below the high mark still fits");
_Static_assert(RECORDS_BYTES + ARENA_BYTES + FEED_BYTES_MAX < SENDQ_BYTES_MAX,
               "what a room's log has for one reader fits its queue");
_Static_assert((int)SENDQ_BYTES_MAX <= (int)SENDQS_BYTES / 2, "one alone does not close others");
_Static_assert((int)LOGS_BYTES_EACH >= (int)FEED_BYTES_LEAST + 4 * (int)FEED_CHUNK_BYTES +
               (int)CUTS_LEAST * 2 * 32 && (int)SEND_BYTES_LEAST <= (int)FEED_CHUNK_BYTES,
               "what a connection holds while logs are kept short; a cut has 32 bytes");
_Static_assert((int)RECV_BUFFER_BYTES <= (int)FLOOD_STEP_BYTES, "what is taken at once is there");

#endif
