/* The TLS process's start and its reloads. Owns the message by which it is configured. */
#include "chatd/program/tls_process.h"

#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "chatd/base/log.h"
#include "chatd/net/passing.h"
#include "chatd/program/daemon.h"
#include "chatd/program/descriptors.h"
#include "chatd/program/memory.h"
#include "chatd/program/privilege.h"
#include "chatd/program/sandbox/sandbox.h"
#include "chatd/tls/endpoint.h"

enum {
	FILES = PASSING_FDS_MAX, /* with a message: the certificate and its key */
	HEAP_KEPT_BYTES = 4 << 20, /* free memory that is not returned to the system, because what is on its way to
	                          * clients comes and goes */
};

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

bool tls_process_configure(int control, const struct conf *c, const struct certificate_files *files)
{
	struct endpoint_settings s = settings_of(c);
	const int fds[FILES] = {files->certificate, files->key};

	return passing_send(control, &s, sizeof s, fds, FILES);
}

/* Waits if wait; files are the caller's. MESSAGE: it configures. */
static enum passing control_receive(int control, bool wait, struct endpoint_settings *s,
                                    struct certificate_files *files)
{
	int fds[PASSING_FDS_MAX], n = 0;
	size_t len = 0;
	enum passing got = passing_receive(control, wait, s, sizeof *s, &len, fds, FILES, &n);

	if (got != PASSING_MESSAGE)
		return got;
	/* The parent sends nothing else. */
	if (len != sizeof *s || n != FILES) {
		while (n > 0)
			close(fds[--n]);
		return PASSING_END;
	}
	*files = (struct certificate_files){.certificate = fds[0], .key = fds[1]};
	return PASSING_MESSAGE;
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
		case PASSING_NONE:
			return;
		case PASSING_END:
			endpoint_stop(e);
			return;
		case PASSING_MESSAGE:
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

/* Moves a descriptor to one of the highest numbers. */
static bool move_up(int *fd, int from)
{
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, from);

	if (moved < 0)
		return false;
	close(*fd);
	*fd = moved;
	return true;
}

/* What the next TLS process needs goes where no connection's number comes, so that the sandbox can tell them apart. */
static bool move_all_up(struct tls_process *p, int from)
{
	bool ok = move_up(&p->handover, from) && move_up(&p->control, from);

	for (uint32_t i = 0; i < p->nlisteners && ok; i++)
		ok = move_up(&p->listeners[i].fd, from);
	if (!ok)
		log_err("TLS: cannot move descriptors");
	return ok;
}

int tls_process_run(struct tls_process *p)
{
	int below = descriptors_tls_below(p->conf);
	struct endpoint_settings s;
	struct certificate_files files;
	struct tls_engine engine;
	struct syscalls_loop loop;
	struct ring *ring;
	char problem[512];
	int status;
	bool ok;

	prctl(PR_SET_NAME, "chatd: tls", 0, 0, 0);
	signal(SIGPIPE, SIG_IGN);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
	/* As in the chat: daemon.c. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	if (!privilege_drop(p->conf->user))
		return STATUS_CONFIG;
	if (!move_all_up(p, below))
		return EXIT_FAILURE;
	if (control_receive(p->control, true, &s, &files) != PASSING_MESSAGE)
		return EXIT_FAILURE;
	ok = load(p, &files, &s, &engine, false);
	certificate_close(&files);
	if (!ok)
		return EXIT_FAILURE;
	/* By itself: since the chat started, io_uring may have been switched off on the host. */
	ring = ring_new(p->conf->io, TLS_BUFFERS, TLS_BUFFER_BYTES, problem, sizeof problem);
	if (ring == NULL) {
		log_errx("TLS: %s", problem);
		return EXIT_FAILURE;
	}
	log_info("TLS: io: %s%s%s", ring_io_name(ring_io(ring)), problem[0] != '\0' ? ", because " : "", problem);
	loop = (struct syscalls_loop){
		.io = ring_io(ring), .listeners = p->listeners, .nlisteners = p->nlisteners,
	};
	if (!SANDBOX_INSTRUMENTED && !sandbox_enter_tls(p->conf, &loop, p->handover, p->control, below))
		return STATUS_CONFIG;
	log_info("TLS: memory: %" PRIu64 " MiB at most", memory_tls_max(tls_process_slots(p->conf)) >> 20);
	status = serve(p, ring, &s, engine);
	ring_free(ring);
	return status;
}
