/*
 * "chatd admin".
 *
 * Opens a conversation with the running chatd (admin_chat.c); or gives the command /role NAME admin
 * or /code NAME, with an administrator's rights: to the running chatd, or to a chat of our own on
 * the same database. So there is only one way to create an account.
 */
#include "chatd/program/admin.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/base/guard.h"
#include "chatd/core/chat.h"
#include "chatd/core/people/name.h"
#include "chatd/program/admin_chat.h"
#include "chatd/program/check.h"
#include "chatd/program/listen.h"
#include "chatd/program/privilege.h"
#include "chatd/program/users.h"
#include "chatd/store/db/store.h"
#include "chatd/store/secret.h"

enum {
	ANSWER_S = 10,          /* how long a running chatd may take to answer */
	ANSWER_BYTES_MAX = 65536,
	COMMAND_BYTES = NAME_BYTES_MAX + 64,
};

/* Prints a sentence on stderr; it may contain paths and SQLite's messages. */
__attribute__((format(printf, 1, 2)))
static void admin_tell(const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	guard_text(text, strlen(text));
	fprintf(stderr, "chatd: %s\n", text);
}

/* The database to administer, as messages name it. */
struct admin_db {
	char *database;         /* owned; the whole path */
	bool there;             /* the file exists, or that is unknown */
	uint32_t owner;         /* the uid of its owner, if it exists; otherwise our own */
};

