/*
 * The ring of records and the mailbox: nothing lost, nothing twice, in order.
 */
#include "chatd/base/mailbox.h"
#include "chatd/store/threads/queue.h"
#include "store_help.h"

#include "chatd/base/bounds.h"

#include <pthread.h>
#include <sched.h>

static void same_record(const struct record *a, const struct record *b)
{
	assert_int_equal(a->seq, b->seq);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->room, b->room);
	assert_int_equal(a->time_ms, b->time_ms);
	struct record_columns x, y;
	record_columns(a, &x);
	record_columns(b, &y);
	assert_int_equal(x.number, y.number);
	assert_string_equal(a->room_name, b->room_name);
	assert_string_equal(x.name, y.name);
	assert_string_equal(x.who, y.who);
	assert_string_equal(x.text, y.text);
}

static void gives_back_what_was_put_in(void **state)
{
	(void)state;
	struct queue *q = queue_new(4096, 100, false);
	struct record in = record_as(5, 2, RECORD_SEEN, "älice", UINT64_MAX - 1, "2 6 8 10"), out;
	assert_true(queue_empty(q));
	assert_true(queue_push(q, &in));
	assert_false(queue_empty(q));
	struct queue_mark mark = queue_first(q);
	assert_true(queue_next(q, &mark, &out));
	same_record(&in, &out);
	assert_false(queue_next(q, &mark, &out));
	for (int kind = RECORD_SAY; kind <= RECORD_ERASE; kind++) {
		in = record_as(6, 1, (enum record_kind)kind, "grüße", 7, "two\nlines");
		if (kind == RECORD_AUDIT)
			in.audit.changed = "undo=ban";
		assert_true(queue_push(q, &in));
		assert_true(queue_next(q, &mark, &out));
		same_record(&in, &out);
	}
	queue_free(q);
}

static void keeps_records_until_they_are_dropped(void **state)
{
	(void)state;
	struct queue *q = queue_new(4096, 100, false);
	struct record r = line_of(1, 1, "a", "one"), out;
	queue_push(q, &r);
	for (int i = 0; i < 3; i++) {
		struct queue_mark mark = queue_first(q);
		assert_true(queue_next(q, &mark, &out));
		assert_string_equal(out.line.body, "one");
	}
	struct queue_mark mark = queue_first(q);
	queue_next(q, &mark, &out);
	queue_drop(q, &mark);
	assert_true(queue_empty(q));
	queue_free(q);
}

static void is_full_by_records(void **state)
{
	(void)state;
	struct queue *q = queue_new(65536, 3, false);
	struct record r = line_of(1, 1, "a", "b"), out;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(queue_half_full(q), i > 1);
		assert_int_equal(queue_waiting(q), i);
		assert_true(queue_push(q, &r));
	}
	assert_false(queue_push(q, &r));
	struct queue_mark mark = queue_first(q);
	queue_next(q, &mark, &out);
	queue_drop(q, &mark);
	assert_int_equal(queue_waiting(q), 2);
	assert_true(queue_push(q, &r));
	assert_false(queue_push(q, &r));
	queue_free(q);
}

static void is_full_by_bytes_and_takes_nothing_then(void **state)
{
	(void)state;
	struct queue *q = queue_new(1024, 1000, false);
	char body[301];
	memset(body, 'x', 300);
	body[300] = '\0';
	struct record r = line_of(0, 1, "a", body), out;
	uint64_t pushed = 0;
	for (r.seq = 1; queue_push(q, &r); r.seq++)
		pushed++;
	assert_in_range(pushed, 2, 3);
	struct queue_mark mark = queue_first(q);
	for (uint64_t i = 1; i <= pushed; i++) {
		assert_true(queue_next(q, &mark, &out));
		assert_int_equal(out.seq, i);
		assert_string_equal(out.line.body, body);
	}
	assert_false(queue_next(q, &mark, &out));
	queue_free(q);
}

