/*
 * "chatd admin": what changes something, and what only a running chatd knows.
 *
 * Opens a conversation with the running chatd (admin_chat.c); or gives it a command of the chat, such as
 * /role NAME admin, with the rights of the host's administrator: over its control socket, or, if none
 * runs, to a chat of our own on the same database. So there is only one way to create or to remove
 * an account. A backup needs no chat: if none runs, the database is copied.
 */
#include "chatd/program/admin.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "chatd/base/bytes.h"
#include "chatd/base/clock.h"
#include "chatd/base/codepoint.h"
#include "chatd/base/guard.h"
#include "chatd/base/log.h"
#include "chatd/core/chat.h"
#include "chatd/core/commands/cmd_maintenance.h"
#include "chatd/core/people/name.h"
#include "chatd/program/admin_chat.h"
#include "chatd/program/admin_db.h"
#include "chatd/program/admin_list.h"
#include "chatd/program/admin_person.h"
#include "chatd/program/daemon.h"
#include "chatd/program/privilege.h"
#include "chatd/program/tell.h"
#include "chatd/program/transfer_file.h"
#include "chatd/store/db/query.h"
#include "chatd/store/db/store.h"
#include "chatd/store/secret.h"

enum {
	ANSWER_S = 10,          /* how long a running chatd may take to answer, */
	COMPARED_S = 90,        /* and the nodes of a cluster together: a lease, and a node that reads on */
	ANSWER_BYTES_MAX = 128 << 10, /* more than a page of /connections */
	COMMAND_BYTES = NAME_BYTES_MAX + 64,
	STEPS_MAX = 10000,      /* of a chat of our own that removes rooms and facts in steps */
	ROWS_STEP = 500,        /* lines deleted, */
	PAGES_STEP = 500,       /* and pages of the index merged, in one transaction */
};

/* A command for the chat: what follows its prefix, with --status. */
struct admin_command {
	char text[COMMAND_BYTES];
	bool lasts;             /* it may take minutes, and is answered at its end */
	int wait_s;             /* and how long that may be; 0: for ever. Others have ANSWER_S */
};

/*
 * Writes a command, the only place where one is. It is given as a line with the rights of the host's
 * administrator, so nothing in it may end that line: false, which is told, for control characters, and
 * if it is too long.
 */
__attribute__((format(printf, 2, 3)))
static bool command_write(struct admin_command *k, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(k->text, sizeof(k->text), fmt, ap);
	va_end(ap);
	for (int i = 0; i < n && n < COMMAND_BYTES; i++)
		if ((unsigned char)k->text[i] < ' ' || k->text[i] == 0x7f)
			n = -1;
	if (n >= 0 && n < COMMAND_BYTES)
		return true;
	admin_tell("nothing was done: \"%s\" is no line of a chat", k->text);
	return false;
}

static bool admin_command(struct admin_command *k, const struct options *o)
{
	k->lasts = o->verb == VERB_ADMIN_BACKUP;
	if (o->verb == VERB_ADMIN_ADD)
		return command_write(k, "role --status %s admin", o->name);
	if (o->verb == VERB_ADMIN_CODE)
		return command_write(k, "code --status %s", o->name);
	if (o->verb == VERB_ADMIN_BACKUP)
		return command_write(k, "backup --status %s", o->name);
	return command_write(k, "remove --status account %s%s%s", o->name,
	                     o->detail[DETAIL_LINES] ? " --lines" : "",
	                     o->detail[DETAIL_YES] ? " --yes" : "");
}

/* What a running chatd has answered. */
struct admin_answer {
	struct bytes rows;      /* without the banner, the goodbye and the status */
	struct bytes whole;     /* the same, with each reply in one row */
	enum { STATUS_NONE, STATUS_DONE, STATUS_ASKED, STATUS_DIFFER } status;
};

