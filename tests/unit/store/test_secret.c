/*
 * Passwords, one-time codes, and codes by the time.
 */
#include "store_help.h"

#include "chatd/base/bounds.h"
#include "chatd/store/secret.h"

#include <ctype.h>
#include <time.h>

/* Which line of hashes it matches; -1: none. */
static int line_of_match(const char *given, const char *hashes)
{
	uint64_t which = 77;
	return secret_check(given, hashes, &which) == SECRET_YES ? (int)which : -1;
}

/* -- passwords ---------------------------------------------------------------------- */

static void a_password_matches_its_hash_and_no_other(void **state)
{
	(void)state;
	static const char *const words[] = {
		"hunter2", "", " ", "Пароль🙂 mit Ümläuten", "a\tb\"c'd$e\\f%s", "hunter2 ",
	};
	enum { N = sizeof(words) / sizeof(words[0]) };
	char hash[N][SECRET_HASH_BYTES];
	for (int i = 0; i < N; i++) {
		assert_true(secret_hash(words[i], hash[i]));
		assert_int_equal(strncmp(hash[i], "$y$", 3), 0);
		assert_null(strpbrk(hash[i], " \n"));
	}
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			assert_int_equal(line_of_match(words[i], hash[j]), i == j ? 0 : -1);
	assert_int_equal(line_of_match("HUNTER2", hash[0]), -1);
	assert_int_equal(line_of_match(hash[0], hash[0]), -1);
}

static void the_same_password_has_another_hash_each_time(void **state)
{
	(void)state;
	char a[SECRET_HASH_BYTES], b[SECRET_HASH_BYTES];
	assert_true(secret_hash("hunter2", a));
	assert_true(secret_hash("hunter2", b));
	assert_string_not_equal(a, b);
}

/* Made once with crypt(3): what is stored stays readable. */
static void hashes_of_others_are_known(void **state)
{
	(void)state;
	static const char hashes[] =
		"$y$j9T$XiG8p4IBBdOjECXGQ7Hti1$NoLn0p3sFaizsqNIyYyObncGGYwBM3X0e.VrSJIB9M0\n"
		"$5$rounds=1000$saltstringsaltst$LJRvPkVffQ/CXSR1nZ97NcfKJNgB3bxEhnulQlqb/05";
	assert_int_equal(line_of_match("pw", hashes), 0);
	assert_int_equal(line_of_match("0123-4567-89ab", hashes), 1);
}

static void a_password_is_so_long_and_no_longer(void **state)
{
	(void)state;
	char hash[SECRET_HASH_BYTES], longest[4097];
	memset(longest, 'x', 4096);
	longest[4096] = '\0';
	assert_false(secret_hash(longest, hash));
	assert_string_equal(hash, "");
	longest[PASSWORD_BYTES_MAX + 1] = '\0';
	assert_false(secret_hash(longest, hash));
	longest[PASSWORD_BYTES_MAX] = '\0';
	assert_true(secret_hash(longest, hash));
	assert_int_equal(line_of_match(longest, hash), 0);
	longest[PASSWORD_BYTES_MAX - 1] = 'y'; /* nothing of it is cut off */
	assert_int_equal(line_of_match(longest, hash), -1);
	memset(longest, 'x', 4096);
	assert_int_equal(line_of_match(longest, hash), -1);
}

static void what_is_no_hash_matches_nothing(void **state)
{
	(void)state;
	char hash[SECRET_HASH_BYTES], text[8 * SECRET_HASH_BYTES];
	assert_true(secret_hash("pw", hash));
	static const char *const wrong[] = {
		"", "*", "*0", "pw", "$", "$y$", "$5$", "$y$x", "$5$x", "$1$salt$pw", "\n\n", "$y$$$",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(line_of_match("pw", wrong[i]), -1);
		assert_int_equal(line_of_match("", wrong[i]), -1);
		assert_int_equal(line_of_match("0123-4567-89ab", wrong[i]), -1);
	}
	snprintf(text, sizeof(text), "*\nnone\n\n%s", hash);
	assert_int_equal(line_of_match("pw", text), 3);
	snprintf(text, sizeof(text), "%.*s\n%sx", (int)strlen(hash) - 1, hash, hash);
	assert_int_equal(line_of_match("pw", text), -1);
	memset(text, 'x', 2 * SECRET_HASH_BYTES);
	memcpy(text, "$y$", 3);
	text[2 * SECRET_HASH_BYTES] = '\0';
	assert_int_equal(line_of_match("pw", text), -1);
}

