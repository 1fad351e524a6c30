/*
 * The people of a soak: they come, take names, talk, rename, move, ask, stand still, and go in
 * every way there is. What they do is decided by the seed; when it comes about is not.
 */
#include "soak.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PER_ADDRESS = 20,       /* people with one address of 127.0.0.0/8 */
	READ_BYTES = 65536,
	OUT_BYTES_MAX = 65536,  /* who has so much to send waits */
	LINE_BYTES_MAX = 1024,  /* chatd's line_bytes_max, as it is by default */
	COMING_MS = 30000,      /* who has no greeting after so long waits in vain */
	LEAVING_MS = 30000,     /* or no end, after /quit */
	ANSWER_MS = 60000,      /* or no answer */
	SMALL_BUFFER = 4096,    /* SO_RCVBUF of every fourth */
	SLOW_BYTES = 512,       /* who is slow takes so many, once in */
	SLOW_MS = 1000,
};

void person_init(struct soak *s, uint32_t index, uint64_t seed)
{
	struct person *p = &s->person[index];

	*p = (struct person){.index = index, .fd = -1, .chance.state = seed};
	p->stay.person = p->past.person = index;
	p->past.history = true;
	p->next_ms = s->now_ms + prng_range(&p->chance, 0, 10000);
}

/* -- the connection ------------------------------------------------------------------ */

static void watch(struct soak *s, struct person *p, int how)
{
	struct epoll_event e = {.data.u32 = p->index};

	/* A person who stands still notices nothing but a reset. */
	e.events = p->state == PERSON_STALLED ? 0 : EPOLLIN | (p->full ? EPOLLOUT : 0u);
	if (epoll_ctl(s->epoll, how, p->fd, &e) != 0)
		perror("soak: epoll_ctl");
}

static void flush(struct soak *s, struct person *p)
{
	bool was_full = p->full;
	ssize_t n = 0;

	p->full = false;
	while (p->out.len > 0 && n >= 0) {
		n = send(p->fd, p->out.data, p->out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0)
			bytes_drop(&p->out, (size_t)n);
	}
	p->full = p->out.len > 0;
	if (p->full != was_full)
		watch(s, p, EPOLL_CTL_MOD);
}

void person_end(struct soak *s, struct person *p)
{
	close(p->fd);
	p->fd = -1;
	s->count.in--;
	p->state = PERSON_AWAY;
	p->nopen = p->open_asked = 0;
	p->asked = p->full = p->stalled = p->slow = false;
	bytes_clear(&p->in);
	bytes_clear(&p->out);
	book_stay_end(&s->book, &p->stay);
	book_stay_end(&s->book, &p->past);
	p->next_ms = s->now_ms + prng_range(&p->chance, 200, 12000);
}

static void say_join(struct person *p)
{
	p->going = (uint8_t)prng_below(&p->chance, SOAK_ROOMS);
	bytes_printf(&p->out, "/join r%u\n", p->going);
}