static void answer_read(struct admin_answer *a, char *answer)
{
	*a = (struct admin_answer){ .status = STATUS_NONE };
	for (char *line = strtok(answer, "\r\n"); line; line = strtok(NULL, "\r\n")) {
		char *said = strstr(line, "-- ");

		if (!said || strcmp(said, "-- Goodbye.") == 0)
			continue;
		if (strncmp(said, "-- status: ", 11) == 0) {
			a->status = strcmp(said + 11, "done") == 0     ? STATUS_DONE
			            : strcmp(said + 11, "asked") == 0  ? STATUS_ASKED
			            : strcmp(said + 11, "differ") == 0 ? STATUS_DIFFER
			                                               : STATUS_NONE;
			continue;
		}
		said += 3;
		/* Whoever answered, this goes to a terminal. */
		guard_text(said, strlen(said));
		bytes_printf(&a->rows, "%s\n", said);
		/* A row that begins with blanks goes on with the reply before it (docs/protocol.md). */
		bytes_printf(&a->whole, "%s%s", *said != ' ' ? "\n" : " ", said + (*said == ' ' ? strspn(said, " ") : 0));
	}
}

static void answer_release(struct admin_answer *a)
{
	bytes_release(&a->rows);
	bytes_release(&a->whole);
}

/* Prints the replies: on standard error if they say why nothing was done. True: it was done. */
static bool admin_show(char *answer)
{
	struct admin_answer a;
	bool done, ok = true;

	answer_read(&a, answer);
	done = a.status == STATUS_DONE;
	if (done || a.status == STATUS_ASKED)
		ok = admin_print(&a.rows);
	else
		tell_lines(TELL_CHATD, a.whole.data);
	answer_release(&a);
	return ok && done;
}

/* -- a running chatd --------------------------------------------------------------- */

/* Gives the command, and reads all that is answered. fd is from admin_db_connect, and is closed
 * here. False: there was no answer, which was told. */
static bool admin_exchange(int fd, const struct conf *c, const struct admin_db *p,
                           const struct admin_command *k, struct bytes *answer)
{
	const struct timeval wait = { .tv_sec = k->lasts ? k->wait_s : ANSWER_S };
	char *buf = mem_alloc(ANSWER_BYTES_MAX);
	struct bytes said = { 0 };
	size_t len = 0;
	ssize_t n = 0;

	bytes_printf(&said, "%c%s\n", c->face.command_prefix, k->text);
	if (!k->lasts)
		bytes_printf(&said, "%cquit\n", c->face.command_prefix);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	if (send(fd, said.data, said.len, MSG_NOSIGNAL) == (ssize_t)said.len &&
	    (!k->lasts || shutdown(fd, SHUT_WR) == 0))
		while (len < ANSWER_BYTES_MAX &&
		       (n = recv(fd, buf + len, ANSWER_BYTES_MAX - len, 0)) > 0)
			len += (size_t)n;
	if (n < 0 && errno == EAGAIN)
		admin_tell("the chatd running on the database %s did not answer within %d seconds",
		           p->database, (int)wait.tv_sec);
	else if (n < 0)
		admin_tell("the chatd running on the database %s does not answer: %s", p->database,
		           strerror(errno));
	else if (len == 0)
		admin_tell("the chatd running on the database %s hung up without answering",
		           p->database);
	close(fd);
	bytes_append(answer, buf, len);
	bytes_release(&said);
	free(buf);
	return n >= 0 && len > 0;
}

/* fd is from admin_db_connect, and is closed here. */
static bool admin_ask(int fd, const struct conf *c, const struct admin_db *p,
                      const struct admin_command *k)
{
	struct bytes answer = { 0 };
	bool done;

	if (admin_exchange(fd, c, p, k, &answer))
		admin_db_say(p, false);
	done = answer.len > 0 && admin_show(answer.data);
	bytes_release(&answer);
	return done;
}

