/*
 * The bounds of every queue, table and loop, by name.
 *
 * Each says what it counts and why it has that size. Where one bound relies on
 * another, a static assertion at the end of this file says so.
 */
#ifndef CHATD_BASE_BOUNDS_H
#define CHATD_BASE_BOUNDS_H

#include <stdint.h>

#include "chatd/base/clock.h"

/* The latest time in a database, in ms since 1970: a day before the year 10000, so that the year
 * has four digits in every time zone, and adding a few times does not overflow. */
#define TIME_MS_MAX 253402214400000LL

/* The highest number of a record, and so of a line, in a database: an id is a signed number in SQLite.
 * Records count on from the highest, so one from outside must leave them room: an import takes none above
 * the second, and nobody counts from there to the first. */
#define RECORD_SEQ_MAX (INT64_C(1) << 62)
#define RECORD_SEQ_IMPORT_MAX (INT64_C(1) << 61)

enum {
	/* -- names ------------------------------------------------------------ */
	NICK_CHARS_MAX = 32,    /* code points in a nick */
	ROOM_CHARS_MAX = 64,    /* code points in a room's name */
	NAME_BYTES_MAX = 256,   /* bytes of a nick or room name as typed: 64 x 4 */
	NAME_KEY_BYTES_MAX = 512, /* bytes of its case-folded key; longer ones are refused */
	NAME_SKELETON_BYTES_MAX = 1024, /* bytes of a name's skeleton (UTS 39), which is cut
	                                 * there */
	NAME_PROBLEM_BYTES_MAX = NAME_BYTES_MAX * 2 + 160, /* a sentence about two names */
	NAME_ACCENTS_MAX = 2,   /* accents on one letter of a name: more are drawn over the lines
	                         * above and below ("zalgo") */
	NAME_MARKS_MAX = 4,     /* marks of all kinds on one letter that take no room of their own:
	                         * Burmese and Tibetan need that many (UTS 39, 5.4) */
	PASSWORD_BYTES_MAX = 511, /* bytes of a password: libcrypt takes no more */

	/* -- lines ------------------------------------------------------------ */
	LINE_BYTES_DEFAULT = 1024, /* line_bytes_max when not configured */
	LINE_BYTES_LIMIT = 4096,   /* the most that line_bytes_max may be set to */
	LINE_BYTES_LEAST = 64,     /* the least: commands must still fit */
	TEXT_EXPANSION = 4,     /* bytes out per byte in when a line is sanitized: a tab becomes
	                         * four spaces, two bytes of C1 become eight */
	BODY_BYTES_MAX = LINE_BYTES_LIMIT * TEXT_EXPANSION, /* a sanitized line */
	LINE_HEAD_BYTES_MAX = NAME_BYTES_MAX * 2 + 96, /* stamps, names and marks around it */
	TOPIC_CHARS_MAX = 200,  /* code points of a room's topic: one line on a wide terminal */
	TOPIC_BYTES_MAX = TOPIC_CHARS_MAX * 4,

	/* -- terminals (their lines are edited here) ---------------------------- */
	PASTE_BYTES_MAX = 32 << 10, /* of several lines pasted at once, with what was typed around
	                             * them: a screenful of the longest lines; a file is not for a
	                             * chat */
	EDITOR_HISTORY_LINES = 50, /* lines that Up brings back */
	EDITOR_HISTORY_BYTES = 4096, /* of them together; one line that is longer is not kept */

	/* -- telnet ------------------------------------------------------------ */
	TELNET_NAME_BYTES_MAX = 40, /* of a terminal's name, which is cut there (RFC 1091) */
	TELNET_NAMES_MAX = 4,   /* times that a client is asked for one: MTTS needs three, and the
	                         * fourth shows that a list has come to its end */
	TELNET_COLUMNS_LEAST = 20, /* of a window: less than this fits no line's head */
	TELNET_COLUMNS_MAX = 500,
	TELNET_ROWS_MAX = 500,
	TELNET_SUB_BYTES_MAX = 512, /* of a sub-negotiation; a longer one is not taken. A list of
	                             * character sets may be long */
	TELNET_GMCP_BYTES_MAX = 1024, /* the same for GMCP, in which a client lists all the modules
	                               * that it knows */
	TELNET_STATE_BYTES_MAX = 256, /* of a telnet client's state, without the sub-negotiation that
	                               * has begun */

	/* -- the operator's own texts ------------------------------------------- */
	SERVER_NAME_COLUMNS_MAX = 40, /* columns of server_name: whatever names the server is one row */
	SERVER_NAME_BYTES_MAX = 160, /* and its bytes */
	BANNER_BYTES_MAX = 4096, /* of a banner, which is sent to everyone who connects, before
	                         * they have given a name: little next to SENDQ_SHARE_BYTES */
	BANNER_LINES_MAX = 22,  /* of it: with the prompt it fits a screen of 24 rows */
	WELCOME_BYTES_MAX = 8192, /* of the message of the day, and of the rules */
	WELCOME_ROWS_MAX = 12,  /* rows of each that people are shown when they come in; of a longer
	                         * one, they are told the command that shows it */

	/* -- what one step of the core may leave ------------------------------- */
	EFFECTS_MAX = 1024,     /* effects of one chat_step, not counting one for each connection
	                         * that may have to be told to skip a line */
	EFFECTS_ROWS_MAX = 1024, /* more of them, for one answer of the store to somebody with a view, to whom
	                         * each of its rows and what stands between them is sent by itself */
	EFFECTS_PER_LINE_MAX = 128, /* effects that one input line can cause, not counting those */
	ARENA_BYTES = 2 << 20,  /* text of one chat_step's effects */
	ARENA_INPUT_BYTES = 128 << 10, /* of these; beyond them a step takes no further input line,
	                                * so that many short commands with long answers do not
	                                * become one turn */
	ARENA_PER_LINE_MAX = 256 << 10, /* text that one input line can cause */