static void come(struct soak *s, struct person *p)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(s->port),
	                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	int one = 1, small = SMALL_BUFFER;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + p->index / PER_ADDRESS);
	setsockopt(p->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
	if (p->index % 4 == 0)
		setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (bind(p->fd, (struct sockaddr *)&from, sizeof from) != 0 ||
	    (connect(p->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
		close(p->fd);
		p->fd = -1;
		p->next_ms = s->now_ms + 1000;
		return;
	}
	p->state = PERSON_COMING;
	p->next_ms = s->now_ms + COMING_MS;
	p->conn++;
	s->count.in++;
	s->count.comings++;
	bytes_printf(&p->out, "c%ux%u\n", p->index, ++p->names);
	say_join(p);
	p->full = true; /* goes out when the connection is made */
	watch(s, p, EPOLL_CTL_ADD);
}

/* False: it is over. */
static bool receive(struct soak *s, struct person *p)
{
	char data[READ_BYTES];
	ssize_t n;

	while ((n = recv(p->fd, data, sizeof data, MSG_DONTWAIT)) > 0)
		person_take(s, p, data, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

void person_ready(struct soak *s, struct person *p, uint32_t events)
{
	if (p->fd < 0)
		return;
	if (events & EPOLLOUT)
		flush(s, p);
	if (receive(s, p))
		return;
	if (p->stalled && s->up)
		s->count.dropped_slow++;
	else if (p->state != PERSON_LEAVING && s->up && s->count.cut++ < 5)
		fprintf(stderr, "soak: c%ux%u is cut off: %s\n", p->index, p->names, strerror(errno));
	person_end(s, p);
}

/* -- what they do -------------------------------------------------------------------- */

static void fill(struct person *p, size_t n)
{
	static const char letters[] = "etaoin shrdlu cmfwyp vbgkqj xz";

	for (size_t i = 0; i < n; i++)
		bytes_append(&p->out, &letters[prng_below(&p->chance, sizeof letters - 1)], 1);
}

static void say(struct soak *s, struct person *p, bool too_long)
{
	uint32_t id = book_say(&s->book, p->index, p->conn, p->going,
	                       too_long ? FATE_NEVER : FATE_MAYBE);
	size_t n = prng_range(&p->chance, 5, 80);

	if (too_long)
		n = LINE_BYTES_MAX;
	else if (p->going == 0)
		n = prng_range(&p->chance, 300, 900);
	bytes_printf(&p->out, "k%u ", id);
	fill(p, n);
	bytes_puts(&p->out, "\n");
	s->count.said++;
	s->count.long_lines += too_long;
	if (too_long)
		return;
	if (p->nopen == p->cap_open) {
		p->cap_open = p->cap_open != 0 ? p->cap_open * 2 : 16;
		p->open = mem_resize(p->open, p->cap_open * sizeof *p->open);
	}
	p->open[p->nopen++] = id;
}

static void say_to(struct soak *s, struct person *p)
{
	const struct person *to = &s->person[prng_below(&p->chance, s->people)];

	if (to == p || to->state != PERSON_IN)
		return;
	bytes_printf(&p->out, "/msg c%ux%u m%u ", to->index, to->names,
	             book_message(&s->book, to->index));
	fill(p, 20);
	bytes_puts(&p->out, "\n");
	s->count.messages++;
}

/* The answer waits until the room's newest line is saved, and lines are saved in the order in
 * which they are said: so what was said up to the last one there is answered for. */
void person_ask(struct soak *s, struct person *p)
{
	if (p->asked)
		return;
	p->asked = true;
	p->asked_ms = s->now_ms;
	s->count.asked++;
	/* Said in another room: one line more, here, so that the answer waits for them too. */
	if (s->ending && p->nopen > 0 && s->book.said[p->open[p->nopen - 1]].room != p->going)
		say(s, p, false);
	p->open_asked = 0;
	for (uint32_t i = 0; i < p->nopen; i++)
		if (s->book.said[p->open[i]].room == p->going)
			p->open_asked = i + 1;
	bytes_printf(&p->out, "/history %u\n", prng_range(&p->chance, 1, 30));
	flush(s, p);
}

bool person_is_answered(const struct person *p)
{
	return p->state != PERSON_STALLED && !p->asked && p->nopen == 0;
}

/* In the busy room they go on reading, a little at a time: chatd does not end such a connection,
 * but skips what falls out of the room's log. */
static void stall(struct soak *s, struct person *p)
{
	p->state = PERSON_STALLED;
	p->stalled = true;
	p->slow = p->stay.room == 0;
	p->end_ms = s->now_ms + (p->slow ? prng_range(&p->chance, 60000, 300000)
	                                 : prng_range(&p->chance, 5000, 100000));
	p->next_ms = p->slow ? s->now_ms + SLOW_MS : p->end_ms;
	s->count.stalls += !p->slow;
	s->count.slow += p->slow;
	watch(s, p, EPOLL_CTL_MOD);
}

static void stall_end(struct soak *s, struct person *p)
{
	char data[SLOW_BYTES];
	ssize_t n;

	if (p->slow && s->now_ms < p->end_ms) {
		p->next_ms = s->now_ms + SLOW_MS;
		n = recv(p->fd, data, sizeof data, MSG_DONTWAIT);
		if (n > 0)
			person_take(s, p, data, (size_t)n);
		p->state = PERSON_STALLED; /* whatever was in it */
		return;
	}
	p->slow = false;
	p->state = PERSON_IN;
	p->next_ms = s->now_ms + 3000;
	p->asked_ms = s->now_ms;
	watch(s, p, EPOLL_CTL_MOD);
}

/* Without FIN or RST; where we may not, by a reset. */
static void vanish(struct soak *s, struct person *p)
{
	struct linger none = {.l_onoff = 1};
	int on = 1;

	if (setsockopt(p->fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on) == 0) {
		s->count.silent++;
		return;
	}
	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
	s->count.resets++;
}

static void leave(struct soak *s, struct person *p)
{
	struct linger none = {.l_onoff = 1};
	uint32_t how = prng_below(&p->chance, 5);

	if (how < 2) {
		if (how == 0)
			bytes_puts(&p->out, "/quit\n");
		flush(s, p);
		if (how == 1)
			shutdown(p->fd, SHUT_WR);
		s->count.quits += how == 0;
		s->count.halves += how == 1;
		p->state = PERSON_LEAVING;
		p->next_ms = s->now_ms + LEAVING_MS;
		return;
	}
	if (how == 2) {
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
		s->count.resets++;
	} else if (how == 3) {
		vanish(s, p);
	} else {
		s->count.closes++;
	}
	person_end(s, p);
}

static void act_in(struct soak *s, struct person *p)
{
	uint32_t what = prng_below(&p->chance, 1000);

	p->next_ms = s->now_ms + (p->going == 0 ? prng_range(&p->chance, 300, 1500)
	                                        : prng_range(&p->chance, 2000, 22000));
	if (p->asked && s->now_ms - p->asked_ms > ANSWER_MS && s->count.late++ < 5)
		fprintf(stderr, "soak: c%ux%u has no answer\n", p->index, p->names);
	if (s->ending || p->out.len > OUT_BYTES_MAX)
		return;
	if (what < 20)
		for (uint32_t n = prng_range(&p->chance, 3, 12); n > 0; n--)
			say(s, p, false);
	else if (what < 30)
		say(s, p, true);
	else if (what < 60)
		bytes_printf(&p->out, "/nick c%ux%u\n", p->index, ++p->names);
	else if (what < 90)
		say_join(p);
	else if (what < 150)
		person_ask(s, p);
	else if (what < 200)
		say_to(s, p);
	else if (what >= 220)
		say(s, p, false);
	flush(s, p);
	if (what >= 200 && what < 210)
		stall(s, p);
	else if (what >= 210 && what < 220)
		leave(s, p);
}

void person_act(struct soak *s, struct person *p)
{
	if (p->state == PERSON_AWAY) {
		if (s->up && !s->ending)
			come(s, p);
		else
			p->next_ms = s->now_ms + prng_range(&p->chance, 200, 8000);
	} else if (p->state == PERSON_IN) {
		act_in(s, p);
	} else if (p->state == PERSON_STALLED) {
		stall_end(s, p);
	} else {
		/* Neither a greeting nor an end came. */
		if (s->up && s->count.late++ < 5)
			fprintf(stderr, "soak: c%ux%u waits in vain (state %d)\n", p->index, p->names,
			        p->state);
		person_end(s, p);
	}
}
