/*
 * Sleeping, and being woken.
 */
#include "chatd/base/sleeper.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool sleeper_open(struct sleeper *s)
{
	struct epoll_event in = { .events = EPOLLIN | EPOLLET };
	s->set = -1;
	s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->fd >= 0)
		s->set = epoll_create1(EPOLL_CLOEXEC);
	return s->set >= 0 && epoll_ctl(s->set, EPOLL_CTL_ADD, s->fd, &in) == 0;
}

void sleeper_close(struct sleeper *s)
{
	if (s->fd < 0)
		return;
	if (s->set >= 0)
		close(s->set);
	close(s->fd);
	s->fd = -1;
}

void eventfd_signal(int fd)
{
	uint64_t one = 1;
	/* It can only fail if the counter is full, and then the eventfd is readable anyway. */
	ssize_t n = write(fd, &one, sizeof(one));
	(void)n;
}

void sleeper_poll(struct sleeper *s, struct pollfd *fds, nfds_t n, int timeout_ms,
                  bool (*ready)(void *ctx), void *ctx)
{
	fds[0] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	atomic_store(&s->asleep, true);
	bool work = ready(ctx);
	if ((!work || n > 1) && poll(fds, n, work ? 0 : timeout_ms) > 0 && fds[0].revents) {
		uint64_t count;
		ssize_t got = read(s->fd, &count, sizeof(count));
		(void)got;
	}
	atomic_store(&s->asleep, false);
}

void sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx)
{
	struct epoll_event woken;
	atomic_store(&s->asleep, true);
	if (!ready(ctx))
		epoll_wait(s->set, &woken, 1, timeout_ms);
	atomic_store(&s->asleep, false);
}

int sleeper_claim(struct sleeper *s)
{
	return atomic_exchange(&s->asleep, false) ? s->fd : -1;
}

void sleeper_wake(struct sleeper *s)
{
	int fd = sleeper_claim(s);
	if (fd >= 0)
		eventfd_signal(fd);
}