static void holds_the_longest_line(void **state)
{
	(void)state;
	struct queue *q = queue_new(RECORDS_BYTES, UNSTORED_MAX, false);
	char *body = malloc(BODY_BYTES_MAX + 1);
	memset(body, 'x', BODY_BYTES_MAX);
	body[BODY_BYTES_MAX] = '\0';
	struct record r = line_of(1, 1, "a", body);
	assert_true(queue_push(q, &r));
	free(body);
	queue_free(q);
}

/* Bodies of all lengths, so that every distance to the ring's end is met. */
static void fill_body(char *body, uint64_t seq)
{
	size_t n = (size_t)(seq * 7919 % 400);
	memset(body, 'a' + (int)(seq % 26), n);
	body[n] = '\0';
}

static void shows_whole_groups_alone(void **state)
{
	(void)state;
	struct queue *q = queue_new(65536, 100, true);
	struct record r = line_of(1, 1, "a", "one"), out;
	assert_false(queue_end_group(q, "none"));
	assert_true(queue_push(q, &r));
	r.seq = 2;
	assert_true(queue_push(q, &r));
	struct queue_mark mark = queue_first(q);
	assert_true(queue_empty(q));
	assert_int_equal(queue_waiting(q), 0);
	assert_false(queue_next(q, &mark, &out));
	assert_true(queue_end_group(q, "first"));
	assert_false(queue_end_group(q, "again"));
	r.seq = 3;
	assert_true(queue_push(q, &r));
	assert_false(queue_empty(q));
	assert_int_equal(queue_waiting(q), 2);
	assert_true(queue_next(q, &mark, &out));
	assert_false(queue_group_ends(q, &mark));
	assert_null(mark.position);
	assert_true(queue_next(q, &mark, &out));
	assert_int_equal(out.seq, 2);
	assert_true(queue_group_ends(q, &mark));
	assert_string_equal(mark.position, "first");
	assert_false(queue_group_ends(q, &mark));
	assert_false(queue_next(q, &mark, &out));
	assert_int_equal(mark.at, queue_ended_at(q));
	queue_drop(q, &mark);
	assert_true(queue_empty(q));
	assert_true(queue_end_group(q, "second"));
	assert_true(queue_next(q, &mark, &out));
	assert_int_equal(out.seq, 3);
	/* At the end it goes past the group's. */
	assert_false(queue_next(q, &mark, &out));
	assert_string_equal(mark.position, "second");
	assert_int_equal(mark.at, queue_ended_at(q));
	queue_free(q);
}

/* Wherever in the ring, and however long the position. */
static void has_room_for_every_end(void **state)
{
	(void)state;
	struct queue *q = queue_new(32768, 1000, true);
	char body[512], position[POSITION_BYTES_MAX + 1];
	uint64_t pushed = 0, read = 0, seed = 1;
	for (int round = 0; round < 3000; round++) {
		struct record out;
		struct queue_mark mark;
		for (uint64_t group = pushed; ; pushed++) {
			fill_body(body, pushed + 1);
			struct record r = line_of(pushed + 1, 1, "alice", body);
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			if (!queue_push(q, &r)) {
				assert_true(pushed > group); /* alone it fits */
				break;
			}
			if (seed >> 62 == 0 && pushed > group) {
				pushed++;
				break;
			}
		}
		size_t n = seed >> 33 & 1 ? POSITION_BYTES_MAX : 1 + (size_t)round % 600;
		memset(position, 'a' + round % 26, n);
		position[n] = '\0';
		assert_true(queue_end_group(q, position));
		mark = queue_first(q);
		while (queue_next(q, &mark, &out)) {
			fill_body(body, ++read);
			assert_int_equal(out.seq, read);
			assert_string_equal(out.line.body, body);
		}
		assert_int_equal(read, pushed);
		assert_string_equal(mark.position, position);
		queue_drop(q, &mark);
	}
	queue_free(q);
}

