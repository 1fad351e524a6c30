/*
 * The parent. Owns the processes, the sockets between them, and the listeners of the TLS process, which outlive it.
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
#include "chatd/program/daemon.h"
#include "chatd/program/daemon_conf.h"
#include "chatd/program/descriptors.h"
#include "chatd/program/listen.h"
#include "chatd/program/tls_process.h"

enum {
	AGAIN_MS_LEAST = 1000,    /* from the end of a TLS process that lived shortly to the next one; doubled each
	                           * time, */
	AGAIN_MS_MAX = 60000,     /* up to this */
	LIVED_MS = 60000,         /* one that lived for so long is started again at once */
	LEAVE_MS = 3000,          /* that the TLS process may take to end after the chat */
};

enum { OURS, THEIRS };

struct parent {
	const struct options *options;
	struct conf *conf;
	struct listener listeners[LISTENERS_MAX]; /* those with tls, nlisteners of them */
	uint32_t nlisteners;
	struct activation passed; /* sockets from the service manager */
	struct board *board;
	int handover[2];          /* the chat's end, and the TLS process's */
	int chat[2];              /* our end, and the chat's */
	int control[2];           /* our end, and the TLS process's; made again with each */
	int signals;              /* signalfd */
	sigset_t before;          /* what was blocked at the start */
	pid_t chat_pid, tls_pid;  /* 0: it is not running */
	int64_t tls_since_ms;     /* when it was started */
	int64_t again_ms;         /* when the next is to be; INT64_MAX: not */
	int64_t wait_ms;          /* how long the next has to wait, if it is not to be at once */
	int status;               /* of the chat, once it has ended */
};

/* -- the TLS process ----------------------------------------------------------------------------- */

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
	if (p->chat_pid > 0)
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
	sigprocmask(SIG_SETMASK, &p->before, NULL);
}

/* The socket is a listener of the TLS process's. */
static bool is_ours(const struct parent *p, int fd)
{
	for (uint32_t i = 0; i < p->nlisteners; i++)
		if (p->listeners[i].fd == fd)
			return true;
	return false;
}