	/* -- people and rooms -------------------------------------------------- */
	CONNECTIONS_DEFAULT = 1024,
	CONNECTIONS_LIMIT = 1 << 20, /* the most max_connections may be: slots are 20 bits */
	CONTROL_SLOTS = 8,      /* connections over the control socket, beyond max_connections, so
	                         * that the person running chatd can get in when it is full */
	UNNAMED_FREE_PARTS = 4, /* one part in this many of the slots that named people leave is
	                         * kept free: once the others are used, random connections without a
	                         * name are closed */
	UNNAMED_DRAWN = 8,      /* connections without a name drawn at random; the one whose address
	                         * has the most is closed, so an address with half of them nearly
	                         * always loses one */
	FULL_FREE_PARTS = 64,   /* with less than one part in this many of max_connections free, the
	                         * chat is nearly full, and addresses with many connections make
	                         * way */
	FULL_DRAWN = 16,        /* connections drawn at random then; the one whose address has the
	                         * most is closed */
	FULL_ADDRESS_LEAST = 8, /* an address with fewer connections than this loses none */
	FULL_ACCOUNTS_LEAST = 32, /* the same, for its signed-in connections */
	SITE_SHARES = 16,       /* an IPv6 /48 may have as much of everything as this many
	                         * addresses */
	SITE_WEIGHT = 4,        /* when somebody must make way, this many connections of a /48 count
	                         * like one of an address */
	ROOMS_MAX = 10000,      /* rooms with people or history; one more is refused */
	ROOMS_GUESTS_MAX = 3000, /* of them, made by guests and without an owner: all that strangers
	                          * can take */
	ROOMS_ACCOUNTS_MAX = 6000, /* owned, or made by accounts; the rest is for moderators and
	                            * administrators */
	ROOMS_EACH_MAX = 20,    /* rooms without an owner made by one address, or by one account; a
	                         * person needs a few, a whole office one or two dozen */
	ROOMS_LOOK_MS = 600000, /* between two searches for rooms that have been silent for too
	                         * long */
	ROOMS_LOOK_AGAIN_MS = 60000, /* the same, while there are more than one search removes */
	ROOMS_LOOK_FIRST_MS = 3600000, /* from the start to the first search; and how far the host's
	                                * clock may jump between two searches: beyond that, the
	                                * second removes nothing */
	ROOMS_END_MAX = 4,      /* rooms that one search removes: some 240 an hour, so a wrong clock
	                         * takes hours to do harm, and the log shows it */
	ROOM_ALONE_DAYS = 7,    /* without a line, after which a room without an owner is removed if
	                         * only one address ever spoke in it */
	ROOM_NUMBER_MAX = 1 << 30, /* the highest number of a room in a database; rooms are numbered
	                            * from 1, and one that would reach it is not made */
	ROOM_NUMBER_IMPORT_MAX = 1 << 29, /* the highest that is taken from a file, or from a room's
	                            * settings: rooms count on from it */
	ROOM_NUMBERS_LOBBY = 1000, /* the last numbers, which only lobbies get: the chat needs one to start */
	IGNORES_MAX = 32,       /* nicks that one person may ignore */
	HIGHLIGHTS_MAX = 10,    /* words of one person's /highlight: each costs a look-up in its list
	                         * when it is said, and a word of one's searches for /mentions */
	HIGHLIGHT_CHARS_MAX = 32, /* code points of such a word, as of a nick */
	HIGHLIGHTS_BYTES_MAX = 320, /* bytes of all of them as typed, with a blank before each: kept
	                         * with 100,000 accounts, so 10 of 31 ASCII letters, fewer of other
	                         * scripts */
	HIGHLIGHT_BYTES_MAX = HIGHLIGHT_CHARS_MAX * 16, /* bytes of a word as it is compared: one code
	                         * point may become several */
	RUN_LETTERS_MAX = 12,   /* letters of a name or word in a script without blanks that is found
	                         * anywhere in a run of letters: as many look-ups for each letter */
	MENTIONS_LINE_MAX = 16, /* people in other rooms whom one line tells that it mentions them: a
	                         * line that names more is an attack on them, or a list */
	MARKS_LINE_MAX = 64,    /* people in the same room for whom one line is marked */
	MENTIONS_LOOKED_MAX = 256, /* people with a highlighted word that are looked at for one line;
	                         * the next line with that word goes on where this one stopped */
	MENTION_COLUMNS = 80,   /* of a line that is quoted to someone whom it mentions: with who and
	                         * where, two rows of a terminal */
	MENTION_BYTES = 160,    /* what telling one person who is named costs the speaker, of rate_bytes:
	                         * about what that person reads */
	MENTION_BURST = 10,     /* mentions that one person is told of at once; */
	MENTION_PERIOD_MS = 5000, /* then one in this time; the others are only counted */
	MENTION_SPEAKER_BURST = 5, /* the same of those by one account or address, so that one speaker
	                         * cannot take the places of all the others */
	MENTION_SPEAKER_PERIOD_MS = 15000,
	MENTION_SPEAKERS_MAX = 4, /* speakers that one person's count tells apart: the latest */
	TELLINGS_MAX = 4096,    /* mentions that wait until their lines are saved, 400 bytes each; any
	                         * more are only counted */
	MENTIONS_LISTED_MAX = 20, /* lines that /mentions shows, */
	MENTIONS_ASKED_MAX = 100, /* of this many that the index finds: it does not know names from
	                         * words */
	GREETING_MS = 50,       /* how long a new connection may stay silent before it is greeted:
	                         * clients of another protocol speak first, and are answered in
	                         * theirs */
	TELNET_ASK_MS = 1000,   /* how long a client may take to say what it can do, on a port that speaks
	                         * telnet, before it is greeted */
	SLIP_SECRET_MS = 60000, /* for this long after a wrong password, a line may be the next
	                         * try */
	SLIP_BURST = 3,         /* unknown commands in a paste before its sender is told how to say
	                         * such lines */
	SLIP_BURST_MS = 2000,   /* a pause that ends the paste */
	SLIP_BYTES_MAX = 2048,  /* bytes of those lines that are kept until then */
	NAME_TRIES_MAX = 3,     /* empty names before the connection is closed */
	NAME_WRONG_MAX = 10,    /* other lines at the name prompt that give no usable name, among
	                         * them commands that do not work there: each costs a search for a
	                         * free name */
	NAMES_LISTED_MAX = 200, /* names that /who prints before "and N more" */
	ROOMS_LISTED_MAX = 100, /* and rooms that /rooms prints */
	CONNECTIONS_PAGE = 100,  /* people that one /connections prints: with the effects of a line, even if
	                         * each is sent by itself */
	NOTICE_BURST = 8,       /* joins and leaves that a room sees one by one; after these one a
	                         * second, and the others summed up */
	NOTICE_SUM_MS = 1000,   /* how long a summary collects */

