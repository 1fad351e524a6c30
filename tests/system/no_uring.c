/*
 * no_uring ERROR PROGRAM ARGUMENT...: runs a program where io_uring is forbidden, as it is in many containers: its calls
 * answer ERROR (EPERM, ENOSYS, ...; its number will do).
 */
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static int number_of(const char *error)
{
	static const int known[] = {EPERM, ENOSYS, EACCES, EINVAL, ENOMEM};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(strerrorname_np(known[i]), error) == 0)
			return known[i];
	return atoi(error);
}

int main(int argc, char **argv)
{
	static const int calls[] = {SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register)};
	int error = argc > 2 ? number_of(argv[1]) : 0;
	scmp_filter_ctx f;
	bool ok;

	if (error <= 0) {
		fprintf(stderr, "usage: no_uring ERROR PROGRAM ARGUMENT...\n");
		return 126;
	}
	f = seccomp_init(SCMP_ACT_ALLOW);
	ok = f != NULL;
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		ok = ok && seccomp_rule_add(f, SCMP_ACT_ERRNO((uint32_t)error), calls[i], 0) == 0;
	/* Without it, only root may load a filter. */
	if (!ok || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || seccomp_load(f) != 0) {
		fprintf(stderr, "no_uring: the kernel takes no seccomp filter\n");
		return 126;
	}
	seccomp_release(f);
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
