/* SipHash against its authors' vector and another implementation, and that tables use it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* For its rounds and its key. */
#include "../../../src/base/siphash.c"

#include "chatd/base/hash.h"

enum { BYTES = 64 };

static unsigned char bytes[BYTES]; /* 00 01 02 ... */

/* Appendix A of the paper: SipHash-2-4 of 15 bytes, the key being the first 16. */
static void the_paper(void **state)
{
	const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

	(void)state;
	assert_true(siphash_by(key, 2, 4, bytes, 15) == UINT64_C(0xa129ca6149be45e5));
}

/* CPython hashes bytes by SipHash-1-3; PYTHONHASHSEED=0 makes its key 0. */
static void another_implementation(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} known[] = {
		{1, UINT64_C(0x68a914128e01e473)},  {2, UINT64_C(0x010bac45c41e3669)},
		{3, UINT64_C(0x4d4c9a4a8ef6e0ad)},  {4, UINT64_C(0x7cc43f98813e4dbd)},
		{5, UINT64_C(0x5abe2169dff36275)},  {7, UINT64_C(0x2f098ab0c751325a)},
		{8, UINT64_C(0xead411e67ebe2eea)},  {9, UINT64_C(0x75927f9d95124362)},
		{15, UINT64_C(0xf30eb725bb91c9ea)}, {16, UINT64_C(0x8972188433a5c5b7)},
		{17, UINT64_C(0x4883c49a2c009c1d)}, {31, UINT64_C(0x169739443111d49b)},
		{32, UINT64_C(0x31ef8061c910629b)}, {63, UINT64_C(0x385d3e39e5f37359)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_true(siphash(bytes, known[i].n) == known[i].hash);
	/* Wherever it lies. */
	assert_true(siphash(memmove(bytes + 1, bytes, 31), 31) == known[11].hash);
}

static unsigned in_a_table(const char *name)
{
	unsigned hash;

	HASH_VALUE(name, strlen(name), hash);
	return hash;
}

static void tables_have_the_key(void **state)
{
	unsigned before = in_a_table("alice"), first;

	(void)state;
	assert_int_equal(before, (unsigned)siphash("alice", 5));
	siphash_begin();
	first = in_a_table("alice");
	assert_int_not_equal(first, before);
	siphash_begin();
	assert_int_not_equal(in_a_table("alice"), first);
	siphash_key[0] = siphash_key[1] = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_paper),
		cmocka_unit_test(another_implementation),
		cmocka_unit_test(tables_have_the_key),
	};

	for (int i = 0; i < BYTES; i++)
		bytes[i] = (unsigned char)i;
	return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
