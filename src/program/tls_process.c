/* The TLS process's start and its reloads. Owns the message by which it is configured. */
#include "chatd/program/tls_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/log.h"
#include "chatd/program/daemon.h"
#include "chatd/program/privilege.h"
#include "chatd/program/sandbox/sandbox.h"
#include "chatd/tls/endpoint.h"

enum {
	FILES = 2,               /* descriptors in a message */
};

/* The leak checker traces the process at its end, which no sandbox allows. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TLS_SANITIZED true
#else
#define TLS_SANITIZED false
#endif

uint32_t tls_process_slots(const struct conf *c)
{
	return c->connections_max + 2 * TLS_HANDSHAKES_MAX;
}

/* -- the message --------------------------------------------------------------------------------- */

static int blocks(const char *text, struct address list[EXEMPT_MAX])
{
	char wrong[ADDRESS_BYTES_MAX];
	int n = address_parse_list(text != NULL ? text : "", list, EXEMPT_MAX, wrong);

	return n < 0 || n > EXEMPT_MAX ? 0 : n; /* the configuration has checked it */
}

static struct endpoint_settings settings_of(const struct conf *c)
{
	struct endpoint_settings s = {
		.limits = {.connections = c->address.connections, .connects = c->address.connects},
		.least = c->tls.least,
		.log_level = c->log.level,
		.log_format = c->log.format,
	};

	s.limits.nexempt = blocks(c->address.exempt, s.limits.exempt);
	s.nproxies = blocks(c->address.proxies, s.proxies);
	return s;
}

/* A message with two descriptors, as it is laid out for sendmsg(2). */
struct control_message {
	struct endpoint_settings settings;
	struct iovec iov;
	struct msghdr m;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(FILES * sizeof(int))];
	} control;
};

static void lay(struct control_message *message)
{
	message->iov = (struct iovec){&message->settings, sizeof message->settings};
	message->m = (struct msghdr){.msg_iov = &message->iov, .msg_iovlen = 1, .msg_control = &message->control,
	                             .msg_controllen = sizeof message->control.bytes};
}

bool tls_process_configure(int control, const struct conf *c, const struct certificate_files *files)
{
	struct control_message message = {.settings = settings_of(c)};
	int fds[FILES] = {files->certificate, files->key};

	lay(&message);
	message.control.head = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fds),
	};
	memcpy(CMSG_DATA(&message.control.head), fds, sizeof fds);
	return sendmsg(control, &message.m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof message.settings;
}

enum control_answer { CONTROL_NONE, CONTROL_CONFIGURES, CONTROL_END };

/* Waits if wait; files are the caller's. */
static enum control_answer control_receive(int control, bool wait, struct endpoint_settings *s,
                                           struct certificate_files *files)
{
	struct control_message message = {0};
	struct cmsghdr *head;
	int fds[FILES];
	ssize_t n;

	lay(&message);
	do {
		n = recvmsg(control, &message.m, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return CONTROL_NONE;
	head = CMSG_FIRSTHDR(&message.m);
	/* The parent sends nothing else. */
	if (n != (ssize_t)sizeof message.settings || head == NULL || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof fds))
		return CONTROL_END;
	memcpy(fds, CMSG_DATA(head), sizeof fds);
	*s = message.settings;
	*files = (struct certificate_files){.certificate = fds[0], .key = fds[1]};
	return CONTROL_CONFIGURES;
}

/* -- the certificate ----------------------------------------------------------------------------- */

static void log_end(const struct tls_engine *e)
{
	time_t until = (time_t)e->until_s;
	char day[32];
	struct tm tm;

	if (gmtime_r(&until, &tm) != NULL && strftime(day, sizeof day, "%Y-%m-%d", &tm) > 0)
		log_info("TLS: the certificate is good until %s", day);
}

/* Loads it, and tells the log, and the chat's administrators if it cannot be used. */
static bool load(const struct tls_process *p, const struct certificate_files *files,
                 const struct endpoint_settings *s, struct tls_engine *e, bool again)
{
	struct bytes problems = {0}, notice = {0};
	bool ok = certificate_read(files, s->least, e, &problems);

	if (ok) {
		log_end(e);
	} else {
		char *end = strchr(problems.data, '\n');

		if (end != NULL)
			*end = '\0';
		log_errx("TLS: %s%s", problems.data, again ? "; the certificate stays as it was" : "");
		bytes_printf(&notice, "TLS: %s; the certificate stays as it was.", problems.data);
		if (again)
			handover_notice(p->handover, notice.data);
	}
	bytes_release(&problems);
	bytes_release(&notice);
	return ok;
}

static void take_control(const struct tls_process *p, struct endpoint *e)
{
	struct endpoint_settings s;
	struct certificate_files files;
	struct tls_engine engine;

	for (;;) {
		switch (control_receive(p->control, false, &s, &files)) {
		case CONTROL_NONE:
			return;
		case CONTROL_END:
			endpoint_stop(e);
			return;
		case CONTROL_CONFIGURES:
			endpoint_configure(e, &s, load(p, &files, &s, &engine, true) ? &engine : NULL);
			certificate_close(&files);
			break;
		}
	}
}

/* -- life ------------------------------------------------------------------------------------------ */

static int serve(const struct tls_process *p, struct ring *ring, const struct endpoint_settings *s,
                 struct tls_engine engine)
{
	const struct endpoint_options options = {
		.listeners = p->listeners, .nlisteners = p->nlisteners, .handover = p->handover,
		.board = p->board, .nslots = tls_process_slots(p->conf), .connections_max = p->conf->connections_max,
	};
	struct endpoint *e = endpoint_new(&options, ring);
	bool readable, going;

	endpoint_configure(e, s, &engine);
	endpoint_watch(e, p->control);
	do {
		going = endpoint_turn(e, &readable);
		if (readable)
			take_control(p, e);
	} while (going);
	going = e->ending;
	endpoint_free(e);
	return going ? EXIT_SUCCESS : EXIT_FAILURE;
}

int tls_process_run(const struct tls_process *p)
{
	struct endpoint_settings s;
	struct certificate_files files;
	struct tls_engine engine;
	struct ring *ring;
	char problem[512];
	int status;
	bool ok;

	prctl(PR_SET_NAME, "chatd: tls", 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	if (!privilege_drop(p->conf->user))
		return STATUS_CONFIG;
	if (control_receive(p->control, true, &s, &files) != CONTROL_CONFIGURES)
		return EXIT_FAILURE;
	ok = load(p, &files, &s, &engine, false);
	certificate_close(&files);
	if (!ok)
		return EXIT_FAILURE;
	ring = ring_new(TLS_BUFFERS, TLS_BUFFER_BYTES, problem, sizeof problem);
	if (ring == NULL) {
		log_errx("TLS: %s", problem);
		return EXIT_FAILURE;
	}
	if (!TLS_SANITIZED && !sandbox_enter_tls(p->conf, p->handover, p->control))
		return STATUS_CONFIG;
	status = serve(p, ring, &s, engine);
	ring_free(ring);
	return status;
}
