/*
 * The sandbox, from inside: each test enters it in a child of its own and tries what an
 * intruder would.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <cmocka.h>

/* For the ring's own descriptor and queue. */
#include "../../../src/net/uring.c"

#include "chatd/net/passing.h"
#include "chatd/net/vitals.h"
#include "chatd/program/sandbox/landlock.h"
#include "chatd/program/sandbox/sandbox.h"
#include "chatd/program/sandbox/syscalls.h"

static char folder[] = "/tmp/chatd-sandbox.XXXXXX";
static char elsewhere[] = "/tmp/chatd-sandbox.XXXXXX";
static char texts[] = "/tmp/chatd-sandbox.XXXXXX"; /* has the message of the day */
static int sockets[2];
static int connection; /* a TCP socket */
static enum ring_io io = RING_IO_URING; /* the engine that the sandbox is for */
static struct listener accepting; /* a socket that listens, by which the loop accepts */
static int passing = -1; /* the chat's end of the socket by which the parent passes connections to the engine */

/* Tries, each in a sandboxed child: 0 where all is as it should be, else the number of the try. */

static int files_beyond_the_folder(void)
{
	char path[64];
	int fd;

	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES)
		return 1;
	if (open("/tmp/chatd-sandbox-outside", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 2;
	snprintf(path, sizeof path, "%s/x", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || unlink(path) != 0)
		return 3;
	if (symlink("/etc/passwd", path) == 0 || mkdir(path, 0700) == 0)
		return 4;
	return 0;
}

/* The configuration is a link into another folder, and is replaced there. */
static int a_link_to_the_configuration(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "%s/conf", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 1;
	snprintf(path, sizeof path, "%s/other", elsewhere);
	if (open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 || errno != EACCES)
		return 2;
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 3;
}

/* The texts that the configuration names are replaced in their folder, and read again. */
static int the_operators_texts(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "%s/motd", texts);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 1;
	return open(path, O_WRONLY | O_CLOEXEC) < 0 && errno == EACCES ? 0 : 2;
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

static int limits_of_others(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 1;
	if (prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit) == 0 || errno != EPERM)
		return 2;
	/* Not even its own, so that it cannot be talked into starving. */
	return prlimit(0, RLIMIT_NOFILE, &limit, NULL) < 0 && errno == EPERM ? 0 : 3;
}

static int signals_to_others(void)
{
	if (syscall(SYS_tgkill, getppid(), getppid(), 0) == 0 || errno != EPERM)
		return 1;
	if (syscall(SYS_tgkill, getppid(), getppid(), SIGABRT) == 0 || errno != EPERM)
		return 2;
	if (kill(getppid(), 0) == 0 || syscall(SYS_tkill, getppid(), 0) == 0)
		return 3;
	return syscall(SYS_tgkill, getpid(), gettid(), 0) < 0 && errno == EPERM ? 0 : 4;
}

/* What the ring's plain calls ask of a connection; and nothing of a terminal. The socket is made
 * before the sandbox is entered. */
static int of_a_connection(void)
{
	int domain = 0, n = -1;
	socklen_t len = sizeof domain;

	if (getsockopt(connection, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain != AF_INET)
		return 1;
	if (ioctl(connection, SIOCOUTQ, &n) != 0 && errno == EPERM)
		return 2;
	return ioctl(connection, TIOCSTI, "x") < 0 && errno == EPERM ? 0 : 3;
}

static int permissions(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof path, "%s/x", folder);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, 0600) != 0 || unlink(path) != 0)
		return 1;
	if (fchmod(fd, 0640) == 0 || errno != EPERM || fchmod(fd, 04600) == 0)
		return 2;
	if (chmod(folder, 0777) == 0 || errno != EPERM ||
	    fchmodat(AT_FDCWD, folder, 0777, 0) == 0 || errno != EPERM)
		return 3;
	return fchown(fd, getuid(), getgid()) < 0 && errno == EPERM ? 0 : 4;
}