enum { STRESS_RECORDS = 200000 };

static void *produce(void *arg)
{
	struct queue *q = arg;
	char body[512];
	for (uint64_t seq = 1; seq <= STRESS_RECORDS; seq++) {
		fill_body(body, seq);
		struct record r = line_of(seq, 1, "alice", body);
		while (!queue_push(q, &r))
			sched_yield();
	}
	return NULL;
}

static void loses_nothing_between_two_threads(void **state)
{
	(void)state;
	struct queue *q = queue_new(4096, 20, false);
	pthread_t thread;
	char body[512];
	uint64_t wrong = 0;
	pthread_create(&thread, NULL, produce, q);
	for (uint64_t seq = 1; seq <= STRESS_RECORDS; ) {
		struct queue_mark mark = queue_first(q);
		struct record r;
		while (queue_next(q, &mark, &r)) {
			fill_body(body, seq);
			wrong += r.seq != seq || strcmp(r.line.body, body) != 0;
			seq++;
		}
		queue_drop(q, &mark);
		(void)queue_half_full(q); /* either side may ask: TSan watches */
		sched_yield();
	}
	pthread_join(thread, NULL);
	assert_int_equal(wrong, 0);
	assert_true(queue_empty(q));
	assert_false(queue_half_full(q));
	queue_free(q);
}

/* -- the mailbox ---------------------------------------------------------------- */

struct note {
	struct message message;  /* first: what the mailbox links */
	int from;              /* which thread posted it */
	int number;            /* and as its how many-th */
};

enum { POSTERS = 3, NOTES = 20000 };

static struct mailbox box;
static struct note notes[POSTERS][NOTES];

static void *post_notes(void *arg)
{
	int from = *(int *)arg;
	for (int i = 0; i < NOTES; i++) {
		notes[from][i] = (struct note){ .from = from, .number = i };
		mailbox_post(&box, &notes[from][i].message);
	}
	return NULL;
}

static void messages_come_in_order(void **state)
{
	(void)state;
	struct mailbox m = { NULL };
	struct note n[3] = { { .number = 0 }, { .number = 1 }, { .number = 2 } };
	assert_null(mailbox_take(&m));
	for (int i = 0; i < 3; i++)
		mailbox_post(&m, &n[i].message);
	int seen = 0;
	for (struct message *l = mailbox_take(&m); l; l = l->next)
		assert_int_equal(((struct note *)l)->number, seen++);
	assert_int_equal(seen, 3);
	assert_null(mailbox_take(&m));
}

static void messages_of_many_threads_arrive_once(void **state)
{
	(void)state;
	pthread_t thread[POSTERS];
	int id[POSTERS], next[POSTERS] = { 0 }, got = 0, wrong = 0;
	for (int i = 0; i < POSTERS; i++) {
		id[i] = i;
		pthread_create(&thread[i], NULL, post_notes, &id[i]);
	}
	while (got < POSTERS * NOTES) {
		for (struct message *l = mailbox_take(&box); l; l = l->next, got++) {
			struct note *n = (struct note *)l;
			wrong += n->number != next[n->from]++;
		}
		sched_yield();
	}
	for (int i = 0; i < POSTERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(wrong, 0);
	assert_null(mailbox_take(&box));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_was_put_in),
		cmocka_unit_test(keeps_records_until_they_are_dropped),
		cmocka_unit_test(is_full_by_records),
		cmocka_unit_test(is_full_by_bytes_and_takes_nothing_then),
		cmocka_unit_test(holds_the_longest_line),
		cmocka_unit_test(shows_whole_groups_alone),
		cmocka_unit_test(has_room_for_every_end),
		cmocka_unit_test(loses_nothing_between_two_threads),
		cmocka_unit_test(messages_come_in_order),
		cmocka_unit_test(messages_of_many_threads_arrive_once),
	};
	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
