/*
 * The configuration: one table of keys.
 *
 * Owns the table, and how values of each type are read, kept and shown.
 */
#include "chatd/program/conf/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chatd/base/address.h"
#include "chatd/base/guard.h"
#include "chatd/base/text.h"
#include "chatd/core/people/name.h"
#include "chatd/program/conf/conf_cluster.h"
#include "chatd/program/conf/conf_listen.h"

/* NOLINTNEXTLINE(bugprone-macro-parentheses): member is the name of a field */
#define KEY(key, kind, member) .name = key, .type = kind, .field = offsetof(struct conf, member)

static const char *const durability_names[] = {
	[DURABILITY_RELAXED] = "relaxed",
	[DURABILITY_COMMIT] = "commit",
	[DURABILITY_SYNC] = "sync",
	NULL,
};

static const char *const answer_names[] = {
	[CONF_NO] = "no",
	[CONF_YES] = "yes",
	NULL,
};

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	NULL,
};

static const char *const format_names[] = {
	[LOG_FORMAT_TEXT] = "text",
	[LOG_FORMAT_JSON] = "json",
	NULL,
};

static const char *const exempt_names[] = {
	[EXEMPT_NOBODY] = "nobody",
	[EXEMPT_ADMIN] = "admin",
	[EXEMPT_MODERATOR] = "moderator",
	[EXEMPT_ACCOUNT] = "account",
	NULL,
};

static const char *const store_failure_names[] = {
	[STORE_FAILURE_REFUSE] = "refuse", [STORE_FAILURE_TALK] = "talk", NULL,
};

static const char *const version_names[] = {
	[TLS_1_2] = "1.2", [TLS_1_3] = "1.3", NULL,
};

static const char *const sandbox_names[] = {
	[SANDBOX_NO] = "no",
	[SANDBOX_YES] = "yes",
	[SANDBOX_REQUIRE] = "require",
	NULL,
};

static const char *const io_names[] = {
	[RING_IO_AUTO] = "auto",
	[RING_IO_URING] = "uring",
	[RING_IO_EPOLL] = "epoll",
	NULL,
};