/* A connection to the running chatd; -1: there is none, which was told. */
static int admin_reach(const struct conf *c, const struct admin_db *p)
{
	struct bytes why = { 0 };
	int fd;

	/* Root would be let in too, but fewer privileges are enough. */
	if (geteuid() == 0 && c->user && !privilege_drop(c->user))
		return -1;
	fd = admin_db_connect(c->database);
	if (fd < 0) {
		bool absent = errno == ENOENT || errno == ECONNREFUSED;

		admin_db_unreached(p->database, &why);
		if (!p->there)
			admin_tell("there is no database %s, and no chatd is running on it; %schoose another "
			           "with -c or -d", p->database, admin_db_hint(p));
		else
			admin_tell("cannot reach a chatd on the database %s: %s%s", p->database, why.data,
			           absent ? "; start chatd, or choose another database with -c or -d" : "");
		bytes_release(&why);
	}
	return fd;
}

/* The same, if there is one: what it has may not be at the database's path any more, and something else may be. False: it
 * cannot be asked, which was told. */
static bool admin_find(const struct conf *c, int *fd)
{
	*fd = admin_db_connect(c->database);
	/* Connected by whoever may; from here on as in admin_reach. */
	if (*fd < 0 || geteuid() != 0 || !c->user || privilege_drop(c->user))
		return true;
	close(*fd);
	return false;
}

static bool admin_talk(const struct conf *c, const struct admin_db *p)
{
	int fd = admin_reach(c, p);
	bool ok;

	if (fd < 0)
		return false;
	signal(SIGPIPE, SIG_IGN);
	ok = admin_chat(fd, STDIN_FILENO, STDOUT_FILENO);
	close(fd);
	return ok;
}

/* The connections, page by page. */
static bool admin_sessions(const struct conf *c, const struct admin_db *p, bool json)
{
	struct admin_list_sessions list = { .json = json };
	bool ok = true;

	for (uint32_t from = 0; ok && !list.ended; from = list.next) {
		struct admin_command k = { .lasts = false };
		struct bytes answer = { 0 };
		int fd = command_write(&k, "connections --status %u", from) ? admin_reach(c, p) : -1;

		ok = fd >= 0 && admin_exchange(fd, c, p, &k, &answer) &&
		     admin_list_session_page(&list, from, answer.data);
		if (fd >= 0 && !ok && answer.len > 0)
			admin_tell("the chatd running on the database %s is of another version", p->database);
		bytes_release(&answer);
	}
	return ok;
}

/* What the nodes of a cluster share, as the running one finds it (admin_list.h). */
static enum admin_nodes admin_compare_nodes(const struct conf *c, const struct admin_db *p, struct bytes *said)
{
	struct admin_command k = { .text = "compare --status", .lasts = true, .wait_s = COMPARED_S };
	enum admin_nodes nodes = ADMIN_NODES_UNKNOWN;
	int fd = admin_reach(c, p);
	struct bytes answer = { 0 };
	struct admin_answer a;

	if (fd < 0 || !admin_exchange(fd, c, p, &k, &answer)) {
		bytes_release(&answer);
		return nodes;
	}
	answer_read(&a, answer.data);
	if (a.status == STATUS_DONE || a.status == STATUS_DIFFER) {
		nodes = a.status == STATUS_DONE ? ADMIN_NODES_SAME : ADMIN_NODES_DIFFER;
		bytes_append(said, a.rows.data, a.rows.len);
	} else {
		tell_lines(TELL_CHATD, a.whole.data);
	}
	answer_release(&a);
	bytes_release(&answer);
	return nodes;
}

/* -- a chat of our own --------------------------------------------------------------- */

struct own_chat {
	struct chat *chat;
	struct store *store;
	struct bytes said;      /* what our one connection has been sent */
	struct rows *rows;      /* the answer to its question; NULL: none */
	uint64_t seq;           /* of the newest record saved */
	bool saving;            /* a transaction is open */
	bool failed;            /* something could not be saved */
};

