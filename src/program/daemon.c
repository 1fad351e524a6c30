/*
 * The daemon's life: from a configuration to a running server, signals, reloads and the shutdown;
 * and what the chat asks of the program meanwhile.
 *
 * Owns the order in which the parts are started and stopped, and the messages to the operator. The
 * server does everything in between.
 */
#include "chatd/program/daemon.h"

#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatd/base/clock.h"
#include "chatd/base/log.h"
#include "chatd/base/zone.h"
#include "chatd/cluster/engine.h"
#include "chatd/core/chat.h"
#include "chatd/core/people/name.h"
#include "chatd/net/loop.h"
#include "chatd/net/ring.h"
#include "chatd/program/check.h"
#include "chatd/program/cluster_connect.h"
#include "chatd/program/conf/conf_cluster.h"
#include "chatd/program/conf/conf_listen.h"
#include "chatd/program/daemon_conf.h"
#include "chatd/program/descriptors.h"
#include "chatd/program/figures.h"
#include "chatd/program/listen.h"
#include "chatd/program/memory.h"
#include "chatd/program/notify.h"
#include "chatd/program/privilege.h"
#include "chatd/program/sandbox/sandbox.h"
#include "chatd/program/conf/texts.h"
#include "chatd/program/users.h"

#ifndef CHATD_VERSION
#define CHATD_VERSION "unknown"
#endif

enum {
	SAVE_MS_LEAST = 500,     /* for the last commit, however long the goodbyes took */
	START_MS = 60000,        /* how long a step of the start may take, as the service manager is
	                          * told, */
	START_BYTES_EACH_MS = 10000, /* and how fast a slow disk reads: 10 MB a second */
	END_TELL_MS = 1000,      /* how often the manager is told that the end takes longer, */
	END_EXTEND_MS = 10000,   /* and by how much at once */
	ENGINE_STOP_MS = 1000,   /* for what the cluster is told last */
	END_MS_MAX = 30 * 60000, /* in all: then the disk hangs, and nothing can be saved */
	HEAP_KEPT_BYTES = 16 << 20, /* free memory that is not returned to the system, because
	                             * rooms' logs come and go */
	HEAP_STEP_BYTES = 1 << 20, /* how much more memory is requested from the system at once */
};

struct daemon {
	const struct options *options; /* applied again over the file on every reload */
	struct conf *conf;   /* the current configuration */
	const struct siblings *siblings; /* NULL: there are none */
	struct texts texts;  /* what is in the files that it names */
	struct listener listeners[LISTENERS_MAX + 1]; /* the open ones, in the configuration's
	                      * order, and the control socket */
	uint32_t nlisteners;
	struct writer *writer; /* this and the next three: NULL until they are made */
	struct ring *ring;
	struct chat *chat;
	struct server *server;
	struct cluster_connect *connect; /* this and the next: NULL without a cluster */
	struct engine *engine;
	sigset_t signals;    /* those that are blocked */
	int signal_fd;       /* signalfd; -1 until signals are read from it */
	uint32_t parent;     /* its process; 0: there is none */
	uint32_t stops[2];   /* signals to stop that came from elsewhere, and from the parent */
	bool on_terminal;    /* stderr was one when chatd was started */
	bool host_open;      /* host_accounts was yes at the start, so the sandbox and the unix
	                      * sockets let users of the host in */
	bool misconfigured;  /* the start fails because of what the configuration says, or the cluster does not
	                      * take this node as it is */
	bool stopping;       /* true once a shutdown has begun */
	int64_t stop_ms;     /* when it began, by CLOCK_MONOTONIC */
	int64_t started_ms;  /* by CLOCK_MONOTONIC */
	struct users users;  /* users of the host, if they have accounts; otherwise empty */
	struct notify notify; /* the service manager */
};

/* -- the end ----------------------------------------------------------------------- */

static void daemon_close_listeners(struct daemon *d)
{
	while (d->nlisteners > 0)
		listener_close(&d->listeners[--d->nlisteners]);
}

/* For the process that serves metrics. */
static void daemon_lives(const struct daemon *d, enum life life)
{
	if (d->siblings && d->siblings->vitals)
		vitals_set_life(d->siblings->vitals, life);
}