const struct conf_key conf_keys[] = {
	{ KEY("listen", CONF_LISTEN, listen), .initial = "8989",
	  .help = "Where to listen, with options; may be given several times." },
	{ KEY("tls_certificate", CONF_PATH, tls.certificate), .initial = "",
	  .help = "The certificate of listeners with the option tls, and its chain, in PEM." },
	{ KEY("tls_key", CONF_PATH, tls.key), .initial = "",
	  .help = "The private key of that certificate, in PEM." },
	{ KEY("tls_min", CONF_CHOICE, tls.least), .initial = "1.2", .reloadable = true, .choices = version_names,
	  .help = "The oldest version of TLS that is spoken." },
	{ KEY("database", CONF_PATH, database), .initial = "chatd.db",
	  .help = "The SQLite file with the history." },
	{ KEY("durability", CONF_CHOICE, durability), .initial = "commit",
	  .choices = durability_names,
	  .help = "What must have happened to a line before anybody sees it." },
	{ KEY("store_failure", CONF_CHOICE, store_failure), .initial = "refuse", .reloadable = true,
	  .choices = store_failure_names,
	  .help = "What happens to new lines while nothing can be saved." },
	{ KEY("disk_reserve", CONF_SIZE, disk_reserve), .initial = "64M", .reloadable = true,
	  .least = 0, .most = INT64_C(1) << 50,
	  .help = "Space left free on the database's disk; 0 for none." },
	{ KEY("sandbox", CONF_CHOICE, sandbox), .initial = "yes", .choices = sandbox_names,
	  .help = "Whether chatd, once started, gives up what it does not need." },
	{ KEY("user", CONF_PATH, user), .initial = "",
	  .help = "The user that chatd switches to when started as root." },
	{ KEY("io", CONF_CHOICE, io), .initial = "auto", .choices = io_names,
	  .help = "How chatd waits for connections: io_uring, or epoll where that is forbidden." },
	{ KEY("max_connections", CONF_NUMBER, connections_max), .initial = "1024",
	  .least = 1, .most = CONNECTIONS_LIMIT,
	  .help = "Connections at one time; further ones are refused with a message." },
	{ KEY("metrics", CONF_METRICS, metrics), .initial = "",
	  .help = "Where to serve metrics and health over HTTP; empty for nowhere." },
	{ KEY("cluster", CONF_CLUSTER, cluster.engine), .initial = "",
	  .help = "The engine through which several chatd are one chat; empty for none." },
	{ KEY("node", CONF_NODE, cluster.node), .initial = "",
	  .help = "The name of this chatd in the cluster." },
	{ KEY("cluster_user", CONF_CLUSTER_USER, cluster.user), .initial = "",
	  .help = "The user of the engine; empty for its default user." },
	{ KEY("cluster_password_file", CONF_PATH, cluster.password_file), .initial = "",
	  .help = "A file with the password of the engine; empty for none." },
	{ KEY("cluster_name", CONF_NODE, cluster.name), .initial = "chatd",
	  .help = "The name of the stream, with which all keys in the engine begin." },
	{ KEY("cluster_lease", CONF_NUMBER, cluster.lease_s), .initial = "10",
	  .least = CLUSTER_LEASE_S_LEAST, .most = CLUSTER_LEASE_S_MAX,
	  .help = "Seconds after which a node that is not heard of is taken for dead." },
	{ KEY("log_level", CONF_CHOICE, log.level), .initial = "info", .reloadable = true,
	  .choices = level_names,
	  .help = "How much chatd logs to stderr." },
	{ KEY("log_format", CONF_CHOICE, log.format), .initial = "text", .reloadable = true,
	  .choices = format_names,
	  .help = "Whether a line of the log is text or a JSON object." },
	{ KEY("chat_log", CONF_PATH, chat_log), .initial = "", .reloadable = true,
	  .help = "A text file that every line is appended to; empty for none." },
	{ KEY("line_bytes_max", CONF_NUMBER, line_bytes_max), .initial = "1024",
	  .least = LINE_BYTES_LEAST, .most = LINE_BYTES_LIMIT, .reloadable = true, .shared = true,
	  .help = "Bytes in a line; a longer one is refused whole." },
	{ KEY("history_replay", CONF_NUMBER, history.replay), .initial = "20",
	  .least = 0, .most = ROWS_MAX, .reloadable = true,
	  .help = "Earlier lines shown on joining a room; 0 for none." },
	{ KEY("history_days", CONF_NUMBER, history.days), .initial = "0",
	  .least = 0, .most = 36500, .reloadable = true,
	  .help = "Days after which lines are deleted; 0 keeps them forever." },
	{ KEY("history_lines", CONF_NUMBER64, history.lines), .initial = "0",
	  .least = 0, .most = 1000000000000, .reloadable = true,
	  .help = "Newest lines kept in each room; 0 keeps all." },
	{ KEY("rate_burst", CONF_NUMBER, rate.burst), .initial = "60",
	  .least = 1, .most = 10000, .reloadable = true,
	  .help = "Lines that a person may send at once." },
	{ KEY("rate_lines", CONF_NUMBER, rate.lines), .initial = "5",
	  .least = 0, .most = 100000, .reloadable = true,
	  .help = "Lines a second after that; 0 for no limit." },
	{ KEY("rate_bytes", CONF_NUMBER, rate.bytes), .initial = "8192",
	  .least = 0, .most = RATE_BYTES_LIMIT, .reloadable = true,
	  .help = "Bytes a second; 0 for no limit." },
	{ KEY("rate_address", CONF_NUMBER, rate.address), .initial = "10",
	  .least = 0, .most = RATE_ADDRESS_LIMIT, .reloadable = true,
	  .help = "How many times one person's limits one address may send; 0 for no limit." },
	{ KEY("rate_exempt", CONF_CHOICE, rate.exempt), .initial = "moderator", .reloadable = true,
	  .choices = exempt_names,
	  .help = "The lowest role that is exempt from the rate limits." },
	{ KEY("flood_mute", CONF_NUMBER, rate.mute_s), .initial = "60",
	  .least = 0, .most = 86400, .reloadable = true,
	  .help = "Seconds of being slowed down after which a person is muted; 0 for never." },
	{ KEY("address_connections", CONF_NUMBER, address.connections), .initial = "64",
	  .least = 0, .most = CONNECTIONS_LIMIT, .reloadable = true,
	  .help = "Connections from one address at one time; 0 for no limit." },
	{ KEY("address_connects", CONF_NUMBER, address.connects), .initial = "120",
	  .least = 0, .most = 60000, .reloadable = true,
	  .help = "Connections from one address in a minute; 0 for no limit." },
	{ KEY("address_logins", CONF_NUMBER, address.logins), .initial = "60",
	  .least = 0, .most = 60000, .reloadable = true,
	  .help = "Passwords tried from one address in a minute; 0 for no limit." },
	{ KEY("address_exempt", CONF_BLOCKS, address.exempt), .initial = "127.0.0.0/8 ::1/128",
	  .reloadable = true, .shared = true,
	  .help = "Addresses and blocks exempt from the limits by address." },
	{ KEY("proxy_from", CONF_BLOCKS, address.proxies), .initial = "127.0.0.0/8 ::1/128", .reloadable = true,
	  .help = "Addresses and blocks of the proxies that may use listeners with the option proxy." },
	{ KEY("guest_room_days", CONF_NUMBER, guest_room_days), .initial = "0",
	  .least = 0, .most = RETENTION_DAYS_MAX, .reloadable = true, .shared = true,
	  .help = "Days without a line after which a room without an owner is removed; 0 for never." },
	{ KEY("login_timeout", CONF_NUMBER, login_timeout_s), .initial = "300",
	  .least = 0, .most = 86400, .reloadable = true,
	  .help = "Seconds to enter a name; 0 for no limit." },
	{ KEY("send_timeout", CONF_NUMBER, send_timeout_s), .initial = "60",
	  .least = 1, .most = 3600, .reloadable = true,
	  .help = "Seconds after which a connection that reads nothing is closed." },
	{ KEY("keepalive", CONF_NUMBER, keepalive_s), .initial = "60",
	  .least = 0, .most = 32767, /* what TCP_KEEPIDLE takes */
	  .reloadable = true,
	  .help = "Idle seconds before TCP asks whether the peer is still there; 0 for never." },
	{ KEY("command_prefix", CONF_CHAR, face.command_prefix), .initial = "/", .reloadable = true,
	  .shared = true,
	  .help = "The character that begins a command." },
	{ KEY("host_accounts", CONF_CHOICE, host_accounts), .initial = "no", .reloadable = true,
	  .choices = answer_names,
	  .help = "Whether people on a unix socket have the account of their login name." },
	{ KEY("server_name", CONF_TITLE, face.server_name), .initial = "", .reloadable = true,
	  .shared = true,
	  .help = "What the server calls itself; empty for chatd." },
	{ KEY("lobby", CONF_ROOM, face.lobby), .initial = "general", .shared = true,
	  .help = "The room where people start." },
	{ KEY("banner", CONF_TEXT_FILE, face.banner), .initial = CONF_BANNER_BUILT_IN, .reloadable = true,
	  .help = "A text file shown before the prompt for a name; or penguin, or none." },
	{ KEY("motd", CONF_TEXT_FILE, face.motd), .initial = "", .reloadable = true,
	  .help = "A text file shown to people who come in; empty for none." },
	{ KEY("rules", CONF_TEXT_FILE, face.rules), .initial = "", .reloadable = true,
	  .help = "A text file with the rules, shown to newcomers; empty for none." },
	{ .name = NULL },
};

