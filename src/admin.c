/*
 * "chatd admin".
 *
 * Opens a conversation with the chatd that runs (admin_chat.c); or says /role NAME admin or
 * /code NAME, as somebody who may: to the chatd that runs, or to a chat of our own on the same
 * database. So there is one way in which accounts come to be.
 */
#include "chatd/admin.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/bytes.h"
#include "chatd/base/guard.h"
#include "chatd/core/chat.h"
#include "chatd/core/name.h"
#include "chatd/privilege.h"
#include "chatd/store/secret.h"
#include "chatd/store/store.h"

enum {
	ANSWER_S = 10,          /* how long a running chatd may take */
	ANSWER_BYTES_MAX = 65536,
	COMMAND_BYTES = NAME_BYTES_MAX + 64,
};

/* A sentence on stderr; paths and what SQLite says may be in it. */
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

bool admin_socket_path(const char *database, char *path, size_t n)
{
	return (size_t)snprintf(path, n, "%s-ctl", database) < n;
}

/* Shows the lines for us: not the banner, not what ends it. True: it was done. */
static bool admin_show(char *answer)
{
	bool done = false;

	for (char *line = strtok(answer, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		char *said = strstr(line, "-- ");

		if (!said || strcmp(said, "-- Goodbye.") == 0)
			continue;
		said += 3;
		done |= strstr(said, " is now: admin.") != NULL ||
		        strstr(said, " is that already: admin.") != NULL ||
		        strstr(said, " good once: ") != NULL;
		/* Whoever answers: it goes to a terminal. */
		guard_text(said, strlen(said));
		printf("%s\n", said);
	}
	return fflush(stdout) == 0 && done;
}

static void admin_command(char command[COMMAND_BYTES], char prefix, bool add, const char *name)
{
	snprintf(command, COMMAND_BYTES, "%c%s %s%s\n", prefix, add ? "role" : "code", name,
	         add ? " admin" : "");
}

/* -- a chatd that runs -------------------------------------------------------------- */

static int admin_connect(const char *database)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = -1;

	if (admin_socket_path(database, sa.sun_path, sizeof(sa.sun_path)))
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

/* fd: of admin_connect; it is closed. */
static bool admin_ask(int fd, const struct conf *c, bool add, const char *name)
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
	close(fd);
	if (n < 0)
		admin_tell("the chatd that runs on %s does not answer: %s", c->database,
		        strerror(errno));
	done = admin_show(answer);
	free(answer);
	return done;
}

/* -- a chat of our own --------------------------------------------------------------- */

struct own_chat {
	struct chat *chat;
	struct store *store;
	struct bytes said;      /* what our one connection was sent */
	struct rows *rows;      /* the answer to its question; NULL: none */
	bool failed;            /* something could not be saved */
};

static int64_t admin_clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

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
	e.now_ms = admin_clock_ms(CLOCK_MONOTONIC);
	e.wall_ms = admin_clock_ms(CLOCK_REALTIME);
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

static bool admin_talk(const struct conf *c)
{
	bool ok;
	int fd;

	/* Root may be let in as root; but less is enough. */
	if (geteuid() == 0 && c->user && !privilege_drop(c->user))
		return false;
	fd = admin_connect(c->database);
	if (fd < 0) {
		admin_tell("no chatd can be reached by %s-ctl: %s; chatd must run on that database (-c or "
		           "-d), and you must be its user, or root", c->database, strerror(errno));
		return false;
	}
	signal(SIGPIPE, SIG_IGN);
	ok = admin_chat(fd, STDIN_FILENO, STDOUT_FILENO);
	close(fd);
	return ok;
}

bool admin_run(const struct conf *c, const char *what, const char *name)
{
	struct store_error err;
	struct store *store;
	char command[COMMAND_BYTES], key[NAME_KEY_BYTES_MAX + 1], why[160];
	bool add = strcmp(what, "add") == 0, done;
	int fd;

	if (strcmp(what, "chat") == 0)
		return admin_talk(c);
	/* Before a database is made for it. Where there is one, it may have an account of a name that
	 * nobody may take any more. */
	if (!name_check(NAME_NICK, name, strlen(name), key, why, sizeof(why)) &&
	    (!name_key(name, strlen(name), key) || access(c->database, F_OK) != 0)) {
		admin_tell("that name will not do: %s", why);
		return false;
	}
	/* A chatd whose user has no name (systemd's DynamicUser=) is in a folder that only root gets
	 * to; it lets root in. */
	if (geteuid() == 0 && !c->user) {
		fd = admin_connect(c->database);
		if (fd >= 0)
			return admin_ask(fd, c, add, name);
	}
	/* What root makes there, chatd could not open afterwards. */
	if (geteuid() == 0 && !c->user ? !privilege_drop_to_owner(c->database)
	                               : !privilege_drop(c->user))
		return false;
	store = store_open(c->database, DURABILITY_SYNC, &err);
	if (store) {
		admin_command(command, '/', add, name);
		done = admin_do(store, c, command);
		store_close(store);
		return done;
	}
	if (!strstr(err.text, "already used by another chatd")) {
		admin_tell("%s", err.text);
		return false;
	}
	fd = admin_connect(c->database);
	if (fd >= 0)
		return admin_ask(fd, c, add, name);
	admin_tell("a chatd runs on %s, and cannot be reached by %s-ctl: %s", c->database, c->database,
	           strerror(errno));
	return false;
}