/* Begins the shutdown; when called again, exits at once. */
static void daemon_stop(struct daemon *d, const char *why)
{
	if (d->stopping) {
		log_errx("%s while shutting down: exiting at once; lines not saved yet are lost",
		         why);
		daemon_close_listeners(d);
		_exit(EXIT_FAILURE);
	}
	log_info("%s: shutting down", why);
	notify_stopping(&d->notify, 0);
	daemon_lives(d, LIFE_STOPPING);
	d->stopping = true;
	d->stop_ms = clock_ms(CLOCK_MONOTONIC);
	loop_stop(d->server);
}

/* -- the configuration, read again ------------------------------------------------- */

/* Loads the users of the host, if they are to have accounts. */
static void daemon_know_users(struct daemon *d)
{
	bool wanted = d->conf->host_accounts == CONF_YES;

	if (!wanted)
		users_release(&d->users);
	else if (!users_read(&d->users, USERS_PATH))
		log_warn("cannot read %s, so users of this host get no accounts by their login names",
		         USERS_PATH);
}

static void daemon_log_lines(void (*say)(const char *fmt, ...), const char *head,
                             struct bytes *lines)
{
	for (char *line = lines->len > 0 ? strtok(lines->data, "\n") : NULL; line;
	     line = strtok(NULL, "\n")) {
		say("%s%s", head, line);
	}
}

/* Gives every part its new configuration. */
static void daemon_hand_out(struct daemon *d)
{
	struct chat_config config = daemon_conf_chat(d->conf, &d->texts);
	struct writer_limits limits = daemon_conf_writer(d->conf);
	struct listener_options options = daemon_conf_listener(d->conf);

	log_set_level(d->conf->log.level);
	log_set_format(d->conf->log.format);
	chat_configure(d->chat, &config);
	loop_set_proxies(d->server, d->conf->address.proxies);
	loop_set_send_timeout(d->server, d->conf->send_timeout_s);
	for (uint32_t i = 0; i < d->nlisteners; i++)
		listener_set_options(&d->listeners[i], &options);
	writer_reload(d->writer, &limits, d->conf->chat_log);
	daemon_know_users(d);
}

/* What the sandbox forbids cannot be allowed again: permissions can no longer be changed, nor /etc
 * read. */
static void daemon_hold_back(const struct daemon *d, struct conf *next, struct bytes *changes)
{
	if (d->host_open || next->host_accounts != CONF_YES)
		return;
	next->host_accounts = CONF_NO;
	bytes_puts(changes, "host_accounts: no -> yes (needs a restart)\n");
}

/* Reads the files that next names again. False: something is wrong with one, and nothing has
 * changed. */
static bool daemon_read_texts(struct daemon *d, const struct conf *next, struct bytes *changes,
                              struct bytes *problems)
{
	struct texts texts;

	if (!texts_read(&texts, next, true, problems))
		return false;
	texts_compare(d->conf, &d->texts, next, &texts, changes);
	texts_release(&d->texts);
	d->texts = texts;
	return true;
}

/* Reads the configuration again, gives every part its new one, and logs the changes. Also adds the
 * log lines to said, unless that is NULL. False: something is wrong with it, and nothing has
 * changed. */
static bool daemon_reload(struct daemon *d, struct bytes *said)
{
	struct bytes problems = { 0 }, changes = { 0 };
	struct conf next;
	bool ok;

	notify_reloading(&d->notify);
	ok = daemon_conf_read(d->options, &next, &problems) &&
	     (!d->conf->cluster.engine || check_cluster_allows(&next, &problems)) &&
	     daemon_read_texts(d, &next, &changes, &problems);
	if (ok) {
		daemon_hold_back(d, &next, &changes);
		conf_take(d->conf, &next, &changes);
	}
	if (said && (ok ? changes : problems).len > 0)
		bytes_puts(said, (ok ? changes : problems).data);
	if (ok) {
		daemon_log_lines(log_info, "reload: ", &changes);
		log_info("reload: %s", changes.len > 0 ? "done"
		         : d->options->conf_path ? "nothing has changed in the configuration"
		                                : "there is no file to read, as chatd was started "
		                                  "without --config");
	} else {
		daemon_log_lines(log_errx, "", &problems);
		log_errx("reload: nothing was changed, because of the problems above");
	}
	/* Even after a problem, to reopen the chat log: a log rotation may have moved the file
	 * away. */
	daemon_hand_out(d);
	/* Certificates and limits are the business of others as well. */
	if (ok && d->siblings)
		send(d->siblings->parent, "reload", 6, MSG_DONTWAIT | MSG_NOSIGNAL);
	notify_ready(&d->notify, chat_people(d->chat), chat_rooms(d->chat));
	conf_release(&next);
	bytes_release(&problems);
	bytes_release(&changes);
	return ok;
}