static int priorities_of_others(void)
{
	if (setpriority(PRIO_PROCESS, 0, 5) != 0 ||
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7)) != 0)
		return 1;
	if (setpriority(PRIO_PROCESS, (id_t)getppid(), 5) == 0 || errno != EPERM ||
	    setpriority(PRIO_PGRP, 0, 5) == 0 || setpriority(PRIO_USER, 0, 5) == 0)
		return 2;
	return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, getppid(),
	               IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7)) < 0 && errno == EPERM ? 0 : 3;
}

static int sockets_in_other_ways(void)
{
	int pair = sockets[0], one = 1;
	socklen_t len = sizeof one;
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/tmp/none"};

	if (setsockopt(pair, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) != 0 ||
	    getsockopt(pair, SOL_SOCKET, SO_KEEPALIVE, &one, &len) != 0 || send(pair, "x", 1, 0) != 1)
		return 1;
	if (setsockopt(pair, IPPROTO_IP, IP_TTL, &one, sizeof one) == 0 || errno != EPERM ||
	    getsockopt(pair, IPPROTO_IP, IP_TTL, &one, &len) == 0 || errno != EPERM)
		return 2;
	if (sendto(pair, "x", 1, 0, (struct sockaddr *)&to, sizeof to) >= 0 || errno != EPERM)
		return 3;
	if (fcntl(pair, F_GETFL) < 0 || fcntl(pair, F_SETFD, FD_CLOEXEC) != 0)
		return 4;
	return fcntl(pair, F_SETOWN, getppid()) < 0 && errno == EPERM ? 0 : 5;
}

/* -- the loop ------------------------------------------------------------------------------- */

static struct ring *made;          /* before the sandbox is entered, with that engine */
static int event;                  /* an eventfd */
static bool only_one_piece;        /* that is all that the process ever sends */

/* What is made before. */
static void loop_begins(void)
{
	struct sockaddr_in at;
	socklen_t len = sizeof at;
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char problem[256];

	signal(SIGPIPE, SIG_IGN);
	made = ring_new(io, RECV_BUFFERS, RECV_BUFFER_BYTES, problem, sizeof problem);
	event = eventfd(0, EFD_CLOEXEC);
	if (made == NULL || getsockname(accepting.fd, (struct sockaddr *)&at, &len) != 0 ||
	    connect(client, (struct sockaddr *)&at, sizeof at) != 0 || send(client, "hi\n", 3, 0) != 3)
		_exit(99);
}

static bool is_forbidden(int result)
{
	return result < 0 && errno == EPERM;
}

/* Of the calls of both engines there are those of this one; neither can make another ring. threads: those of the chat
 * sleep in epolls of their own. */
static int engine_of(bool threads)
{
	struct epoll_event ev = {.events = EPOLLIN};
	bool epolls = threads || io == RING_IO_EPOLL;

	if (another_ring() != 0 || threads == is_forbidden(epoll_create1(EPOLL_CLOEXEC)))
		return 1;
	if ((io == RING_IO_URING) != (syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0) < 0 && errno == EBADF))
		return 2;
	if (epolls == is_forbidden(epoll_ctl(-1, EPOLL_CTL_ADD, 0, &ev)))
		return 3;
	if (epolls == is_forbidden(epoll_wait(-1, &ev, 1, 0)))
		return 4;
	/* By listeners, and only if it does not do that by the ring. */
	if ((io == RING_IO_URING) != is_forbidden(accept4(accepting.fd, NULL, NULL, SOCK_CLOEXEC)) ||
	    !is_forbidden(accept4(sockets[0], NULL, NULL, SOCK_CLOEXEC)) ||
	    !is_forbidden(accept(accepting.fd, NULL, NULL)))
		return 5;
	return 0;
}

static int engine_of_chat(void)
{
	return engine_of(true);
}

static int engine_of_tls(void)
{
	return engine_of(false);
}

static struct ring_completion next_of_made(void)
{
	struct ring_completion c = {.res = -ETIME};

	for (int i = 0; i < 100 && !ring_next(made, &c); i++)
		if (!ring_wait(made, 100))
			break;
	return c;
}

