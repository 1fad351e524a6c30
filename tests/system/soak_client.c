/*
 * soak: many people for a long time, and a chatd that is killed amid their talk.
 *
 *     soak_client PORT DATABASE LOG SECONDS SEED PEOPLE CHATD ARGUMENT...
 *
 * Starts CHATD, which must listen on 127.0.0.1:PORT and have no limits of its own but those of an
 * unchanged configuration; kills it and starts it again, stops it once with SIGTERM, and has it
 * read its configuration again once. At the end every line is accounted for: prints TAP, and a
 * summary each minute as a comment.
 */
#include "soak.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	DESCRIPTORS_SPARE = 100, /* for all but the people's connections */
	LIFE_S = 400,            /* of a chatd, where there is time enough */
	LIVES_LEAST = 4,
	STOPPED_LIFE = 1,        /* which one ends in order; it is also the one that reloads */
	ANSWERS_S = 60,          /* at the end, for everybody's last answer */
	STOP_S = 30,             /* for chatd to end in order */
	TURN_MS = 10,
	EVENTS = 512,
	MEMORY_TOLERANCE = 16 << 20, /* bytes that one life may grow by in addition to its
	                              * database */
	DESCRIPTOR_TOLERANCE = 16,   /* those that vanished are not known to chatd at once */
};

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* -- a turn -------------------------------------------------------------------------- */

static void turn(struct soak *s)
{
	struct epoll_event event[EVENTS];
	int n = epoll_wait(s->epoll, event, EVENTS, TURN_MS);

	s->now_ms = now_ms();
	for (int i = 0; i < n; i++)
		person_ready(s, &s->person[event[i].data.u32], event[i].events);
	for (uint32_t i = 0; i < s->people; i++)
		if (s->person[i].next_ms <= s->now_ms)
			person_act(s, &s->person[i]);
}

static void summary(const struct soak *s, int64_t begin_ms)
{
	const struct counts *c = &s->count;
	const struct chatd *d = &s->chatd;
	double rss = d->nsamples > 0 ? d->sample[d->nsamples - 1].rss / 1e6 : 0;

	printf("# %3lld s: %u in, %llu came; said %llu (%llu too long), read %llu, messages %llu of "
	       "%llu, joins %llu, renames %llu, answers %llu of %llu, delays %llu; stalls %llu, slow "
	       "%llu, skips %llu (%llu lines), too slow %llu; quit %llu, half-closed %llu, reset %llu, "
	       "closed %llu, silent %llu; killed %u, stopped %u, %.1f MB\n",
	       (long long)(s->now_ms - begin_ms) / 1000, c->in, (unsigned long long)c->comings,
	       (unsigned long long)c->said, (unsigned long long)c->long_lines,
	       (unsigned long long)s->book.reads, (unsigned long long)s->book.messages_read,
	       (unsigned long long)c->messages, (unsigned long long)c->joins,
	       (unsigned long long)c->renames, (unsigned long long)c->answered,
	       (unsigned long long)c->asked, (unsigned long long)c->delays,
	       (unsigned long long)c->stalls, (unsigned long long)c->slow,
	       (unsigned long long)c->skips,
	       (unsigned long long)c->skipped, (unsigned long long)c->dropped_slow,
	       (unsigned long long)c->quits, (unsigned long long)c->halves,
	       (unsigned long long)c->resets, (unsigned long long)c->closes,
	       (unsigned long long)c->silent, d->kills, d->stops, rss);
	fflush(stdout);
}

/* Talk until then; samples each second, a summary each minute. */
static void talk(struct soak *s, int64_t begin_ms, int64_t until_ms, int64_t reload_ms)
{
	int64_t sample_ms = s->now_ms + 1000;

	while (s->now_ms < until_ms) {
		turn(s);
		if (s->now_ms >= reload_ms) {
			kill(s->chatd.pid, SIGHUP);
			reload_ms = INT64_MAX;
		}
		if (s->now_ms < sample_ms)
			continue;
		chatd_sample(&s->chatd, s->count.in);
		if ((s->now_ms - begin_ms) / 60000 != (sample_ms - 1000 - begin_ms) / 60000)
			summary(s, begin_ms);
		sample_ms += 1000;
	}
}

/* -- ends ---------------------------------------------------------------------------- */

/* What chatd has sent before its end is still to be read. */
static void hang_up(struct soak *s)
{
	for (uint32_t i = 0; i < s->people; i++) {
		struct person *p = &s->person[i];

		if (p->fd < 0)
			continue;
		person_ready(s, p, 0);
		if (p->fd >= 0)
			person_end(s, p);
	}
}

static bool end_chatd(struct soak *s, int signo)
{
	siginfo_t info = {0};
	int64_t until_ms = s->now_ms + STOP_S * 1000;
	bool ok;

	s->up = false;
	kill(s->chatd.pid, signo);
	while (s->now_ms < until_ms && info.si_pid == 0) {
		if (signo != SIGKILL)
			turn(s);
		else
			s->now_ms = now_ms();
		waitid(P_PID, (id_t)s->chatd.pid, &info, WEXITED | WNOHANG | WNOWAIT);
	}
	if (info.si_pid == 0) {
		fprintf(stderr, "soak: chatd does not end\n");
		kill(s->chatd.pid, SIGKILL);
	}
	ok = chatd_end(&s->chatd, signo);
	hang_up(s);
	return ok;
}

