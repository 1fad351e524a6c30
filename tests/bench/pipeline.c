/*
 * pipeline: the least that a line has to go through from a client of one node of a cluster to those of another one.
 *
 *     pipeline ADDRESS PORT SOCKET DATABASE
 *
 * Each line that comes over a connection is appended to a stream of the Redis at SOCKET (XADD); another thread reads
 * the stream (XREAD), saves what came in one transaction of SQLite, and sends it to all connections but the one it came
 * from, behind as many bytes as a time stamp and a name take. No names, no checks, no rooms, no leases. Every process at
 * that Redis is one more node.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CLIENTS_MAX = 1000,    /* descriptors below */
	HEAD_BYTES = 27,       /* "[2026-11-22 20:14:05][u123]:" */
	LINE_BYTES_MAX = 4096,
	TAG_BYTES = 64,        /* of where an act came from: "ADDRESS FD " */
};

struct client {
	bool here;
	size_t n;
	char line[LINE_BYTES_MAX]; /* the unfinished one, n bytes */
};

static const char *address, *redis_path, *database;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct client client[CLIENTS_MAX]; /* by descriptor; `here` under the lock */

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "pipeline: %s\n", what);
	exit(1);
}

static redisContext *redis(void)
{
	redisContext *c = redisConnectUnix(redis_path);
	if (!c || c->err)
		give_up("no Redis there");
	return c;
}

/* -- from the stream to the clients --------------------------------------------------------------------- */

static void sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		give_up(sqlite3_errmsg(db));
}

static void save(sqlite3 *db, sqlite3_stmt *insert, const redisReply *entries)
{
	sql(db, "BEGIN");
	for (size_t i = 0; i < entries->elements; i++) {
		const redisReply *text = entries->element[i]->element[1]->element[1];
		sqlite3_bind_text(insert, 1, text->str, (int)text->len, SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			give_up(sqlite3_errmsg(db));
		sqlite3_reset(insert);
	}
	sql(db, "COMMIT");
}

/* "ADDRESS FD LINE" */
static void show(const redisReply *text)
{
	char out[HEAD_BYTES + LINE_BYTES_MAX + 1];
	const char *line = strchr(strchr(text->str, ' ') + 1, ' ') + 1;
	size_t bytes = text->len - (size_t)(line - text->str), own = strlen(address);
	int from = strncmp(text->str, address, own) == 0 && text->str[own] == ' ' ? atoi(text->str + own) : -1;
	memset(out, 'h', HEAD_BYTES);
	memcpy(out + HEAD_BYTES, line, bytes);
	out[HEAD_BYTES + bytes] = '\n';
	pthread_mutex_lock(&lock);
	for (int fd = 0; fd < CLIENTS_MAX; fd++)
		if (client[fd].here && fd != from && send(fd, out, HEAD_BYTES + bytes + 1, MSG_NOSIGNAL) < 0)
			client[fd].here = false;
	pthread_mutex_unlock(&lock);
}

static void *reader_main(void *arg)
{
	redisContext *c = redis();
	char at[64] = "0";
	sqlite3 *db;
	sqlite3_stmt *insert;
	(void)arg;
	if (sqlite3_open(database, &db) != SQLITE_OK)
		give_up(sqlite3_errmsg(db));
	sql(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
	        "CREATE TABLE messages(id INTEGER PRIMARY KEY, body TEXT NOT NULL)");
	sqlite3_prepare_v2(db, "INSERT INTO messages(body) VALUES(?)", -1, &insert, NULL);
	for (;;) {
		redisReply *r = redisCommand(c, "XREAD COUNT 256 BLOCK 1000 STREAMS pipeline %s", at);
		if (!r)
			give_up("Redis is gone");
		if (r->type == REDIS_REPLY_ARRAY) {
			const redisReply *entries = r->element[0]->element[1];
			save(db, insert, entries);
			for (size_t i = 0; i < entries->elements; i++)
				show(entries->element[i]->element[1]->element[1]);
			snprintf(at, sizeof(at), "%s", entries->element[entries->elements - 1]->element[0]->str);
		}
		freeReplyObject(r);
	}
}

/* -- from the clients to the stream --------------------------------------------------------------------- */

static void append(redisContext *c, int fd, const char *line, size_t bytes)
{
	char act[TAG_BYTES + LINE_BYTES_MAX];
	int n = snprintf(act, TAG_BYTES, "%s %d ", address, fd);
	memcpy(act + n, line, bytes);
	redisReply *r = redisCommand(c, "XADD pipeline * a %b", act, (size_t)n + bytes);
	if (!r || r->type == REDIS_REPLY_ERROR)
		give_up("XADD failed");
	freeReplyObject(r);
}

static void client_end(int fd)
{
	pthread_mutex_lock(&lock);
	client[fd].here = false;
	pthread_mutex_unlock(&lock);
	close(fd);
}

static void client_read(redisContext *c, int fd)
{
	struct client *p = &client[fd];
	ssize_t n = recv(fd, p->line + p->n, sizeof(p->line) - p->n, 0);
	char *end;
	if (n <= 0) {
		client_end(fd);
		return;
	}
	p->n += (size_t)n;
	while ((end = memchr(p->line, '\n', p->n))) {
		size_t bytes = (size_t)(end - p->line);
		append(c, fd, p->line, bytes);
		p->n -= bytes + 1;
		memmove(p->line, end + 1, p->n);
	}
	if (p->n == sizeof(p->line))
		client_end(fd);
}

static void client_new(int listener, int epoll)
{
	int fd = accept(listener, NULL, NULL), one = 1;
	if (fd < 0 || fd >= CLIENTS_MAX)
		give_up("too many clients");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	pthread_mutex_lock(&lock);
	client[fd].here = true;
	client[fd].n = 0;
	pthread_mutex_unlock(&lock);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){ .events = EPOLLIN, .data.fd = fd });
}

static int listener_open(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (inet_pton(AF_INET, address, &a.sin_addr) != 1 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(fd, 100) != 0)
		give_up(strerror(errno));
	return fd;
}

int main(int argc, char **argv)
{
	pthread_t reader;
	if (argc != 5)
		give_up("usage: pipeline ADDRESS PORT SOCKET DATABASE");
	address = argv[1];
	redis_path = argv[3];
	database = argv[4];
	int listener = listener_open(atoi(argv[2])), epoll = epoll_create1(0);
	redisContext *c = redis();
	pthread_create(&reader, NULL, reader_main, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){ .events = EPOLLIN, .data.fd = listener });
	printf("listening\n");
	fflush(stdout);
	for (;;) {
		struct epoll_event e[64];
		int n = epoll_wait(epoll, e, 64, -1);
		for (int i = 0; i < n; i++) {
			if (e[i].data.fd == listener)
				client_new(listener, epoll);
			else
				client_read(c, e[i].data.fd);
		}
	}
}
