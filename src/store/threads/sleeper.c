/*
 * Sleeping, and being woken.
 */
#include "chatd/store/threads/sleeper.h"

#include <poll.h>
#include <stdint.h>
#include <unistd.h>

void eventfd_signal(int fd)
{
	uint64_t one = 1;
	/* It can only fail if the counter is full, and then the eventfd is readable anyway. */
	ssize_t n = write(fd, &one, sizeof(one));
	(void)n;
}

void sleeper_sleep(struct sleeper *s, int timeout_ms, bool (*ready)(void *ctx), void *ctx)
{
	atomic_store(&s->asleep, true);
	if (!ready(ctx)) {
		struct pollfd p = { .fd = s->fd, .events = POLLIN };
		if (poll(&p, 1, timeout_ms) > 0) {
			uint64_t count;
			ssize_t n = read(s->fd, &count, sizeof(count));
			(void)n;
		}
	}
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