/* -- what the chat asks for --------------------------------------------------------
 *
 * All of this runs on the loop's thread, so none of it may wait for a disk; /proc is not one. */

static bool serve_reload(void *ctx, const char *who, struct bytes *said)
{
	struct daemon *d = ctx;

	log_info("/reload by %s: reading the configuration again", who);
	if (d->options->conf_path)
		return daemon_reload(d, said);
	/* The chat log is reopened all the same. */
	daemon_reload(d, NULL);
	return false;
}

static const struct board *daemon_board(const struct daemon *d)
{
	return d->siblings ? d->siblings->board : NULL;
}

static void serve_figures(void *ctx, struct figures *f)
{
	const struct daemon *d = ctx;

	figures_read(daemon_board(d), f);
	f->up_ms = clock_ms(CLOCK_MONOTONIC) - d->started_ms;
	f->io = ring_io_name(ring_io(d->ring));
	f->memory_max = memory_max(d->conf->connections_max, d->conf->cluster.engine != NULL);
}

static void serve_vitals(void *ctx, struct vitals *v)
{
	figures_tell(daemon_board(ctx), v);
}

static const char *serve_user(void *ctx, uint32_t uid)
{
	const struct daemon *d = ctx;

	return users_name(&d->users, uid);
}

static void serve_stop(void *ctx, const char *why)
{
	daemon_stop(ctx, why);
}

static void daemon_serve(struct daemon *d)
{
	const struct server_program program = {
		.ctx = d,
		.reload = serve_reload,
		.figures = serve_figures,
		.user = serve_user,
		.vitals = serve_vitals,
		.stop = serve_stop,
	};

	loop_set_program(d->server, &program);
	daemon_know_users(d);
}

/* -- signals ----------------------------------------------------------------------- */

/* A service manager signals each process, and the parent passes on what it gets: two signals that mean one.
 * So somebody is impatient only if both have come from the same side. */
static bool daemon_is_told_again(struct daemon *d, uint32_t sender)
{
	return d->stops[sender == d->parent]++ > 0 || d->parent == 0;
}

