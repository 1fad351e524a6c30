/*
 * The types of the configuration's values.
 *
 * Owns how a value is read from text, kept in its field and shown again; which
 * keys there are is conf.c's.
 */
#include "chatd/program/conf/conf_type.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/base/address.h"

static void *conf_field(const struct conf *c, const struct conf_key *k)
{
	return (char *)c + k->field;
}

static bool read_listen(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	struct conf_listen l;

	(void)k;
	if (!conf_parse_listen(value, &l, why, n))
		return false;
	for (uint32_t i = 0; i < c->nlisten; i++) {
		if (strcmp(c->listen[i], value) == 0) {
			snprintf(why, n, "%s is given twice", value);
			return false;
		}
	}
	if (c->nlisten == LISTENERS_MAX) {
		snprintf(why, n, "there are more than %d of them", LISTENERS_MAX);
		return false;
	}
	c->listen[c->nlisten++] = mem_strdup(value);
	return true;
}

static void show_listen(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	(void)k;
	for (uint32_t i = 0; i < c->nlisten; i++)
		bytes_printf(out, "%s%s", i > 0 ? ", " : "", c->listen[i]);
}

static bool read_path(struct conf *c, const struct conf_key *k, const char *value, char *why,
                      size_t n)
{
	char **path = conf_field(c, k);

	if (value[0] == '\0' && k->initial[0] != '\0') {
		snprintf(why, n, "the path is missing");
		return false;
	}
	free(*path);
	*path = value[0] != '\0' ? mem_strdup(value) : NULL;
	return true;
}

static bool read_blocks(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	char **blocks = conf_field(c, k), *copy = mem_strdup(value), *rest = copy;
	uint32_t count = 0;
	struct address a;
	bool ok = true;

	for (char *word; ok && (word = strsep(&rest, " ,")) != NULL;) {
		if (*word == '\0')
			continue;
		ok = address_parse(word, &a) && ++count <= EXEMPT_MAX;
		if (count > EXEMPT_MAX)
			snprintf(why, n, "there are more than %d of them", EXEMPT_MAX);
		else if (!ok)
			snprintf(why, n, "%s is neither an address nor a block such as 192.0.2.0/24", word);
	}
	free(copy);
	if (ok) {
		free(*blocks);
		*blocks = mem_strdup(value);
	}
	return ok;
}

static void show_path(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	const char *path = *(char **)conf_field(c, k);

	bytes_puts(out, path ? path : "none");
}

static bool parse_number(const struct conf_key *k, const char *value, int64_t *number, char *why,
                         size_t n)
{
	size_t sign = value[0] == '-' ? 1 : 0;
	size_t digits = strspn(value + sign, "0123456789");

	if (digits == 0 || value[sign + digits] != '\0') {
		snprintf(why, n, "\"%s\" is not a whole number", value);
		return false;
	}
	*number = strtoll(value, NULL, 10); /* clamps one that is too large; refused below */
	if (*number < k->least || *number > k->most) {
		snprintf(why, n, "%s is not within %lld and %lld", value, (long long)k->least,
		         (long long)k->most);
		return false;
	}
	return true;
}

static bool read_number(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	int64_t number;

	if (!parse_number(k, value, &number, why, n))
		return false;
	*(uint32_t *)conf_field(c, k) = (uint32_t)number;
	return true;
}

static void show_number(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	bytes_printf(out, "%u", *(uint32_t *)conf_field(c, k));
}

static bool read_number64(struct conf *c, const struct conf_key *k, const char *value, char *why,
                          size_t n)
{
	int64_t number;

	if (!parse_number(k, value, &number, why, n))
		return false;
	*(uint64_t *)conf_field(c, k) = (uint64_t)number;
	return true;
}

static void show_number64(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	bytes_printf(out, "%llu", (unsigned long long)*(uint64_t *)conf_field(c, k));
}

static const char size_units[] = "KMGT"; /* each 1,024 of the one before */

