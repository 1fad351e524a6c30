/*
 * The plain socket calls of ring.h: those that are made without the ring, so seldom
 * that they are not worth an operation. Owns nothing.
 */

#include "chatd/net/ring.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

void ring_shutdown(struct ring *r, int fd, int how)
{
	(void)r;
	shutdown(fd, how);
}

void ring_close(struct ring *r, int fd)
{
	(void)r;
	close(fd);
}

void ring_refuse(struct ring *r, int fd, const char *text, size_t len)
{
	(void)r;
	send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	close(fd);
}

uint32_t ring_unacked(struct ring *r, int fd)
{
	int domain = AF_UNIX, n = 0;
	socklen_t len = sizeof domain;

	(void)r;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 || domain == AF_UNIX ||
	    ioctl(fd, SIOCOUTQ, &n) != 0)
		return 0;
	return n > 0 ? (uint32_t)n : 0;
}

void ring_peer(struct ring *r, int fd, struct ring_peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	(void)r;
	*peer = (struct ring_peer){.known = false};
	/* unix(7): as of when it connected. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
		return;
	*peer = (struct ring_peer){
		.known = true, .uid = cred.uid, .owns = cred.uid == 0 || cred.uid == geteuid(),
	};
}
