/* What the fuzzers found, and where they begin: tests/fuzz/corpus/db through fuzz_db.c. */
#include "corpus_help.h"
#include "fuzz_db.c"

static void test_corpus(void **state)
{
	(void)state;
	corpus_run("tests/fuzz/corpus/db");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