	WATCHED_MAX = 16,       /* rooms that one person may watch */
	PROMPT_CHARS_MAX = 20,  /* of a room's name, in the prompt before what is typed */

	/* -- accounts ------------------------------------------------------------ */
	ACCOUNTS_MAX = 100000,  /* all of them are in memory, about 700 bytes each */
	ACCOUNTS_RESERVE = 1000, /* of them, that only administrators can make (/role) */
	PASSWORD_CHARS_LEAST = 8,
	PASSWORD_CHARS_MAX = 128,
	PASSWORD_TRIES_MAX = 3, /* in one dialogue */
	PASSWORD_TRIES_BURST = 5, /* wrong passwords from one address for one account or room, at
	                           * once */
	GUESS_PERIOD_MS = 30000, /* then one in this time */
	GUESS_SLOW_BURST = 20,  /* wrong passwords for one account or room from anywhere, before
	                         * each further one waits */
	GUESS_DELAY_MS_MAX = 20000, /* the longest wait: it delays people and does not lock them
	                             * out */
	GUESS_CODES_BURST = 20, /* wrong codes after a right password, from where the account was
	                         * never */
	GUESS_CODES_PERIOD_MS = 1800000, /* signed in to: then one in this time (NIST SP 800-63B,
	                                  * 5.2.2) */
	GUESSES_MAX = 16384,    /* pairs of an address and an account or room that it has tried */
	GUESSES_ADDRESS_MAX = 64, /* accounts that one address has tried, and as many rooms: see guess.h */
	SIGN_INS_KEPT = 5,      /* the latest sign-ins, which /sessions lists */
	CERTS_MAX = 5,          /* certificates of one account: one for each device, and the next one while an
	                         * old one ends */
	CERT_DIGITS_LEAST = 4,  /* of a fingerprint, to name one; fewer are its number in the list */
	WRONG_TOLD_DAYS = 30,   /* how long wrong tries before a sign-in are reported */
	MAIL_MAX = 20,          /* messages kept for one account until it reads them */
	MAIL_GUESTS_MAX = 8,    /* of them, from guests */
	MAIL_OTHERS_MAX = 16,   /* and from everyone but moderators and administrators */
	MAIL_PAIR_MAX = 3,      /* from one sender to one account; accounts made from one address
	                         * count as one sender, even after they are gone */
	MAILS_MAX = 10000,      /* messages kept for all accounts */
	MAILS_EACH_MAX = 50,    /* of them, by one sender */
	MAILS_GUESTS_MAX = 3000, /* by all guests */
	MAILS_ACCOUNTS_MAX = 6000, /* by all accounts; the rest is for moderators and
	                            * administrators */
	MAIL_BYTES_MAX = 8192,  /* bytes of one message's text */
	AUDIT_BYTES_MAX = 1024, /* of one action's description, which is cut there */
	UNDO_BYTES_MAX = 4096,  /* of the data that undoes it; an action that needs more cannot be
	                         * undone */
	AUDIT_EACH_MAX = 500,   /* actions kept of one account that moderates only in rooms: the
	                         * newest */
	AUDIT_DAYS = 365,       /* days for which they are kept */
	AUDIT_KEPT_DAYS = 1826, /* days for which actions of moderators and administrators are kept:
	                         * five years */
	AUDIT_END_STEP = 100,   /* expired actions deleted with each new one, at most */
	AUDIT_LINES_DEFAULT = 20, /* actions that /audit without arguments shows */
	MEMBERSHIPS_MAX = 256,       /* people with a role in one room, or invited to it */
	MEMBERSHIPS_ALL_MAX = 100000, /* the same in all rooms, not counting owners */
	MEMBERSHIPS_OWNER_MAX = 1000, /* of them, in all the rooms of one owner together */
	MEMBERSHIPS_OWNERLESS_MAX = 32, /* in a room without an owner, given by its operators: these
	                                 * count for nobody's share */
	MEMBERSHIPS_RESERVE = 10000, /* kept for the rooms of moderators and administrators, and for
	                              * what they give in rooms without an owner */
	FORGETS_MAX = 16384,    /* facts of rooms and accounts that are gone, waiting to be removed
	                         * from the store; any beyond these are found at the next start.
	                         * Deleted mail and reports wait as well, without this limit */
	ROOMS_OWNED_MAX = 20,   /* rooms that one account owns */
	OFFER_MS = 7 * DAY_MS, /* how long an offered room waits for its new owner; one offer for
	                          * each room */
	OFFERS_TOLD_MAX = 5,    /* offers listed on signing in before "and N more" */
	BANS_MAX = 10000,       /* bans in force, and as many mutes: all are in memory, in the order
	                         * of their numbers */
	BANS_EVERYWHERE_MAX = 2000, /* of them, for the whole server: bans in rooms cannot take
	                             * their place */
	BANS_ROOMS_MAX = BANS_MAX - BANS_EVERYWHERE_MAX, /* and in all rooms together */
	BANS_ROOMS_RESERVE = 1000, /* of these, kept for moderators and administrators */
	BANS_OWNER_MAX = 500,   /* in the rooms of one account; in rooms without an owner, set by
	                         * one account */
	BANS_ROOM_MAX = 200,    /* in one room: each is looked at when somebody joins or speaks */
	BANS_ROOM_RESERVE = 50, /* more of them, kept for moderators and administrators */
	BANS_LISTED_MAX = 40,   /* bans of each kind and place that /bans prints before "and N
	                         * more" */
	BAN_HITS_NAMED_MAX = 40, /* people that a ban, or its preview, names */
	BAN_WHY_CHARS_MAX = 200, /* code points of a reason */
	FILTERS_MAX = 200,      /* filtered words */
	FILTER_CHARS_MAX = 64,  /* code points of a filtered word */
	EXEMPT_MAX = 16,        /* blocks of addresses exempt from the limits by address */
	ORIGINS_MAX = 8192,     /* addresses whose tries are remembered while nobody is connected
	                         * from them */
	INVITES_MAX = 16,       /* rooms that one guest is invited to at a time */
	INVITES_OWNER_MAX = 4,  /* of them, rooms of one owner */
	MEMBERSHIPS_LISTED_MAX = 20, /* operators, and people with a voice, that /room lists */
	SLOW_S_MAX = 86400,     /* seconds between two lines of a person in a slow room */
	CLOCK_AHEAD_DAYS = 7,   /* how far the clock may be ahead of the time noted last: beyond
	                         * that, nothing is deleted for its age */
	OLD_LINES_MUCH = 1000,  /* lines of a room that may become too old at once without a
	                         * warning; or one */
	OLD_PARTS = 10,         /* in this many of its lines */
	RETENTION_DAYS_MAX = 36500,  /* the most days for which a room may be set to keep its
	                              * lines */
	RETENTION_LINES_MAX = 100000000, /* and the most lines */
	REPLAY_MAX = 500,       /* lines that a room may be set to show on joining */
	HIDDEN_BYTES_MAX = 64 << 10, /* bytes of the list of what a search must not show; beyond it
	                              * a closed room is hidden completely, not just its lines from
	                              * before somebody joined */
	REPORTS_MAX = 1000,     /* reports kept, including resolved ones */
	REPORTS_OPEN_EACH_MAX = 5, /* open reports by one account or address */
	REPORTS_GUESTS_MAX = 400, /* the same, by all guests */
	REPORTS_ACCOUNTS_MAX = 500, /* by all accounts; the rest is for moderators and
	                             * administrators */
	REPORTS_LISTED_MAX = 100, /* reports that /reports prints */
	REPORT_LINE_BYTES_MAX = 4000, /* of the reported line, which is cut there */
	REPORT_WHY_BYTES_MAX = 400, /* of the reason of a report, and of its resolution; cut
	                             * there */
	RESUMABLES_MAX = 1024,      /* guests who may /resume */
	RESUMABLES_EACH_MAX = 64,   /* of them, from one address; one more replaces the oldest from
	                             * that address */
	RESUME_MS = 600000,     /* for so long */