static void admin_failed(struct own_chat *a, const struct store_error *err)
{
	admin_tell("nothing can be saved: %s", err->text);
	a->failed = true;
}

/* All records of a step are one transaction: what belongs together is saved together, or not at all. */
static void admin_save(struct own_chat *a, const struct record *r)
{
	struct store_error err;

	if (a->failed)
		return;
	if ((!a->saving && !store_begin(a->store, &err)) || !store_save(a->store, r, 1, &err))
		admin_failed(a, &err);
	a->saving = !a->failed;
	a->seq = r->seq;
}

static void admin_commit(struct own_chat *a)
{
	struct store_error err;

	if (a->saving && !store_commit(a->store, &err))
		admin_failed(a, &err);
	a->saving = false;
}

static void admin_step(struct own_chat *a, struct event e)
{
	const struct effect *effect;
	const struct query *asked = NULL;
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
			asked = &effect[i].query;
	}
	admin_commit(a);
	if (asked)
		a->rows = secret_answer(asked);
}

static void admin_load_room(void *ctx, const struct saved_room *r)
{
	chat_load_room(ctx, r);
}

static void admin_load_fact(void *ctx, const struct saved_fact *f)
{
	chat_load_fact(ctx, f);
}

/* What a chat does in steps, as long as something is left. */
static void admin_settle(struct own_chat *a)
{
	for (int i = 0; i < STEPS_MAX && !a->failed && chat_owes(a->chat); i++) {
		admin_step(a, (struct event){ .kind = EVENT_STORED, .stored.seq = a->seq });
		admin_step(a, (struct event){ .kind = EVENT_TICK });
	}
}

/* settle: waits for what a chat does in steps. */
static bool admin_do(struct store *store, const struct conf *c, const struct admin_command *k, bool settle)
{
	const struct chat_config config = {
		.connections_max = 1, .line_bytes_max = c->line_bytes_max, .rate_burst = 1,
		.command_prefix = '/',
		.face = {.server_name = c->face.server_name, .lobby = c->face.lobby},
	};
	struct own_chat a = { .store = store };
	struct bytes line = { 0 };
	struct store_error err;
	bool done;

	a.chat = chat_new(&config, store_last_seq(store), store_last_room(store));
	if (!store_rooms(store, admin_load_room, a.chat, &err) ||
	    !store_facts(store, admin_load_fact, a.chat, &err)) {
		admin_tell("%s", err.text);
		chat_free(a.chat);
		return false;
	}
	bytes_printf(&line, "/%s\n", k->text);
	admin_step(&a, (struct event){ .kind = EVENT_CONNECTED,
	                               .connected = { .from.kind = ADDRESS_HOST,
	                                              .control = true } });
	admin_step(&a, (struct event){ .kind = EVENT_BYTES,
	                               .bytes = { .data = line.data, .len = line.len } });
	if (a.rows) {
		admin_step(&a, (struct event){ .kind = EVENT_ROWS, .rows = a.rows });
		rows_release(a.rows);
	}
	if (settle)
		admin_settle(&a);
	done = admin_show(a.said.data) && !a.failed;
	bytes_release(&line);
	bytes_release(&a.said);
	chat_free(a.chat);
	return done;
}

static void admin_emptied(void *ctx, uint32_t room)
{
	(void)ctx;
	(void)room;
}

/* Finishes what a running chatd does in steps after an account was removed: its lines and rooms leave
 * the database, and their words its file. What does not succeed here is done by the next chatd. */
static bool admin_finish(struct store *store)
{
	struct store_error err = { .text = "" };
	enum wipe_step step = WIPE_DONE;
	int n;

	while ((n = store_remove(store, ROWS_STEP, &err)) > 0)
		;
	while (n == 0 && (n = store_erase(store, ROWS_STEP, name_is, admin_emptied, NULL, &err)) > 0)
		n = 0;
	if (n == 0 && store_wipes(store))
		while ((step = store_wipe(store, PAGES_STEP, &err)) == WIPE_GOES_ON)
			;
	if (n < 0 || step == WIPE_FAILS)
		admin_tell("not everything is deleted yet, which the next start of chatd will do: %s", err.text);
	return n >= 0 && step != WIPE_FAILS;
}

