/*
 * Whose turn it is: queues by share, served one after the other. Owns the waiting queries, and
 * knows nothing of how they are answered.
 */
#include "chatd/store/threads/turns.h"

#include "chatd/base/bytes.h"
#include "chatd/base/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct turns_share {
	uint64_t share;         /* its number, the key */
	struct message *first; /* waiting queries, in the order of asking; never NULL */
	struct message *last;
	struct turns_share *before, *after; /* in the ring of all shares */
	UT_hash_handle hh;      /* uthash's own */
};

struct seats_share {
	uint64_t share;         /* its number, the key */
	uint32_t taken;         /* seats that it has, never 0 */
	UT_hash_handle hh;      /* uthash's own */
};

struct request *request_new(const struct query *q)
{
	struct query copy = *q;
	const char **string[QUERY_STRINGS_MAX];
	size_t n = query_strings(&copy, string), bytes = 0;
	for (size_t i = 0; i < n; i++)
		bytes += strlen(*string[i]) + 1;
	struct request *r = mem_alloc(sizeof(*r) + bytes);
	char *text = (char *)(r + 1);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(*string[i]) + 1;
		*string[i] = memcpy(text, *string[i], len);
		text += len;
	}
	r->query = copy;
	return r;
}

void request_free(struct request *r)
{
	if (!r)
		return;
	const char **string[QUERY_STRINGS_MAX];
	size_t n = query_strings(&r->query, string);
	for (size_t i = 0; i < n; i++)
		explicit_bzero((char *)(uintptr_t)*string[i], strlen(*string[i]));
	free(r);
}

/* -- turns ---------------------------------------------------------------------- */

void turns_init(struct turns *t)
{
	*t = (struct turns){ .next = NULL };
	pthread_mutex_init(&t->mutex, NULL);
}

void turns_post(struct turns *t, struct request *r)
{
	mailbox_post(&t->posted, &r->message);
}

/* A share that has asked nothing comes last in the round. */
static struct turns_share *share_add(struct turns *t, uint64_t number)
{
	struct turns_share *s = mem_zero(1, sizeof(*s));
	s->share = number;
	s->before = s->after = s;
	if (t->next) {
		s->after = t->next;
		s->before = t->next->before;
		s->before->after = s->after->before = s;
	} else {
		t->next = s;
	}
	HASH_ADD(hh, t->shares, share, sizeof(s->share), s);
	return s;
}

static void share_remove(struct turns *t, struct turns_share *s)
{
	s->before->after = s->after;
	s->after->before = s->before;
	HASH_DEL(t->shares, s);
	if (!t->shares)
		t->next = NULL;
	free(s);
}

/* With the mutex held: sorts what was posted into the queues. */
static void turns_sort(struct turns *t)
{
	for (struct message *l = mailbox_take(&t->posted), *next; l; l = next) {
		uint64_t number = ((struct request *)l)->query.share;
		struct turns_share *s;
		next = l->next;
		l->next = NULL;
		HASH_FIND(hh, t->shares, &number, sizeof(number), s);
		if (!s)
			s = share_add(t, number);
		if (s->first)
			s->last->next = l;
		else
			s->first = l;
		s->last = l;
	}
}

bool turns_ready(struct turns *t)
{
	/* With the mutex, so that no query is overlooked while another thread is sorting it. */
	pthread_mutex_lock(&t->mutex);
	bool ready = t->next || atomic_load(&t->posted.newest);
	pthread_mutex_unlock(&t->mutex);
	return ready;
}

struct request *turns_take(struct turns *t)
{
	struct message *l = NULL;
	pthread_mutex_lock(&t->mutex);
	turns_sort(t);
	struct turns_share *s = t->next;
	if (s) {
		l = s->first;
		s->first = l->next;
		t->next = s->after;
		if (!s->first)
			share_remove(t, s);
	}
	pthread_mutex_unlock(&t->mutex);
	return (struct request *)l;
}

void turns_release(struct turns *t)
{
	for (struct request *r; (r = turns_take(t)); )
		request_free(r);
	pthread_mutex_destroy(&t->mutex);
}

/* -- seats ---------------------------------------------------------------------- */

static struct seats_share *seats_of(struct seats *s, uint64_t number)
{
	struct seats_share *of;
	HASH_FIND(hh, s->shares, &number, sizeof(number), of);
	return of;
}

bool seats_take(struct seats *s, uint64_t share)
{
	struct seats_share *of = share ? seats_of(s, share) : NULL;
	if (s->taken >= s->max || (of && (of->taken >= s->share_max || s->taken >= s->max / 2)))
		return false;
	s->taken++;
	if (!share)
		return true;
	if (!of) {
		of = mem_zero(1, sizeof(*of));
		of->share = share;
		HASH_ADD(hh, s->shares, share, sizeof(of->share), of);
	}
	of->taken++;
	return true;
}

void seats_give_back(struct seats *s, uint64_t share)
{
	struct seats_share *of = share ? seats_of(s, share) : NULL;
	assert(s->taken > 0);
	s->taken--;
	if (of && --of->taken == 0) {
		HASH_DEL(s->shares, of);
		free(of);
	}
}

void seats_release(struct seats *s)
{
	struct seats_share *of, *next;
	HASH_ITER(hh, s->shares, of, next) {
		HASH_DEL(s->shares, of); /* NOLINT(clang-analyzer-unix.Malloc): not freed yet */
		free(of);
	}
}