	/* -- running the server ------------------------------------------------- */
	SHUTDOWN_MS_MAX = 24 * HOUR_MS, /* the longest countdown; schedule a later shutdown later */
	SHUTDOWN_WHY_CHARS_MAX = 200, /* code points of its reason, which is one line */
	RELOAD_LINES_MAX = 50,  /* lines that /reload shows of the result; the log has all of
	                         * them */
	RELOAD_LINE_BYTES_MAX = 500, /* and of each */
	BACKUP_NAME_BYTES_MAX = 100, /* of the file name of a /backup */
	USERS_MAX = 65536,      /* users of the host that may have accounts by their login names */

	/* -- floods --------------------------------------------------------------- */
	PROMPT_LINES_BURST = 10, /* lines that may come at once before a connection has a name: a
	                          * name, its password and a code, three times wrong */
	PROMPT_LINES = 2,       /* and a second after that */
	PROMPT_BYTES_BURST = 4 * LINE_BYTES_LIMIT, /* bytes that may come at once then: more than
	                                            * those lines need */
	PROMPT_BYTES = 2048,
	PROMPT_ADDRESS_TIMES = 8, /* all unnamed connections of one address together may send this
	                           * many times as much: an office that comes back after a
	                           * restart */
	REFUSED_LOG_MS = 10000, /* between two log lines that an address is refused */
	REFUSED_LOG_BURST = 20, /* such log lines at once, about all addresses, so that many
	                         * addresses cannot fill the disk */
	REFUSED_LOG_PERIOD_MS = 500, /* then one in this time */
	REFUSAL_BYTES_MAX = 256, /* of the sentence that a refused connection is sent */
	RATE_BYTES_LIMIT = 1000000, /* the most that rate_bytes may be set to */
	RATE_ADDRESS_LIMIT = 1000, /* the most that rate_address may be set to */
	FLOOD_BYTES_BURST_S = 16, /* bytes that may come at once, in seconds of rate_bytes: a
	                         * screenful of the longest lines */
	FLOOD_STEP_BYTES = LINE_BYTES_LIMIT, /* that must be left in that bucket before more input
	                                      * is taken */
	FLOOD_STRIKES_MAX = 3,  /* times that one person may flood; at this one the connection is
	                         * closed */
	FLOOD_MUTE_MS = 60000,  /* how long the first mute for flooding lasts */
	FLOOD_MUTE_AGAIN_MS = 300000, /* and the second one */
	FLOOD_AGAIN_MS = 600000, /* after a mute; then the count of floods starts again */