/* -- values ----------------------------------------------------------------------- */

static void *conf_field(const struct conf *c, const struct conf_key *k)
{
	return (char *)c + k->field;
}

/* Whether an earlier listener has l's address already, or its port, which value shows; why says which. */
static bool listens_already(const struct conf *c, const struct conf_listen *l, const char *value,
                            char *why, size_t n)
{
	struct conf_listen earlier;

	for (uint32_t i = 0; i < c->nlisten; i++) {
		if (!conf_listen_parse(c->listen[i], &earlier, why, n) ||
		    !conf_listen_overlap(&earlier, l))
			continue;
		if (strcmp(c->listen[i], value) == 0)
			snprintf(why, n, "%s is given twice", value);
		else if (!conf_listen_same_address(&earlier, l))
			snprintf(why, n, "%s and %s cover each other; leave one out, or choose another port",
			         value, c->listen[i]);
		else
			snprintf(why, n, "%s has the same address as %s", value, c->listen[i]);
		return true;
	}
	return false;
}

static bool read_listen(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	struct bytes shown = { 0 };
	struct conf_listen l;
	bool ok;

	(void)k;
	if (!conf_listen_parse(value, &l, why, n))
		return false;
	conf_listen_show(&l, &shown);
	ok = !listens_already(c, &l, shown.data, why, n);
	if (ok && c->nlisten == LISTENERS_MAX) {
		snprintf(why, n, "more than %d are given", LISTENERS_MAX);
		ok = false;
	}
	if (ok)
		c->listen[c->nlisten++] = mem_strdup(shown.data);
	bytes_release(&shown);
	return ok;
}

