/*
 * engine PATH [ACTS]: what the cluster's engine costs, over the Redis at that unix socket, whose database 15 is emptied.
 *
 * Prints the latency of a lone act, from proposing it to hearing it, next to a bare XADD and XREAD by hiredis over two
 * connections; the acts a second that one engine sustains; and those that a node that was away reads on.
 */
#include "chatd/base/bounds.h"
#include "chatd/base/clock.h"
#include "chatd/cluster/engine.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LONE_ACTS = 3000,       /* of the latency */
	TEXT_BYTES = 90,        /* of an act: a line of people's */
	WINDOW = 2000,          /* acts under way at a time */
	DATABASE = 15,
};

static const char *path;
static int64_t took_us[LONE_ACTS];
static char position[ACT_ID_BYTES_MAX + 1], cluster[64];

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "engine: %s\n", what);
	exit(1);
}

/* -- bare ------------------------------------------------------------------------------------------------ */

static redisContext *bare(void)
{
	redisContext *c = redisConnectUnix(path);
	if (!c || c->err)
		give_up("no Redis there");
	freeReplyObject(redisCommand(c, "SELECT %d", DATABASE));
	return c;
}

static int compare(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
	return (a > b) - (a < b);
}

static void latency_print(const char *what)
{
	qsort(took_us, LONE_ACTS, sizeof(took_us[0]), compare);
	printf("%-40s p50 %4" PRId64 " us, p99 %4" PRId64 " us\n", what, took_us[LONE_ACTS / 2],
	       took_us[LONE_ACTS * 99 / 100]);
}

static void bare_latency(void)
{
	redisContext *writer = bare(), *reader = bare();
	char text[TEXT_BYTES + 1];
	memset(text, 'x', TEXT_BYTES);
	text[TEXT_BYTES] = '\0';
	for (int i = 0; i < LONE_ACTS; i++) {
		void *reply;
		int done = 0;
		redisAppendCommand(reader, "XREAD COUNT 256 BLOCK 1000 STREAMS bare $");
		while (!done)
			redisBufferWrite(reader, &done);
		usleep(300); /* until it waits */
		int64_t begun = clock_us(CLOCK_MONOTONIC);
		freeReplyObject(redisCommand(writer, "XADD bare * a %s", text));
		if (redisGetReply(reader, &reply) != REDIS_OK)
			give_up("the bare reader failed");
		took_us[i] = clock_us(CLOCK_MONOTONIC) - begun;
		freeReplyObject(reply);
	}
	freeReplyObject(redisCommand(writer, "DEL bare"));
	redisFree(writer);
	redisFree(reader);
	latency_print("a lone XADD and XREAD, bare");
}

/* -- the engine -------------------------------------------------------------------------------------------- */

static int connect_to(void *ctx, char *why, size_t bytes)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)ctx;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	snprintf(why, bytes, "%s", strerror(errno));
	close(fd);
	return -1;
}

static struct engine *engine_of(const char *node, const char *from)
{
	struct engine_options o = { .node = node, .stream = "chatd", .database = DATABASE, .lease_ms = 10000,
	                            .format = 1, .connect = connect_to };
	char why[200];
	struct engine *e = engine_start(&o, why, sizeof(why));
	if (!e)
		give_up(why);
	engine_begin(e, cluster, from);
	return e;
}

static void wake(struct engine *e)
{
	int fds[ENGINE_WAKE_MAX];
	if (engine_wake_fds(e, fds) > 0 && write(fds[0], &(uint64_t){ 1 }, 8) != 8)
		give_up("an eventfd fails");
}

/* Sleeps until there is something, and takes it. Returns how many acts came. */
static uint64_t take(struct engine *e, uint64_t *incarnation)
{
	struct pollfd p = { .fd = engine_event_fd(e), .events = POLLIN };
	struct engine_event event;
	uint64_t count, acts = 0;
	if (poll(&p, 1, 10000) != 1 || read(p.fd, &count, sizeof(count)) != sizeof(count))
		give_up("nothing comes");
	while (engine_next(e, &event)) {
		if (event.kind == ENGINE_FATAL || event.kind == ENGINE_AWAY)
			give_up(event.reason);
		if (event.kind == ENGINE_READY) {
			*incarnation = event.incarnation;
			strcpy(cluster, event.cluster);
		}
		if (event.kind == ENGINE_ACT) {
			acts++;
			strcpy(position, event.act.id);
		}
	}
	wake(e);
	return acts;
}

static void lone_latency(struct engine *e, uint64_t incarnation)
{
	char text[TEXT_BYTES];
	memset(text, 'x', sizeof(text));
	for (int i = 0; i < LONE_ACTS; i++) {
		usleep(300);
		int64_t begun = clock_us(CLOCK_MONOTONIC);
		engine_propose(e, incarnation, text, sizeof(text));
		wake(e);
		while (take(e, &incarnation) == 0) {
		}
		took_us[i] = clock_us(CLOCK_MONOTONIC) - begun;
	}
	latency_print("a lone act, proposed to heard");
}

static void rate_print(const char *what, uint64_t acts, int64_t begun_us)
{
	printf("%-40s %" PRIu64 "/s\n", what,
	       acts * 1000000 / (uint64_t)(clock_us(CLOCK_MONOTONIC) - begun_us));
}

static void rate(struct engine *e, uint64_t incarnation, uint64_t acts)
{
	char text[TEXT_BYTES];
	int64_t begun = clock_us(CLOCK_MONOTONIC);
	memset(text, 'x', sizeof(text));
	for (uint64_t proposed = 0, heard = 0; heard < acts; heard += take(e, &incarnation)) {
		for (; proposed < acts && proposed - heard < WINDOW; proposed++)
			if (!engine_propose(e, incarnation, text, sizeof(text)))
				break;
		wake(e);
	}
	rate_print("acts appended and heard", acts, begun);
}

int main(int argc, char **argv)
{
	uint64_t acts = argc > 2 ? strtoull(argv[2], NULL, 10) : 200000, incarnation = 0, heard = 0;
	if (argc < 2)
		give_up("usage: engine PATH [ACTS]");
	path = argv[1];
	redisContext *c = bare();
	freeReplyObject(redisCommand(c, "FLUSHDB"));
	bare_latency();
	struct engine *e = engine_of("a", "");
	while (incarnation == 0)
		take(e, &incarnation);
	lone_latency(e, incarnation);
	rate(e, incarnation, acts);
	engine_stop(e, 1000);
	int64_t begun = clock_us(CLOCK_MONOTONIC);
	for (e = engine_of("b", ""); heard < acts + LONE_ACTS; )
		heard += take(e, &incarnation);
	rate_print("acts read on by a new node", heard, begun);
	engine_stop(e, 1000);
	freeReplyObject(redisCommand(c, "FLUSHDB"));
	redisFree(c);
	return 0;
}