	/* -- history ------------------------------------------------------------ */
	HISTORY_LINES_DEFAULT = 20, /* lines that /history without arguments shows */
	HISTORY_LINES_SPAN = 100, /* lines of /history 2h, of a day, of /catchup */
	ROWS_MAX = 500,         /* lines that one query answers with */
	ROWS_BYTES_MAX = 192 << 10, /* bytes of bodies in one answer */
	MISSED_MAX = 1000,      /* how far missed lines are counted */
	UNREAD_ROOMS_MAX = 20,  /* rooms with unread lines that are listed on coming back */
	DELETE_OWN_MS = 600000, /* how long people can delete their own lines */
	QUOTE_CHARS = 40,       /* code points of a line that are quoted in a reply to it */
	SEARCH_HITS_MAX = 10,   /* hits that one /search prints */
	QUERY_MS_MAX = 5000,    /* a read that takes longer is interrupted */
	SEARCH_MS_MAX = 2000,   /* the same for a search; other long searches wait for it */
	SEARCH_MS_QUICK = 10,   /* of processor time; a search that takes more counts as a long one,
	                         * and starts again in their queue */
	ANSWERS_MAX = 32,       /* answers that the loop has not taken yet; with more, the history
	                         * is not read further */
	SEARCHES_WAITING_MAX = 64, /* searches waiting for an answer, each of up to 200 KiB */
	SEARCHES_SHARE_MAX = 4, /* of them, by all who count as one address: each may take seconds,
	                         * so further ones are asked to try again later */
	SECRETS_SHARE_MAX = 256, /* passwords and codes of one address that wait to be checked: the
	                          * last one waits for about 3 s if no other address has any */

	/* -- store --------------------------------------------------------------- */
	RECORDS_BYTES = 8 << 20, /* ring of records that wait for the writer */
	UNSTORED_MAX = 32768,   /* records appended and not yet committed; the server stops
	                         * reading from clients beyond UNSTORED_HIGH */
	UNSTORED_HIGH = UNSTORED_MAX / 2,
	STORE_CACHE_KIB = 64 << 10, /* SQLite's cache for the connection that writes */
	READER_CACHE_KIB = 16 << 10, /* and for each that reads */
	BATCH_RECORDS_MAX = 4096, /* records in one transaction; with the rest of the last group where
	                         * records are saved in groups */
	POSITION_BYTES_MAX = 8192, /* of a position that is saved with a group */
	CLUSTER_ID_BYTES_MAX = 64, /* of the id of a cluster that a database belongs to */
	INDEX_ROWS_STEP = 8192, /* lines that one indexing transaction takes, unless its time ends first */
	PRUNE_ROWS_STEP = 500,  /* lines that one pruning transaction deletes */
	COUNT_LINES_STEP = 20000, /* lines counted before the queue is looked at: 1 to 2 ms */
	IMPORT_LINE_BYTES_MAX = 256 << 10, /* of a line of a file that is imported: the largest record,
	                         * an action with what it changed, all written \uXXXX */
	SECRET_THREADS = 2,     /* threads that hash passwords, at 16 MiB and 20 ms each; a slow
	                         * check leaves the other thread to everybody else */

	/* -- cluster ---------------------------------------------------------------- */
	NODES_MAX = 64,         /* nodes that a cluster ever had: all are looked at each second */
	NODE_BYTES_MAX = 32,    /* bytes of a node's name, and of the stream's */
	ACT_BYTES_MAX = 16 << 10, /* of an act: the longest line, as it is typed, and whose it is */
	ACT_ID_BYTES_MAX = 41,  /* of an entry's id as text: two numbers of 20 digits */
	ACTS_BATCH_MAX = 512,   /* acts appended in one transaction, */
	ACTS_BATCH_BYTES_MAX = 512 << 10, /* and bytes of them: what comes meanwhile waits for it, some ms */
	ACTS_READ_MAX = 256,    /* acts in one answer of the engine: beyond 4 MiB if all are of the longest, */
	ACTS_READ_BYTES = 1 << 20, /* and about so many bytes, judged by the answer before */
	ACTS_WAITING_MAX = 16384, /* acts that were read and that the loop has not taken: beyond it the
	                         * stream is read no further, */
	ACTS_WAITING_BYTES_MAX = 16 << 20, /* and bytes of them */
	LINES_AHEAD_MAX = 32,   /* lines that somebody has said and that are on their way through the stream */
	PROPOSALS_MAX = 16384,  /* acts of our own that were not read from the stream yet: more than what
	                         * people say in a second, */
	PROPOSALS_BYTES_MAX = 16 << 20, /* and bytes of them */
	TELL_BYTES_MAX = 64 << 10, /* of a text for one other node, past the stream: the longest line, all written
	                         * %XX, and whose and for whom it is */
	TELLS_MAX = 4096,       /* such texts of ours that were not heard yet, */
	TELLS_BYTES_MAX = 4 << 20, /* and bytes of them: for one more, nobody counts as having heard it */
	TELLS_BATCH_MAX = 64,   /* of these, sent at once, */
	TELLS_BATCH_BYTES_MAX = 64 << 10, /* and bytes: so little that no act waits for it */
	TELLS_WAITING_MAX = 4096,        /* texts of other nodes that the loop has not taken, */
	TELLS_WAITING_BYTES_MAX = 4 << 20, /* and bytes of them: one more is dropped */
	ENGINE_REPLY_BYTES_MAX = 16 << 20, /* of one answer: more than that is not Redis, or not chatd's */
	ENGINE_WHY_BYTES_MAX = 800, /* of a sentence on what is wrong with the engine */
	ENGINE_NEWS_MAX = 1024, /* of what else the loop has not taken, because its disk is full, say: the node gives
	                         * its sessions with the engine up until it has, so a few more at most */
	ENGINE_RETRY_MS_MAX = 1000, /* between two tries to reach it; the first ones come sooner */
	TRIM_ENTRIES = 5000,    /* entries trimmed by one command, 0.1 ms */
	TRIM_TAIL_MS = DAY_MS,  /* what all nodes have read is kept for so long: a backup of a node that is
	                         * not older can begin another one */
	TRIM_DOWN_MS = 7 * DAY_MS, /* how long the stream waits for a node that is down: an older node needs
	                         * another one's backup */
	FORGET_ENTRIES = 100,   /* acts after a deletion until nothing before it is in Redis's memory: it frees
	                         * blocks of so many entries, or 4 KiB, and only marks single ones */
	TRIM_ENTRIES_MAX = 4 << 20, /* entries of the stream beyond which it waits only for nodes that are up,
	                         * and keeps no tail: about 600 MB of Redis's memory */