static _Noreturn void run_tls(struct parent *p)
{
	struct tls_process t = {
		.conf = p->conf, .listeners = p->listeners, .nlisteners = p->nlisteners,
		.handover = p->handover[THEIRS], .control = p->control[THEIRS], .board = p->board,
	};

	begin_child(p, "chatd: tls");
	close(p->handover[OURS]);
	close(p->control[OURS]);
	close_pair(p->chat);
	for (uint32_t i = 0; i < p->conf->nlisten; i++)
		if (p->passed.fd[i] >= 0 && !is_ours(p, p->passed.fd[i]))
			close(p->passed.fd[i]);
	/* It ends with its parent, which these would reach as well. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	_exit(tls_process_run(&t));
}

/* Gives it its configuration. False: the log says why it has none. */
static bool configure_tls(struct parent *p, const struct conf *c)
{
	struct bytes problems = {0};
	struct certificate_files files;
	bool ok = certificate_open(c, &files, &problems);

	if (!ok) {
		for (char *line = strtok(problems.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
			tell(p, line);
	} else {
		ok = tls_process_configure(p->control[OURS], c, &files);
		if (!ok)
			log_err("cannot configure the TLS process");
		certificate_close(&files);
	}
	bytes_release(&problems);
	return ok;
}

static void start_tls(struct parent *p)
{
	p->again_ms = INT64_MAX;
	p->tls_since_ms = clock_ms(CLOCK_MONOTONIC);
	close_pair(p->control);
	if (make_pair(p->control)) {
		p->tls_pid = fork();
		if (p->tls_pid == 0)
			run_tls(p);
		if (p->tls_pid < 0)
			log_err("cannot start the TLS process");
		close(p->control[THEIRS]);
		p->control[THEIRS] = -1;
	}
	if (p->tls_pid > 0 && configure_tls(p, p->conf))
		return;
	/* One without a configuration ends when the socket is closed. */
	close_pair(p->control);
	if (p->tls_pid <= 0) {
		p->tls_pid = 0;
		p->again_ms = p->tls_since_ms + AGAIN_MS_MAX;
	}
}

static const char *how_it_ended(int status, char *text, size_t n)
{
	if (WIFSIGNALED(status))
		snprintf(text, n, "by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		snprintf(text, n, "with status %d", WEXITSTATUS(status));
	return text;
}

static void tls_ended(struct parent *p, int status)
{
	int64_t now_ms = clock_ms(CLOCK_MONOTONIC);
	char how[64], what[160];

	p->tls_pid = 0;
	if (p->chat_pid == 0)
		return;
	if (now_ms - p->tls_since_ms >= LIVED_MS)
		p->wait_ms = 0;
	p->again_ms = now_ms + p->wait_ms;
	snprintf(what, sizeof what, "the TLS process has ended %s, and its connections with it; the next one starts %s",
	         how_it_ended(status, how, sizeof how), p->wait_ms == 0 ? "at once" : "in a while");
	tell(p, what);
	p->wait_ms = p->wait_ms == 0 ? AGAIN_MS_LEAST : p->wait_ms * 2;
	if (p->wait_ms > AGAIN_MS_MAX)
		p->wait_ms = AGAIN_MS_MAX;
}

/* -- the chat ------------------------------------------------------------------------------------ */

static _Noreturn void run_chat(struct parent *p)
{
	struct siblings siblings = {
		.handover = p->handover[OURS], .board = p->board,
		.nslots = tls_process_slots(p->conf), .parent = p->chat[THEIRS],
		.listeners = p->listeners, .nlisteners = p->nlisteners, .passed = &p->passed,
	};

	begin_child(p, "chatd: chat");
	close(p->handover[THEIRS]);
	close(p->chat[OURS]);
	close_pair(p->control);
	fcntl(siblings.parent, F_SETFL, O_NONBLOCK);
	/* Their names are enough. */
	for (uint32_t i = 0; i < p->nlisteners; i++)
		close(p->listeners[i].fd);
	exit(daemon_run(p->options, p->conf, &siblings));
}

/* The chat has read its configuration again. */
static void reload(struct parent *p)
{
	struct bytes problems = {0};
	struct conf next;

	/* It has said what is wrong. */
	if (daemon_conf_read(p->options, &next, &problems) && p->control[OURS] >= 0)
		configure_tls(p, &next);
	/* For the next one; what cannot be changed stays. */
	if (problems.len == 0) {
		struct bytes said = {0};

		conf_take(p->conf, &next, &said);
		log_set_level(p->conf->log.level);
		log_set_format(p->conf->log.format);
		bytes_release(&said);
	}
	conf_release(&next);
	bytes_release(&problems);
}

static void heard_chat(struct parent *p)
{
	char word[16];
	ssize_t n;

	while ((n = recv(p->chat[OURS], word, sizeof word, MSG_DONTWAIT)) > 0)
		reload(p);
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
				log_errx("the chat has ended %s", how_it_ended(status, how, sizeof how));
		} else if (pid == p->tls_pid) {
			tls_ended(p, status);
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
	struct pollfd fds[] = {
		{.fd = p->signals, .events = POLLIN}, {.fd = p->chat[OURS], .events = POLLIN},
	};
	int64_t left_ms = until_ms - clock_ms(CLOCK_MONOTONIC);
	int timeout = until_ms == INT64_MAX ? -1 : left_ms < 0 ? 0 : (int)left_ms;

	if (poll(fds, 2, timeout) < 0 && errno != EINTR)
		log_err("cannot wait for the processes");
	if (fds[1].revents != 0)
		heard_chat(p);
	if (fds[0].revents != 0)
		heard_signal(p);
}

/* The TLS process sends what the chat said last, and ends. */
static void end_tls(struct parent *p)
{
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + LEAVE_MS;

	close_pair(p->control);
	close_pair(p->handover);
	while (p->tls_pid > 0 && clock_ms(CLOCK_MONOTONIC) < until_ms)
		wait_for_something(p, until_ms);
	if (p->tls_pid > 0) {
		kill(p->tls_pid, SIGKILL);
		waitpid(p->tls_pid, NULL, 0);
	}
}

static int run_all(struct parent *p)
{
	p->chat_pid = fork();
	if (p->chat_pid == 0)
		run_chat(p);
	if (p->chat_pid < 0) {
		log_err("cannot start the chat");
		return EXIT_FAILURE;
	}
	close(p->chat[THEIRS]);
	p->chat[THEIRS] = -1;
	start_tls(p);
	while (p->chat_pid > 0) {
		wait_for_something(p, p->again_ms);
		if (p->chat_pid > 0 && p->tls_pid == 0 && clock_ms(CLOCK_MONOTONIC) >= p->again_ms)
			start_tls(p);
	}
	end_tls(p);
	return p->status;
}

/* Everything that must be there before the processes are. */
static bool prepare(struct parent *p, bool *misconfigured)
{
	struct listener_options options = daemon_conf_listener(p->conf);
	struct bytes problems = {0};

	if (!certificate_check(p->conf, &problems)) {
		for (char *line = strtok(problems.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
			log_errx("%s", line);
		*misconfigured = true;
	}
	bytes_release(&problems);
	if (!*misconfigured && !descriptors_raise_tls(p->conf))
		*misconfigured = true;
	if (!*misconfigured && !activation_read(&p->passed, p->conf))
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
	return p->board != NULL && make_pair(p->handover) && make_pair(p->chat) && watch_signals(p);
}

int parent_run(const struct options *o, struct conf *c)
{
	struct parent p = {
		.options = o, .conf = c, .handover = {-1, -1}, .chat = {-1, -1}, .control = {-1, -1},
		.signals = -1, .again_ms = INT64_MAX, .status = EXIT_FAILURE,
	};
	bool misconfigured = false;

	if (!certificate_is_needed(c))
		return daemon_run(o, c, NULL);
	log_set_level(c->log.level);
	log_set_format(c->log.format);
	/* The memory has had the key. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prepare(&p, &misconfigured))
		p.status = run_all(&p);
	while (p.nlisteners > 0)
		listener_close(&p.listeners[--p.nlisteners]);
	close_pair(p.handover);
	close_pair(p.chat);
	if (p.signals >= 0)
		close(p.signals);
	return misconfigured ? STATUS_CONFIG : p.status;
}
