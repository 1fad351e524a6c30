/*
 * The parent. Owns the processes, the sockets and memory between them, and the listeners of the TLS process and of the
 * one that serves metrics, which outlive them. In a cluster it connects to the engine, for the chat may not.
 *
 * Signals come to the parent and go on to the chat, which ends or reloads as it would alone; the end of the chat is
 * the end of all. Each child is a process group of its own, so that ctrl-C reaches it once and not twice.
 */
#include "chatd/program/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chatd/base/clock.h"
#include "chatd/base/log.h"
#include "chatd/program/certificate.h"
#include "chatd/program/check.h"
#include "chatd/program/child.h"
#include "chatd/program/cluster_connector.h"
#include "chatd/program/cluster_password.h"
#include "chatd/program/daemon.h"
#include "chatd/program/daemon_conf.h"
#include "chatd/program/descriptors.h"
#include "chatd/program/listen.h"
#include "chatd/program/metrics_process.h"
#include "chatd/program/tls_process.h"

enum {
	LEAVE_MS = 3000,          /* that the TLS process may take to end after the chat */
	RELOADS_MS = 1000,        /* between two reloads, however often the chat asks: an intruder there could */
	WORDS_TURN = 16,          /* of the chat's that are taken at once */
};

enum { OURS, THEIRS };

enum { CHILD_TLS, CHILD_METRICS, CHILDREN };

struct parent {
	const struct options *options;
	struct conf *conf;
	struct listener listeners[LISTENERS_MAX]; /* those with tls, nlisteners of them */
	uint32_t nlisteners;
	struct listener metrics;  /* fd -1: none is configured */
	struct activation passed; /* sockets from the service manager */
	struct board *board;      /* NULL: without TLS */
	struct vitals *vitals;    /* NULL: without metrics */
	int handover[2];          /* the chat's end, and the TLS process's */
	int chat[2];              /* our end, and the chat's */
	int control[2];           /* our end, and the TLS process's; made again with each */
	int cluster[2];           /* our end, which is the connector's once it has begun, and the chat's */
	struct cluster_connector connector; /* connects to the engine */
	char password[CLUSTER_PASSWORD_BYTES_MAX + 1]; /* of the engine's, until the chat has been started; "": none */
	int signals;              /* signalfd */
	sigset_t before;          /* what was blocked at the start */
	pid_t chat_pid;           /* 0: it is not running */
	struct child child[CHILDREN]; /* the others */
	int64_t reload_ms;        /* when the chat's wish for a reload is due, by CLOCK_MONOTONIC; INT64_MAX: it has none */
	int64_t reloaded_ms;      /* when the last one was */
	int status;               /* of the chat, once it has ended */
};

/* -- what they share ----------------------------------------------------------------------------- */

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

static bool make_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0)
		return true;
	log_err("cannot make a socket between the processes");
	pair[OURS] = pair[THEIRS] = -1;
	return false;
}

/* For the log, and for the administrators in the chat. */
static void tell(const struct parent *p, const char *what)
{
	log_errx("%s", what);
	if (p->chat_pid > 0 && p->handover[THEIRS] >= 0)
		handover_notice(p->handover[THEIRS], what);
}

/* What a child does first. */
static void begin_child(struct parent *p, const char *name)
{
	setpgid(0, 0);
	/* Its log goes to the terminal all the same. */
	signal(SIGTTOU, SIG_IGN);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	close(p->signals);
	cluster_connector_end(&p->connector);
	sigprocmask(SIG_SETMASK, &p->before, NULL);
}

/* -- the TLS process ----------------------------------------------------------------------------- */

static bool is_tls_listener(const struct parent *p, int fd)
{
	for (uint32_t i = 0; i < p->nlisteners; i++)
		if (p->listeners[i].fd == fd)
			return true;
	return false;
}

/* The chat's, of the sockets that the service manager has passed. */
static void close_passed(struct parent *p)
{
	for (uint32_t i = 0; i < p->conf->nlisten; i++)
		if (p->passed.fd[i] >= 0 && !is_tls_listener(p, p->passed.fd[i]))
			close(p->passed.fd[i]);
}

