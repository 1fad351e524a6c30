/*
 * "chatd admin list", "stats" and "check": what a database has, as a table for people or, with json, as
 * JSON Lines for programs.
 */
#ifndef CHATD_PROGRAM_ADMIN_LIST_H
#define CHATD_PROGRAM_ADMIN_LIST_H

#include "chatd/program/admin_db.h"

struct store;

/* Opens the database to read it, as its owner. *running says whether a chatd runs on it. NULL: stderr
 * says why not. Closed with store_close. */
struct store *admin_read_begin(const struct conf *c, const struct admin_db *p, bool *running);

/* Writes to stdout. False: that is not possible, and stderr says so. */
bool admin_print(const struct bytes *b);

/* Adds the local time, as "2026-11-22 20:14", to a text or, in a column of a table, blanks for 0. */
enum { ADMIN_TIME_COLUMNS = 16 };
void admin_put_time(struct bytes *b, int64_t time_ms);

/* What: "accounts", "rooms" or "bans". False: stderr says why not. */
bool admin_list(const struct conf *c, const struct admin_db *p, const char *what, bool json);
bool admin_stats(const struct conf *c, const struct admin_db *p, bool json);

/* What a running chatd found when it compared the nodes of its cluster. */
enum admin_nodes {
	ADMIN_NODES_UNKNOWN, /* it could not, which was told */
	ADMIN_NODES_SAME,
	ADMIN_NODES_DIFFER,
};
/* Asks it, and adds what it said, rows for people. */
typedef enum admin_nodes admin_compare(const struct conf *c, const struct admin_db *p, struct bytes *said);

/* Returns an exit status: STATUS_DATA if something is wrong. compare is called if the database is one of a cluster and
 * in use. */
int admin_check(const struct conf *c, const struct admin_db *p, bool json, admin_compare *compare);

/* A list of sessions, of the pages that /connections --status answers with. */
struct admin_list_sessions {
	bool json;
	uint64_t n;             /* rows printed so far */
	uint32_t next;          /* where the next page begins, */
	bool ended;             /* unless there is none */
};
/* Prints the page that began at `from`; answer is changed. False: it is no such page, or cannot be
 * printed. */
bool admin_list_session_page(struct admin_list_sessions *list, uint32_t from, char *answer);

#endif
