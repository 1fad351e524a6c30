/* What the fuzzers found, and where they begin: tests/fuzz/corpus/import through fuzz_import.c. */
#include "corpus_help.h"
#include "fuzz_import.c"

static void test_corpus(void **state)
{
	(void)state;
	corpus_run("tests/fuzz/corpus/import");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