static _Noreturn void run_tls(struct parent *p)
{
	struct tls_process t = {
		.conf = p->conf, .listeners = p->listeners, .nlisteners = p->nlisteners,
		.handover = p->handover[THEIRS], .control = p->control[THEIRS], .board = p->board,
	};

	begin_child(p, "chatd: tls");
	if (p->metrics.fd >= 0)
		close(p->metrics.fd);
	/* What the chat tells of itself is not its business. */
	if (p->vitals != NULL)
		vitals_drop(p->vitals);
	close(p->handover[OURS]);
	close(p->control[OURS]);
	close_pair(p->chat);
	close_passed(p);
	/* It ends with its parent, which these would reach as well. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	_exit(tls_process_run(&t));
}

/* Gives it its configuration. again: it has one. False: the log says why it does not get this one. */
static bool configure_tls(struct parent *p, const struct conf *c, bool again)
{
	struct bytes problems = {0};
	struct certificate_files files;
	bool ok = certificate_open(c, &files, &problems);

	if (!ok) {
		for (char *line = strtok(problems.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
			tell(p, line);
		if (again)
			tell(p, "TLS: the certificate stays as it was");
	} else {
		ok = tls_process_configure(p->control[OURS], c, &files);
		if (!ok)
			log_err("cannot configure the TLS process");
		certificate_close(&files);
	}
	bytes_release(&problems);
	return ok;
}

static pid_t start_tls(struct parent *p)
{
	pid_t pid = -1;

	close_pair(p->control);
	if (make_pair(p->control)) {
		pid = fork();
		if (pid == 0)
			run_tls(p);
		close(p->control[THEIRS]);
		p->control[THEIRS] = -1;
	}
	/* One without a configuration ends when the socket is closed. */
	if (pid < 0 || !configure_tls(p, p->conf, false))
		close_pair(p->control);
	return pid;
}

/* -- the process that serves metrics --------------------------------------------------------------- */

static _Noreturn void run_metrics(struct parent *p, pid_t parent)
{
	const struct metrics_process m = {
		.conf = p->conf, .listener = p->metrics.fd, .vitals = p->vitals, .parent = parent,
	};

	begin_child(p, "chatd: metrics");
	close_pair(p->handover);
	close_pair(p->control);
	close_pair(p->chat);
	for (uint32_t i = 0; i < p->nlisteners; i++)
		close(p->listeners[i].fd);
	close_passed(p);
	/* What the TLS process writes there is not its business. */
	if (p->board != NULL)
		board_drop(p->board, tls_process_slots(p->conf));
	/* It answers until all end, and the parent ends it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	_exit(metrics_process_run(&m));
}

static pid_t start_metrics(struct parent *p)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		run_metrics(p, parent);
	return pid;
}

/* -- both ------------------------------------------------------------------------------------------ */

static void start_due(struct parent *p)
{
	static pid_t (*const starts[CHILDREN])(struct parent *p) = {
		[CHILD_TLS] = start_tls, [CHILD_METRICS] = start_metrics,
	};

	for (int i = 0; i < CHILDREN; i++) {
		int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
		pid_t pid;

		if (!child_is_due(&p->child[i], now_ms))
			continue;
		pid = starts[i](p);
		if (pid < 0)
			log_err("cannot start %s", p->child[i].what);
		child_started(&p->child[i], pid, now_ms);
	}
}

/* When the next one is to be started; INT64_MAX: none is. */
static int64_t start_ms(const struct parent *p)
{
	int64_t at_ms = INT64_MAX;

	for (int i = 0; i < CHILDREN; i++)
		if (p->child[i].what != NULL && p->child[i].pid == 0 && p->child[i].again_ms < at_ms)
			at_ms = p->child[i].again_ms;
	return at_ms;
}

static void one_ended(struct parent *p, pid_t pid, int status)
{
	char words[CHILD_WORDS_BYTES];

	for (int i = 0; i < CHILDREN; i++) {
		if (p->child[i].pid != pid)
			continue;
		child_ended(&p->child[i], status, clock_ms(CLOCK_MONOTONIC), words);
		/* At the end of all it was told to. */
		if (p->chat_pid > 0)
			tell(p, words);
	}
}

/* -- the chat ------------------------------------------------------------------------------------ */

static _Noreturn void run_chat(struct parent *p)
{
	struct siblings siblings = {
		.handover = p->handover[OURS], .board = p->board,
		.nslots = p->board != NULL ? tls_process_slots(p->conf) : 0, .parent = p->chat[THEIRS],
		.vitals = p->vitals, .metrics = p->metrics.name,
		.cluster = p->cluster[THEIRS], .cluster_password = p->password,
		.listeners = p->listeners, .nlisteners = p->nlisteners, .passed = &p->passed,
	};

	begin_child(p, "chatd: chat");
	if (p->metrics.fd >= 0)
		close(p->metrics.fd);
	if (p->handover[THEIRS] >= 0)
		close(p->handover[THEIRS]);
	close(p->chat[OURS]);
	close_pair(p->control);
	fcntl(siblings.parent, F_SETFL, O_NONBLOCK);
	/* Their names are enough. */
	for (uint32_t i = 0; i < p->nlisteners; i++)
		close(p->listeners[i].fd);
	exit(daemon_run(p->options, p->conf, &siblings));
}

/* The chat has read its configuration again, and has said what is wrong. The certificate's files are those named at the
 * start: whoever can change the configuration has no choice of what is opened here, perhaps as root. */
static void reload(struct parent *p)
{
	struct bytes problems = {0}, said = {0};
	struct conf next;

	if (daemon_conf_read(p->options, &next, &problems)) {
		conf_take(p->conf, &next, &said);
		log_set_level(p->conf->log.level);
		log_set_format(p->conf->log.format);
		if (p->control[OURS] >= 0)
			configure_tls(p, p->conf, true);
	}
	conf_release(&next);
	bytes_release(&problems);
	bytes_release(&said);
}

static void reload_due(struct parent *p)
{
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);

	if (now_ms < p->reload_ms)
		return;
	p->reload_ms = INT64_MAX;
	p->reloaded_ms = now_ms;
	reload(p);
}

static void heard_chat(struct parent *p)
{
	ssize_t n = 1;
	char word[16];

	for (int i = 0; i < WORDS_TURN && n > 0; i++) {
		n = recv(p->chat[OURS], word, sizeof word, MSG_DONTWAIT);
		if (n > 0 && p->reload_ms == INT64_MAX)
			p->reload_ms = p->reloaded_ms + RELOADS_MS;
	}
	if (n == 0) {
		/* It ends, and SIGCHLD says so. */
		close(p->chat[OURS]);
		p->chat[OURS] = -1;
	}
}

/* -- signals ------------------------------------------------------------------------------------- */

static void reap(struct parent *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == p->chat_pid) {
			char how[64];

			p->chat_pid = 0;
			p->status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
			if (!WIFEXITED(status))
				log_errx("the chat has ended %s", child_end_shown(status, how, sizeof how));
		} else {
			one_ended(p, pid, status);
		}
	}
}

static void heard_signal(struct parent *p)
{
	struct signalfd_siginfo si;

	while (read(p->signals, &si, sizeof si) == (ssize_t)sizeof si) {
		if (si.ssi_signo == SIGCHLD)
			reap(p);
		else if (p->chat_pid > 0)
			kill(p->chat_pid, (int)si.ssi_signo);
	}
}

static bool watch_signals(struct parent *p)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &p->before);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signals < 0)
		log_err("cannot make a signalfd");
	return p->signals >= 0;
}