static void daemon_on_signal(void *ctx)
{
	struct daemon *d = ctx;
	struct signalfd_siginfo si;
	char why[64];

	while (read(d->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		snprintf(why, sizeof(why), "SIG%s from pid %u", sigabbrev_np((int)si.ssi_signo),
		         si.ssi_pid);
		if (si.ssi_signo != SIGHUP && !daemon_is_told_again(d, si.ssi_pid) && d->stopping) {
			log_debug("%s: shutting down already", why);
		} else if (si.ssi_signo != SIGHUP) {
			daemon_stop(d, si.ssi_code == SI_KERNEL ? "interrupted" : why);
		} else if (d->on_terminal && !isatty(STDERR_FILENO)) {
			/* Not a reload: the terminal that chatd runs on has been closed. */
			daemon_stop(d, "the terminal was closed");
		} else if (!d->stopping) {
			log_info("%s: reading the configuration again", why);
			daemon_reload(d, NULL);
		}
	}
}

static void daemon_on_parent(void *ctx)
{
	struct daemon *d = ctx;
	char word[16];

	/* It never says anything. */
	if (read(d->siblings->parent, word, sizeof(word)) == 0 && !d->stopping)
		daemon_stop(d, "the parent process has ended");
}

/* Blocks a signal until it is read from the signalfd. */
static void daemon_block(struct daemon *d, int signo)
{
	sigaddset(&d->signals, signo);
	pthread_sigmask(SIG_BLOCK, &d->signals, NULL);
}

/* From here on signals are read from the signalfd. Until then, SIGTERM and SIGINT end a start that
 * takes long; that loses nothing. */
static bool daemon_watch_signals(struct daemon *d)
{
	daemon_block(d, SIGTERM);
	daemon_block(d, SIGINT);
	d->signal_fd = signalfd(-1, &d->signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signal_fd < 0) {
		log_err("cannot make a signalfd");
		return false;
	}
	loop_watch(d->server, d->signal_fd, daemon_on_signal, d);
	if (d->siblings)
		loop_watch(d->server, d->siblings->parent, daemon_on_parent, d);
	if (d->siblings && d->siblings->board)
		loop_set_handover(d->server, d->siblings->handover, d->siblings->board,
		                  d->siblings->nslots);
	return true;
}

/* -- the service manager ----------------------------------------------------------- */

static void daemon_on_tick(void *ctx)
{
	struct daemon *d = ctx;

	notify_tick(&d->notify, chat_people(d->chat), chat_rooms(d->chat));
}

/* How long it may take to open the database: SQLite may have to read all of its WAL, and a newer
 * chatd to change every page. */
static int64_t daemon_opening_ms(const struct conf *c)
{
	struct bytes wal = { 0 };
	int64_t bytes = 0;
	struct stat st;

	bytes_printf(&wal, "%s-wal", c->database);
	if (stat(c->database, &st) == 0)
		bytes += st.st_size;
	if (stat(wal.data, &st) == 0)
		bytes += st.st_size;
	bytes_release(&wal);
	return START_MS + bytes / START_BYTES_EACH_MS;
}

/* Saves what is left, which takes long if the database is just being rewritten. False: lines were
 * lost. */
static bool daemon_save(struct daemon *d, int wait_ms)
{
	int64_t until_ms = clock_ms(CLOCK_MONOTONIC) + END_MS_MAX;

	writer_stop_begin(d->writer, wait_ms);
	while (!writer_stop_wait(d->writer, END_TELL_MS) && clock_ms(CLOCK_MONOTONIC) < until_ms)
		notify_stopping(&d->notify, END_EXTEND_MS);
	return writer_stop(d->writer, wait_ms);
}

/* -- life ------------------------------------------------------------------------ */

static void daemon_load_room(void *ctx, const struct saved_room *r)
{
	chat_load_room(ctx, r);
}

static void daemon_load_fact(void *ctx, const struct saved_fact *f)
{
	chat_load_fact(ctx, f);
}

static bool daemon_open_history(struct daemon *d)
{
	const struct writer_options options = {
		.same = name_is,
		.database = d->conf->database,
		.chat_log = d->conf->chat_log,
		.durability = d->conf->durability,
		.grouped = d->conf->cluster.engine != NULL,
		.limits = daemon_conf_writer(d->conf),
		.commits = d->siblings && d->siblings->vitals ? &d->siblings->vitals->commit : NULL,
		/* Nobody has more than one query waiting. */
		.queries_max = d->conf->connections_max,
	};
	struct store_error err = { .text = "" };

	notify_starting(&d->notify, "opening the database", daemon_opening_ms(d->conf));
	d->writer = writer_start(&options, &err);
	if (!d->writer) {
		log_errx("%s%s", err.text, err.in_use ? "; stop it first, or choose another database with -d" : "");
		d->misconfigured |= err.lasting;
		return false;
	}
	return true;
}

/* The position in the database is the id of the last act there, a blank, and what the core wants to know of it. */
static bool daemon_load_cluster(struct daemon *d, struct store *store, struct store_error *err)
{
	struct store_cluster known;
	char *rest;

	if (!store_cluster(store, &known, err))
		return false;
	chat_begin_cluster(d->chat, d->conf->cluster.node);
	rest = strchr(known.position, ' ');
	if (rest) {
		*rest++ = '\0';
		chat_load_cluster(d->chat, rest);
	}
	engine_begin(d->engine, known.id, known.position);
	return true;
}

static bool daemon_make_chat(struct daemon *d)
{
	struct chat_config config = daemon_conf_chat(d->conf, &d->texts);
	struct store *store = writer_store(d->writer);
	struct store_error err = { .text = "" };
	const char *bar;

	notify_starting(&d->notify, "loading rooms and accounts", START_MS);
	d->chat = chat_new(&config, store_last_seq(store), store_last_room(store));
	if ((d->engine && !daemon_load_cluster(d, store, &err)) ||
	    !store_rooms(store, daemon_load_room, d->chat, &err) ||
	    !store_facts(store, daemon_load_fact, d->chat, &err)) {
		log_errx("%s", err.text);
		return false;
	}
	bar = chat_lobby_bar(d->chat);
	if (bar) {
		log_errx("lobby = %s: %s; choose another room, or change that first", d->conf->face.lobby,
		         bar);
		d->misconfigured = true;
		return false;
	}
	writer_loaded(d->writer);
	return true;
}

static void daemon_cluster_ready(void *ctx, const char *cluster)
{
	struct daemon *d = ctx;

	if (!writer_set_cluster(d->writer, cluster))
		log_errx("cluster: the store takes no positions");
}

static void daemon_cluster_ended(void *ctx, const char *why)
{
	struct daemon *d = ctx;

	(void)why; /* which was logged */
	d->misconfigured = true;
	daemon_stop(d, "this node cannot take part in its cluster");
}

static bool daemon_make_server(struct daemon *d)
{
	const struct server_options options = {
		.connections_max = d->conf->connections_max,
		.relaxed = d->conf->durability == DURABILITY_RELAXED,
		.send_timeout_s = d->conf->send_timeout_s,
		.cluster = { d->engine, daemon_cluster_ready, daemon_cluster_ended, d },
	};

	if (!daemon_make_chat(d))
		return false;
	d->server = loop_new(&options, d->ring, d->chat, d->writer, d->listeners,
	                       d->nlisteners);
	loop_set_proxies(d->server, d->conf->address.proxies);
	daemon_serve(d);
	if (d->notify.timer_fd >= 0)
		loop_watch(d->server, d->notify.timer_fd, daemon_on_tick, d);
	return daemon_watch_signals(d);
}

/* Logs the memory that the host must have, whatever comes from the network. */
static void daemon_tell_memory(const struct daemon *d)
{
	struct memory_part parts[MEMORY_PARTS];
	uint64_t bytes[MEMORY_KINDS] = { 0 };

	memory_parts(d->conf->connections_max, d->conf->cluster.engine != NULL, parts);
	for (int i = 0; i < MEMORY_PARTS; i++) {
		bytes[parts[i].kind] += parts[i].bytes;
		log_debug("memory: %s: %" PRIu64 " KiB at most", parts[i].what, parts[i].bytes >> 10);
	}
	log_info("memory: %" PRIu64 " MiB at most: %" PRIu64 " MiB for connections, %" PRIu64
	         " MiB for tables if all are full; /stats says how much is used",
	         memory_max(d->conf->connections_max, d->conf->cluster.engine != NULL) >> 20, bytes[MEMORY_TRAFFIC] >> 20,
	         bytes[MEMORY_TABLES] >> 20);
}

/* On stdout and, as text, without a time stamp: this is the answer to the command, for people and for
 * scripts that wait until they may connect. */
static void daemon_say_ready(const struct daemon *d)
{
	const char *database = d->conf->database;
	const struct listener *ours = d->listeners, *theirs = d->siblings ? d->siblings->listeners : NULL;
	struct conf_listen where;
	char problem[256];
	struct bytes said = { 0 };

	for (uint32_t i = 0; i < d->conf->nlisten; i++) {
		bool tls = conf_listen_parse(d->conf->listen[i], &where, problem, sizeof(problem)) && where.tls;

		bytes_clear(&said);
		bytes_printf(&said, "listening on %s", (tls ? theirs++ : ours++)->name);
		if (i == 0)
			bytes_printf(&said, ", history in %s%s", strchr(database, '/') ? "" : "./", database);
		log_answer("chatd: ", said.data);
	}
	if (d->siblings && d->siblings->vitals) {
		bytes_clear(&said);
		bytes_printf(&said, "metrics at %s", d->siblings->metrics);
		log_answer("chatd: ", said.data);
	}
	bytes_release(&said);
}

/* The configuration asks for something that this host does not have, and another start would fail
 * in the same way. */
static bool daemon_misconfigured(struct daemon *d)
{
	d->misconfigured = true;
	return false;
}

/* Reports everything that a check has found, before anything is made. */
static bool daemon_checked(struct daemon *d, bool ok, struct bytes *problems)
{
	if (!ok)
		daemon_log_lines(log_errx, "", problems);
	bytes_release(problems);
	return ok || daemon_misconfigured(d);
}

/* The files may have changed since they were checked. */
static bool daemon_take_texts(struct daemon *d)
{
	struct bytes problems = { 0 };

	return daemon_checked(d, texts_read(&d->texts, d->conf, false, &problems), &problems);
}

/* A port that only root may bind will fail the next time too; a port in use, or an address that the
 * host does not have yet, may not. */
static bool daemon_listen(struct daemon *d)
{
	struct listener_options options = daemon_conf_listener(d->conf);
	struct activation passed;
	struct bytes problems = { 0 };

	if (d->siblings)
		passed = *d->siblings->passed;
	else if (!activation_read(&passed, d->conf))
		return daemon_misconfigured(d);
	if (!daemon_checked(d, check_sockets(d->conf, &passed, &problems), &problems))
		return false;
	if (listen_all(d->listeners, &d->nlisteners, d->conf, &passed, &options, false))
		return true;
	if (d->listeners[d->nlisteners].error == EACCES)
		d->misconfigured = true;
	return false;
}

/* Gives up what only the start needs. Nothing of that kind can be made after the ring, and the
 * threads, which start later, are in the sandbox as well. */
static bool daemon_settle(struct daemon *d)
{
	struct syscalls_loop loop = { .listeners = d->listeners };
	struct bytes problems = { 0 };
	char problem[512];

	if (!privilege_drop(d->conf->user)) {
		d->misconfigured = errno == 0;
		return false;
	}
	if (!daemon_checked(d, check_files(d->conf, &problems), &problems) || !daemon_take_texts(d))
		return false;
	d->ring = ring_new(d->conf->io, RECV_BUFFERS, RECV_BUFFER_BYTES, problem, sizeof(problem));
	if (!d->ring) {
		log_errx("%s", problem);
		d->misconfigured = ring_error_lasts(errno);
		return false;
	}
	log_info("io: %s%s%s", ring_io_name(ring_io(d->ring)), *problem ? ", because " : "", problem);
	if (listen_control(&d->listeners[d->nlisteners], d->conf->database))
		d->nlisteners++;
	loop.io = ring_io(d->ring);
	loop.nlisteners = d->nlisteners;
	return SANDBOX_INSTRUMENTED ||
	       sandbox_enter(d->conf, d->options->conf_path, d->host_open ? USERS_PATH : NULL, &loop,
	                     d->siblings ? d->siblings->handover : -1,
	                     d->siblings ? d->siblings->cluster : -1) ||
	       daemon_misconfigured(d);
}

/* Reads the time zone now, because the sandbox forbids it later. Without TZ, glibc would read the
 * file again once it changes, fail, and use UTC. */
static void daemon_take_zone(void)
{
	setenv("TZ", ":/etc/localtime", 0);
	tzset();
	zone_begin();
}

/* From here on others see how things are. */
static void daemon_watched(struct daemon *d)
{
	struct vitals *v = d->siblings ? d->siblings->vitals : NULL;

	if (!v)
		return;
	vitals_set(v, VITAL_STARTED_MS,
	           clock_ms(CLOCK_REALTIME) - (clock_ms(CLOCK_MONOTONIC) - d->started_ms));
	vitals_set(v, ring_io(d->ring) == RING_IO_EPOLL ? VITAL_EPOLL : VITAL_URING, 1);
	loop_set_vitals(d->server, v);
	daemon_lives(d, LIFE_RUNNING);
}

/* Its threads get the sandbox that this one is in. */
static bool daemon_start_engine(struct daemon *d)
{
	const struct conf *c = d->conf;
	struct engine_options options = {
		.node = c->cluster.node,
		.stream = c->cluster.name,
		.user = c->cluster.user,
		.lease_ms = c->cluster.lease_s * 1000,
		.format = 1,
		.sync = c->durability == DURABILITY_SYNC,
		.connect = cluster_connection,
	};
	struct conf_cluster where;
	char why[512];

	if (!c->cluster.engine)
		return true;
	if (!conf_cluster_parse(c->cluster.engine, &where, why, sizeof(why)))
		return daemon_misconfigured(d);
	options.database = where.db;
	options.password = *d->siblings->cluster_password ? d->siblings->cluster_password : NULL;
	options.ctx = d->connect = cluster_connect_new(d->siblings->cluster);
	options.appends = d->siblings->vitals ? &d->siblings->vitals->append : NULL;
	d->engine = engine_start(&options, why, sizeof(why));
	if (!d->engine)
		log_errx("cluster: %s", why);
	return d->engine != NULL;
}

/* The listeners come first, so that a second chatd on the same port touches no
 * database. */
static bool daemon_start(struct daemon *d)
{
	notify_open(&d->notify);
	daemon_take_zone();
	if (!descriptors_raise(d->conf))
		return daemon_misconfigured(d);
	if (!daemon_listen(d) || !daemon_settle(d) || !daemon_open_history(d) ||
	    !daemon_start_engine(d) || !daemon_make_server(d)) {
		return false;
	}
	log_info("chatd " CHATD_VERSION " has started, pid %d, for %u connections at most",
	         (int)getpid(), d->conf->connections_max);
	daemon_tell_memory(d);
	listen_tell_exposed(d->conf);
	daemon_watched(d);
	daemon_say_ready(d);
	notify_ready(&d->notify, chat_people(d->chat), chat_rooms(d->chat));
	return true;
}

/* Stops whatever was started. False: lines were lost. */
static bool daemon_end(struct daemon *d)
{
	int64_t left_ms;
	bool saved = true;

	if (d->server)
		loop_free(d->server);
	if (d->engine && engine_stop(d->engine, ENGINE_STOP_MS) > 0)
		log_warnx("cluster: the engine has not said that it has what this node did last");
	if (d->connect)
		cluster_connect_free(d->connect);
	if (d->ring)
		ring_free(d->ring);
	if (d->chat && chat_unmarked(d->chat) > 0)
		log_errx("%llu lines were shown but could not be saved, and no gap in the history "
		         "marks them", (unsigned long long)chat_unmarked(d->chat));
	if (d->chat)
		chat_free(d->chat);
	left_ms = STOP_MS_MAX - (d->stopping ? clock_ms(CLOCK_MONOTONIC) - d->stop_ms : 0);
	if (d->writer)
		saved = daemon_save(d, left_ms > SAVE_MS_LEAST ? (int)left_ms : SAVE_MS_LEAST);
	notify_close(&d->notify);
	daemon_close_listeners(d);
	users_release(&d->users);
	texts_release(&d->texts);
	if (d->signal_fd >= 0)
		close(d->signal_fd);
	return saved;
}

int daemon_run(const struct options *o, struct conf *c, const struct siblings *siblings)
{
	struct daemon d = {
		.options = o,
		.conf = c,
		.siblings = siblings,
		.parent = siblings ? (uint32_t)getppid() : 0,
		.signal_fd = -1,
		.on_terminal = isatty(STDERR_FILENO),
		.host_open = c->host_accounts == CONF_YES,
		.started_ms = clock_ms(CLOCK_MONOTONIC),
	};
	bool ok;

	/* So that the loop does not call brk(2) for a chunk that comes and goes. */
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT_BYTES);
	mallopt(M_TOP_PAD, HEAP_STEP_BYTES);
	/* Otherwise a host with transparent huge pages would keep all 2 MB around a busy buffer
	 * resident, and chatd's size would not show what it uses. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	log_set_level(c->log.level);
	log_set_format(c->log.format);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&d.signals);
	daemon_block(&d, SIGHUP); /* a reload requested during the start waits until it is over */
	ok = daemon_start(&d);
	if (ok) {
		while (loop_turn(d.server)) {
		}
		/* Otherwise something broke, and the server has logged what; or the cluster does not take this node. */
		ok = d.stopping && !d.misconfigured;
	}
	if (!daemon_end(&d))
		ok = false;
	if (ok)
		log_info("chatd has ended");
	return ok ? EXIT_SUCCESS : d.misconfigured ? STATUS_CONFIG : EXIT_FAILURE;
}
