/* As whom chatd.service starts chatd, by its files in a folder of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "chatd/program/unit.h"

static char root[] = "/tmp/chatd-unit-XXXXXX";
static char conf[64];

/* Writes a file beneath root, and its folders. */
static void put(const char *path, const char *fmt, const char *with)
{
	char full[256];
	FILE *f;

	assert_true((size_t)snprintf(full, sizeof full, "%s%s", root, path) < sizeof full);
	for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	if (with)
		fprintf(f, "[Service]\nExecStart=/usr/bin/chatd --config %s $CHATD_OPTIONS\n", with);
	fputs(fmt, f);
	fclose(f);
}

static void drop(const char *path)
{
	char full[256];

	snprintf(full, sizeof full, "%s%s", root, path);
	assert_int_equal(unlink(full), 0);
}

static int begin(void **state)
{
	(void)state;
	if (!mkdtemp(root))
		return -1;
	put("/etc/chatd/chatd.conf", "", NULL);
	snprintf(conf, sizeof conf, "%s/etc/chatd/chatd.conf", root);
	return 0;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command); /* NOLINT(cert-env33-c): our own folder */
}

static void test_none(void **state)
{
	(void)state;
	assert_false(unit_starts_as(root, conf, "chatd"));
	assert_false(unit_starts_as(root, "/nowhere/chatd.conf", "chatd"));
}

static void test_as(void **state)
{
	char other[80];

	(void)state;
	put("/usr/lib/systemd/system/chatd.service", "User=chatd\nGroup=chatd\n", conf);
	assert_true(unit_starts_as(root, conf, "chatd"));
	assert_false(unit_starts_as(root, conf, "chat"));
	assert_false(unit_starts_as(root, conf, "nobody"));
	snprintf(other, sizeof other, "%s.old", conf);
	put("/etc/chatd/chatd.conf.old", "", NULL);
	assert_false(unit_starts_as(root, other, "chatd"));
	put("/usr/lib/systemd/system/chatd.service", "User=chatd\n", other);
	assert_false(unit_starts_as(root, conf, "chatd"));
	put("/usr/lib/systemd/system/chatd.service", "", conf);
	assert_false(unit_starts_as(root, conf, "chatd"));
}

/* The administrator's file, and drop-ins, count before the package's. */
static void test_changed(void **state)
{
	(void)state;
	put("/usr/lib/systemd/system/chatd.service", "User=chatd\n", conf);
	put("/etc/systemd/system/chatd.service", "User=root\n", conf);
	assert_false(unit_starts_as(root, conf, "chatd"));
	drop("/etc/systemd/system/chatd.service");
	assert_true(unit_starts_as(root, conf, "chatd"));
	put("/etc/systemd/system/chatd.service.d/limits.conf", "[Service]\nLimitNOFILE=1\n", NULL);
	assert_true(unit_starts_as(root, conf, "chatd"));
	put("/etc/systemd/system/chatd.service.d/user.conf", "[Service]\nUser=root\n", NULL);
	assert_false(unit_starts_as(root, conf, "chatd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_as),
		cmocka_unit_test(test_changed),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
