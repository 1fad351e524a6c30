/*
 * The plain socket calls of ring.h: those that are made without the ring, so seldom
 * that they are not worth an operation. Owns nothing.
 */

#include "chatd/net/ring.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
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

/* Who may administer the host may administer the chat: unix(7), SO_PEERCRED. */
static void peer_of_host(int fd, struct ring_peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof cred;

	peer->local = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0;
	if (!peer->local)
		return;
	peer->uid = cred.uid;
	peer->trusted = cred.uid == 0 || cred.uid == geteuid();
}

void ring_peer(struct ring *r, int fd, struct ring_peer *peer)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr;
	char host[INET6_ADDRSTRLEN], *out = peer->addr;
	size_t n = sizeof peer->addr;

	(void)r;
	peer->local = peer->trusted = false;
	if (getpeername(fd, (struct sockaddr *)&addr, &len) != 0) {
		snprintf(out, n, "gone");
	} else if (addr.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;

		inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
		snprintf(out, n, "%s:%u", host, ntohs(in->sin_port));
	} else if (addr.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;

		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof host);
			snprintf(out, n, "%s:%u", host, ntohs(in6->sin6_port));
		} else {
			inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
			snprintf(out, n, "[%s]:%u", host, ntohs(in6->sin6_port));
		}
	} else {
		snprintf(out, n, "unix");
		peer_of_host(fd, peer);
	}
}
