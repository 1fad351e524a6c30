/* What the fuzzers found, and where they begin: tests/fuzz/corpus/proxy through fuzz_proxy.c. */
#include "corpus_help.h"
#include "fuzz_proxy.c"

static void test_corpus(void **state)
{
	(void)state;
	corpus_run("tests/fuzz/corpus/proxy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
