/* Messages with open descriptors. Owns their form, which is the kernel's. */

#include "chatd/net/passing.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(PASSING_FDS_MAX * sizeof(int))];
};

bool passing_send(int socket, const void *data, size_t len, const int *fds, int n)
{
	union control control = {0};
	struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	size_t bytes = (size_t)n * sizeof *fds;

	assert(n >= 0 && n <= PASSING_FDS_MAX);
	if (n > 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(bytes);
		control.head = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(bytes),
		};
		memcpy(CMSG_DATA(&control.head), fds, bytes);
	}
	return sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* Those that came with a message. */
static int take_fds(struct msghdr *m, int fds[PASSING_FDS_MAX])
{
	struct cmsghdr *head = CMSG_FIRSTHDR(m);
	size_t bytes;

	if (head == NULL || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
		return 0;
	bytes = head->cmsg_len - CMSG_LEN(0);
	memcpy(fds, CMSG_DATA(head), bytes);
	return (int)(bytes / sizeof *fds);
}

enum passing passing_receive(int socket, bool wait, void *data, size_t size, size_t *len, int fds[PASSING_FDS_MAX],
                             int max, int *n)
{
	union control control;
	struct iovec iov = {.iov_base = data, .iov_len = size};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
	                   /* CMSG_SPACE would let in one more, where there is padding. */
	                   .msg_controllen = CMSG_LEN((size_t)max * sizeof *fds)};
	ssize_t got;

	assert(max <= PASSING_FDS_MAX);
	do {
		got = recvmsg(socket, &m, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	} while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return PASSING_NONE;
	if (got < 0)
		return PASSING_END;
	*n = take_fds(&m, fds);
	*len = (size_t)got;
	/* The end looks like a message of nothing, but for the descriptors that one may bring. */
	if (got == 0 && *n == 0)
		return PASSING_END;
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		while (*n > 0)
			close(fds[--*n]);
		*len = 0;
	}
	return PASSING_MESSAGE;
}
