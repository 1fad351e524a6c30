/* What the engine of a cluster hears of acts that are saved, and what becomes of texts for other nodes. The engine, the
 * store and the ring are the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/cluster/engine.h"
#include "chatd/net/server.h"

struct engine {
	char applied[ACT_ID_BYTES_MAX + 1], forgotten[ACT_ID_BYTES_MAX + 1]; /* the last of each; "": none */
	char node[NODE_BYTES_MAX + 1], text[64];
	bool full;
};

static struct engine engine;

bool engine_propose(struct engine *e, uint64_t incarnation, const char *text, size_t bytes)
{
	(void)e, (void)incarnation, (void)text, (void)bytes;
	return true;
}

void engine_applied(struct engine *e, const char *id)
{
	snprintf(e->applied, sizeof e->applied, "%s", id);
}

void engine_forget(struct engine *e, const char *id)
{
	snprintf(e->forgotten, sizeof e->forgotten, "%s", id);
}

bool engine_tell(struct engine *e, const char *node, const char *text, size_t bytes)
{
	if (e->full)
		return false;
	snprintf(e->node, sizeof e->node, "%s", node);
	snprintf(e->text, sizeof e->text, "%.*s", (int)bytes, text);
	return true;
}

int engine_wake_fds(struct engine *e, int fds[ENGINE_WAKE_MAX])
{
	(void)e, (void)fds;
	return 0;
}

bool writer_mark(struct writer *w, const char *position)
{
	(void)w, (void)position;
	return true;
}

void ring_wake(struct ring *r, int fd)
{
	(void)r, (void)fd;
}

static int setup(void **state)
{
	struct server *s = calloc(1, sizeof *s);

	engine = (struct engine){0};
	s->acts.engine = &engine;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct server *s = *state;

	acts_release(&s->acts);
	free(s);
	return 0;
}

/* Applies an act with records, of which the last is that one. */
static void act_with(struct server *s, const char *id, uint32_t records, const struct record *last)
{
	s->acts.done_seq = s->effects.given_seq;
	snprintf(s->acts.id, sizeof s->acts.id, "%s", id);
	for (uint32_t i = 1; i <= records; i++) {
		s->effects.given_seq++;
		acts_append(s, i < records ? &(struct record){.kind = RECORD_AUDIT} : last);
	}
	acts_done(s, &(struct effect){.kind = EFFECT_DONE, .text = "nodes", .len = 5});
}

static void act(struct server *s, const char *id, uint32_t records, enum record_kind kind)
{
	act_with(s, id, records, &(struct record){.kind = kind});
}

static void test_what_is_saved_is_applied(void **state)
{
	struct server *s = *state;

	act(s, "1-0", 2, RECORD_SAY);
	acts_saved(s, 1);
	assert_string_equal(engine.applied, "");
	act(s, "2-0", 1, RECORD_SAY);
	act(s, "3-0", 1, RECORD_SAY);
	acts_saved(s, 2);
	assert_string_equal(engine.applied, "1-0");
	acts_saved(s, 3);
	assert_string_equal(engine.applied, "1-0"); /* the third is the one that is waited for */
	acts_saved(s, 4);
	assert_string_equal(engine.applied, "3-0");
	assert_string_equal(engine.forgotten, "");
}

/* The position behind an act without records is not saved with the records before it. */
static void test_an_act_without_records_is_not_applied(void **state)
{
	struct server *s = *state;

	act(s, "1-0", 0, RECORD_SAY);
	act(s, "2-0", 1, RECORD_SAY);
	act(s, "3-0", 0, RECORD_SAY);
	acts_saved(s, 1);
	assert_string_equal(engine.applied, "2-0");
	act(s, "4-0", 0, RECORD_SAY);
	acts_saved(s, 1);
	assert_string_equal(engine.applied, "2-0");
	act(s, "5-0", 1, RECORD_SAY);
	acts_saved(s, 2);
	assert_string_equal(engine.applied, "5-0");
}

static void test_a_deletion_is_forgotten_once_it_is_saved(void **state)
{
	static const enum record_kind kinds[] = {RECORD_DELETE, RECORD_ERASE, RECORD_REMOVE};
	struct server *s = *state;

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		uint64_t before = s->effects.given_seq;

		engine.forgotten[0] = '\0';
		act(s, "1-0", 1, RECORD_SAY);
		act(s, "2-0", 3, kinds[i]);
		act(s, "3-0", 1, RECORD_SAY);
		acts_saved(s, before + 3);
		assert_string_equal(engine.applied, "1-0");
		assert_string_equal(engine.forgotten, "");
		acts_saved(s, before + 4);
		assert_string_equal(engine.forgotten, "2-0");
		engine.forgotten[0] = '\0';
		acts_saved(s, before + 5);
		assert_string_equal(engine.applied, "3-0");
		assert_string_equal(engine.forgotten, "");
	}
	act(s, "4-0", 1, RECORD_DELETE);
	act(s, "5-0", 1, RECORD_DELETE);
	acts_saved(s, s->effects.given_seq);
	assert_string_equal(engine.forgotten, "5-0");
}

/* Otherwise a node with a new database could not read the stream from its start. */
static void test_a_room_that_ended_by_itself_is_none(void **state)
{
	struct server *s = *state;

	act_with(s, "1-0", 1, &(struct record){.kind = RECORD_REMOVE, .removal.ended = true});
	act(s, "2-0", 1, RECORD_SAY);
	acts_saved(s, s->effects.given_seq);
	assert_string_equal(engine.forgotten, "");
}

static void tell(struct server *s, const char *text)
{
	acts_tell(s, &(struct effect){.kind = EFFECT_TELL, .text = text, .len = strlen(text)});
}

static void comes_back(struct server *s, const char *text)
{
	char *unheard = acts_unheard(s);

	assert_string_equal(unheard, text);
	free(unheard);
}

static void test_texts(void **state)
{
	struct server *s = *state;

	tell(s, "b hello there");
	assert_string_equal(engine.node, "b");
	assert_string_equal(engine.text, "hello there");
	assert_null(acts_unheard(s));
	/* What the engine does not take comes back, and so does what has no node. */
	engine.full = true;
	for (int i = 0; i < 100; i++)
		tell(s, "b hello there");
	for (int i = 0; i < 100; i++)
		comes_back(s, "hello there");
	assert_null(acts_unheard(s));
	engine.full = false;
	tell(s, "a-name-that-is-longer-than-any-node-has text");
	comes_back(s, "text");
	tell(s, "b hello again");
	assert_string_equal(engine.text, "hello again");
	/* Some that nobody asks for are freed at the end. */
	engine.full = true;
	tell(s, "b one");
	tell(s, "b two");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_saved_is_applied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_act_without_records_is_not_applied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_deletion_is_forgotten_once_it_is_saved, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_room_that_ended_by_itself_is_none, setup, teardown),
		cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