/* Somebody comes, is heard and answered, in one piece and in several, and goes; and with room and without. */
static int a_loop(void)
{
	struct iovec pieces[] = {{"he", 2}, {"llo", 3}};
	static char much[1 << 20];
	struct ring_completion c;
	int fd;

	ring_accept(made, 0, 1, accepting.fd);
	c = next_of_made();
	if (c.op != RING_ACCEPT || c.res < 0)
		return 20;
	fd = c.res;
	ring_recv(made, 1, 1, fd);
	c = next_of_made();
	if (c.res != 3 || memcmp(c.data, "hi\n", 3) != 0)
		return 21;
	ring_buffer_return(made, c.buffer, 3);
	ring_send(made, 1, 1, fd, pieces, 1);
	if (next_of_made().res != 2)
		return 22;
	if (!only_one_piece) {
		ring_send(made, 1, 1, fd, pieces, 2);
		if (next_of_made().res != 5)
			return 23;
	}
	ring_wake(made, event);
	ring_poll(made, 2, 1, event);
	if (next_of_made().op != RING_POLL)
		return 24;
	/* Full. */
	do {
		ring_send(made, 1, 1, fd, &(struct iovec){much, sizeof much}, 1);
		if (!ring_wait(made, 20) || !ring_next(made, &c))
			c.res = 0;
	} while (c.op == RING_SEND && c.res > 0);
	if (c.res != 0)
		return 25;
	ring_shutdown(made, fd, SHUT_RDWR);
	if (next_of_made().res != -EPIPE)
		return 26;
	ring_close(made, fd);
	return 0;
}

/* -- in a cluster --------------------------------------------------------------------------- */

static int cluster[2];             /* the parent's end, and the chat's */
static int engine;                 /* a TCP socket that listens: what the parent connects to */

/* What hiredis does with a connection that the parent passes, for which Landlock is not asked either. */
static int a_passed_connection(void)
{
	const struct timeval timeout = {.tv_usec = 20000};
	struct pollfd p = {.events = POLLIN};
	char answer[64], text[64];
	int fds[PASSING_FDS_MAX], n = 0;
	size_t len;

	if (passing_receive(cluster[1], true, answer, sizeof answer, &len, fds, 1, &n) != PASSING_MESSAGE || n != 1)
		return 1;
	if (write(fds[0], "PING\r\n", 6) != 6 || read(fds[0], text, sizeof text) != 6)
		return 2;
	p.fd = fds[0];
	if (setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0 ||
	    setsockopt(fds[0], SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) != 0 || poll(&p, 1, 0) != 0 ||
	    read(fds[0], text, sizeof text) >= 0 || errno != EAGAIN)
		return 3;
	return close(fds[0]) == 0 ? 0 : 4;
}

/* No descriptor comes by another socket, and none goes anywhere. */
static int descriptors_in_other_ways(void)
{
	struct iovec iov = {.iov_base = (char[1]){0}, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (recvmsg(sockets[0], &m, MSG_DONTWAIT) >= 0 || errno != EPERM || recvmsg(cluster[0], &m, MSG_DONTWAIT) >= 0 ||
	    errno != EPERM)
		return 1;
	if (send(cluster[1], "x", 1, MSG_DONTWAIT) != 1)
		return 2;
	return sendmsg(cluster[1], &m, MSG_DONTWAIT) < 0 && errno == EPERM ? 0 : 3;
}

/* To the engine or elsewhere: neither by a socket of its own, nor by one that was passed, which it would connect anew. */
static int a_connection_of_its_own(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	socklen_t len = sizeof to;

	if (getsockname(engine, (struct sockaddr *)&to, &len) == 0 || errno != EPERM)
		return 1;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int family = AF_UNIX; family <= AF_INET6; family++)
		if (socket(family, SOCK_STREAM, 0) >= 0 || errno != EPERM || socket(family, SOCK_DGRAM, 0) >= 0)
			return 2;
	if (connect(connection, (struct sockaddr *)&none, sizeof none) == 0 || errno != EPERM ||
	    connect(connection, (struct sockaddr *)&to, sizeof to) == 0 || errno != EPERM)
		return 3;
	if (bind(connection, (struct sockaddr *)&to, sizeof to) == 0 || errno != EPERM || listen(connection, 1) == 0 ||
	    errno != EPERM)
		return 4;
	if (sendto(connection, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to) >= 0 || errno != EPERM)
		return 5;
	return accept4(engine, NULL, NULL, 0) < 0 && errno == EPERM ? 0 : 6;
}