static void show_listen(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	(void)k;
	for (uint32_t i = 0; i < c->nlisten; i++)
		bytes_printf(out, "%s%s", i > 0 ? ", " : "", c->listen[i]);
}

/* Sets a path, or other text, to a copy of value; NULL for "". */
static void set_text(char **text, const char *value)
{
	free(*text);
	*text = value[0] != '\0' ? mem_strdup(value) : NULL;
}

/* The same form as of a listener, without options. Whoever wants none may write that. */
static bool read_metrics(struct conf *c, const struct conf_key *k, const char *value, char *why, size_t n)
{
	struct bytes shown = { 0 };
	struct conf_listen l;

	if (value[0] == '\0' || strcmp(value, "none") == 0) {
		set_text(conf_field(c, k), "");
		return true;
	}
	if (!conf_listen_parse(value, &l, why, n))
		return false;
	if (l.telnet || l.tls || l.proxy) {
		snprintf(why, n, "metrics takes no options");
		return false;
	}
	conf_listen_show(&l, &shown);
	set_text(conf_field(c, k), shown.data);
	bytes_release(&shown);
	return true;
}

/* Whoever wants no cluster may write none. */
static bool read_cluster(struct conf *c, const struct conf_key *k, const char *value, char *why, size_t n)
{
	struct bytes shown = { 0 };
	struct conf_cluster e;

	if (value[0] == '\0' || strcmp(value, "none") == 0) {
		set_text(conf_field(c, k), "");
		return true;
	}
	if (!conf_cluster_parse(value, &e, why, n))
		return false;
	conf_cluster_show(&e, &shown);
	set_text(conf_field(c, k), shown.data);
	bytes_release(&shown);
	return true;
}

/* A name in a cluster. One that need not be set can be none. */
static bool read_cluster_name(struct conf *c, const struct conf_key *k, const char *value, char *why, size_t n)
{
	bool none = k->initial[0] == '\0' && (value[0] == '\0' || strcmp(value, "none") == 0);

	if (!none && !(k->type == CONF_NODE ? conf_cluster_check_name(value, why, n) : conf_cluster_check_user(value, why, n)))
		return false;
	set_text(conf_field(c, k), none ? "" : value);
	return true;
}

static bool read_path(struct conf *c, const struct conf_key *k, const char *value, char *why,
                      size_t n)
{
	char **path = conf_field(c, k);

	if (value[0] == '\0' && k->initial[0] != '\0') {
		snprintf(why, n, "the path is missing");
		return false;
	}
	set_text(path, value);
	return true;
}