/* -- life ---------------------------------------------------------------------------------------- */

static void wait_for_something(struct parent *p, int64_t until_ms)
{
	struct pollfd fds[2 + CLUSTER_CONNECTOR_FDS] = {
		{.fd = p->signals, .events = POLLIN}, {.fd = p->chat[OURS], .events = POLLIN},
	};
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC), connector_ms = cluster_connector_until_ms(&p->connector, now_ms);
	int64_t at_ms = connector_ms < until_ms ? connector_ms : until_ms, left_ms = at_ms - now_ms;
	int n = 2 + cluster_connector_watch(&p->connector, fds + 2, now_ms);
	int timeout = at_ms == INT64_MAX ? -1 : left_ms < 0 ? 0 : (int)left_ms;

	if (poll(fds, (nfds_t)n, timeout) < 0 && errno != EINTR)
		log_err("cannot wait for the processes");
	cluster_connector_turn(&p->connector, clock_ms(CLOCK_MONOTONIC));
	if (fds[0].revents != 0)
		heard_signal(p);
	if (fds[1].revents != 0)
		heard_chat(p);
}

static bool any_child(const struct parent *p)
{
	for (int i = 0; i < CHILDREN; i++)
		if (p->child[i].pid > 0)
			return true;
	return false;
}

/* The TLS process sends what the chat said last, and ends. */
static void end_children(struct parent *p)
{
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + LEAVE_MS;

	close_pair(p->control);
	close_pair(p->handover);
	if (p->child[CHILD_METRICS].pid > 0)
		kill(p->child[CHILD_METRICS].pid, SIGKILL);
	while (any_child(p) && clock_ms(CLOCK_MONOTONIC) < until_ms)
		wait_for_something(p, until_ms);
	for (int i = 0; i < CHILDREN; i++) {
		if (p->child[i].pid > 0) {
			kill(p->child[i].pid, SIGKILL);
			waitpid(p->child[i].pid, NULL, 0);
		}
	}
}

static int run_all(struct parent *p)
{
	p->chat_pid = fork();
	if (p->chat_pid == 0)
		run_chat(p);
	/* Nobody else needs it: without the chat all ends. */
	explicit_bzero(p->password, sizeof p->password);
	if (p->chat_pid < 0) {
		log_err("cannot start the chat");
		return EXIT_FAILURE;
	}
	close(p->chat[THEIRS]);
	p->chat[THEIRS] = -1;
	if (p->cluster[THEIRS] >= 0)
		close(p->cluster[THEIRS]);
	p->cluster[THEIRS] = -1;
	while (p->chat_pid > 0) {
		start_due(p);
		reload_due(p);
		wait_for_something(p, start_ms(p) < p->reload_ms ? start_ms(p) : p->reload_ms);
	}
	end_children(p);
	return p->status;
}