static int another_namespace(void)
{
	const long flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWUSER;

	return syscall(SYS_clone, flags, 0, 0, 0, 0) < 0 && errno == EPERM ? 0 : 1;
}

static int a_new_user_space(void)
{
	return unshare(CLONE_NEWUSER) < 0 && errno == EPERM ? 0 : 1;
}

static int the_end(void)
{
	abort();
}

static int try_in_child(int (*attempt)(void), bool files, bool rest)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		const struct syscalls_loop loop = {.io = io, .listeners = &accepting, .nlisteners = 1};
		struct conf c;
		char database[64], path[64];

		conf_init(&c);
		free(c.database);
		snprintf(database, sizeof database, "%s/chatd.db", folder);
		c.database = strdup(database);
		snprintf(path, sizeof path, "%s/motd", texts);
		c.face.motd = strdup(path);
		snprintf(path, sizeof path, "%s/conf", folder);
		if (attempt == a_loop)
			loop_begins();
		if ((files && !landlock_restrict(&c, path, NULL)) || (rest && !syscalls_restrict(&loop, -1, passing)))
			_exit(100 + (errno & 63));
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_files(void **state)
{
	(void)state;
	assert_int_equal(try_in_child(files_beyond_the_folder, true, false), 0);
	assert_int_equal(try_in_child(a_link_to_the_configuration, true, false), 0);
	assert_int_equal(try_in_child(the_operators_texts, true, false), 0);
	assert_int_equal(try_in_child(another_program, true, false), 0);
}

static void test_shared(void **state)
{
	char path[64];

	(void)state;
	assert_true(sandbox_is_shared("/etc"));
	assert_false(sandbox_is_shared(folder));
	snprintf(path, sizeof path, "%s/d", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(sandbox_is_shared(folder));
	assert_int_equal(rmdir(path), 0);
	assert_false(sandbox_is_shared("/none"));
}

static void test_calls(void **state)
{
	(void)state;
	assert_int_equal(try_in_child(another_program, false, true), 0);
	assert_int_equal(try_in_child(another_process, false, true), 0);
	assert_int_equal(try_in_child(a_socket, false, true), 0);
	assert_int_equal(try_in_child(new_code, false, true), 0);
	assert_int_equal(try_in_child(another_ring, false, true), 0);
	assert_int_equal(try_in_child(another_namespace, false, true), 0);
	assert_int_equal(try_in_child(a_new_user_space, false, true), 0);
	assert_int_equal(try_in_child(engine_of_chat, false, true), 0);
	assert_int_equal(try_in_child(a_loop, true, true), 0);
	assert_int_not_equal(try_in_child(engine_of_chat, false, false), 0);
}

/* As the parent: connects, and passes that; what comes is sent back. */
static void pass_connection(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), other;

	assert_int_equal(getsockname(engine, (struct sockaddr *)&at, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_true(passing_send(cluster[0], "answer", 6, &fd, 1));
	other = accept4(engine, NULL, NULL, SOCK_CLOEXEC);
	assert_int_equal(write(other, "+PONG\n", 6), 6);
	/* Until the other end is closed, it says no more. */
	close(fd);
	connection = other;
}

static void test_in_a_cluster(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int before = connection;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, cluster), 0);
	engine = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(engine, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(engine, 8), 0);
	passing = cluster[1];
	pass_connection();
	assert_int_equal(try_in_child(a_passed_connection, true, true), 0);
	assert_int_equal(try_in_child(descriptors_in_other_ways, true, true), 0);
	assert_int_equal(try_in_child(a_connection_of_its_own, true, true), 0);
	/* Without a cluster there is no such socket. */
	close(connection);
	pass_connection();
	passing = -1;
	assert_int_equal(try_in_child(a_passed_connection, true, true), 1);
	assert_int_not_equal(try_in_child(descriptors_in_other_ways, false, false), 0);
	assert_int_not_equal(try_in_child(a_connection_of_its_own, false, false), 0);
	close(connection);
	connection = before;
	close(engine);
	close(cluster[0]);
	close(cluster[1]);
}

/* -- the TLS process ------------------------------------------------------------------------ */

enum { TLS_BELOW = 100 };

