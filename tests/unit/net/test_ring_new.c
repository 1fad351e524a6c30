/*
 * Making a ring: each step that the kernel may refuse, the message then, and that nothing is left
 * of it (the sanitizer looks for memory, the tests for descriptors).
 *
 * The steps are replaced at link time (Makefile: --wrap).
 */
#include "ring_help.h"

/* How many calls of each kind go well before one fails, with this error. */
static struct {
	int error;
	int init, mmap, register_buffers, syscall; /* -1: it never fails */
} fault = {0, -1, -1, -1, -1};

int __real_io_uring_queue_init_params(unsigned n, struct io_uring *u, struct io_uring_params *p);
int __wrap_io_uring_queue_init_params(unsigned n, struct io_uring *u, struct io_uring_params *p);
int __real_io_uring_register_buf_ring(struct io_uring *u, struct io_uring_buf_reg *reg,
                                      unsigned flags);
int __wrap_io_uring_register_buf_ring(struct io_uring *u, struct io_uring_buf_reg *reg,
                                      unsigned flags);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

static bool fails(int *left)
{
	return *left >= 0 && (*left)-- == 0;
}

int __wrap_io_uring_queue_init_params(unsigned n, struct io_uring *u, struct io_uring_params *p)
{
	return fails(&fault.init) ? -fault.error : __real_io_uring_queue_init_params(n, u, p);
}

int __wrap_io_uring_register_buf_ring(struct io_uring *u, struct io_uring_buf_reg *reg,
                                      unsigned flags)
{
	return fails(&fault.register_buffers) ? -fault.error
	                                      : __real_io_uring_register_buf_ring(u, reg, flags);
}

void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	if (!fails(&fault.mmap))
		return __real_mmap(at, len, prot, flags, fd, off);
	errno = fault.error;
	return MAP_FAILED;
}

long __wrap_syscall(long number, ...)
{
	long arg[4];
	va_list args;

	va_start(args, number);
	for (int i = 0; i < 4; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (!fails(&fault.syscall))
		return __real_syscall(number, arg[0], arg[1], arg[2], arg[3]);
	errno = fault.error;
	return -1;
}

/* A ring that fails: the message contains this, and no descriptor is left. */
static void refused_with(int *step, int nth, int error, const char *word)
{
	char problem[512] = "";
	int before = dup(0), after;
	struct ring *made;

	close(before);
	fault.error = error;
	*step = nth;
	made = ring_new(RING_IO_URING, RECV_BUFFERS, RECV_BUFFER_BYTES, problem, sizeof problem);
	assert_int_equal(*step, -1);
	assert_null(made);
	if (strstr(problem, word) == NULL)
		fail_msg("error %d: \"%s\" is not in: %s", error, word, problem);
	/* What to do about it, or what the kernel calls it. */
	assert_true(strstr(problem, "To allow it: ") != NULL || strstr(problem, "To raise it: ") != NULL ||
	            strstr(problem, "chatd needs ") != NULL || strstr(problem, strerror(error)) != NULL);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

/* What each error means to whoever runs chatd. */
static const struct {
	int error;
	const char *word;
} said[] = {
	{ ENOMEM, "locked memory" },
	{ ENOSYS, "no io_uring" },
	{ EINVAL, "too old" },
	{ EACCES, "forbidden" },
	{ EMFILE, "cannot set up" },
};

static void each_error(int *step, int nth)
{
	for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
		refused_with(step, nth, said[i].error, said[i].word);
}

static void test_no_ring(void **state)
{
	(void)state;
	each_error(&fault.init, 0);
	/* Switched off for all, or only for us. */
	refused_with(&fault.init, 0, EPERM, "io_uring is ");
}

static void test_no_buffers(void **state)
{
	(void)state;
	refused_with(&fault.mmap, 0, ENOMEM, "locked memory");
	each_error(&fault.register_buffers, 0);
}

/* Without its restrictions a ring would walk past the sandbox: so there is none. */
static void test_no_restrictions(void **state)
{
	(void)state;
	each_error(&fault.syscall, 0);
	each_error(&fault.syscall, 1);
}

/* With `auto`: the engine, if there is one, where a step fails with this error. */
static enum ring_io chosen(int *step, int nth, int error)
{
	char problem[512] = "";
	int before = dup(0), after;
	enum ring_io io = RING_IO_AUTO;
	struct ring *made;

	close(before);
	fault.error = error;
	*step = nth;
	made = ring_new(RING_IO_AUTO, RECV_BUFFERS, RECV_BUFFER_BYTES, problem, sizeof problem);
	assert_int_equal(*step, -1);
	if (made != NULL) {
		io = ring_io(made);
		/* Why, for the log, and nothing that would have to be done. */
		assert_non_null(strstr(problem, "io_uring"));
		assert_null(strstr(problem, "To allow it"));
		ring_free(made);
	} else {
		assert_true(problem[0] != '\0');
	}
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
	return io;
}

/* Only if the kernel refuses for good, whichever step it refuses. A lack of memory is for the administrator to end, and the
 * other engine would hide it. */
static void test_epoll_in_its_place(void **state)
{
	static const struct {
		int error;
		enum ring_io io;
	} answers[] = {
		{ENOSYS, RING_IO_EPOLL}, {EINVAL, RING_IO_EPOLL}, {EPERM, RING_IO_EPOLL}, {EACCES, RING_IO_EPOLL},
		{ENOMEM, RING_IO_AUTO}, {EMFILE, RING_IO_AUTO},
		{ENFILE, RING_IO_AUTO}, {EAGAIN, RING_IO_AUTO}, {EBUSY, RING_IO_AUTO},
	};
	char problem[512] = "";
	struct ring *made;

	(void)state;
	for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
		assert_int_equal(chosen(&fault.init, 0, answers[i].error), answers[i].io);
		assert_int_equal(chosen(&fault.register_buffers, 0, answers[i].error), answers[i].io);
		assert_int_equal(chosen(&fault.syscall, 0, answers[i].error), answers[i].io);
		assert_int_equal(chosen(&fault.syscall, 1, answers[i].error), answers[i].io);
	}
	made = ring_new(RING_IO_AUTO, RECV_BUFFERS, RECV_BUFFER_BYTES, problem, sizeof problem);
	assert_non_null(made);
	assert_int_equal(ring_io(made), RING_IO_URING);
	assert_string_equal(problem, "");
	ring_free(made);
}

static void test_afterwards(void **state)
{
	assert_int_equal(begin_uring(state), 0);
	nothing_comes();
	end(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_ring),
		cmocka_unit_test(test_no_buffers),
		cmocka_unit_test(test_no_restrictions),
		cmocka_unit_test(test_epoll_in_its_place),
		cmocka_unit_test(test_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