	/* -- net ------------------------------------------------------------------ */
	LISTENERS_MAX = 16,     /* `listen` lines in the configuration */
	LISTENERS_ALL_MAX = LISTENERS_MAX + 1, /* and the control socket */
	ACCEPTS_EACH = 16,      /* accepts in flight for each listener, and so the connections that
	                         * it can accept in a turn. The next accepts are submitted at
	                         * once */
	LISTEN_BACKLOG = 4096,  /* which the kernel limits to net.core.somaxconn */
	LINGERERS = 256,        /* connections that were refused and may still read why: at 128 a
	                         * second, all can. Any more are closed at once */
	PROXY_HEADER_BYTES_MAX = 2048, /* of a proxy's header: with what it may say of a client's
	                         * certificate some hundred */
	PROXY_HEADER_MS = 5000, /* how long it may take to come */
	PROXIED_MAX = 64,       /* connections whose header has not come yet. A proxy sends it at once,
	                         * so for one more the one that has waited longest is closed */
	PROXIED_SLOTS = 2 * PROXIED_MAX, /* with those that are being closed */
	HANDED_PER_TURN_MAX = 64, /* connections that are taken over from the TLS process in one turn */
	TLS_HANDSHAKES_MAX = 256, /* connections of the TLS process that the chat does not have yet, or
	                         * never gets: for one more another makes way */
	TLS_HANDSHAKE_MS = 10000, /* how long a handshake may take */
	TLS_SILENT_MS = 3000,   /* after so long without a byte it is a person with nc, who is told what
	                         * the port is for; a client begins at once */
	TLS_HANDSHAKES_TURN = 4, /* steps of handshakes in one turn, half a millisecond each: those who
	                         * talk do not wait longer for them */
	TLS_HELLO_BYTES_MAX = 8 << 10, /* of what a client begins with: 2 KiB if it offers keys that quantum computers
	                         * cannot break. OpenSSL would take 128 KiB, use half a MiB while the handshake
	                         * lasts, and compare every key in it with every group, for 33 ms */
	TLS_HANDSHAKE_BYTES_MAX = 3 * TLS_HELLO_BYTES_MAX, /* of all that a client sends before its session is open:
	                         * that twice (RFC 8446, 4.1.4), its certificates, and a proof */
	TLS_CERTS_BYTES_MAX = 4 << 10, /* of a client's certificate and its chain: to decode one costs 0.2 ms. An
	                         * RSA-4096 one with its authority's is 3.6 KiB */
	TLS_CERTS_MAX = 4,      /* how many these are: OpenSSL keeps them, 4 KiB each and more, for as long as the
	                         * client is connected */
	TLS_RSA_BITS_LEAST = 2048, /* of a client's RSA key: a shorter one can be computed from the certificate */
	TLS_RSA_BITS_MAX = 8192, /* and at most, with */
	TLS_RSA_EXPONENT_BITS_MAX = 32, /* of the public exponent (65537 has 17): the client chooses both, and
	                         * checking its signature must not cost more than a handshake */
	TLS_SWEEP_MS = 200,     /* between two looks at what has arrived, and what has taken too long */
	TLS_BUFFERS = 64,       /* buffers that the TLS process lends to the kernel; a power of two. They are
	                         * used in turn, and together fit into a processor's second-level cache */
	TLS_BUFFER_BYTES = 16 << 10, /* and the size of each: a record's (RFC 8446, 5.1), and what the
	                         * chat sends at once in a busy room */
	METRICS_CONNECTIONS_MAX = 32, /* to the process that serves metrics: for one more, the one that
	                         * came or was last answered longest ago makes way */
	METRICS_REQUEST_BYTES_MAX = 8 << 10, /* of what one of them asks, and what chatd notes of it */
	METRICS_REQUEST_MS_MAX = 10000, /* how long a request may take, or a connection be idle */
	CLUSTER_USER_BYTES_MAX = 64, /* of the name of a user of the engine's */
	CLUSTER_PASSWORD_BYTES_MAX = 512, /* of the engine's password */
	CLUSTER_DB_MAX = 9999,  /* the highest number of a database of the engine's, which has 16 unless told otherwise */
	CLUSTER_LEASE_S_LEAST = 2, /* of a node's lease, which it renews several times while it lasts; */
	CLUSTER_LEASE_S_MAX = 300, /* longer, the people of a dead node would stay for minutes */
	CLUSTER_CONNECTS_MAX = 8, /* connections to the engine that the parent makes at one time: each thread of the
	                         * engine's waits for one at most */
	CLUSTER_CONNECTS_BURST = 16, /* how many it makes at once, and then a second: an intruder in the chat could ask */
	CLUSTER_CONNECTS_PER_S = 4, /* for more than a few threads ever need */
	CLUSTER_CONNECT_MS = 2000, /* how long making one may take, */
	CLUSTER_WAIT_MS = 3000, /* and how long a thread of the chat's waits for the parent's answer */
	CLUSTER_IO_MS = 5000,   /* how long a read or write of such a connection may take, unless the engine's threads say
	                         * otherwise: none waits for ever */
	HEALTH_LATE_MS = 5000,  /* without a turn of the loop for so long, the chat is not healthy: an idle
	                         * one has a turn each second */
	HEALTH_UNSAVED_MS_MAX = 10000, /* and neither is it if for so long nothing was saved of what waits: a disk that
	                         * is slow takes a second or two, one that does not answer reports no error */
	HEALTH_AWAY_MS_MAX = 10000, /* or if the engine of the cluster has been away for so long: a restart of Redis
	                         * takes a few seconds, and after a lease the others take this node for dead */
	HEALTH_BEHIND_MS_MAX = 10000, /* or if a node is so far behind the others: then people would talk to the past */
	RECV_BUFFERS = 2048,    /* buffers lent to the kernel; a power of two */
	RECV_BUFFER_BYTES = 2048, /* and the size of each */
	FEED_CHUNK_BYTES = 32 << 10, /* a chunk of a busy feed's log */
	FEED_CHUNK_BYTES_FIRST = 4 << 10, /* the first chunk of a feed that was idle */
	FEED_BYTES_MAX = 1 << 20, /* bytes of visible lines that a feed keeps; a reader that is
	                           * further behind is moved to the live end */
	FEED_BYTES_LEAST = 32 << 10, /* the same while all logs together are over LOGS_BYTES_HIGH */
	LOGS_BYTES_HIGH = 64 << 20, /* of all rooms' logs, including the chunks that sends in flight
	                             * still read, and cuts; beyond it all of these are kept
	                             * short */
	LOGS_BYTES_EACH = 192 << 10, /* that each connection may add to that: the log of a room of
	                              * its own (FEED_BYTES_LEAST and two chunks), what its send
	                              * reads (two chunks) and its cuts. Beyond both sums input
	                              * waits */
	SENDS_PER_TURN_MAX = 8192, /* sends of one turn; the rest waits for the next turn, so that
	                            * their completions fit the completion queue */
	SEND_SPANS_MAX = 32,    /* pieces of one send */
	SEND_BYTES_MAX = 256 << 10, /* bytes of one send, so that one fast reader cannot take a
	                             * whole turn */
	SEND_BYTES_LEAST = 16 << 10, /* the same while the logs are over LOGS_BYTES_HIGH */
	HOLD_BYTES = 16 << 10,  /* of private text that waits for a person who holds lines (/hold) */
	DISPLAY_PAGE_LEAST = 6, /* rows of a screen on which answers are shown a screen at a time */
	DISPLAY_STATE_BYTES = 1024, /* of a connection's view, without what is typed */
	DISPLAY_BYTES = 32 << 10, /* of lines that one send to a connection with a view is made of */
	DISPLAY_MARKS = 16,     /* lines not sent yet that are marked because they mention the person; the
	                         * oldest loses its mark */
	SENDQ_SLOW_BYTES = 256 << 10, /* private text waiting for one connection; beyond it its
	                               * input waits as well, and /msg to it is refused */
	SENDQ_DRAINED_BYTES = 64 << 10, /* below this, both resume */
	SENDQ_BYTES_MAX = 16 << 20, /* beyond it the connection is closed: more than a step's text
	                             * and everything that the store's queue can hold for one room
	                             * together */
	SENDQ_SHARE_BYTES = 16 << 10, /* used instead of SENDQ_SLOW_BYTES while the private text of
	                               * all connections is over half of its limit */
	SENDQS_BYTES = 64 << 20, /* private text of all connections, plus the next for each of
	                          * max_connections: */
	SENDQS_BYTES_EACH = 16 << 10, /* beyond the sum, the connection with the most is closed */
	CUTS_SLOW = 4096,       /* of a reader's own lines, which its output leaves out; beyond it
	                         * the reader's input waits */
	CUTS_MAX = 2 * CUTS_SLOW, /* these, and those for lines of people it ignores; beyond it the
	                           * reader is moved to the live end */
	CUTS_LEAST = 512,       /* the same while the logs are over LOGS_BYTES_HIGH */
	FULL_LOG_MS = 60000,    /* between two log lines that max_connections is reached, or that
	                         * accepting fails */
	ACCEPT_PAUSE_MS = 100,  /* after accept failed for something that lasts */
	SWEEP_MS = 1000,        /* between sweeps for stuck sends and unread chunks */
	SWEEP_STOPPING_MS = 100, /* the same while chatd is shutting down */
	STORE_WAIT_MS = 1000,   /* after waiting this long for the disk, people are told */
	STORE_WAIT_AGAIN_MS = 60000, /* and told again no sooner than this */
	LATE_MS_MAX = 1000,     /* the most time that passes, for timeouts, in a turn of the loop
	                         * that comes late */
	WATCHES_MAX = 6,        /* descriptors that loop_watch can watch */
	DRAIN_MS_MAX = 30000,   /* from the core's closing a connection until it is gone, however
	                         * slowly the peer reads what is queued for it */
	DRAIN_DROPPED_MS = 1000, /* the same if others need its slot, because it made way or the
	                          * chat is nearly full; enforced by the next sweep */
	ENDING_BYTES_MAX = 1 << 20, /* that are read and dropped from a connection that is closing;
	                             * a peer that sends more cannot be reading its last lines */
	LINGER_MS = 2000,       /* how long a closing connection waits for the peer to close */
	LINGER_STOPPING_MS = 300, /* the same while chatd is shutting down: nc on a terminal never
	                           * ends by itself */
	STOP_MS_MAX = 4000,     /* SIGTERM to exit: farewells, then the last commit */
};

