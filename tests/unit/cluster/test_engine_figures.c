/*
 * What operators see of the engine: over a real Redis.
 */
#include "engine_help.h"

#include "chatd/base/histogram.h"
#include "chatd/cluster/engine_figures.h"

static const struct engine_node *other(struct chat_node *n, const char *name)
{
	const struct engine_figures *f = engine_figures(n->engine);
	for (uint32_t i = 0; i < f->n; i++)
		if (strcmp(f->node[i].name, name) == 0)
			return &f->node[i];
	return NULL;
}

static void before_anything_is_known(void **state)
{
	(void)state;
	needs_redis();
	node_start(&a);
	const struct engine_figures *f = engine_figures(a.engine);
	assert_false(f->up);
	assert_int_equal(f->unread, -1);
	assert_int_equal(f->n, 0);
	/* No Redis runs. */
	until_seen(engine_figures(a.engine)->why[0] != '\0');
	assert_false(engine_figures(a.engine)->up);
	same_text(engine_figures(a.engine)->why, "cannot be reached");
}

static void a_stream_and_its_nodes(void **state)
{
	static struct histogram appends;
	struct histogram_copy times;
	uint64_t n = 0;
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	a.options.appends = &appends;
	begin(&a);
	begin(&b);
	assert_true(node_say(&a, 700, 10));
	until(a.acts == 700 && b.acts == 700);
	until_seen(engine_figures(a.engine)->length == 700);
	const struct engine_figures *f = engine_figures(a.engine);
	assert_true(f->up);
	assert_string_equal(f->why, "");
	assert_int_equal(f->unread, 0);
	assert_true(f->append_us > 0);
	until_seen(engine_figures(a.engine)->behind_ms == 0);
	f = engine_figures(a.engine);
	assert_true(f->since_ms <= clock_ms(CLOCK_MONOTONIC));
	until_seen(other(&a, "b") && other(&a, "b")->up && other(&a, "b")->behind_ms == 0);
	assert_int_equal(other(&a, "b")->incarnation, 1);
	assert_null(other(&a, "a"));
	assert_int_equal(engine_proposals(a.engine), 0);
	histogram_copy(&appends, &times);
	for (int i = 0; i <= HISTOGRAM_BOUNDS; i++)
		n += times.count[i];
	assert_true(n >= 1 && n <= 700);
	end(&b);
	until_seen(!other(&a, "b")->up);
	/* It starts in the middle, and has read nothing since. */
	assert_true(node_say(&a, 50, 10));
	until(a.acts == 750);
	begin(&b);
	until(b.acts == 750);
	until_seen(engine_figures(b.engine)->unread == 0 && engine_figures(b.engine)->up);
	until_seen(engine_figures(b.engine)->behind_ms == 0);
}

/* It does not take what it is given. */
static void a_node_falls_behind(void **state)
{
	enum { MANY = ACTS_WAITING_MAX + 4000 };
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	begin(&b);
	until_seen(other(&a, "b") && other(&a, "b")->up);
	b.holds = true;
	for (int said = 0; said < MANY; said += 400) {
		assert_true(node_say(&a, 400, 10));
		until(a.acts == (uint64_t)said + 400);
	}
	until_seen(engine_figures(b.engine)->unread > 0);
	until_seen((uint64_t)engine_figures(b.engine)->unread + engine_untaken(b.engine) == a.acts);
	until_seen(engine_figures(b.engine)->behind_ms > 500);
	until_seen(other(&a, "b")->behind_ms > 500);
	b.holds = false;
	until(b.acts == a.acts);
	until_seen(engine_figures(b.engine)->unread == 0);
	assert_int_equal(engine_untaken(b.engine), 0);
	until_seen(other(&a, "b")->behind_ms == 0);
}

static void redis_goes_and_comes_back(void **state)
{
	(void)state;
	needs_redis();
	redis_start(&redis, NULL);
	begin(&a);
	assert_true(node_say(&a, 10, 10));
	until(a.acts == 10);
	until_seen(engine_figures(a.engine)->up);
	redis_kill(&redis);
	until(a.away);
	const struct engine_figures *f = engine_figures(a.engine);
	assert_false(f->up);
	assert_string_equal(f->why, a.away_why);
	int64_t since_ms = f->since_ms;
	assert_true(since_ms > 0 && since_ms <= clock_ms(CLOCK_MONOTONIC));
	redis_start(&redis, NULL);
	until(!a.away);
	until_seen(engine_figures(a.engine)->up);
	assert_true(engine_figures(a.engine)->since_ms >= since_ms);
	assert_string_equal(engine_figures(a.engine)->why, "");
}

int main(void)
{
#define with_redis(test) cmocka_unit_test_setup_teardown(test, cluster_setup, cluster_teardown)
	const struct CMUnitTest tests[] = {
		with_redis(before_anything_is_known),
		with_redis(a_stream_and_its_nodes),
		with_redis(a_node_falls_behind),
		with_redis(redis_goes_and_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