/* It stands in lines of chatd's own, whose beginnings and prompts programs know by their brackets. */
static bool read_title(struct conf *c, const struct conf_key *k, const char *value, char *why,
                       size_t n)
{
	size_t len = strlen(value);

	if (!text_is_shown(value, len) || strpbrk(value, "[]")) {
		snprintf(why, n, "it must be UTF-8, without control characters and without [ and ]");
		return false;
	}
	if (len > SERVER_NAME_BYTES_MAX || text_fit(value, len, SERVER_NAME_COLUMNS_MAX) < len) {
		snprintf(why, n, "it is wider than %d columns", SERVER_NAME_COLUMNS_MAX);
		return false;
	}
	set_text(conf_field(c, k), value);
	return true;
}

static bool read_room(struct conf *c, const struct conf_key *k, const char *value, char *why,
                      size_t n)
{
	char key[NAME_KEY_BYTES_MAX + 1];

	if (!name_check(NAME_ROOM, value, strlen(value), key, why, n))
		return false;
	set_text(conf_field(c, k), value);
	return true;
}

/* Whoever wants no text writes either. */
static bool read_text_file(struct conf *c, const struct conf_key *k, const char *value, char *why,
                           size_t n)
{
	(void)why;
	(void)n;
	set_text(conf_field(c, k), strcmp(value, "none") == 0 ? "" : value);
	return true;
}

static bool read_blocks(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	struct address list[EXEMPT_MAX];
	char **blocks = conf_field(c, k), wrong[ADDRESS_BYTES_MAX];
	int count = address_parse_list(value, list, EXEMPT_MAX, wrong);

	if (count < 0) {
		snprintf(why, n, "%s is neither an address nor a block such as 192.0.2.0/24", wrong);
	} else if (count > EXEMPT_MAX) {
		snprintf(why, n, "more than %d are given", EXEMPT_MAX);
	} else {
		free(*blocks);
		*blocks = mem_strdup(value);
	}
	return count >= 0 && count <= EXEMPT_MAX;
}

static void show_path(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	const char *path = *(char **)conf_field(c, k);

	bytes_puts(out, path ? path : "none");
}

static bool parse_number(const struct conf_key *k, const char *value, int64_t *number, char *why,
                         size_t n)
{
	size_t sign = value[0] == '-' ? 1 : 0;
	size_t digits = strspn(value + sign, "0123456789");

	if (digits == 0 || value[sign + digits] != '\0') {
		snprintf(why, n, "\"%s\" is not a whole number", value);
		return false;
	}
	*number = strtoll(value, NULL, 10); /* clamps a number that is too large; refused below */
	if (*number < k->least || *number > k->most) {
		snprintf(why, n, "%s is not between %lld and %lld", value, (long long)k->least,
		         (long long)k->most);
		return false;
	}
	return true;
}

static bool read_number(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	int64_t number;

	if (!parse_number(k, value, &number, why, n))
		return false;
	*(uint32_t *)conf_field(c, k) = (uint32_t)number;
	return true;
}

static void show_number(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	bytes_printf(out, "%u", *(uint32_t *)conf_field(c, k));
}

static bool read_number64(struct conf *c, const struct conf_key *k, const char *value, char *why,
                          size_t n)
{
	int64_t number;

	if (!parse_number(k, value, &number, why, n))
		return false;
	*(uint64_t *)conf_field(c, k) = (uint64_t)number;
	return true;
}

static void show_number64(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	bytes_printf(out, "%llu", (unsigned long long)*(uint64_t *)conf_field(c, k));
}

static const char size_units[] = "KMGT"; /* each is 1,024 of the one before */