static int tls_sockets[2]; /* the one to the chat, and the one to the parent */

static int tls_files(void)
{
	char path[64];

	snprintf(path, sizeof path, "%s/chatd.db", folder);
	return open(path, O_RDONLY) < 0 && open("/etc/passwd", O_RDONLY) < 0 && open("/proc/self/maps", O_RDONLY) < 0
	       ? 0 : 1;
}

/* Descriptors go to the chat, and come from the parent; no other way round, and by no other socket. */
static int tls_descriptors(void)
{
	struct iovec iov = {.iov_base = (char[1]){0}, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int pair[2];

	if (sendmsg(tls_sockets[0], &m, MSG_DONTWAIT) != 1 || sendmsg(tls_sockets[1], &m, MSG_DONTWAIT) >= 0 ||
	    errno != EPERM)
		return 1;
	if (recvmsg(tls_sockets[0], &m, MSG_DONTWAIT) >= 0 || errno != EPERM)
		return 2;
	if ((recvmsg(tls_sockets[1], &m, MSG_DONTWAIT) < 0 && errno != EAGAIN))
		return 3;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) == 0 || errno != EPERM)
		return 4;
	/* The log's file is the chat's as well. The kernel looks at the lower half of the number alone. */
	for (long fd = 0; fd <= STDERR_FILENO; fd++)
		if (!is_forbidden(fcntl((int)fd, F_SETFL, O_NONBLOCK)) ||
		    !is_forbidden((int)syscall(SYS_fcntl, 1L << 32 | fd, F_SETFL, O_NONBLOCK)))
			return 6;
	if ((io == RING_IO_URING) != is_forbidden(fcntl(pair[0], F_SETFL, O_NONBLOCK)) ||
	    !is_forbidden(fcntl(pair[0], F_SETFL, 0)))
		return 7;
	return socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : 5;
}

/* What the next TLS process needs stays usable. */
static int tls_shutdown(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || pair[0] >= tls_sockets[0] ||
	    shutdown(pair[0], SHUT_RDWR) != 0)
		return 1;
	if (shutdown(tls_sockets[0], SHUT_RDWR) == 0 || errno != EPERM || shutdown(tls_sockets[1], SHUT_RDWR) == 0 ||
	    errno != EPERM)
		return 2;
	return fcntl(tls_sockets[0], F_DUPFD, 0) < 0 && errno == EPERM && dup(tls_sockets[0]) < 0 &&
	       errno == EPERM ? 0 : 3;
}

static int tls_processes(void)
{
	return fork() < 0 && errno == EPERM && kill(getppid(), 0) < 0 && errno == EPERM ? 0 : 1;
}