/* -- what changes something ------------------------------------------------------------ */

/* If there is no database: what to check before one is created. */
static bool admin_may_make(const struct admin_db *p, enum options_verb verb)
{
	bool add = verb == VERB_ADMIN_ADD;

	if (!add)
		admin_tell("there is no database %s, so it has no accounts; %s\"chatd admin add NAME\" "
		           "creates one", p->database, admin_db_hint(p));
	/* Nobody can write to a missing folder. */
	return add && admin_db_can_open(p);
}

/* What only this node would have, none of the others would ever have. */
static bool admin_may_change(struct store *store, const struct admin_db *p)
{
	struct store_error err;
	bool of_cluster;

	if (!store_is_of_cluster(store, &of_cluster, &err)) {
		admin_tell("%s", err.text);
		return false;
	}
	if (of_cluster)
		admin_tell("this database belongs to a cluster; a change while chatd does not run would make this "
		           "node differ from the others: start chatd on %s, and repeat the command", p->database);
	return !of_cluster;
}

static bool admin_own(const struct conf *c, const struct admin_db *p, const struct options *o,
                      const struct admin_command *k)
{
	struct store *store;
	struct store_error err;
	struct bytes why = { 0 };
	bool done;
	int fd;

	/* Checked before as well: a message must not suggest chown for a file that is not a
	 * database. */
	if ((!p->there && !admin_may_make(p, o->verb)) ||
	    (p->there && p->owner == geteuid() && !admin_db_can_open(p)) ||
	    !admin_db_become(c, p) || !admin_db_can_open(p))
		return false;
	store = store_open(p->database, DURABILITY_SYNC, &err);
	if (store) {
		done = admin_may_change(store, p);
		if (done) {
			admin_db_say(p, store_is_new(store));
			done = admin_do(store, c, k, o->verb == VERB_ADMIN_ERASE);
		}
		if (done && o->verb == VERB_ADMIN_ERASE)
			done = admin_finish(store);
		store_close(store);
		return done;
	}
	if (!err.in_use) {
		admin_tell("%s", err.text);
		return false;
	}
	fd = admin_db_connect(c->database);
	if (fd >= 0)
		return admin_ask(fd, c, p, k);
	admin_tell("another chatd uses the database %s but cannot be reached: %s", p->database,
	           admin_db_unreached(p->database, &why));
	bytes_release(&why);
	return false;
}

/* Some account may have this name, even if nobody can take it any more: it is one word, and no flag. */
static bool admin_is_name(const char *name)
{
	const unsigned char *at = (const unsigned char *)name, *end = at + strlen(name);
	char key[NAME_KEY_BYTES_MAX + 1];
	size_t n = 0;

	for (; at < end; at += n)
		if (cp_is_blank(cp_decode(at, end, &n)))
			return false;
	return *name != '-' && name_kept(name, NAME_BYTES_MAX) && name_key(name, strlen(name), key);
}

