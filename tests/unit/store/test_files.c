/*
 * Who may read the database's files, and whose they are.
 */
#include "store_help.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "chatd/base/log.h"

enum { STRANGER = 65534 };

static bool refuses_fchmod, ignores_fchmod;

int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);

int __wrap_fchmod(int fd, mode_t mode)
{
	if (refuses_fchmod) {
		errno = EPERM;
		return -1;
	}
	return ignores_fchmod ? 0 : __real_fchmod(fd, mode);
}

static mode_t mode_of(struct folder *f, const char *name)
{
	struct stat st;

	assert_int_equal(stat(folder_file(f, name), &st), 0);
	return st.st_mode & 07777;
}

/* A chatd that is killed: its WAL and -shm stay. */
static void leave_by_kill(struct folder *f)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct store *s = store_in(folder_file(f, "chat.db"));

		save_lines(s, 1, store_last_seq(s) + 1, store_last_seq(s) + 3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(folder_has(f, "chat.db-wal") && folder_has(f, "chat.db-shm"));
}

/* What the log says while the database is opened, and the error if it is not; to be freed. */
static char *told(struct folder *f, bool opens)
{
	struct store_error err = { .text = "" };
	char *said = calloc(1, 8192);
	FILE *to = tmpfile();
	int before = dup(STDERR_FILENO);
	struct store *s;

	assert_non_null(to);
	dup2(fileno(to), STDERR_FILENO);
	s = store_open(folder_file(f, "chat.db"), DURABILITY_COMMIT, &err);
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(to);
	assert_true(fread(said, 1, 4096, to) < 4096);
	fclose(to);
	strcat(said, err.text);
	if (opens != (s != NULL))
		fail_msg("%s", said);
	store_close(s);
	return said;
}

static void assert_told(struct folder *f, bool opens, const char *part)
{
	char *said = told(f, opens);

	if (strstr(said, part) == NULL)
		fail_msg("\"%s\" is not in: %s", part, said);
	free(said);
}

static void new_ones_are_private(void **state)
{
	struct folder *f = *state;
	mode_t before = umask(0);
	struct store *s = store_in(folder_file(f, "chat.db"));

	save_lines(s, 1, 1, 3);
	assert_int_equal(mode_of(f, "chat.db"), 0600);
	assert_int_equal(mode_of(f, "chat.db-wal"), 0600);
	assert_int_equal(mode_of(f, "chat.db-shm"), 0600);
	store_close(s);
	umask(before);
}

static void wide_ones_are_mended(void **state)
{
	struct folder *f = *state;
	char *said;

	leave_by_kill(f);
	assert_int_equal(chmod(folder_file(f, "chat.db"), 0640), 0);
	assert_int_equal(chmod(folder_file(f, "chat.db-wal"), 0644), 0);
	assert_int_equal(chmod(folder_file(f, "chat.db-shm"), 0666), 0);
	said = told(f, true);
	assert_non_null(strstr(said, "warn: "));
	assert_non_null(strstr(said, "chat.db had mode 0640"));
	assert_non_null(strstr(said, "chat.db-wal had mode 0644"));
	assert_int_equal(mode_of(f, "chat.db"), 0600);
	free(said);
	said = told(f, true);
	assert_string_equal(said, "");
	free(said);
}

static void also_a_wal_whose_database_is_narrow(void **state)
{
	struct folder *f = *state;

	leave_by_kill(f);
	assert_int_equal(chmod(folder_file(f, "chat.db-wal"), 0640), 0);
	assert_told(f, true, "chat.db-wal had mode 0640");
}

static void also_by_a_link(void **state)
{
	struct folder *f = *state;
	char real[512];

	leave_by_kill(f);
	strcpy(real, folder_file(f, "chat.db"));
	assert_int_equal(symlink(real, folder_file(f, "link.db")), 0);
	assert_int_equal(chmod(folder_file(f, "chat.db-wal"), 0640), 0);
	store_close(store_in(folder_file(f, "link.db")));
	leave_by_kill(f);
	assert_int_equal(mode_of(f, "chat.db-wal"), 0600);
}

/* As on a filesystem that has no permissions of its own. */
static void what_cannot_be_mended_is_refused(void **state)
{
	struct folder *f = *state;

	store_close(store_in(folder_file(f, "chat.db")));
	assert_int_equal(chmod(folder_file(f, "chat.db"), 0644), 0);
	refuses_fchmod = true;
	assert_told(f, false, "mode 0644");
	assert_told(f, false, "Operation not permitted");
	refuses_fchmod = false;
	ignores_fchmod = true;
	assert_told(f, false, "mode 0644");
	ignores_fchmod = false;
	assert_int_equal(mode_of(f, "chat.db"), 0644);
}

static bool root_only(void)
{
	if (geteuid() == 0)
		return true;
	skip();
	return false;
}

static void give_away(struct folder *f, const char *name)
{
	assert_int_equal(chown(folder_file(f, name), STRANGER, STRANGER), 0);
}

static void ones_of_others_are_refused(void **state)
{
	static const char *const names[] = {"chat.db", "chat.db-wal", "chat.db-shm"};
	struct folder *f = *state;

	if (!root_only())
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		leave_by_kill(f);
		give_away(f, names[i]);
		assert_told(f, false, names[i]);
		assert_told(f, false, "belongs to another user (uid 65534)");
		assert_told(f, false, "chown 0 ");
		assert_int_equal(chown(folder_file(f, names[i]), 0, 0), 0);
		assert_told(f, true, "");
	}
}

static void one_in_whose_place_it_would_be_put_too(void **state)
{
	struct folder *f = *state;

	if (!root_only())
		return;
	store_close(store_in(folder_file(f, "chat.db-whole")));
	give_away(f, "chat.db-whole");
	assert_told(f, false, "chat.db-whole belongs to another user");
	assert_false(folder_has(f, "chat.db"));
}

static void a_folder_open_to_all_is_told(void **state)
{
	struct folder *f = *state;

	assert_int_equal(chmod(f->path, 0777), 0);
	assert_told(f, true, "every user of this host can write to the folder");
	assert_int_equal(chmod(f->path, 01777), 0);
	assert_told(f, true, "");
	free(told(f, true));
	assert_int_equal(chmod(f->path, 0700), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(new_ones_are_private),
		IN_FOLDER(wide_ones_are_mended),
		IN_FOLDER(also_a_wal_whose_database_is_narrow),
		IN_FOLDER(also_by_a_link),
		IN_FOLDER(what_cannot_be_mended_is_refused),
		IN_FOLDER(ones_of_others_are_refused),
		IN_FOLDER(one_in_whose_place_it_would_be_put_too),
		IN_FOLDER(a_folder_open_to_all_is_told),
	};

	log_init();
	return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