static bool read_size(struct conf *c, const struct conf_key *k, const char *value, char *why,
                      size_t n)
{
	size_t digits = strspn(value, "0123456789");
	const char *unit = value[digits] != '\0' ? strchr(size_units, value[digits]) : NULL;
	unsigned int shift = unit != NULL ? 10 * (unsigned int)(unit - size_units + 1) : 0;
	int64_t number = strtoll(value, NULL, 10); /* clamps one that is too large */

	if (digits == 0 || (value[digits] != '\0' && (unit == NULL || value[digits + 1] != '\0'))) {
		snprintf(why, n, "\"%s\" is not a size such as 64M (K, M, G and T are units)", value);
		return false;
	}
	if (number > k->most >> shift || number << shift < k->least) {
		snprintf(why, n, "%s is too large", value);
		return false;
	}
	*(uint64_t *)conf_field(c, k) = (uint64_t)number << shift;
	return true;
}

static void show_size(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	uint64_t size = *(uint64_t *)conf_field(c, k);
	const char *unit = size_units;

	for (; size > 0 && size % 1024 == 0 && *unit != '\0'; unit++)
		size /= 1024;
	bytes_printf(out, "%llu", (unsigned long long)size);
	if (unit > size_units)
		bytes_append(out, unit - 1, 1);
}

/* An enum has the size of an unsigned int with every compiler we build with. */
_Static_assert(sizeof(enum durability) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum ring_io) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum tls_version) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum conf_answer) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum rate_exempt) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum store_failure) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum log_format) == sizeof(unsigned int), "a choice is an unsigned int");

static bool read_choice(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	size_t len;

	for (unsigned int i = 0; k->choices[i]; i++) {
		if (strcmp(k->choices[i], value) == 0) {
			memcpy(conf_field(c, k), &i, sizeof(i));
			return true;
		}
	}
	len = (size_t)snprintf(why, n, "\"%.100s\" is not one of:", value);
	for (unsigned int i = 0; k->choices[i] && len < n; i++)
		len += (size_t)snprintf(why + len, n - len, "%s %s", i > 0 ? "," : "", k->choices[i]);
	return false;
}

static void show_choice(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	unsigned int i;

	memcpy(&i, conf_field(c, k), sizeof(i));
	bytes_puts(out, k->choices[i]);
}

static bool read_char(struct conf *c, const struct conf_key *k, const char *value, char *why,
                      size_t n)
{
	static const char prefixes[] = "!\"#$%&'()*+,/:;<=>?@\\]`{}~";

	/* '[' begins other people's lines and '-' chatd's own: neither may begin a command. */
	if (value[0] == '\0' || value[1] != '\0' || !strchr(prefixes, value[0])) {
		snprintf(why, n, "it must be one ASCII punctuation character other than [ - . | ^ _");
		return false;
	}
	*(char *)conf_field(c, k) = value[0];
	return true;
}

static void show_char(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	bytes_append(out, conf_field(c, k), 1);
}

static const struct {
	bool (*read)(struct conf *c, const struct conf_key *k, const char *value, char *why,
	             size_t n);
	void (*show)(const struct conf *c, const struct conf_key *k, struct bytes *out);
	size_t size;      /* size of the field; 0: it is never swapped */
} conf_types[] = {
	[CONF_LISTEN] = { read_listen, show_listen, 0 },
	[CONF_METRICS] = { read_metrics, show_path, sizeof(char *) },
	[CONF_PATH] = { read_path, show_path, sizeof(char *) },
	[CONF_BLOCKS] = { read_blocks, show_path, sizeof(char *) },
	[CONF_NUMBER] = { read_number, show_number, sizeof(uint32_t) },
	[CONF_NUMBER64] = { read_number64, show_number64, sizeof(uint64_t) },
	[CONF_SIZE] = { read_size, show_size, sizeof(uint64_t) },
	[CONF_CHOICE] = { read_choice, show_choice, sizeof(unsigned int) },
	[CONF_CHAR] = { read_char, show_char, sizeof(char) },
	[CONF_TITLE] = { read_title, show_path, sizeof(char *) },
	[CONF_ROOM] = { read_room, show_path, sizeof(char *) },
	[CONF_TEXT_FILE] = { read_text_file, show_path, sizeof(char *) },
	[CONF_CLUSTER] = { read_cluster, show_path, sizeof(char *) },
	[CONF_NODE] = { read_cluster_name, show_path, sizeof(char *) },
	[CONF_CLUSTER_USER] = { read_cluster_name, show_path, sizeof(char *) },
};

