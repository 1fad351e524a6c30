/*
 * The configuration: one table of keys, whose values come from a file (conf_file.h) and from options.
 *
 * The table (name, type, field, default, least, most, reloadable, help) is the one place where a key is
 * declared; chatd.conf.example and chatd.conf(5) are checked against it.
 */
#ifndef CHATD_PROGRAM_CONF_CONF_H
#define CHATD_PROGRAM_CONF_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/base/log.h"
#include "chatd/core/chat.h"
#include "chatd/net/ring.h"
#include "chatd/store/db/store.h"
#include "chatd/tls/engine.h"

enum conf_answer { CONF_NO, CONF_YES };
/* Whether chatd must enter its sandbox; see sandbox.h. */
enum sandbox { SANDBOX_NO, SANDBOX_YES, SANDBOX_REQUIRE };
/* What happens to new lines while nothing can be saved. */
enum store_failure { STORE_FAILURE_REFUSE, STORE_FAILURE_TALK };

struct conf {
	/* Fixed while chatd runs. */
	char *listen[LISTENERS_MAX];  /* "8989", "127.0.0.1:8989", "[::1]:8989", "unix:/path", each
	                               * with its options: "2323 telnet"; as conf_listen_show
	                               * has it. No two are for the same address */
	uint32_t nlisten;
	char *database;               /* path of the SQLite file */
	enum durability durability;
	enum sandbox sandbox;
	char *user;                   /* the user to switch to when started as root; NULL: none is
	                               * set */
	enum ring_io io;
	uint32_t connections_max;     /* max_connections */
	char *metrics;                /* where metrics are served, as conf_listen_show has it, or NULL: nowhere */
	struct {
		char *certificate;    /* path, or NULL */
		char *key;            /* path, or NULL */
		enum tls_version least; /* tls_min */
	} tls;                        /* a reload takes tls_min and new files at these paths, but no other paths */

	struct {
		char *engine;         /* the key `cluster`, as conf_cluster_show has it; NULL: there is no cluster, and
		                       * the rest does not count */
		char *node;           /* NULL: none is set, which check_cluster refuses */
		char *user;           /* cluster_user, or NULL */
		char *password_file;  /* cluster_password_file: path, or NULL */
		char *name;           /* cluster_name */
		uint32_t lease_s;     /* cluster_lease */
	} cluster;

	/* A reload takes new values. */
	struct {
		enum log_level level;
		enum log_format format;
	} log;
	enum store_failure store_failure;
	char *chat_log;               /* path, or NULL */
	uint32_t line_bytes_max;
	struct {
		uint32_t replay;
		uint32_t days;        /* 0: lines are kept forever */
		uint64_t lines;       /* per room; 0: all */
	} history;
	uint64_t disk_reserve;        /* bytes; 0: none */
	struct {
		uint32_t burst;
		uint32_t lines;       /* 0: no limit */
		uint32_t bytes;       /* 0: no limit */
		uint32_t address;     /* 0: no limit by address */
		enum rate_exempt exempt;
		uint32_t mute_s;      /* flood_mute; 0: flooding mutes nobody */
	} rate;
	struct {
		uint32_t connections; /* 0: no limit */
		uint32_t connects;    /* in a minute; 0: no limit */
		uint32_t logins;      /* in a minute; 0: no limit */
		char *exempt;         /* blocks of addresses, with blanks between; NULL: none */
		char *proxies;        /* the same; trusted proxies: proxy_from */
	} address;                    /* for each one */
	uint32_t guest_room_days;     /* guest_room_days; 0: never */
	uint32_t login_timeout_s;     /* login_timeout; 0: none */
	uint32_t send_timeout_s;      /* send_timeout */
	uint32_t keepalive_s;         /* keepalive: idle seconds before the first probe; 0: off.
	                               * Applies to connections accepted later */
	enum conf_answer host_accounts; /* whether users of the host have accounts over unix
	                                 * sockets */
	struct {
		char *server_name;    /* NULL: none is set */
		char *lobby;          /* a room's name; fixed while chatd runs */
		char *banner;         /* a file, CONF_BANNER_BUILT_IN, or NULL for none */
		char *motd, *rules;   /* files; NULL: none */
		char command_prefix;
	} face;                       /* how the chat shows itself to people */
};

#define CONF_BANNER_BUILT_IN "penguin"

enum conf_type {
	CONF_LISTEN, CONF_METRICS, CONF_PATH, CONF_BLOCKS, CONF_NUMBER, CONF_NUMBER64, CONF_SIZE, CONF_CHOICE, CONF_CHAR,
	CONF_TITLE, CONF_ROOM, CONF_TEXT_FILE, CONF_CLUSTER, CONF_NODE, CONF_CLUSTER_USER,
};

struct conf_key {
	const char *name;
	enum conf_type type;
	size_t field;             /* offset in struct conf */
	const char *initial;      /* default, as it would be written in the file; "" for none */
	int64_t least, most;      /* bounds of numbers, and of sizes in bytes */
	const char *const *choices; /* for CONF_CHOICE: NULL-terminated, in the enum's order */
	bool reloadable;
	bool shared;              /* all nodes of a cluster have it alike, so there a reload does not take it */
	const char *help;         /* a sentence for the man page */
};

extern const struct conf_key conf_keys[];  /* ends with name NULL */

/* The key of that name; NULL: there is none. */
const struct conf_key *conf_key_find(const char *name);

/* Adds a line for the operator to out. Parts of it come from files and the command line, so it is made
 * safe for a terminal, and stays one line. */
void conf_tell(struct bytes *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Sets all defaults. The caller gives c to conf_release in the end. */
void conf_init(struct conf *c);
void conf_release(struct conf *c);

/* One key from the command line; where is "--max-connections" or the like. A `listen` is added to the
 * earlier ones. */
bool conf_set(struct conf *c, const char *key, const char *value, const char *where,
              struct bytes *problems);

/* Removes every `listen`, so that others can replace them; with none, chatd would listen nowhere. */
void conf_clear_listen(struct conf *c);

/* Reads value into k's field of c; a CONF_LISTEN is added to the earlier ones. False: why is a
 * sentence without its full stop, and the field is unchanged. */
bool conf_value_read(struct conf *c, const struct conf_key *k, const char *value, char *why,
                     size_t n);

/* Adds the field's value to out, as it would be written in the file; "none" for no path. */
void conf_value_show(const struct conf *c, const struct conf_key *k, struct bytes *out);

/*
 * On a reload: takes the reloadable fields of next into c. Adds a line to said for each that
 * changed ("history_replay: 20 -> 50") and one for each that changed and needs a restart, of all
 * nodes of a cluster at the same time if they have it alike.
 */
void conf_take(struct conf *c, struct conf *next, struct bytes *said);

#endif
