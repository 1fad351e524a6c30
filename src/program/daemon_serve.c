/*
 * What administrators ask of the program from within the chat.
 *
 * All of it is done on the loop's thread, so none of it may wait for a disk; /proc is none.
 */
#include "chatd/program/daemon_state.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chatd/base/log.h"
#include "chatd/program/memory.h"

static bool serve_reload(void *ctx, const char *who, struct bytes *said)
{
	struct daemon *d = ctx;

	log_info("/reload by %s: reading the configuration again", who);
	if (d->options->conf_path)
		return daemon_reload(d, said);
	/* The chat log is opened anew all the same. */
	daemon_reload(d, NULL);
	return false;
}

static uint64_t serve_memory_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long size, resident = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void serve_figures(void *ctx, struct figures *f)
{
	const struct daemon *d = ctx;
	struct rlimit limit = { 0 };
	struct stat st;

	f->up_ms = daemon_now_ms() - d->started_ms;
	f->memory_bytes = serve_memory_bytes();
	f->memory_max = memory_max(d->conf->connections_max);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		f->descriptors_max = limit.rlim_cur;
	/* Since Linux 6.2 this is their number; to count them would take long where they are many. */
	if (stat("/proc/self/fd", &st) == 0)
		f->descriptors = (uint64_t)st.st_size;
}

static const char *serve_user(void *ctx, uint32_t uid)
{
	const struct daemon *d = ctx;

	return users_name(&d->users, uid);
}

void daemon_know_users(struct daemon *d)
{
	bool wanted = d->conf->host_accounts == CONF_YES;

	if (!wanted)
		users_release(&d->users);
	else if (!users_read(&d->users, USERS_PATH))
		log_warn("%s: cannot be read, so users of the host have no accounts by their login "
		         "names", USERS_PATH);
}

static void serve_stop(void *ctx, const char *why)
{
	daemon_stop(ctx, why);
}

void daemon_serve(struct daemon *d)
{
	const struct server_program program = {
		.ctx = d,
		.reload = serve_reload,
		.figures = serve_figures,
		.user = serve_user,
		.stop = serve_stop,
	};

	loop_set_program(d->server, &program);
	daemon_know_users(d);
}
