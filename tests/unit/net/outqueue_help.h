/*
 * An outqueue that reads a feed, for its tests, and a "kernel" that sends.
 */
#ifndef CHATD_TESTS_OUTQUEUE_HELP_H
#define CHATD_TESTS_OUTQUEUE_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/base/bytes.h"
#include "chatd/net/outqueue.h"
#include "prng.h"

static struct feed f;
static struct outqueue q;
static struct bytes got, due;  /* what came, and what should have come by the end */
static struct iovec iov[SEND_SPANS_MAX];
static uint32_t niov;

static inline int begin(void **state)
{
	(void)state;
	f = (struct feed){0};
	q = (struct outqueue){0};
	feed_join(&f, &q.reader, 0);
	return 0;
}

static inline int end(void **state)
{
	(void)state;
	if (q.reader.feed != NULL)
		outqueue_leave_feed(&q, NULL, 0);
	outqueue_unpin(&q);
	outqueue_release(&q);
	feed_release(&f);
	bytes_release(&got);
	bytes_release(&due);
	return 0;
}

/* -- what happens ---------------------------------------------------------------------- */

static inline void publish(const char *line)
{
	feed_publish(&f, line, strlen(line), f.seq + 1, (struct line_info){0});
	bytes_puts(&due, line);
}

static inline void publish_own(const char *line)
{
	feed_publish(&f, line, strlen(line), f.seq + 1, (struct line_info){0});
	feed_skip(&q.reader);
}

static inline void queue(const char *text)
{
	outqueue_add(&q, text, strlen(text), (struct line_info){0});
	bytes_puts(&due, text);
}

static inline void show(void)
{
	f.mark = f.end;
}

static inline size_t send_begin(void)
{
	size_t len = 0;

	niov = outqueue_gather(&q, iov, SEND_SPANS_MAX);
	for (uint32_t i = 0; i < niov; i++)
		len += iov[i].iov_len;
	return len;
}

/* The kernel takes the first n bytes, now. */
static inline void send_end(size_t n)
{
	size_t left = n;

	for (uint32_t i = 0; left > 0; i++) {
		size_t part = iov[i].iov_len < left ? iov[i].iov_len : left;

		assert_true(i < niov);
		bytes_append(&got, iov[i].iov_base, part);
		left -= part;
	}
	if (n > 0)
		outqueue_advance(&q, n);
	outqueue_unpin(&q);
}

/* Sends of at most n bytes until nothing is left. */
static inline void send_all(size_t n)
{
	size_t len;

	while ((len = send_begin()) > 0)
		send_end(len < n ? len : n);
	assert_false(outqueue_has_output(&q));
	assert_int_equal(q.bytes, 0);
	assert_null(q.first);
	assert_null(q.pin_first);
}

static inline void assert_got_all(void)
{
	assert_int_equal(got.len, due.len);
	assert_memory_equal(got.data, due.data, due.len);
}

/* Everything that there can be in one sequence. */
static inline void talk(void)
{
	queue("-- welcome\n");
	publish("alice one\n");
	publish("alice two\n");
	show();
	queue("-- a reply\n");
	queue("-- and another\n");
	publish_own("mine 1\n");
	publish("alice three\n");
	publish_own("mine 2\n");
	publish_own("mine 3\n");
	show();
	queue("-- between\n");
	publish("alice four\n");
	show();
	publish_own("mine 4\n");
	show();
	queue("-- the end\n");
}

#endif
