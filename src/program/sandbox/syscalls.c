/*
 * The system calls that chatd may still make, with what they are for. docs/reliability.md says
 * which of them are restricted to certain arguments.
 */
#include "chatd/program/sandbox/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static const int calls[] = {
	/* The loop. */
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
	SCMP_SYS(shutdown), SCMP_SYS(signalfd4), SCMP_SYS(eventfd2), SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	/* What threads sleep in; the loop, too, with epoll. */
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait),
	/* SQLite's files, the chat log, the configuration. */
	SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(lseek),
	SCMP_SYS(flock), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range),
	SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(unlink), SCMP_SYS(unlinkat),
	SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(getdents64),
	SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(inotify_init1), SCMP_SYS(inotify_add_watch),
	/* Memory. */
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	/* Threads. */
	SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address),
	SCMP_SYS(sched_yield), SCMP_SYS(gettid), SCMP_SYS(sigaltstack), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	/* Time, randomness, and the identity of the process. */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(getpid),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid),
	SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname),
};

enum {
	ARGUMENTS_MAX = 2, /* arguments of one call that are compared */
	CLONE_NEW_ALL = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
	                CLONE_NEWPID | CLONE_NEWNET,
};

#define IS(argument, value) {argument, SCMP_CMP_EQ, value, 0}
#define HAS(argument, mask, bits) {argument, SCMP_CMP_MASKED_EQ, mask, bits}
/* As the kernel sees it, which looks at the lower half alone. */
#define IS_DESCRIPTOR(argument, fd) HAS(argument, UINT32_MAX, (scmp_datum_t)(uint32_t)(fd))

/* A call with these arguments, which a filter allows or forbids. It may be listed several times. */
struct fixed {
	int call;
	unsigned int n;                             /* arguments that are compared */
	struct scmp_arg_cmp argument[ARGUMENTS_MAX];
};

static int add_fixed(scmp_filter_ctx f, uint32_t action, const struct fixed *fixed, size_t n)
{
	int e = 0;

	for (size_t i = 0; i < n && e == 0; i++)
		e = seccomp_rule_add_array(f, action, fixed[i].call, fixed[i].n, fixed[i].argument);
	return e;
}

static int add_fixed_of_chat(scmp_filter_ctx f)
{
	const struct fixed fixed[] = {
		/* No new memory becomes executable. */
		{SCMP_SYS(mmap), 1, {HAS(2, PROT_EXEC, 0)}},
		{SCMP_SYS(mprotect), 1, {HAS(2, PROT_EXEC, 0)}},
		/* Threads, but no processes or namespaces. */
		{SCMP_SYS(clone), 1, {HAS(0, CLONE_THREAD | (scmp_datum_t)CLONE_NEW_ALL, CLONE_THREAD)}},
		/* To restrict the database's files, if others could use them (files.c). */
		{SCMP_SYS(fchmod), 1, {IS(1, S_IRUSR | S_IWUSR)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_GETFD)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_SETFD)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_GETFL)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_SETFL)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_GETLK)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_SETLK)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_SETLKW)}},
		{SCMP_SYS(fcntl), 1, {IS(1, F_DUPFD_CLOEXEC)}},
		/* isatty(3). */
		{SCMP_SYS(ioctl), 1, {IS(1, TCGETS)}},
		/* What a connection has not acknowledged. */
		{SCMP_SYS(ioctl), 1, {IS(1, SIOCOUTQ)}},
		/* Existing connections over TCP and unix sockets; no other address can be sent
		 * to. */
		{SCMP_SYS(sendto), 1, {IS(4, 0)}},
		{SCMP_SYS(setsockopt), 1, {IS(1, SOL_SOCKET)}},
		{SCMP_SYS(setsockopt), 1, {IS(1, IPPROTO_TCP)}},
		{SCMP_SYS(getsockopt), 1, {IS(1, SOL_SOCKET)}},
		{SCMP_SYS(getsockopt), 1, {IS(1, IPPROTO_TCP)}},
		/* The names of threads, and the precision of their waits. */
		{SCMP_SYS(prctl), 1, {IS(0, PR_SET_NAME)}},
		{SCMP_SYS(prctl), 1, {IS(0, PR_SET_TIMERSLACK)}},
		/* For itself only (0): to lower a thread's priority and to read limits. */
		{SCMP_SYS(setpriority), 2, {IS(0, PRIO_PROCESS), IS(1, 0)}},
		{SCMP_SYS(ioprio_set), 2, {IS(0, IOPRIO_WHO_PROCESS), IS(1, 0)}},
		{SCMP_SYS(sched_getaffinity), 1, {IS(0, 0)}},
		{SCMP_SYS(prlimit64), 2, {IS(0, 0), IS(2, 0)}},
		/* abort(3). */
		{SCMP_SYS(tgkill), 2, {IS(0, (scmp_datum_t)getpid()), IS(2, SIGABRT)}},
	};

	return add_fixed(f, SCMP_ACT_ALLOW, fixed, sizeof(fixed) / sizeof(fixed[0]));
}

