/*
 * Prints the tables that the documentation is checked against, fields
 * separated by tabs:
 *
 *   key      NAME DEFAULT LEAST MOST restart|reload
 *   choice   KEY CHOICE
 *   command  NAME ALIASES ARGUMENTS ROLE
 *   set      NAME VALUES
 *   record   KIND MEMBER...
 *   metric   NAME TYPE LABEL...
 */
#include <stdio.h>
#include <string.h>

#include "chatd/core/commands/table.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "chatd/metrics/text.h"
#include "chatd/program/conf/conf.h"
#include "chatd/store/db/transfer.h"

/* With the labels that stand before its values. */
static void print_metrics(void)
{
	struct vitals_copy v;
	struct bytes text = { 0 };

	memset(&v, 1, sizeof(v));
	v.life = LIFE_RUNNING;
	metrics_text(&v, &text);
	for (const struct metric *m = metrics_table; m->name != NULL; m++) {
		size_t n = strlen(m->name);

		printf("metric\t%s\t%s", m->name, m->type);
		for (const char *line = text.data; *line != '\0'; line = strchr(line, '\n') + 1)
			if (strncmp(line, m->name, n) == 0 && line[n] == '{')
				printf("\t%.*s", (int)strcspn(line + n + 1, "}"), line + n + 1);
		printf("\n");
	}
	bytes_release(&text);
}

int main(void)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		printf("key\t%s\t%s\t%lld\t%lld\t%s\n", k->name, k->initial, (long long)k->least,
		       (long long)k->most, k->reloadable ? "reload" : "restart");
		for (unsigned int i = 0; k->choices && k->choices[i]; i++) {
			printf("choice\t%s\t%s\n", k->name, k->choices[i]);
		}
	}
	for (const struct command *c = commands; c->name; c++) {
		printf("command\t%s\t%s\t%s\t%s\n", c->name, c->aliases, c->args,
		       role_name(c->role));
	}
	for (const struct preference_row *k = preference_rows; k->name != NULL; k++)
		printf("set\t%s\t%s\n", k->name, k->values);
	for (const struct transfer_kind *k = transfer_kinds; k->name != NULL; k++) {
		printf("record\t%s", k->name);
		for (const struct transfer_member *m = k->member; m->name != NULL; m++)
			printf("\t%s", m->name);
		printf("\n");
	}
	print_metrics();
	return 0;
}
