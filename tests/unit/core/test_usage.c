/* A command's usage, as a grammar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/core/commands/table.h"
#include "chatd/core/commands/usage.h"

/* What may follow, divided by blanks. */
static void check(const char *usage, const char *typed, const char *expected)
{
	struct usage_word next[USAGE_NEXT_MAX];
	uint32_t n = usage_next(usage, typed, strlen(typed), next);
	char got[400] = "";
	size_t len = 0;

	for (uint32_t i = 0; i < n; i++)
		len += (size_t)snprintf(got + len, sizeof got - len, "%s%.*s", i > 0 ? " " : "",
		                        (int)next[i].len, next[i].p);
	if (strcmp(got, expected) != 0)
		fail_msg("%s, %s: got %s, not %s", usage, typed, got, expected);
}

static void test_words(void **state)
{
	(void)state;
	check("", "", "");
	check("", "a", "");
	check("NAME", "", "NAME");
	check("NAME", "bob", "");
	check("NAME ROLE", "bob ", "ROLE");
	check("[NAME ROLE]", "", "NAME");
	check("[NAME ROLE]", "bob", "ROLE");
	check("[SETTING [VALUE]]", "private ", "VALUE");
	check("[SETTING [VALUE]]", "private on ", "");
}

static void test_text_goes_on(void **state)
{
	(void)state;
	check("NAME TEXT", "bob", "TEXT");
	check("NAME TEXT", "bob and so on", "TEXT");
	check("ROOM...", "", "ROOM");
	check("ROOM... | all", "", "ROOM all");
	check("ROOM... | all", "a b c", "ROOM");
}

static void test_choices(void **state)
{
	(void)state;
	check("[on | off]", "", "on off");
	check("[on | off]", "on", "");
	check("[add WORD | remove WORD]", "", "add remove");
	check("[add WORD | remove WORD]", "ADD", "WORD");
	check("[add WORD | remove WORD]", "other", "");
	check("room ROOM | account NAME [--lines] | address ADDR [--yes]", "", "room account address");
	check("room ROOM | account NAME [--lines] | address ADDR [--yes]", "account", "NAME");
	check("room ROOM | account NAME [--lines] | address ADDR [--yes]", "account bob", "");
	check("[all | [claim | resolve | reopen] N [HOW] | resolve all [of WHO]]", "",
	      "all claim resolve reopen N");
	check("[all | [claim | resolve | reopen] N [HOW] | resolve all [of WHO]]", "resolve all of", "HOW WHO");
	check("[all | [claim | resolve | reopen] N [HOW] | resolve all [of WHO]]", "resolve all",
	      "HOW of");
	check("resolve all [of WHO]", "resolve all of", "WHO");
}

static void test_what_can_be_left_out(void **state)
{
	(void)state;
	check("NAME [30m] [WHY]", "bob", "30m WHY");
	check("NAME [30m] [WHY]", "bob 5m", "WHY");
	check("NAME [30m] [WHY]", "bob shouting", "WHY");
	check("[#N] TEXT", "", "#N TEXT");
	check("[#N] TEXT", "yes", "TEXT");
	check("[5m | now] [WHY] | off", "", "5m now WHY off");
	check("[5m | now] [WHY] | off", "now", "WHY");
	check("[--lines] [PASSWORD]", "", "PASSWORD");
	check("[--lines] [PASSWORD]", "--lines", "PASSWORD");
	check("[N | 2h | 2026-11-22 | before #N]", "", "N 2h 2026-11-22 before");
	check("[N | WHO] [before #A12]", "", "N WHO before");
	check("[N | WHO] [before #A12]", "bob", "before");
}

static void test_options_are_passed_over(void **state)
{
	(void)state;
	check("NAME TEXT", "--in=ops", "NAME");
	check("NAME TEXT", "--in=ops  --all bob", "TEXT");
}

/* The usages of the table are of this grammar, and say nothing that Tab does not know. */
static void test_the_table(void **state)
{
	static const char *const known[] = {
		"NAME", "WHO", "ROOM", "ROOM...", "COMMAND", "TOPIC", "ROLE", "SETTING", "VALUE", "TEXT", "ACTION",
		"WHY", "HOW", "N", "WORD", "WORDS", "PASSWORD", "OLD", "NEW", "CODE", "FILE", "ADDR",
	};

	(void)state;
	for (const struct command *k = commands; k->name != NULL; k++) {
		int depth = 0;

		for (const char *p = k->args; *p != '\0' && depth >= 0; p++)
			depth += (*p == '[') - (*p == ']');
		assert_int_equal(depth, 0);
		for (const char *p = k->args; *(p += strcspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ#-")) != '\0';) {
			size_t n = strcspn(p, " []|"), i = 0;

			while (i < sizeof known / sizeof known[0] && (strlen(known[i]) != n || memcmp(known[i], p, n) != 0))
				i++;
			if (*p != '#' && *p != '-' && i == sizeof known / sizeof known[0])
				fail_msg("/%s: %s", k->name, p);
			p += n;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_text_goes_on),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_what_can_be_left_out),
		cmocka_unit_test(test_options_are_passed_over),
		cmocka_unit_test(test_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