static int add_calls(scmp_filter_ctx f, const int *list, size_t n)
{
	int e = 0;

	for (size_t i = 0; i < n && e == 0; i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, list[i], 0);
	return e;
}

static int add_on(scmp_filter_ctx f, int call, int fd)
{
	struct scmp_arg_cmp is = IS(0, (scmp_datum_t)fd);

	return fd < 0 ? 0 : seccomp_rule_add_array(f, SCMP_ACT_ALLOW, call, 1, &is);
}

/* What the loop waits and accepts with, but for epoll's own calls. Rings can no longer be made or changed:
 * io_uring_setup and io_uring_register are left out. */
static int add_loop(scmp_filter_ctx f, const struct syscalls_loop *loop)
{
	int e = 0;

	if (loop->io == RING_IO_URING)
		return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(io_uring_enter), 0);
	for (uint32_t i = 0; i < loop->nlisteners && e == 0; i++)
		e = add_on(f, SCMP_SYS(accept4), loop->listeners[i].fd);
	return e;
}

static int add_rules(scmp_filter_ctx f, const struct syscalls_loop *loop, int handover, int cluster)
{
	int e = add_calls(f, calls, sizeof(calls) / sizeof(calls[0]));

	e = e ? e : add_loop(f, loop);
	e = e ? e : add_fixed_of_chat(f);
	/* Connections that the TLS process hands over. */
	e = e ? e : add_on(f, SCMP_SYS(recvmsg), handover);
	/* Connections to the engine, which the parent passes. What hiredis does with them is read, write, poll and
	 * setsockopt of timeouts, as above. */
	e = e ? e : add_on(f, SCMP_SYS(recvmsg), cluster);
	/* The flags of clone3 are in memory, where no filter can see them; glibc falls back to
	 * clone if there is no clone3. */
	return e ? e : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* The TLS process: no files, no threads, no sockets but pairs, whose other end goes to the chat. */
static int add_rules_of_tls(scmp_filter_ctx f, const struct syscalls_loop *loop, int handover, int control, int below)
{
	static const int few[] = {
		SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close),
		SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
		SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
		SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
		SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday),
		SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(sched_yield),
		SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(sigaltstack),
	};
	const struct fixed fixed[] = {
		{SCMP_SYS(mmap), 1, {HAS(2, PROT_EXEC, 0)}},
		{SCMP_SYS(mprotect), 1, {HAS(2, PROT_EXEC, 0)}},
		{SCMP_SYS(ioctl), 1, {IS(1, SIOCOUTQ)}},
		{SCMP_SYS(shutdown), 1, {{0, SCMP_CMP_LT, (scmp_datum_t)below, 0}}},
		{SCMP_SYS(sendto), 1, {IS(4, 0)}},
		{SCMP_SYS(getsockopt), 1, {IS(1, SOL_SOCKET)}},
		/* Not of datagrams, which could be sent to anybody's socket. */
		{SCMP_SYS(socketpair), 2, {IS(0, AF_UNIX), IS(1, SOCK_STREAM | SOCK_CLOEXEC)}},
		{SCMP_SYS(tgkill), 1, {IS(0, (scmp_datum_t)getpid())}},
	};
	static const int epoll[] = {SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl)};
	/* With epoll, descriptors must not block; but see syscalls_restrict_tls. */
	const struct fixed not_to_block = {SCMP_SYS(fcntl), 2, {IS(1, F_SETFL), IS(2, O_NONBLOCK)}};
	int e = add_calls(f, few, sizeof(few) / sizeof(few[0]));

	e = e ? e : add_loop(f, loop);
	if (loop->io == RING_IO_EPOLL) {
		e = e ? e : add_calls(f, epoll, sizeof(epoll) / sizeof(epoll[0]));
		e = e ? e : add_fixed(f, SCMP_ACT_ALLOW, &not_to_block, 1);
	}
	e = e ? e : add_fixed(f, SCMP_ACT_ALLOW, fixed, sizeof(fixed) / sizeof(fixed[0]));
	e = e ? e : add_on(f, SCMP_SYS(sendmsg), handover);
	return e ? e : add_on(f, SCMP_SYS(recvmsg), control);
}

