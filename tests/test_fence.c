/*
 * The fence, from inside: each test puts it up in a child of its own and tries what an
 * intruder would.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <cmocka.h>

/* For the ring's own descriptor and queue. */
#include "../src/net/ring.c"

#include "chatd/fence.h"

static char folder[] = "/tmp/chatd-fence.XXXXXX";

/* Tries, each in a fenced child: 0 where all is as it should be, else the number of the try. */

static int files_beyond_the_folder(void)
{
	char path[64];
	int fd;

	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 1;
	if (open("/tmp/chatd-fence-outside", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 2;
	snprintf(path, sizeof path, "%s/x", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || unlink(path) != 0)
		return 3;
	if (symlink("/etc/passwd", path) == 0 || mkdir(path, 0700) == 0)
		return 4;
	return 0;
}

static int another_program(void)
{
	char *const argv[] = {"/bin/true", NULL};

	execv("/bin/true", argv);
	return errno == EACCES || errno == EPERM ? 0 : 1;
}

static int another_process(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid < 0 && errno == EPERM ? 0 : 1;
}

static int a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : 1;
}

static int new_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return 1;
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0 || errno != EPERM)
		return 2;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
	       MAP_FAILED ? 0 : 3;
}

static int another_ring(void)
{
	struct io_uring_params params = {0};

	return syscall(SYS_io_uring_setup, 8, &params) < 0 && errno == EPERM ? 0 : 1;
}

static int try_in_child(int (*attempt)(void), bool files, bool rest)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct conf c;
		char database[64];

		conf_init(&c);
		free(c.database);
		snprintf(database, sizeof database, "%s/chatd.db", folder);
		c.database = strdup(database);
		if ((files && !fence_files(&c, NULL)) || (rest && !fence_calls()))
			_exit(100 + (errno & 63));
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_files(void **state)
{
	(void)state;
	assert_int_equal(try_in_child(files_beyond_the_folder, true, false), 0);
	assert_int_equal(try_in_child(another_program, true, false), 0);
}

static void test_calls(void **state)
{
	(void)state;
	assert_int_equal(try_in_child(another_program, false, true), 0);
	assert_int_equal(try_in_child(another_process, false, true), 0);
	assert_int_equal(try_in_child(a_socket, false, true), 0);
	assert_int_equal(try_in_child(new_code, false, true), 0);
	assert_int_equal(try_in_child(another_ring, false, true), 0);
}

/* Without the fence the same tries succeed, so that they show something. */
static void test_unfenced(void **state)
{
	(void)state;
	assert_int_not_equal(try_in_child(files_beyond_the_folder, false, false), 0);
	assert_int_not_equal(try_in_child(another_process, false, false), 0);
	assert_int_not_equal(try_in_child(a_socket, false, false), 0);
	assert_int_not_equal(try_in_child(another_ring, false, false), 0);
}

/* -- the ring ------------------------------------------------------------------------------- */

static int result_of(struct ring *r)
{
	struct io_uring_cqe *cqe;
	int res;

	assert_true(io_uring_submit_and_wait(&r->uring, 1) >= 0);
	assert_int_equal(io_uring_peek_cqe(&r->uring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(&r->uring, cqe);
	return res;
}

static void test_ring(void **state)
{
	static const uint64_t one = 1;
	char problem[256];
	struct ring *r = ring_new(problem, sizeof problem);
	struct io_uring_probe probe = {0};

	(void)state;
	assert_non_null(r);
	io_uring_prep_openat(io_uring_get_sqe(&r->uring), AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
	assert_int_equal(result_of(r), -EACCES);
	io_uring_prep_socket(io_uring_get_sqe(&r->uring), AF_INET, SOCK_STREAM, 0, 0);
	assert_int_equal(result_of(r), -EACCES);
	io_uring_prep_connect(io_uring_get_sqe(&r->uring), 0, NULL, 0);
	assert_int_equal(result_of(r), -EACCES);
	/* What it does, it still does: only that this is no descriptor. */
	io_uring_prep_write(io_uring_get_sqe(&r->uring), -1, &one, sizeof one, 0);
	assert_int_equal(result_of(r), -EBADF);
	assert_int_equal(syscall(SYS_io_uring_register, r->uring.ring_fd, IORING_REGISTER_PROBE, &probe,
	                         0), -1);
	assert_int_equal(errno, EACCES);
	ring_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unfenced),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_ring),
	};
	int failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