_Static_assert(NICK_CHARS_MAX * 4 <= NAME_BYTES_MAX, "a nick fits its field");
_Static_assert(ROOM_CHARS_MAX * 4 <= NAME_BYTES_MAX, "a room's name fits its field");
_Static_assert(BODY_BYTES_MAX + LINE_HEAD_BYTES_MAX <= FEED_CHUNK_BYTES,
               "a published line lies in one chunk");
_Static_assert(WELCOME_BYTES_MAX * 8 < ARENA_PER_LINE_MAX,
               "a text whose lines have one letter each, as replies with CR LF, fits a line's share");
_Static_assert(BANNER_BYTES_MAX * 2 < SENDQ_SHARE_BYTES, "nobody is slow because of the banner");
_Static_assert((int)PASTE_BYTES_MAX >= 2 * (int)LINE_BYTES_LIMIT, "a line and a paste fit together");
_Static_assert(ARENA_PER_LINE_MAX * 2 <= ARENA_BYTES, "a line's text fits the arena");
_Static_assert(ROWS_BYTES_MAX + BODY_BYTES_MAX < ARENA_PER_LINE_MAX,
               "the bodies of one answer fit a line's share of the arena");
_Static_assert(ROWS_BYTES_MAX + ROWS_MAX * LINE_HEAD_BYTES_MAX + ARENA_PER_LINE_MAX < ARENA_BYTES,
               "an answer with its heads fits the arena");