bool conf_value_read(struct conf *c, const struct conf_key *k, const char *value, char *why,
                     size_t n)
{
	return conf_types[k->type].read(c, k, value, why, n);
}

void conf_value_show(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	conf_types[k->type].show(c, k, out);
}

/* Exchanges k's field of two configurations; not of CONF_LISTEN. */
static void value_swap(struct conf *a, struct conf *b, const struct conf_key *k)
{
	unsigned char kept[sizeof(uint64_t)];
	size_t size = conf_types[k->type].size;

	memcpy(kept, conf_field(a, k), size);
	memcpy(conf_field(a, k), conf_field(b, k), size);
	memcpy(conf_field(b, k), kept, size);
}

/* -- configurations --------------------------------------------------------------- */

void conf_tell(struct bytes *out, const char *fmt, ...)
{
	size_t start = out->len;
	va_list ap;

	va_start(ap, fmt);
	bytes_vprintf(out, fmt, ap);
	va_end(ap);
	if (out->len > start)
		guard_text(out->data + start, out->len - start);
	bytes_puts(out, "\n");
}

void conf_clear_listen(struct conf *c)
{
	while (c->nlisten > 0)
		free(c->listen[--c->nlisten]);
}

void conf_init(struct conf *c)
{
	char why[256];

	memset(c, 0, sizeof(*c));
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		bool ok = conf_value_read(c, k, k->initial, why, sizeof(why));

		assert(ok);
		(void)ok;
	}
}

void conf_release(struct conf *c)
{
	conf_clear_listen(c);
	free(c->database);
	free(c->chat_log);
	free(c->user);
	free(c->metrics);
	free(c->tls.certificate);
	free(c->tls.key);
	free(c->cluster.engine);
	free(c->cluster.node);
	free(c->cluster.user);
	free(c->cluster.password_file);
	free(c->cluster.name);
	free(c->address.proxies);
	free(c->address.exempt);
	free(c->face.server_name);
	free(c->face.lobby);
	free(c->face.banner);
	free(c->face.motd);
	free(c->face.rules);
	memset(c, 0, sizeof(*c));
}

const struct conf_key *conf_key_find(const char *name)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if (strcmp(k->name, name) == 0)
			return k;
	}
	return NULL;
}

bool conf_set(struct conf *c, const char *key, const char *value, const char *where,
              struct bytes *problems)
{
	const struct conf_key *k = conf_key_find(key);
	char why[256];

	assert(k);
	if (!conf_value_read(c, k, value, why, sizeof(why))) {
		conf_tell(problems, "%s: %s", where, why);
		return false;
	}
	return true;
}

/* -- a new configuration while running -------------------------------------------- */

void conf_take(struct conf *c, struct conf *next, struct bytes *said)
{
	struct bytes old = { 0 }, new = { 0 };

	for (const struct conf_key *k = conf_keys; k->name; k++) {
		bytes_clear(&old);
		bytes_clear(&new);
		/* An empty value must be a string, too, and not NULL. */
		bytes_printf(&old, "%s", "");
		bytes_printf(&new, "%s", "");
		conf_value_show(c, k, &old);
		conf_value_show(next, k, &new);
		if (strcmp(old.data, new.data) == 0)
			continue;
		bool agreed = k->shared && c->cluster.engine != NULL;
		conf_tell(said, "%s: %s -> %s%s", k->name, old.data, new.data,
		          agreed ? " (needs all nodes to be stopped)" : k->reloadable ? "" : " (needs a restart)");
		if (k->reloadable && !agreed)
			value_swap(c, next, k);
	}
	bytes_release(&old);
	bytes_release(&new);
}