static void log_errors(struct bytes *problems)
{
	for (char *line = problems->data ? strtok(problems->data, "\n") : NULL; line; line = strtok(NULL, "\n"))
		log_errx("%s", line);
}

/* Ports are looked at before any is opened, because then one of ours would be in the way of another. */
static bool values_agree(const struct conf *c)
{
	struct bytes problems = {0};
	bool ok = check_metrics_port(c, &problems);

	ok = check_cluster(c, &problems) && ok;
	log_errors(&problems);
	bytes_release(&problems);
	return ok;
}

/* What TLS needs before the processes are there. */
static bool prepare_tls(struct parent *p, bool *misconfigured)
{
	struct listener_options options = daemon_conf_listener(p->conf);
	struct bytes problems = {0};

	if (!certificate_check_apart(p->conf, &problems)) {
		log_errors(&problems);
		*misconfigured = true;
	}
	bytes_release(&problems);
	if (!*misconfigured && !descriptors_raise_tls(p->conf))
		*misconfigured = true;
	if (*misconfigured)
		return false;
	if (!listen_all(p->listeners, &p->nlisteners, p->conf, &p->passed, &options, true)) {
		*misconfigured = p->listeners[p->nlisteners].error == EACCES;
		return false;
	}
	p->board = board_new(tls_process_slots(p->conf));
	if (p->board == NULL)
		log_err("no memory for the processes to share");
	child_want(&p->child[CHILD_TLS], "the TLS process", ", and its connections with it");
	return p->board != NULL && make_pair(p->handover);
}

static bool prepare_metrics(struct parent *p, bool *misconfigured)
{
	struct listener l = {.fd = -1};

	if (!listen_metrics(&l, p->conf)) {
		*misconfigured = l.error == EACCES;
		return false;
	}
	p->metrics = l;
	p->vitals = vitals_new();
	if (p->vitals == NULL)
		log_err("no memory for the processes to share");
	child_want(&p->child[CHILD_METRICS], "the metrics process", "");
	return p->vitals != NULL;
}

/* What a cluster needs. The password is read last of all that is, so that no other process ever has it. */
static bool prepare_cluster(struct parent *p, bool *misconfigured)
{
	const char *file = p->conf->cluster.password_file;
	struct bytes problems = {0};

	if (!make_pair(p->cluster))
		return false;
	if (cluster_connector_begin(&p->connector, p->conf->cluster.engine, p->cluster[OURS], &problems))
		p->cluster[OURS] = -1;
	if (problems.len == 0 && file != NULL)
		cluster_password_read(file, p->password, &problems);
	*misconfigured = problems.len > 0;
	log_errors(&problems);
	bytes_release(&problems);
	return !*misconfigured;
}

/* Everything that must be there before the processes are. */
static bool prepare(struct parent *p, bool *misconfigured)
{
	if (!activation_read(&p->passed, p->conf)) {
		*misconfigured = true;
		return false;
	}
	if (!values_agree(p->conf)) {
		*misconfigured = true;
		return false;
	}
	if (certificate_is_needed(p->conf) && !prepare_tls(p, misconfigured))
		return false;
	if (p->conf->metrics != NULL && !prepare_metrics(p, misconfigured))
		return false;
	if (p->conf->cluster.engine != NULL && !prepare_cluster(p, misconfigured))
		return false;
	return make_pair(p->chat) && watch_signals(p);
}

int parent_run(const struct options *o, struct conf *c)
{
	struct parent p = {
		.options = o, .conf = c, .metrics.fd = -1, .handover = {-1, -1}, .chat = {-1, -1}, .control = {-1, -1},
		.cluster = {-1, -1}, .signals = -1, .reload_ms = INT64_MAX, .reloaded_ms = INT64_MIN / 2, .status = EXIT_FAILURE,
	};
	bool misconfigured = false;

	if (!certificate_is_needed(c) && c->metrics == NULL && c->cluster.engine == NULL)
		return daemon_run(o, c, NULL);
	cluster_connector_init(&p.connector);
	log_set_level(c->log.level);
	log_set_format(c->log.format);
	/* It opens the files of the key and the password, and may be root. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prepare(&p, &misconfigured))
		p.status = run_all(&p);
	while (p.nlisteners > 0)
		listener_close(&p.listeners[--p.nlisteners]);
	if (p.metrics.fd >= 0)
		listener_close(&p.metrics);
	close_pair(p.handover);
	close_pair(p.chat);
	close_pair(p.cluster);
	cluster_connector_end(&p.connector);
	explicit_bzero(p.password, sizeof p.password);
	if (p.signals >= 0)
		close(p.signals);
	return misconfigured ? STATUS_CONFIG : p.status;
}