/* Of this thread, for three checks. */
static int64_t cpu_us(const char *given, const char *hashes)
{
	struct timespec from, to;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (int i = 0; i < 3; i++)
		assert_int_equal(line_of_match(given, hashes), -1);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	return (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
}

static void no_account_takes_as_long_as_a_wrong_password(void **state)
{
	(void)state;
	char hash[SECRET_HASH_BYTES];
	assert_true(secret_hash("right", hash));
	cpu_us("wrong", hash); /* the first pays for what is loaded */
	int64_t real = cpu_us("wrong", hash), none = cpu_us("wrong", "*");
	if (none < real / 2 || none > real * 2)
		fail_msg("%lld us for a real hash, %lld us for none", (long long)real,
		         (long long)none);
}

/* -- one-time codes ------------------------------------------------------------------ */

static void codes_are_different_and_each_has_its_hash(void **state)
{
	(void)state;
	struct secret_codes codes;
	assert_true(secret_codes(&codes));
	assert_int_equal(strlen(codes.text), SECRET_CODES * SECRET_CODE_BYTES - 1);
	char *code[SECRET_CODES], *at = codes.text;
	for (int i = 0; i < SECRET_CODES; i++) {
		code[i] = strsep(&at, " ");
		assert_int_equal(strspn(code[i], "0123456789abcdefghjkmnpqrstvwxyz-"), 14);
		assert_true(code[i][4] == '-' && code[i][9] == '-');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(code[i], code[j]);
	}
	assert_null(at);
	for (int i = 0; i < SECRET_CODES; i++)
		assert_int_equal(line_of_match(code[i], codes.hashes), i);
	assert_int_equal(line_of_match("0000-0000-0000", codes.hashes), -1);
	/* And behind a password's hash, as an account has them. */
	char password[SECRET_HASH_BYTES], all[sizeof(codes.hashes) + SECRET_HASH_BYTES];
	assert_true(secret_hash("hunter2", password));
	snprintf(all, sizeof(all), "%s\n%s", password, codes.hashes);
	assert_int_equal(line_of_match(code[9], all), 10);
	assert_int_equal(line_of_match("hunter2", all), 0);
}

static void a_code_may_be_typed_in_many_ways(void **state)
{
	(void)state;
	struct secret_codes codes;
	char typed[64];
	assert_true(secret_codes(&codes));
	codes.text[SECRET_CODE_BYTES - 1] = '\0';
	const char *code = codes.text;
	for (size_t i = 0; i <= strlen(code); i++)
		typed[i] = (char)toupper((unsigned char)code[i]);
	assert_int_equal(line_of_match(typed, codes.hashes), 0);
	snprintf(typed, sizeof(typed), "%.4s%.4s%.4s", code, code + 5, code + 10);
	assert_int_equal(line_of_match(typed, codes.hashes), 0);
	snprintf(typed, sizeof(typed), " %.4s %.4s--%.4s ", code, code + 5, code + 10);
	assert_int_equal(line_of_match(typed, codes.hashes), 0);
	/* What looks like a digit is meant as one. */
	for (size_t i = 0; i <= strlen(code); i++)
		typed[i] = code[i] == '0' ? 'O' : code[i] == '1' ? 'l' : code[i];
	assert_int_equal(line_of_match(typed, codes.hashes), 0);
	snprintf(typed, sizeof(typed), "%.14s0", code);
	assert_int_equal(line_of_match(typed, codes.hashes), -1);
	snprintf(typed, sizeof(typed), "%.13s", code);
	assert_int_equal(line_of_match(typed, codes.hashes), -1);
	snprintf(typed, sizeof(typed), "%.13su", code);
	assert_int_equal(line_of_match(typed, codes.hashes), -1);
}

/* -- codes by the time ------------------------------------------------------------------ */

/* RFC 6238, appendix B, for SHA-1: the last six of its eight digits. The secret is
 * "12345678901234567890". */
static const char rfc_secret[] = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
static const struct { int64_t s; const char *digits; } rfc_codes[] = {
	{ 59, "287082" }, { 1111111109, "081804" }, { 1111111111, "050471" },
	{ 1234567890, "005924" }, { 2000000000, "279037" }, { 20000000000, "353130" },
};

static void the_codes_of_the_rfc_are_taken_for_three_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rfc_codes) / sizeof(rfc_codes[0]); i++) {
		uint64_t good = (uint64_t)rfc_codes[i].s / 30, step;
		for (int64_t off = -2; off <= 2; off++) {
			int64_t ms = (rfc_codes[i].s + off * 30) * 1000 + 999;
			if (ms < 30000)
				continue; /* of the first step of all there is none before it */
			bool ok = secret_totp_check(rfc_secret, rfc_codes[i].digits, ms, &step) == SECRET_YES;
			assert_int_equal(ok, off >= -1 && off <= 1);
			assert_int_equal(step, ok ? good : 0);
		}
	}
}

