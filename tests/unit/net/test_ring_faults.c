/*
 * A kernel that refuses: each call that hands operations over fails in turn, in a script of
 * accepts, receives and sends, and nothing is lost. One that refuses for long is in
 * test_ring_lost.c, one that gives no ring in test_ring_new.c.
 */
#include "ring_fault.h"

enum {
	CLIENTS = 3,
	ROUNDS = 4,
	LINES = 40,        /* that each client is sent in a round, each a piece */
	FILL = SQ_ENTRIES + 500, /* other operations of a round: one submit is not enough */
};

/* -- a script -------------------------------------------------------------------------- */

struct script {
	int fd[CLIENTS];         /* ours; -1 until accepted */
	int client[CLIENTS];     /* theirs */
	uint32_t left[CLIENTS];  /* of the send that is out: bytes not sent; 0: none is out */
	char said[CLIENTS];      /* what we got of each */
	char *text[CLIENTS];     /* what each is sent in a round */
	size_t len;              /* and how long that is */
	struct bytes got[CLIENTS]; /* what each got in all */
	uint32_t naccepted, nsaid;
	bool dead[FILL];         /* operations other operations of this round that have ended */
	uint32_t ndead;
	bool ok;                 /* false once something came that should not */
};

static void send_rest(struct script *s, uint32_t i)
{
	struct iovec iov[SEND_SPANS_MAX];
	char *at = s->text[i] + s->len - s->left[i];
	uint32_t n = 0;

	/* In lines, as it comes from a feed. */
	while (n < SEND_SPANS_MAX && at < s->text[i] + s->len) {
		char *end = (char *)memchr(at, '\n', (size_t)(s->text[i] + s->len - at)) + 1;

		iov[n++] = (struct iovec){at, (size_t)(end - at)};
		at = end;
	}
	ring_send(r, i, 1, s->fd[i], iov, n);
}

static void on_recv(struct script *s, const struct ring_completion *c)
{
	s->ok = s->ok && c->res == 1 && s->said[c->slot] == 0;
	if (c->res != 1)
		return;
	s->said[c->slot] = c->data[0];
	s->nsaid++;
	give_back(c);
}

static void on_completion(struct script *s, const struct ring_completion *c)
{
	if (c->op == RING_ACCEPT) {
		s->ok = s->ok && !c->more && c->res >= 0 && s->naccepted < CLIENTS;
		s->fd[s->naccepted] = c->res;
		ring_recv(r, s->naccepted++, 1, c->res);
	} else if (c->op == RING_RECV) {
		on_recv(s, c);
	} else if (c->slot == CLIENTS) {
		s->ok = s->ok && c->res == -EPIPE && c->gen < FILL && !s->dead[c->gen];
		s->dead[c->gen] = true;
		s->ndead++;
	} else {
		s->ok = s->ok && c->res > 0 && (uint32_t)c->res <= s->left[c->slot];
		s->left[c->slot] -= (uint32_t)c->res;
		if (s->ok && s->left[c->slot] > 0)
			send_rest(s, c->slot);
	}
}

/* One turn: waits, takes what came. False: the ring is lost, or it is not what should be. */
static bool turn(struct script *s)
{
	struct ring_completion c;

	if (!ring_wait(r, WAIT_MS))
		return false;
	while (s->ok && ring_next(r, &c))
		on_completion(s, &c);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		char text[4096];
		ssize_t n;

		while ((n = recv(s->client[i], text, sizeof text, MSG_DONTWAIT)) > 0)
			bytes_append(&s->got[i], text, (size_t)n);
	}
	return s->ok;
}

/* So many operations, then a line for each client, and a wake-up. */
static bool round_of(struct script *s, int dead, int event)
{
	memset(s->dead, 0, sizeof s->dead);
	s->ndead = 0;
	for (uint32_t i = 0; i < FILL; i++)
		send_text(CLIENTS, i, dead, "x", 1);
	for (uint32_t i = 0; i < CLIENTS; i++) {
		s->left[i] = (uint32_t)s->len;
		send_rest(s, i);
	}
	ring_wake(r, event);
	while (s->ndead < FILL || s->left[0] + s->left[1] + s->left[2] > 0)
		if (!turn(s))
			return false;
	return true;
}

static bool play(struct script *s, const struct sockaddr_in *at, int listener, int event)
{
	int dead = dead_end();
	bool ok = true;

	for (uint32_t i = 0; i < CLIENTS; i++)
		ring_accept(r, i, 1, listener);
	for (int i = 0; i < CLIENTS; i++) {
		s->client[i] = connect_tcp(at);
		assert_int_equal(send(s->client[i], &"abc"[i], 1, 0), 1);
	}
	while (ok && s->nsaid < CLIENTS)
		ok = turn(s);
	for (int i = 0; ok && i < ROUNDS; i++)
		ok = round_of(s, dead, event);
	close(dead);
	return ok;
}

/* All that was to come has come, once and in order. */
static bool all_came(const struct script *s, int event)
{
	uint64_t count = 0;
	bool ok = s->said[0] == 'a' && s->said[1] == 'b' && s->said[2] == 'c' &&
	          eventfd_read(event, &count) == 0 && count == ROUNDS;

	for (uint32_t i = 0; i < CLIENTS; i++) {
		ok = ok && s->got[i].len == ROUNDS * s->len;
		for (size_t k = 0; ok && k < ROUNDS; k++)
			ok = memcmp(s->got[i].data + k * s->len, s->text[i], s->len) == 0;
	}
	return ok;
}

/* The whole script, in a ring of its own. True: all came. */
static bool script_run(void)
{
	struct script *s = mem_zero(1, sizeof *s);
	struct sockaddr_in at;
	int listener = listen_tcp(&at), event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool ok;

	assert_int_equal(begin_uring(NULL), 0);
	s->ok = true;
	for (int i = 0; i < CLIENTS; i++) {
		struct bytes b = {0};

		s->fd[i] = s->client[i] = -1;
		for (int k = 0; k < LINES; k++)
			bytes_printf(&b, "client %d, line %02d\n", i, k);
		s->text[i] = b.data;
		s->len = b.len;
	}
	fault.calls = 0;
	ok = play(s, &at, listener, event) && all_came(s, event);
	ring_free(r);
	for (int i = 0; i < CLIENTS; i++) {
		close(s->fd[i]);
		close(s->client[i]);
		free(s->text[i]);
		bytes_release(&s->got[i]);
	}
	close(listener);
	close(event);
	free(s);
	return ok;
}

/* The k-th call fails, and some calls after it, for each k. */
static void each_call_fails(int error, int times)
{
	int k = 0;

	do {
		fault_begin(error, ++k, times);
		if (!script_run())
			fail_msg("call %d answers %d, %d times: something is lost", k, error, times);
	} while (fault.calls >= k);
	/* Waits, and submits in the midst of a turn. */
	assert_true(k > 2 * ROUNDS);
	fault_end();
}

static void test_no_memory(void **state)
{
	(void)state;
	each_call_fails(EAGAIN, 1);
	each_call_fails(EAGAIN, 50);
}

static void test_no_memory_for_all(void **state)
{
	(void)state;
	each_call_fails(PARTLY, 1);
	each_call_fails(PARTLY, 50);
}

static void test_busy(void **state)
{
	(void)state;
	each_call_fails(EBUSY, 1);
	each_call_fails(EBUSY, 50);
}

static void test_interrupted(void **state)
{
	(void)state;
	each_call_fails(EINTR, 1);
	each_call_fails(EINTR, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_no_memory_for_all),
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
