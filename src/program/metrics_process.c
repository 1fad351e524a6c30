/* The start of the process that serves metrics, and the order in which it gives up what it does not need. */
#include "chatd/program/metrics_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "chatd/base/log.h"
#include "chatd/metrics/http.h"
#include "chatd/program/daemon.h"
#include "chatd/program/privilege.h"
#include "chatd/program/sandbox/sandbox.h"

enum { WAIT_MS = 1000 };

/* It ends with its parent, however that ends. Changing users would undo it. */
static bool end_with(pid_t parent)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent;
}

int metrics_process_run(const struct metrics_process *p)
{
	struct http *h;

	signal(SIGPIPE, SIG_IGN);
	if (!privilege_drop(p->conf->user))
		return STATUS_CONFIG;
	if (!end_with(p->parent))
		return EXIT_FAILURE;
	if (!vitals_protect(p->vitals)) {
		log_err("metrics: cannot protect the memory of the processes");
		return EXIT_FAILURE;
	}
	fcntl(p->listener, F_SETFL, O_NONBLOCK);
	h = http_new(p->vitals, p->listener);
	if (h == NULL) {
		log_errx("metrics: libmicrohttpd cannot start");
		return EXIT_FAILURE;
	}
	if (!SANDBOX_INSTRUMENTED && !sandbox_enter_metrics(p->conf, p->listener))
		return STATUS_CONFIG;
	while (http_turn(h, WAIT_MS)) {
	}
	log_errx("metrics: libmicrohttpd has failed");
	http_free(h);
	return EXIT_FAILURE;
}
