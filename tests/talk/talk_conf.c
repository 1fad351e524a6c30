/* The configuration of a conversation's chat. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "talk.h"

bool conf_read_line(struct talk *t, char *s, bool is_file)
{
	char *eq = strchr(s, '='), *key_end = eq;

	if (t->world || !eq || t->nconf == TALK_CONF_MAX)
		return fail_script(t, "conf: is \"key = value\", before the first step");
	while (key_end > s && isspace((unsigned char)key_end[-1]))
		key_end--;
	*key_end = 0;
	s += strspn(s, " ");
	eq += 1 + strspn(eq + 1, " ");
	if (!strcmp(s, "command_prefix"))
		t->prefix = *eq;
	if (is_file)
		eq[unescape(eq)] = 0;
	t->conf[t->nconf++] = (struct talk_conf){mem_strdup(s), mem_strdup(eq), is_file};
	return true;
}

bool conf_value(const struct talk_conf *conf, const char *dir, struct bytes *out)
{
	size_t start = out->len;
	FILE *f;

	if (!conf->is_file) {
		bytes_puts(out, conf->value);
		return true;
	}
	bytes_printf(out, "%s/%s.txt", dir, conf->key);
	f = fopen(out->data + start, "we");
	return f && fputs(conf->value, f) >= 0 && fclose(f) == 0;
}

/* A limit is in the way of what is not about it. */
static void conf_unlimited(struct talk *t, const char *key)
{
	for (size_t i = 0; i < t->nconf; i++)
		if (!strcmp(t->conf[i].key, key))
			return;
	if (t->nconf < TALK_CONF_MAX)
		t->conf[t->nconf++] = (struct talk_conf){mem_strdup(key), mem_strdup("0"), false};
}

void conf_unlimit(struct talk *t)
{
	conf_unlimited(t, "rate_lines");
	conf_unlimited(t, "rate_bytes");
	conf_unlimited(t, "rate_address");
}
