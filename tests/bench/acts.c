/*
 * acts: fills the stream of a cluster with what a node would have appended: people who come in, go to a room, and talk.
 *
 *     acts SOCKET LINES [ROOMS [PEOPLE]]
 *
 * The node is called filler, and is heard of nowhere else; it has the settings of the first node in the stream, with
 * which it must agree. Lines have 64 bytes, and are said by turns.
 */
#include <hiredis/hiredis.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	AHEAD = 4096,          /* commands sent before their answers are read */
	LINE_BYTES = 64,
};

static redisContext *redis;
static uint64_t number;    /* of the last act */
static uint32_t unread;    /* answers */

_Noreturn static void give_up(const char *what)
{
	fprintf(stderr, "acts: %s\n", what);
	exit(1);
}

static void answers_read(void)
{
	for (; unread > 0; unread--) {
		redisReply *r;
		if (redisGetReply(redis, (void **)&r) != REDIS_OK || r->type != REDIS_REPLY_STRING)
			give_up("an act was not appended");
		freeReplyObject(r);
	}
}

/* An act: its kind and what follows. */
static void act(const char *format, ...)
{
	char text[1024];
	int n = snprintf(text, sizeof(text), "filler 1 %llu ", (unsigned long long)++number);
	va_list ap;
	va_start(ap, format);
	n += vsnprintf(text + n, sizeof(text) - (size_t)n, format, ap);
	va_end(ap);
	redisAppendCommand(redis, "XADD chatd * a %b", text, (size_t)n);
	if (++unread == AHEAD)
		answers_read();
}

/* It begins like the first node. */
static void node_act(void)
{
	redisReply *r = redisCommand(redis, "XRANGE chatd - + COUNT 1");
	const char *found = NULL;
	if (r && r->type == REDIS_REPLY_ARRAY && r->elements == 1)
		found = strstr(r->element[0]->element[1]->element[1]->str, " N0 ");
	if (!found)
		give_up("the stream does not begin with a node");
	act("%s", found + 1);
	freeReplyObject(r);
}

int main(int argc, char **argv)
{
	uint64_t lines = argc > 2 ? strtoull(argv[2], NULL, 10) : 0, first = UINT64_C(1) << 32;
	uint32_t rooms = argc > 3 ? (uint32_t)atoi(argv[3]) : 20, people = argc > 4 ? (uint32_t)atoi(argv[4]) : 100;
	char words[LINE_BYTES + 1];
	if (lines == 0 || rooms == 0 || people == 0)
		give_up("usage: acts SOCKET LINES [ROOMS [PEOPLE]]");
	redis = redisConnectUnix(argv[1]);
	if (!redis || redis->err)
		give_up("no Redis there");
	memset(words, 'x', LINE_BYTES);
	words[LINE_BYTES - 20] = '\0';
	node_act();
	for (uint32_t i = 0; i < people; i++) {
		unsigned long long person = first + i + 1;
		act("E%llu name=filler%u from=127.0.0.1 token=%u", person, i, i + 1);
		if (i % rooms > 0)
			act("L%llu /join room%u", person, i % rooms);
	}
	for (uint64_t i = 0; i < lines; i++)
		act("L%llu line %010llu %s", (unsigned long long)(first + i % people + 1), (unsigned long long)i, words);
	answers_read();
	redisFree(redis);
	return 0;
}