static void what_is_no_code_or_no_secret_is_not_taken(void **state)
{
	(void)state;
	uint64_t step;
	static const char *const wrong[] = {
		"287083", "", "28708", "2870820", "94287082", "28708a", "287 082", " 287082", "-87082",
		"２８７０８２",
	};
	assert_int_equal(secret_totp_check(rfc_secret, "287082", 59000, &step), SECRET_YES);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(secret_totp_check(rfc_secret, wrong[i], 59000, &step), SECRET_NO);
	assert_int_equal(secret_totp_check("", "287082", 59000, &step), SECRET_NO);
	assert_int_equal(secret_totp_check("no base32!", "287082", 59000, &step), SECRET_NO);
	assert_int_equal(secret_totp_check(rfc_secret, "287082", -59000, &step), SECRET_NO);
	assert_int_equal(secret_totp_check(rfc_secret, "287082", INT64_MIN, &step), SECRET_NO);
}

static void new_secrets_are_random_and_of_160_bits(void **state)
{
	(void)state;
	char a[SECRET_TOTP_BYTES], b[SECRET_TOTP_BYTES];
	assert_true(secret_totp(a));
	assert_true(secret_totp(b));
	assert_int_equal(strlen(a), 32);
	assert_int_equal(strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), 32);
	assert_string_not_equal(a, b);
}

/* -- answers -------------------------------------------------------------------------- */

static struct rows *answer(enum query_kind kind, const char *key, const char *words)
{
	struct query q = query_of(kind, 0, 0);
	query_set(&q, key, words);
	if (kind == QUERY_CHECK_TOTP)
		q.totp.now_ms = 59000;
	struct rows *rows = secret_answer(&q);
	assert_int_equal(rows->kind, kind);
	assert_int_equal(rows->conn.slot, 7);
	assert_int_equal(rows->conn.gen, 3);
	assert_int_equal(rows->n, 0);
	return rows;
}

static void answers_say_what_was_asked(void **state)
{
	(void)state;
	char text[4097];
	struct rows *hash = answer(QUERY_HASH, "", "pw"), *rows;
	assert_null(hash->error);
	snprintf(text, sizeof(text), "*\n%s", hash->hash.text);
	rows_release(hash);
	rows = answer(QUERY_CHECK, text, "pw");
	assert_true(rows->check.matches);
	assert_int_equal(rows->check.which, 1);
	rows_release(rows);
	rows = answer(QUERY_CHECK, text, "PW");
	assert_false(rows->check.matches);
	assert_null(rows->error);
	assert_int_equal(rows->check.which, 0);
	rows_release(rows);
	rows = answer(QUERY_CODES, "", "");
	assert_int_equal(strlen(rows->codes.codes), SECRET_CODES * SECRET_CODE_BYTES - 1);
	assert_int_equal(line_of_match(rows->codes.codes + 9 * SECRET_CODE_BYTES, rows->codes.hashes),
	                 9);
	rows_release(rows);
	rows = answer(QUERY_TOTP, "", "");
	assert_int_equal(strlen(rows->totp.secret), 32);
	rows_release(rows);
	rows = answer(QUERY_CHECK_TOTP, rfc_secret, "287082");
	assert_true(rows->check_totp.matches);
	assert_int_equal(rows->check_totp.step, 1);
	rows_release(rows);
	memset(text, 'x', 4096);
	text[4096] = '\0';
	rows = answer(QUERY_HASH, "", text);
	assert_null(rows->hash.text);
	assert_string_equal(rows->error, "That password is too long.");
	rows_release(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_matches_its_hash_and_no_other),
		cmocka_unit_test(the_same_password_has_another_hash_each_time),
		cmocka_unit_test(hashes_of_others_are_known),
		cmocka_unit_test(a_password_is_so_long_and_no_longer),
		cmocka_unit_test(what_is_no_hash_matches_nothing),
		cmocka_unit_test(no_account_takes_as_long_as_a_wrong_password),
		cmocka_unit_test(codes_are_different_and_each_has_its_hash),
		cmocka_unit_test(a_code_may_be_typed_in_many_ways),
		cmocka_unit_test(the_codes_of_the_rfc_are_taken_for_three_steps),
		cmocka_unit_test(what_is_no_code_or_no_secret_is_not_taken),
		cmocka_unit_test(new_secrets_are_random_and_of_160_bits),
		cmocka_unit_test(answers_say_what_was_asked),
	};
	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