/* The process that serves metrics: no files, no threads, no sockets but those that it accepts. There is no mprotect,
 * so the figures that it may only read stay so. What it sends goes to connected streams, whatever address is given; no
 * filter can see that of sendmsg. */
static int add_rules_of_metrics(scmp_filter_ctx f, int listener)
{
	static const int few[] = {
		SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(read), SCMP_SYS(write),
		SCMP_SYS(recvfrom), SCMP_SYS(close), SCMP_SYS(munmap), SCMP_SYS(madvise),
		SCMP_SYS(brk), SCMP_SYS(futex), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
		SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(clock_gettime),
		SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid),
		SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(writev), SCMP_SYS(sendmsg),
		SCMP_SYS(sigaltstack), SCMP_SYS(shutdown),
	};
	/* Neither this setsockopt nor shutdown is for the listener: syscalls_restrict_metrics. */
	const struct fixed fixed[] = {
		{SCMP_SYS(mmap), 1, {HAS(2, PROT_EXEC, 0)}},
		{SCMP_SYS(accept4), 1, {IS(0, (scmp_datum_t)listener)}},
		{SCMP_SYS(sendto), 1, {IS(4, 0)}},
		{SCMP_SYS(setsockopt), 1, {IS(1, IPPROTO_TCP)}},
		{SCMP_SYS(getsockopt), 1, {IS(1, SOL_SOCKET)}},
		{SCMP_SYS(tgkill), 1, {IS(0, (scmp_datum_t)getpid())}},
	};
	int e = add_calls(f, few, sizeof(few) / sizeof(few[0]));

	return e ? e : add_fixed(f, SCMP_ACT_ALLOW, fixed, sizeof(fixed) / sizeof(fixed[0]));
}

/* A filter with this answer to what it has no rule for. NULL: errno says why. */
static scmp_filter_ctx begin(uint32_t otherwise)
{
	scmp_filter_ctx f = seccomp_init(otherwise);

	if (!f)
		errno = ENOMEM;
	else /* finds a call by halves, not one after the other; only that is lost if it cannot be had */
		seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return f;
}

static bool load(scmp_filter_ctx f, int e)
{
	if (e == 0)
		e = seccomp_load(f); /* sets no_new_privs first */
	seccomp_release(f);
	errno = -e;
	return e == 0;
}

/* Forbids what the filter that comes after it allows. That one cannot say "any descriptor but this one": a rule compares
 * all 64 bits, so that "not 2" or "more than 2" would allow 2 with something in the upper half. */
static bool forbid(const struct fixed *fixed, size_t n)
{
	scmp_filter_ctx f = begin(SCMP_ACT_ALLOW);

	return f && load(f, add_fixed(f, SCMP_ACT_ERRNO(EPERM), fixed, n));
}

/* The filter that comes after that. */
static scmp_filter_ctx begin_without(const struct fixed *fixed, size_t n)
{
	return forbid(fixed, n) ? begin(SCMP_ACT_ERRNO(EPERM)) : NULL;
}

bool syscalls_restrict(const struct syscalls_loop *loop, int handover, int cluster)
{
	scmp_filter_ctx f = begin(SCMP_ACT_ERRNO(EPERM));

	return f && load(f, add_rules(f, loop, handover, cluster));
}

bool syscalls_restrict_tls(const struct syscalls_loop *loop, int handover, int control, int below)
{
	/* Their files are the chat's and the parent's as well: a log would lose its O_APPEND. */
	const struct fixed shared[] = {
		{SCMP_SYS(fcntl), 1, {IS_DESCRIPTOR(0, STDIN_FILENO)}},
		{SCMP_SYS(fcntl), 1, {IS_DESCRIPTOR(0, STDOUT_FILENO)}},
		{SCMP_SYS(fcntl), 1, {IS_DESCRIPTOR(0, STDERR_FILENO)}},
	};
	scmp_filter_ctx f = begin_without(shared, sizeof(shared) / sizeof(shared[0]));

	return f && load(f, add_rules_of_tls(f, loop, handover, control, below));
}

bool syscalls_restrict_metrics(int listener)
{
	/* The next such process needs the listener as it is. */
	const struct fixed shared[] = {
		{SCMP_SYS(setsockopt), 1, {IS_DESCRIPTOR(0, listener)}},
		{SCMP_SYS(shutdown), 1, {IS_DESCRIPTOR(0, listener)}},
	};
	scmp_filter_ctx f = begin_without(shared, sizeof(shared) / sizeof(shared[0]));

	return f && load(f, add_rules_of_metrics(f, listener));
}