static int try_as_tls(int (*attempt)(void), bool confined)
{
	const struct syscalls_loop loop = {.io = io, .listeners = &accepting, .nlisteners = 1};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		only_one_piece = true;
		if (attempt == a_loop)
			loop_begins();
		if (confined && (!landlock_restrict(NULL, NULL, NULL) ||
		                 !syscalls_restrict_tls(&loop, tls_sockets[0], tls_sockets[1], TLS_BELOW)))
			_exit(100 + (errno & 63));
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_tls_process(void **state)
{
	static int (*const attempts[])(void) = {
		tls_files, tls_descriptors, tls_shutdown, tls_processes, another_program, another_process, a_socket, new_code,
		another_ring, a_new_user_space, engine_of_tls, a_loop,
	};
	int others[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, tls_sockets), 0);
	/* Both ends of each are ours, so that what is sent has somewhere to go. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, others), 0);
	assert_int_equal(dup2(others[0], tls_sockets[1]), tls_sockets[1]);
	close(others[0]);
	tls_sockets[0] = others[1];
	for (int i = 0; i < 2; i++) {
		int low = tls_sockets[i];

		tls_sockets[i] = fcntl(low, F_DUPFD, TLS_BELOW);
		assert_true(tls_sockets[i] >= TLS_BELOW);
		close(low);
	}
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
		if (try_as_tls(attempts[i], true) != 0)
			fail_msg("attempt %zu", i);
	assert_int_not_equal(try_as_tls(tls_files, false), 0);
	assert_int_not_equal(try_as_tls(tls_descriptors, false), 0);
	close(tls_sockets[0]);
	close(tls_sockets[1]);
}

/* -- the process that serves metrics -------------------------------------------------------- */

static int listener;               /* a socket that listens */
static struct vitals *vitals;

static int metrics_serving(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX, .sun_path = "/tmp/none"};
	int fd, one = 1;

	/* Nobody has connected. */
	if (accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) >= 0 || errno != EAGAIN)
		return 1;
	if (accept4(sockets[0], NULL, NULL, 0) >= 0 || errno != EPERM || accept(listener, NULL, NULL) >= 0 ||
	    errno != EPERM)
		return 2;
	if (send(sockets[0], "x", 1, 0) != 1 || sendto(sockets[0], "x", 1, 0, (struct sockaddr *)&to, sizeof to) >= 0 ||
	    errno != EPERM)
		return 3;
	if (bind(sockets[0], (struct sockaddr *)&to, sizeof to) == 0 || errno != EPERM ||
	    connect(sockets[0], (struct sockaddr *)&to, sizeof to) == 0 || errno != EPERM)
		return 4;
	if (setsockopt(sockets[0], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one) == 0 || errno != EPERM)
		return 5;
	/* The next such process needs the listener as it is. */
	if (shutdown(listener, SHUT_RDWR) == 0 || errno != EPERM ||
	    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0 || errno != EPERM)
		return 8;
	/* Of its number, the kernel looks at the lower half alone. */
	if (!is_forbidden((int)syscall(SYS_setsockopt, 1L << 32 | listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one)) ||
	    !is_forbidden((int)syscall(SYS_shutdown, 1L << 32 | listener, SHUT_RDWR)))
		return 9;
	/* It can receive no descriptor, and make none. */
	if (recvmsg(sockets[0], &(struct msghdr){0}, MSG_DONTWAIT) >= 0 || errno != EPERM)
		return 6;
	fd = dup(sockets[0]);
	return fd < 0 && errno == EPERM && socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){0}) < 0 && errno == EPERM ? 0 : 7;
}

/* What it may only read stays so. */
static int metrics_figures(void)
{
	struct vitals_copy c;

	vitals_copy(vitals, 1, 1, &c);
	return mprotect(vitals, sizeof *vitals, PROT_READ | PROT_WRITE) < 0 && errno == EPERM &&
	       mremap(vitals, sizeof *vitals, 2 * sizeof *vitals, MREMAP_MAYMOVE) == MAP_FAILED && errno == EPERM ? 0 : 1;
}

static int try_as_metrics(int (*attempt)(void), bool confined)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (confined && (!vitals_protect(vitals) || !landlock_restrict(NULL, NULL, NULL) ||
		                 !syscalls_restrict_metrics(listener)))
			_exit(100 + (errno & 63));
		_exit(attempt());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void test_metrics_process(void **state)
{
	static int (*const attempts[])(void) = {
		metrics_serving, metrics_figures, tls_files, tls_processes, another_program, another_process, a_socket,
		new_code, another_ring, a_new_user_space,
	};
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	(void)state;
	vitals = vitals_new();
	assert_non_null(vitals);
	snprintf(at.sun_path, sizeof at.sun_path, "%s/metrics", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(listener, 1), 0);
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		int result = try_as_metrics(attempts[i], true);

		if (result != 0)
			fail_msg("attempt %zu: %d", i, result);
	}
	assert_int_not_equal(try_as_metrics(metrics_serving, false), 0);
	assert_int_not_equal(try_as_metrics(metrics_figures, false), 0);
	close(listener);
	unlink(at.sun_path);
}

/* Those whose arguments are fixed: to oneself, to what one does. */
static void test_arguments(void **state)
{
	(void)state;
	assert_int_equal(try_in_child(limits_of_others, false, true), 0);
	assert_int_equal(try_in_child(signals_to_others, false, true), 0);
	connection = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(connection >= 0);
	assert_int_equal(try_in_child(of_a_connection, false, true), 0);
	close(connection);
	assert_int_equal(try_in_child(permissions, false, true), 0);
	assert_int_equal(try_in_child(priorities_of_others, false, true), 0);
	assert_int_equal(try_in_child(sockets_in_other_ways, false, true), 0);
	assert_int_equal(try_in_child(the_end, false, true), -SIGABRT);
}