_Static_assert(ROWS_BYTES_MAX * TEXT_EXPANSION + ROWS_MAX * LINE_HEAD_BYTES_MAX + ARENA_PER_LINE_MAX <
               ARENA_BYTES, "also where all of it has to be sanitized");
_Static_assert((int)EFFECTS_ROWS_MAX >= 2 * (int)ROWS_MAX + 16, "an answer has its effects");
_Static_assert(MAIL_MAX * 2 + 16 <= EFFECTS_PER_LINE_MAX, "all mail is delivered in one step");
_Static_assert(ROOMS_OWNED_MAX * 4 + 16 <= EFFECTS_PER_LINE_MAX, "an account and its rooms go in one");
_Static_assert(MAIL_MAX * (MAIL_BYTES_MAX + 2 * LINE_HEAD_BYTES_MAX) < ARENA_PER_LINE_MAX,
               "and its text fits");
_Static_assert(4 * BANS_LISTED_MAX * (BAN_WHY_CHARS_MAX * 4 + 2 * NAME_BYTES_MAX + 240) <
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
               "what guests and accounts can take leaves something for moderators");
_Static_assert((int)MAIL_PAIR_MAX < (int)MAIL_GUESTS_MAX && (int)MAIL_GUESTS_MAX < (int)MAIL_OTHERS_MAX &&
               (int)MAIL_OTHERS_MAX < (int)MAIL_MAX, "the same in one box");
_Static_assert(MARKS_LINE_MAX + 2 * MENTIONS_LINE_MAX + 16 <= EFFECTS_PER_LINE_MAX,
               "whom a line mentions fits its effects");
_Static_assert((int)MENTIONS_ASKED_MAX <= (int)ROWS_MAX, "/mentions is one answer");
_Static_assert(2 * 6 * BODY_BYTES_MAX + 8 * NAME_KEY_BYTES_MAX <= IMPORT_LINE_BYTES_MAX,
               "what is exported can be imported");
_Static_assert((int)ROOM_NUMBER_IMPORT_MAX + (int)ROOMS_MAX < (int)ROOM_NUMBER_MAX - (int)ROOM_NUMBERS_LOBBY,
               "there is room above what was imported");
_Static_assert(REPLAY_MAX <= ROWS_MAX, "a replay is one answer");
_Static_assert((REPORT_LINE_BYTES_MAX + 2 * REPORT_WHY_BYTES_MAX) * 3 + 4 * NAME_BYTES_MAX +
               NAME_KEY_BYTES_MAX + 320 <= BODY_BYTES_MAX, "a report is a fact, all written %XX");
_Static_assert(REPORTS_LISTED_MAX * (3 * NAME_BYTES_MAX + 160) < ARENA_PER_LINE_MAX,
               "the list of reports fits a line's text");
_Static_assert(EFFECTS_PER_LINE_MAX * 2 <= EFFECTS_MAX, "one line's effects fit the array");
_Static_assert((RECV_BUFFERS & (RECV_BUFFERS - 1)) == 0 && (TLS_BUFFERS & (TLS_BUFFERS - 1)) == 0,
               "a buffer ring is a power of two");
_Static_assert(UNSTORED_HIGH + EFFECTS_MAX < UNSTORED_MAX,
               "a step that begins below the high mark still fits");
_Static_assert(ARENA_BYTES + EFFECTS_MAX * 512 + 2 * POSITION_BYTES_MAX + 4 * BODY_BYTES_MAX <
               RECORDS_BYTES / 2, "the same in bytes: a group that begins below half of the ring fits, with its "
               "position and what stays unused at the ring's end");
_Static_assert(RECORDS_BYTES + ARENA_BYTES + FEED_BYTES_MAX < SENDQ_BYTES_MAX,
               "what a room's log has for one reader fits its queue");
_Static_assert((int)SENDQ_BYTES_MAX <= (int)SENDQS_BYTES / 2, "one alone does not close others");
_Static_assert((int)LOGS_BYTES_EACH >= (int)FEED_BYTES_LEAST + 4 * (int)FEED_CHUNK_BYTES +
               (int)CUTS_LEAST * 2 * 32 && (int)SEND_BYTES_LEAST <= (int)FEED_CHUNK_BYTES,
               "what a connection holds while logs are kept short; a cut has 32 bytes");
_Static_assert(ACTS_READ_MAX * (ACT_BYTES_MAX + 256) <= ACTS_WAITING_BYTES_MAX &&
               ACTS_READ_MAX * (ACT_BYTES_MAX + 256) <= ENGINE_REPLY_BYTES_MAX &&
               (int)ACTS_READ_MAX <= (int)ACTS_WAITING_MAX, "one answer of the engine fits");
_Static_assert((int)ACTS_BATCH_BYTES_MAX >= (int)ACT_BYTES_MAX && LINE_BYTES_LIMIT * 2 < ACT_BYTES_MAX,
               "an act fits a batch, and a line an act");
_Static_assert(BODY_BYTES_MAX * 3 + NAME_BYTES_MAX * 12 + 2 * NODE_BYTES_MAX + 512 <= TELL_BYTES_MAX,
               "a line for one person fits a text, all written %XX, with two names");
_Static_assert((int)TELLS_BATCH_BYTES_MAX >= (int)TELL_BYTES_MAX &&
               (int)TELLS_WAITING_BYTES_MAX >= 4 * (int)TELL_BYTES_MAX &&
               (int)TELLS_BYTES_MAX >= 4 * (int)TELL_BYTES_MAX, "a text fits");
_Static_assert((int)RECV_BUFFER_BYTES <= (int)FLOOD_STEP_BYTES, "what is taken at once is there");

#endif
