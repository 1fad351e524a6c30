/*
 * Nothing that a peer types reaches a terminal as more than text: each hostile string in each place of
 * each command, by people of each kind, over a real store. fuzz_world.h checks every byte that is
 * sent, and ends the program if one is wrong. tests/system/hostile checks the logs of the program with
 * the same strings.
 */
#include "hostile_world.h"

#include "chatd/core/commands/table.h"

#include "chatd/core/state/state.h"

enum { READS_EVERY = 8 };

/* Each kind of person types a line of three parts, and answers every question with the same string. */
static void try_line(const char *before, const char *s, size_t len, const char *behind)
{
	struct bytes b = {0};

	bytes_puts(&b, before);
	bytes_append(&b, s, len);
	bytes_puts(&b, behind);
	bytes_puts(&b, "\n");
	for (uint32_t slot = HOST; slot <= TELNET; slot++) {
		come();
		types(slot, b.data, b.len);
		/* It may have been asked for a password: gives one, and then an empty line. */
		types(slot, s, len);
		says(slot, "\n\n\n");
	}
	bytes_release(&b);
}

/* The example, with numbers that exist here in place of its own. */
static void example(const struct command *k, char line[256])
{
	const char *number = strstr(k->example, "#1234");

	if (strstr(k->example, "#A12") != NULL)
		snprintf(line, 256, "/%s #A%llu", k->name, (unsigned long long)act_id);
	else if (number != NULL)
		snprintf(line, 256, "/%s #%llu%s", k->name, (unsigned long long)line_id, number + 5);
	else if (strcmp(k->name, "reports") == 0)
		snprintf(line, 256, "/%s resolve %llu", k->name, (unsigned long long)report_number);
	else
		snprintf(line, 256, "/%s", k->example);
}

/* The example with each of its words replaced by the string, and with the string appended. */
static void try_command(const struct command *k, const char *s, size_t len)
{
	char line[256], before[280], *word, *rest;

	snprintf(line, sizeof line, "/%s ", k->name);
	try_line(line, s, len, "");
	example(k, line);
	try_line(line, s, len, "");
	for (word = strchr(line, ' '); word != NULL; word = rest) {
		*word++ = '\0';
		rest = strchr(word, ' ');
		snprintf(before, sizeof before, "%s ", line);
		try_line(before, s, len, rest != NULL ? rest : "");
		word[-1] = ' ';
	}
	example(k, line);
	snprintf(before, sizeof before, "%s ", line);
	try_line(before, s, len, "");
	if (k->flags != 0) {
		snprintf(before, sizeof before, "/%s --in=", k->name);
		try_line(before, s, len, " bob");
		snprintf(before, sizeof before, "/%s --", k->name);
		try_line(before, s, len, " bob");
	}
}

static void test_commands(void **state)
{
	(void)state;
	for (const struct command *k = commands; k->name != NULL; k++) {
		begin();
		for (size_t i = 0; i < HOSTILES; i++) {
			note(k->name, hostiles[i].name);
			try_command(k, hostiles[i].s, hostiles[i].len);
			if (i % READS_EVERY == 0)
				read_all();
		}
		read_all();
		end();
	}
}

/* A string that is harmless as a whole is cut at each of its bytes. */
static void test_cuts(void **state)
{
	char text[HOSTILE_CUT_BYTES + 1];

	(void)state;
	for (const struct command *k = commands; k->name != NULL; k++) {
		begin();
		for (size_t at = 0; at < HOSTILE_CUTS; at++) {
			size_t len = hostile_cut(text, at % 2 == 0, at);

			note(k->name, "what is cut");
			try_command(k, text, len);
			try_command(k, text, len < 300 ? len : 300 + at);
		}
		read_all();
		end();
	}
}

/* -- other places -------------------------------------------------------------------------------- */

static void test_lines_and_names(void **state)
{
	(void)state;
	begin();
	for (size_t i = 0; i < HOSTILES; i++) {
		const struct hostile *h = &hostiles[i];

		note("a line", h->name);
		try_line("", h->s, h->len, "");
		try_line("hello ", h->s, h->len, " there");
		try_line("/", h->s, h->len, "");
		try_line("/help", h->s, h->len, "");
		try_line("//", h->s, h->len, "");
		note("a name", h->name);
		for (int mode = 0; mode < 3; mode++) {
			says(GUEST, "/quit\n");
			world_connect(&w, GUEST, "192.0.2.9", false);
			says(GUEST, mode == 0 ? "" : mode == 1 ? "\n" : "\xff\xfd\x03");
			for (int n = 0; n < 2 && w.here[GUEST]; n++) {
				types(GUEST, h->s, h->len);
				types(GUEST, "\r\n", 2);
			}
			says(GUEST, "boss\n");
			types(GUEST, h->s, h->len);
			says(GUEST, "\n\n\nbob\n");
			if (w.here[GUEST])
				says(GUEST, "/quit\n");
			w.here[GUEST] = false;
		}
		read_all();
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_and_names),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_cuts),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	printf("# %llu effects were looked at\n", (unsigned long long)(looked_at + w.texts));
	return failed;
}