static bool admin_change(const struct conf *c, const struct admin_db *p, const struct options *o)
{
	char key[NAME_KEY_BYTES_MAX + 1], why[160];
	struct admin_said_before before = { .known = false };
	bool erase = o->verb == VERB_ADMIN_ERASE, done;
	struct admin_command k;
	int fd;

	/* Checked before a database is created for it. */
	if (!name_check(NAME_NICK, o->name, strlen(o->name), key, why, sizeof(why)) &&
	    (!admin_is_name(o->name) || !p->there)) {
		admin_tell("that name cannot be used: %s", why);
		return false;
	}
	if (!admin_command(&k, o))
		return false;
	/* A chatd whose user has no name (systemd's DynamicUser=) has its folder where only root
	 * can go; it lets root in. */
	if (!admin_find(c, &fd))
		return false;
	if (erase && o->detail[DETAIL_YES] && p->there && (fd < 0 || geteuid() != 0) &&
	    !admin_person_before(c, p, o->name, &before)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	done = fd >= 0 ? admin_ask(fd, c, p, &k) : admin_own(c, p, o, &k);
	if (done && erase)
		admin_person_left(c, p, o->name, o->detail[DETAIL_LINES] != NULL, &before);
	return done;
}

/* A database on which no chatd runs is copied as it is, though a newer chatd would bring it up to date. */
static bool admin_backup(const struct conf *c, const struct admin_db *p, const struct options *o)
{
	const char *bar = backup_bars(o->name);
	struct admin_command k;
	struct store *store;
	struct rows *rows;
	bool running, done;
	int fd;

	if (bar) {
		admin_tell("%s", bar);
		return false;
	}
	if (!admin_command(&k, o) || !admin_find(c, &fd))
		return false;
	if (fd >= 0)
		return admin_ask(fd, c, p, &k);
	store = admin_read_begin(c, p, &running);
	if (!store)
		return false;
	if (running) {
		store_close(store);
		fd = admin_reach(c, p);
		return fd >= 0 && admin_ask(fd, c, p, &k);
	}
	admin_db_say(p, false);
	/* What the log would say of it is said here. */
	log_set_level(LOG_LEVEL_ERROR);
	rows = store_query(store, &(struct query){ .kind = QUERY_BACKUP, .backup = { o->name } });
	done = rows->error == NULL;
	if (done)
		printf("Backed up to %s.\n", o->name);
	else
		admin_tell("not backed up to %s: %s", o->name, rows->error);
	rows_release(rows);
	store_close(store);
	return fflush(stdout) == 0 && done;
}

static int status_of(bool done)
{
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int admin_at(const struct conf *c, const struct admin_db *p, const struct options *o)
{
	switch (o->verb) {
	case VERB_EXPORT:
		return status_of(transfer_export(c, p, o));
	case VERB_IMPORT:
		return transfer_import(c, p, o->name);
	case VERB_ADMIN_CHAT:
		return status_of(admin_talk(c, p));
	case VERB_ADMIN_LIST:
		if (strcmp(o->name, "sessions") == 0)
			return status_of(admin_sessions(c, p, o->detail[DETAIL_JSON] != NULL));
		return status_of(admin_list(c, p, o->name, o->detail[DETAIL_JSON] != NULL));
	case VERB_ADMIN_STATS:
		return status_of(admin_stats(c, p, o->detail[DETAIL_JSON] != NULL));
	case VERB_ADMIN_CHECK:
		return admin_check(c, p, o->detail[DETAIL_JSON] != NULL, admin_compare_nodes);
	case VERB_ADMIN_BACKUP:
		return status_of(admin_backup(c, p, o));
	case VERB_ADMIN_SHOW:
		return status_of(admin_person_show(c, p, o->name, o->detail[DETAIL_JSON] != NULL));
	case VERB_ADMIN_EXPORT:
		return status_of(admin_person_export(c, p, o->name));
	case VERB_ADMIN_ADD:
	case VERB_ADMIN_CODE:
	case VERB_ADMIN_ERASE:
		break;
	}
	return status_of(admin_change(c, p, o));
}

/* The command line says which database, itself or by a file. */
static bool is_chosen(const struct options *o)
{
	bool chosen = o->conf_path;

	for (unsigned int i = 0; i < o->nset; i++)
		chosen = chosen || strcmp(o->set[i].key, "database") == 0;
	return chosen;
}

int admin_run(const struct conf *c, const struct options *o)
{
	struct admin_db p = admin_db_find(c->database, is_chosen(o));
	int status = admin_at(c, &p, o);

	admin_db_release(&p);
	return status;
}