/* Everybody who is in asks once more. True: all have their answer. */
static bool last_answers(struct soak *s)
{
	int64_t until_ms = s->now_ms + ANSWERS_S * 1000;
	uint32_t open = 1;

	s->ending = true;
	while (open > 0 && s->now_ms < until_ms) {
		turn(s);
		open = 0;
		for (uint32_t i = 0; i < s->people; i++) {
			struct person *p = &s->person[i];

			if (p->fd < 0 || p->state == PERSON_LEAVING)
				continue;
			if (p->state == PERSON_STALLED) {
				p->next_ms = p->end_ms = 0;
				open++;
			} else if (!person_is_answered(p)) {
				open++;
				if (p->state == PERSON_IN)
					person_ask(s, p);
			}
		}
	}
	if (open > 0)
		fprintf(stderr, "soak: %u have no answer at the end\n", open);
	return open == 0;
}

/* The whole of it. False: something ended as it should not. */
static bool soak(struct soak *s, int64_t seconds, struct prng *chance)
{
	int64_t lives = seconds / LIFE_S + 1, life_ms, begin_ms = now_ms(), until_ms = begin_ms;
	bool ok = true;

	if (lives < LIVES_LEAST)
		lives = LIVES_LEAST;
	life_ms = seconds * 1000 / lives;
	for (int64_t i = 0; i < lives; i++) {
		int64_t reload_ms = i == STOPPED_LIFE ? s->now_ms + life_ms / 2 : INT64_MAX;
		bool last = i == lives - 1;

		chatd_begin(&s->chatd);
		s->up = true;
		/* Not at even times, so that the kill falls on anything. */
		until_ms = last ? begin_ms + seconds * 1000
		                : begin_ms + (i + 1) * life_ms + prng_range(chance, 0, 2000);
		talk(s, begin_ms, until_ms, reload_ms);
		ok = (!last || last_answers(s)) && ok;
		ok = end_chatd(s, last || i == STOPPED_LIFE ? SIGTERM : SIGKILL) && ok;
	}
	summary(s, begin_ms);
	return ok;
}

/* -- the account ----------------------------------------------------------------------- */

static bool tell(unsigned *test, bool ok, const char *title, double a, double b)
{
	printf("%s %u - ", ok ? "ok" : "not ok", ++*test);
	printf(title, a, b); /* a literal below */
	printf("\n");
	return ok;
}

static bool account(struct soak *s, bool ended, unsigned *test)
{
	const struct chatd *d = &s->chatd;
	const struct counts *c = &s->count;
	char command[4200];
	FILE *dump;
	bool ok;

	snprintf(command, sizeof command, "sqlite3 -readonly '%s' 'SELECT m.id, r.name, m.sender, m.body "
	         "FROM messages m JOIN rooms r ON r.id = m.room ORDER BY m.id'", d->database);
	dump = popen(command, "re");
	ok = dump != NULL && check_book(&s->book, dump, test);
	ok = dump != NULL && pclose(dump) == 0 && ok;
	ok &= tell(test, s->book.wrong == 0 && s->book.messages_read > 0, "whatever was read was said so; "
	           "%.0f private messages came to whom they were for, once (%.0f things were wrong)",
	           (double)s->book.messages_read, (double)s->book.wrong);
	ok &= tell(test, c->cut == 0 && c->late == 0, "nobody was cut off without a reason (%.0f), nobody "
	           "waited in vain (%.0f)", (double)c->cut, (double)c->late);
	ok &= tell(test, c->odd == 0, "no reply was unlike those that belong to what was done "
	           "(%.0f of %.0f lines)", (double)c->odd, (double)c->said);
	ok &= tell(test, ended, "killed %.0f times and stopped %.0f times, each stop with status 0 and "
	           "everybody's last answer", d->kills, d->stops);
	if (d->lives == 0) {
		printf("ok %u - memory is flat # SKIP no life was long enough to tell\n", ++*test);
		printf("ok %u - descriptors are flat # SKIP the same\n", ++*test);
		return ok;
	}
	ok &= tell(test, d->rss_worst < MEMORY_TOLERANCE, "memory is flat: beside twice what the database "
	           "grew by, a life grew by %.1f MB at most, where %.0f are allowed", d->rss_worst / 1e6,
	           MEMORY_TOLERANCE / 1e6);
	ok &= tell(test, d->descriptors_worst < DESCRIPTOR_TOLERANCE, "descriptors are flat: beside the "
	           "connections' a life grew by %.1f at most, where %.0f are allowed",
	           d->descriptors_worst, DESCRIPTOR_TOLERANCE);
	return ok;
}

int main(int argc, char **argv)
{
	struct soak s = {.now_ms = now_ms()};
	struct prng chance;
	struct rlimit limit;
	unsigned test = 0;
	bool ended, ok;

	if (argc < 8) {
		fprintf(stderr, "usage: soak_client PORT DATABASE LOG SECONDS SEED PEOPLE CHATD "
		        "ARGUMENT...\n");
		return 2;
	}
	chance.state = strtoull(argv[5], NULL, 10);
	s.port = (uint16_t)strtoul(argv[1], NULL, 10);
	s.people = (uint32_t)strtoul(argv[6], NULL, 10);
	s.chatd = (struct chatd){.argv = argv + 7, .database = argv[2], .log = argv[3]};
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < s.people + DESCRIPTORS_SPARE)
		s.people = (uint32_t)limit.rlim_cur - DESCRIPTORS_SPARE;
	signal(SIGPIPE, SIG_IGN);
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	s.person = mem_zero(s.people, sizeof *s.person);
	for (uint32_t i = 0; i < s.people; i++)
		person_init(&s, i, prng_next(&chance));
	printf("# %u people, %s s, seed %s\n", s.people, argv[4], argv[5]);
	ended = soak(&s, strtoll(argv[4], NULL, 10), &chance);
	ok = account(&s, ended, &test);
	printf("1..%u\n", test);
	return ok ? 0 : 1;
}