/* Without the sandbox the same tries succeed, so that they show something. */
static void test_without_a_sandbox(void **state)
{
	(void)state;
	assert_int_not_equal(try_in_child(files_beyond_the_folder, false, false), 0);
	assert_int_not_equal(try_in_child(another_process, false, false), 0);
	assert_int_not_equal(try_in_child(a_socket, false, false), 0);
	assert_int_not_equal(try_in_child(another_ring, false, false), 0);
	assert_int_not_equal(try_in_child(limits_of_others, false, false), 0);
	assert_int_not_equal(try_in_child(signals_to_others, false, false), 0);
	assert_int_not_equal(try_in_child(permissions, false, false), 0);
	assert_int_not_equal(try_in_child(priorities_of_others, false, false), 0);
	assert_int_not_equal(try_in_child(sockets_in_other_ways, false, false), 0);
}

/* -- the ring ------------------------------------------------------------------------------- */

static int result_of(struct ring *r)
{
	struct io_uring_cqe *cqe;
	int res;

	assert_true(io_uring_submit_and_wait(&own(r)->uring, 1) >= 0);
	assert_int_equal(io_uring_peek_cqe(&own(r)->uring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(&own(r)->uring, cqe);
	return res;
}

static void test_ring(void **state)
{
	static const uint64_t one = 1;
	char problem[256];
	struct ring *r = ring_new(RING_IO_URING, RECV_BUFFERS, RECV_BUFFER_BYTES, problem, sizeof problem);
	struct io_uring_probe probe = {0};

	(void)state;
	assert_non_null(r);
	io_uring_prep_openat(io_uring_get_sqe(&own(r)->uring), AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
	assert_int_equal(result_of(r), -EACCES);
	io_uring_prep_socket(io_uring_get_sqe(&own(r)->uring), AF_INET, SOCK_STREAM, 0, 0);
	assert_int_equal(result_of(r), -EACCES);
	io_uring_prep_connect(io_uring_get_sqe(&own(r)->uring), 0, NULL, 0);
	assert_int_equal(result_of(r), -EACCES);
	/* What it does, it still does: only that this is no descriptor. */
	io_uring_prep_write(io_uring_get_sqe(&own(r)->uring), -1, &one, sizeof one, 0);
	assert_int_equal(result_of(r), -EBADF);
	assert_int_equal(syscall(SYS_io_uring_register, own(r)->uring.ring_fd, IORING_REGISTER_PROBE, &probe,
	                         0), -1);
	assert_int_equal(errno, EACCES);
	ring_free(r);
}

static int for_uring(void **state)
{
	(void)state;
	io = RING_IO_URING;
	return 0;
}

static int for_epoll(void **state)
{
	(void)state;
	io = RING_IO_EPOLL;
	return 0;
}

/* A sandbox for each of the two engines. */
#define FOR_BOTH(test) \
	{#test " (io_uring)", test, for_uring, NULL, NULL}, {#test " (epoll)", test, for_epoll, NULL, NULL}

static bool begin_accepting(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	accepting.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return bind(accepting.fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(accepting.fd, 8) == 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_sandbox),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_shared),
		FOR_BOTH(test_calls),
		FOR_BOTH(test_arguments),
		FOR_BOTH(test_in_a_cluster),
		FOR_BOTH(test_tls_process),
		cmocka_unit_test(test_metrics_process),
		cmocka_unit_test(test_ring),
	};
	char real[64], link[64], motd[64];
	int failed;

	if (mkdtemp(folder) == NULL || mkdtemp(elsewhere) == NULL || mkdtemp(texts) == NULL ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0 || !begin_accepting())
		return 1;
	snprintf(real, sizeof real, "%s/real", elsewhere);
	snprintf(link, sizeof link, "%s/conf", folder);
	snprintf(motd, sizeof motd, "%s/motd", texts);
	close(open(real, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	close(open(motd, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	if (symlink(real, link) != 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(link);
	unlink(real);
	unlink(motd);
	rmdir(texts);
	rmdir(folder);
	rmdir(elsewhere);
	return failed;
}