static bool read_size(struct conf *c, const struct conf_key *k, const char *value, char *why,
                      size_t n)
{
	size_t digits = strspn(value, "0123456789");
	const char *unit = value[digits] != '\0' ? strchr(size_units, value[digits]) : NULL;
	unsigned int shift = unit != NULL ? 10 * (unsigned int)(unit - size_units + 1) : 0;
	int64_t number = strtoll(value, NULL, 10); /* clamps one that is too large */

	if (digits == 0 || (value[digits] != '\0' && (unit == NULL || value[digits + 1] != '\0'))) {
		snprintf(why, n, "\"%s\" is not a size such as 64M (K, M, G and T are units)", value);
		return false;
	}
	if (number > k->most >> shift || number << shift < k->least) {
		snprintf(why, n, "%s is too large", value);
		return false;
	}
	*(uint64_t *)conf_field(c, k) = (uint64_t)number << shift;
	return true;
}

static void show_size(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	uint64_t size = *(uint64_t *)conf_field(c, k);
	const char *unit = size_units;

	for (; size > 0 && size % 1024 == 0 && *unit != '\0'; unit++)
		size /= 1024;
	bytes_printf(out, "%llu", (unsigned long long)size);
	if (unit > size_units)
		bytes_append(out, unit - 1, 1);
}

/* Enumerations have the size of an unsigned int on every compiler we build with. */
_Static_assert(sizeof(enum durability) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum conf_answer) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum rate_exempt) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum store_failure) == sizeof(unsigned int), "a choice is an unsigned int");
_Static_assert(sizeof(enum log_level) == sizeof(unsigned int), "a choice is an unsigned int");

static bool read_choice(struct conf *c, const struct conf_key *k, const char *value, char *why,
                        size_t n)
{
	size_t len;

	for (unsigned int i = 0; k->choices[i]; i++) {
		if (strcmp(k->choices[i], value) == 0) {
			memcpy(conf_field(c, k), &i, sizeof(i));
			return true;
		}
	}
	len = (size_t)snprintf(why, n, "\"%.100s\" is none of:", value);
	for (unsigned int i = 0; k->choices[i] && len < n; i++)
		len += (size_t)snprintf(why + len, n - len, "%s %s", i > 0 ? "," : "", k->choices[i]);
	return false;
}

static void show_choice(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	unsigned int i;

	memcpy(&i, conf_field(c, k), sizeof(i));
	bytes_puts(out, k->choices[i]);
}

static bool read_char(struct conf *c, const struct conf_key *k, const char *value, char *why,
                      size_t n)
{
	static const char prefixes[] = "!\"#$%&'()*+,/:;<=>?@\\]`{}~";

	/* '[' begins other people's lines and '-' chatd's own: neither may begin a command. */
	if (value[0] == '\0' || value[1] != '\0' || !strchr(prefixes, value[0])) {
		snprintf(why, n, "it must be one ASCII punctuation character, none of [ - . | ^ _");
		return false;
	}
	*(char *)conf_field(c, k) = value[0];
	return true;
}

static void show_char(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	bytes_append(out, conf_field(c, k), 1);
}

static const struct {
	bool (*read)(struct conf *c, const struct conf_key *k, const char *value, char *why,
	             size_t n);
	void (*show)(const struct conf *c, const struct conf_key *k, struct bytes *out);
	size_t size;      /* of the field; 0: it is never swapped */
} conf_types[] = {
	[CONF_LISTEN] = { read_listen, show_listen, 0 },
	[CONF_PATH] = { read_path, show_path, sizeof(char *) },
	[CONF_BLOCKS] = { read_blocks, show_path, sizeof(char *) },
	[CONF_NUMBER] = { read_number, show_number, sizeof(uint32_t) },
	[CONF_NUMBER64] = { read_number64, show_number64, sizeof(uint64_t) },
	[CONF_SIZE] = { read_size, show_size, sizeof(uint64_t) },
	[CONF_CHOICE] = { read_choice, show_choice, sizeof(unsigned int) },
	[CONF_CHAR] = { read_char, show_char, sizeof(char) },
};

bool conf_type_read(struct conf *c, const struct conf_key *k, const char *value, char *why,
                    size_t n)
{
	return conf_types[k->type].read(c, k, value, why, n);
}

void conf_type_show(const struct conf *c, const struct conf_key *k, struct bytes *out)
{
	conf_types[k->type].show(c, k, out);
}

void conf_type_swap(struct conf *a, struct conf *b, const struct conf_key *k)
{
	unsigned char kept[sizeof(uint64_t)];
	size_t size = conf_types[k->type].size;

	memcpy(kept, conf_field(a, k), size);
	memcpy(conf_field(a, k), conf_field(b, k), size);
	memcpy(conf_field(b, k), kept, size);
}
