/* What the fuzzers found, and where they begin: tests/fuzz/corpus/certs through fuzz_certs.c. */
#include "corpus_help.h"
#include "fuzz_certs.c"

static void test_corpus(void **state)
{
	(void)state;
	corpus_run("tests/fuzz/corpus/certs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