static bool admin_is_missing(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* A relative path is relative to the working directory, whatever file it was read from. */
static struct admin_db admin_place(const char *database)
{
	char *cwd = *database == '/' ? NULL : getcwd(NULL, 0);
	struct admin_db p = { .owner = geteuid() };
	struct bytes path = { 0 }, whole = { 0 };
	struct stat st;

	if (strncmp(database, "./", 2) == 0 && cwd)
		database += 2;
	bytes_printf(&path, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", database);
	/* A rebuild that was interrupted counts too: the next start finishes it. */
	bytes_printf(&whole, "%s-whole", path.data);
	p.database = path.data;
	p.there = !admin_is_missing(path.data) || !admin_is_missing(whole.data);
	if (p.there && stat(path.data, &st) == 0)
		p.owner = st.st_uid;
	bytes_release(&whole);
	free(cwd);
	return p;
}

static void admin_say_place(const struct admin_db *p, bool new)
{
	char *shown = mem_strdup(p->database);

	guard_text(shown, strlen(shown));
	printf("%s: %s\n", new ? "New database" : "Database", shown);
	free(shown);
}

/* Prints the replies, without the banner, the goodbye and the status. True: it was done. */
static bool admin_show(char *answer)
{
	bool done = false;

	for (char *line = strtok(answer, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		char *said = strstr(line, "-- ");

		if (!said || strcmp(said, "-- Goodbye.") == 0)
			continue;
		if (strcmp(said, "-- status: done") == 0) {
			done = true;
			continue;
		}
		said += 3;
		/* Whoever answered, this goes to a terminal. */
		guard_text(said, strlen(said));
		printf("%s\n", said);
	}
	return fflush(stdout) == 0 && done;
}

static void admin_command(char command[COMMAND_BYTES], char prefix, bool add, const char *name)
{
	snprintf(command, COMMAND_BYTES, "%c%s --status %s%s\n", prefix, add ? "role" : "code", name,
	         add ? " admin" : "");
}

/* -- a running chatd --------------------------------------------------------------- */

static int admin_connect(const char *database)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = -1;

	if (listen_control_path(database, sa.sun_path, sizeof(sa.sun_path)))
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	else
		errno = ENAMETOOLONG;
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0) {
		int e = errno;

		close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

/* Why admin_connect has failed: the text after a colon. */
static const char *admin_unreached(const char *database, struct bytes *why)
{
	if (errno == ENOENT || errno == ENOTDIR)
		bytes_printf(why, "the socket %s-ctl does not exist", database);
	else if (errno == ECONNREFUSED)
		bytes_printf(why, "nothing listens on %s-ctl", database);
	else if (errno == EACCES || errno == EPERM)
		bytes_printf(why, "only root and the user that chatd runs as may use %s-ctl", database);
	else if (errno == ENAMETOOLONG)
		bytes_printf(why, "the path %s-ctl is too long for a socket", database);
	else
		bytes_printf(why, "%s-ctl: %s", database, strerror(errno));
	return why->data;
}

/* fd is from admin_connect, and is closed here. */
static bool admin_ask(int fd, const struct conf *c, const struct admin_db *p, bool add,
                      const char *name)
{
	const struct timeval wait = { .tv_sec = ANSWER_S };
	char *answer = mem_zero(1, ANSWER_BYTES_MAX + 1);
	char command[COMMAND_BYTES + sizeof("/quit\n")];
	size_t len = 0;
	ssize_t n = 0;
	bool done;

	admin_command(command, c->command_prefix, add, name);
	snprintf(command + strlen(command), sizeof("/quit\n"), "%cquit\n", c->command_prefix);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (send(fd, command, strlen(command), MSG_NOSIGNAL) == (ssize_t)strlen(command))
		while (len < ANSWER_BYTES_MAX &&
		       (n = recv(fd, answer + len, ANSWER_BYTES_MAX - len, 0)) > 0)
			len += (size_t)n;
	if (n < 0 && errno == EAGAIN)
		admin_tell("the chatd running on the database %s did not answer within %d seconds",
		           p->database, ANSWER_S);
	else if (n < 0)
		admin_tell("the chatd running on the database %s does not answer: %s", p->database,
		           strerror(errno));
	else if (len == 0)
		admin_tell("the chatd running on the database %s hung up without answering",
		           p->database);
	else
		admin_say_place(p, false);
	close(fd);
	done = admin_show(answer);
	free(answer);
	return done;
}

/* -- a chat of our own --------------------------------------------------------------- */

struct own_chat {
	struct chat *chat;
	struct store *store;
	struct bytes said;      /* what our one connection has been sent */
	struct rows *rows;      /* the answer to its question; NULL: none */
	bool failed;            /* something could not be saved */
};

static void admin_save(struct own_chat *a, const struct record *r)
{
	struct store_error err;

	if (store_begin(a->store, &err) && store_save(a->store, r, 1, &err) &&
	    store_commit(a->store, &err))
		return;
	admin_tell("nothing can be saved: %s", err.text);
	a->failed = true;
}

static void admin_step(struct own_chat *a, struct event e)
{
	const struct effect *effect;
	size_t n;

	e.conn = (struct conn_id){ 0, 1 };
	e.now_ms = clock_ms(CLOCK_MONOTONIC);
	e.wall_ms = clock_ms(CLOCK_REALTIME);
	chat_step(a->chat, &e);
	effect = chat_effects(a->chat, &n);
	for (size_t i = 0; i < n; i++) {
		if (effect[i].kind == EFFECT_SEND)
			bytes_append(&a->said, effect[i].text, effect[i].len);
		else if (effect[i].kind == EFFECT_APPEND)
			admin_save(a, &effect[i].record);
		else if (effect[i].kind == EFFECT_QUERY)
			a->rows = secret_answer(&effect[i].query);
	}
}

static void admin_load_room(void *ctx, const struct saved_room *r)
{
	chat_load_room(ctx, r);
}

static void admin_load_fact(void *ctx, const struct saved_fact *f)
{
	chat_load_fact(ctx, f);
}

static bool admin_do(struct store *store, const struct conf *c, const char *command)
{
	const struct chat_config config = {
		.connections_max = 1, .line_bytes_max = c->line_bytes_max, .rate_burst = 1,
		.command_prefix = '/',
	};
	struct own_chat a = { .store = store };
	struct store_error err;
	bool done;

	a.chat = chat_new(&config, store_last_seq(store), store_last_room(store));
	if (!store_rooms(store, admin_load_room, a.chat, &err) ||
	    !store_facts(store, admin_load_fact, a.chat, &err)) {
		admin_tell("%s", err.text);
		chat_free(a.chat);
		return false;
	}
	admin_step(&a, (struct event){ .kind = EVENT_CONNECTED,
	                               .connected = { .from.kind = ADDRESS_HOST,
	                                              .control = true } });
	admin_step(&a, (struct event){ .kind = EVENT_BYTES,
	                               .bytes = { .data = command, .len = strlen(command) } });
	if (a.rows) {
		admin_step(&a, (struct event){ .kind = EVENT_ROWS, .rows = a.rows });
		rows_release(a.rows);
	}
	done = admin_show(a.said.data) && !a.failed;
	bytes_release(&a.said);
	chat_free(a.chat);
	return done;
}

static bool admin_talk(const struct conf *c, const struct admin_db *p)
{
	struct bytes why = { 0 };
	bool ok;
	int fd;

	/* Root would be let in too, but fewer privileges are enough. */
	if (geteuid() == 0 && c->user && !privilege_drop(c->user))
		return false;
	fd = admin_connect(c->database);
	if (fd < 0) {
		bool absent = errno == ENOENT || errno == ECONNREFUSED;

		admin_unreached(p->database, &why);
		if (!p->there)
			admin_tell("there is no database %s, and no chatd is running on it; choose another "
			           "with -c or -d",
			           p->database);
		else
			admin_tell("cannot reach a chatd on the database %s: %s%s", p->database, why.data,
			           absent ? "; start chatd, or choose another database with -c or -d" : "");
		bytes_release(&why);
		return false;
	}
	signal(SIGPIPE, SIG_IGN);
	ok = admin_chat(fd, STDIN_FILENO, STDOUT_FILENO);
	close(fd);
	return ok;
}

/* -- on the database itself ------------------------------------------------------------ */

static void admin_tell_roots(const struct admin_db *p, const char *user)
{
	admin_tell("the database %s belongs to root, but chatd does not run as root; give it to the "
	           "user chatd runs as: chown %s %s", p->database, user, p->database);
}

/* Switches to the user that owns the database, or will own it: chatd could not open what root
 * creates. */
static bool admin_become(const struct conf *c, const struct admin_db *p)
{
	char owner[USER_SHOWN_BYTES], me[USER_SHOWN_BYTES];

	if (geteuid() == 0 && !c->user) {
		if (!p->there)
			admin_tell("there is no database %s; to create one as root, name the user that chatd "
			           "runs as: --user NAME", p->database);
		else if (p->owner == 0)
			admin_tell_roots(p, "USER");
		return p->there && p->owner != 0 && privilege_drop_to_owner(p->database);
	}
	if (!privilege_drop(c->user))
		return false;
	if (!p->there || p->owner == geteuid())
		return true;
	if (p->owner == 0) {
		admin_tell_roots(p, user_shown(geteuid(), me));
		return false;
	}
	user_shown(p->owner, owner);
	admin_tell("the database %s belongs to the user %s; run this as %s or as root, not as %s",
	           p->database, owner, owner, user_shown(geteuid(), me));
	return false;
}

/* The file at the path can be a database of ours, or one can be created there. */
static bool admin_can_open(const struct admin_db *p)
{
	const struct conf c = { .database = p->database };
	struct bytes problems = { 0 };
	bool ok = check_files(&c, &problems);

	for (char *line = ok ? NULL : strtok(problems.data, "\n"); line; line = strtok(NULL, "\n"))
		admin_tell("%s", line);
	bytes_release(&problems);
	return ok;
}

/* If there is no database: what to check before one is created. */
static bool admin_may_make(const struct admin_db *p, bool add)
{
	if (!add)
		admin_tell("there is no database %s, so it has no accounts; \"chatd admin add NAME\" "
		           "creates one", p->database);
	/* Nobody can write to a missing folder. */
	return add && admin_can_open(p);
}

static bool admin_own(const struct conf *c, const struct admin_db *p, bool add, const char *name)
{
	struct store *store;
	struct store_error err;
	char command[COMMAND_BYTES];
	struct bytes why = { 0 };
	bool done;
	int fd;

	/* Checked before as well: a message must not suggest chown for a file that is not a
	 * database. */
	if ((!p->there && !admin_may_make(p, add)) ||
	    (p->there && p->owner == geteuid() && !admin_can_open(p)) ||
	    !admin_become(c, p) || !admin_can_open(p))
		return false;
	store = store_open(p->database, DURABILITY_SYNC, &err);
	if (store) {
		admin_say_place(p, !p->there);
		admin_command(command, '/', add, name);
		done = admin_do(store, c, command);
		store_close(store);
		return done;
	}
	if (!err.in_use) {
		admin_tell("%s", err.text);
		return false;
	}
	fd = admin_connect(c->database);
	if (fd >= 0)
		return admin_ask(fd, c, p, add, name);
	admin_tell("another chatd uses the database %s but cannot be reached: %s", p->database,
	           admin_unreached(p->database, &why));
	bytes_release(&why);
	return false;
}

static bool admin_at(const struct conf *c, const struct admin_db *p, const char *what,
                     const char *name)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[160];
	bool add = strcmp(what, "add") == 0;
	int fd;

	if (strcmp(what, "chat") == 0)
		return admin_talk(c, p);
	/* Checked before a database is created for it. An existing one may have an account with a
	 * name that nobody can take any more. */
	if (!name_check(NAME_NICK, name, strlen(name), key, why, sizeof(why)) &&
	    (!name_key(name, strlen(name), key) || !p->there)) {
		admin_tell("that name cannot be used: %s", why);
		return false;
	}
	/* A chatd whose user has no name (systemd's DynamicUser=) has its folder where only root
	 * can go; it lets root in. */
	if (geteuid() == 0 && !c->user) {
		fd = admin_connect(c->database);
		if (fd >= 0)
			return admin_ask(fd, c, p, add, name);
	}
	return admin_own(c, p, add, name);
}

bool admin_run(const struct conf *c, const char *what, const char *name)
{
	struct admin_db p = admin_place(c->database);
	bool done = admin_at(c, &p, what, name);

	free(p.database);
	return done;
}
