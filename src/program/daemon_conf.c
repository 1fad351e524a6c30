/*
 * The configuration, as each part wants it, and what happens when it is read again.
 */
#include "chatd/program/daemon_state.h"

#include <string.h>

#include "chatd/base/log.h"
#include "chatd/program/descriptors.h"

bool daemon_configure(const struct options *o, struct conf *c, struct bytes *problems)
{
	bool ok;

	conf_init(c);
	ok = !o->conf_path || conf_read(c, o->conf_path, problems);
	options_apply(o, c);
	if (o->connections_unlimited)
		descriptors_cap(c);
	return ok;
}

struct chat_config daemon_chat_config(const struct conf *c)
{
	return (struct chat_config){
		.connections_max = c->connections_max,
		.line_bytes_max = c->line_bytes_max,
		.history_replay = c->history_replay,
		.rate_burst = c->rate.burst,
		.rate_lines = c->rate.lines,
		.rate_bytes = c->rate.bytes,
		.rate_address = c->rate.address,
		.rate_exempt = c->rate.exempt,
		.address_connections = c->address.connections,
		.address_connects = c->address.connects,
		.address_logins = c->address.logins,
		.address_exempt = c->address.exempt,
		.flood_mute_s = c->rate.mute_s,
		.guest_room_days = c->guest_room_days,
		.login_timeout_s = c->login_timeout_s,
		.talks_unsaved = c->store_failure == STORE_FAILURE_TALK,
		.command_prefix = c->command_prefix,
	};
}

struct writer_limits daemon_writer_limits(const struct conf *c)
{
	return (struct writer_limits){
		.history_days = c->history_days,
		.history_lines = c->history_lines,
		.disk_reserve = c->disk_reserve,
	};
}

struct listener_options daemon_listener_options(const struct conf *c)
{
	return (struct listener_options){
		.keepalive_s = c->keepalive_s,
		.send_timeout_s = c->send_timeout_s,
	};
}

/* -- reading it again ----------------------------------------------------------------- */

static void daemon_log_lines(void (*say)(const char *fmt, ...), const char *head,
                             struct bytes *lines)
{
	for (char *line = lines->len > 0 ? strtok(lines->data, "\n") : NULL; line;
	     line = strtok(NULL, "\n")) {
		say("%s%s", head, line);
	}
}

/* Gives every part what the configuration now says. */
static void daemon_hand_out(struct daemon *d)
{
	struct chat_config config = daemon_chat_config(d->conf);
	struct writer_limits limits = daemon_writer_limits(d->conf);
	struct listener_options options = daemon_listener_options(d->conf);

	log_set_level(d->conf->log_level);
	chat_configure(d->chat, &config);
	loop_set_send_timeout(d->server, d->conf->send_timeout_s);
	for (uint32_t i = 0; i < d->nlisteners; i++)
		listener_set_options(&d->listeners[i], &options);
	writer_reload(d->writer, &limits, d->conf->chat_log);
	daemon_know_users(d);
}

/* What the sandbox has closed cannot be opened again: nobody may change permissions any more, nor
 * read /etc. */
static void daemon_hold_back(const struct daemon *d, struct conf *next, struct bytes *changes)
{
	if (d->host_open || next->host_accounts != CONF_YES)
		return;
	next->host_accounts = CONF_NO;
	bytes_puts(changes, "host_accounts: no -> yes (needs a restart)\n");
}

bool daemon_reload(struct daemon *d, struct bytes *said)
{
	struct bytes problems = { 0 }, changes = { 0 };
	struct conf next;
	bool ok = daemon_configure(d->options, &next, &problems);

	if (ok) {
		daemon_hold_back(d, &next, &changes);
		conf_take(d->conf, &next, &changes);
	}
	if (said && (ok ? changes : problems).len > 0)
		bytes_puts(said, (ok ? changes : problems).data);
	if (ok) {
		daemon_log_lines(log_info, "reload: ", &changes);
		log_info("reload: %s", changes.len > 0 ? "done"
		         : d->options->conf_path ? "nothing has changed"
		                                : "there is no file to read, for want of --config");
	} else {
		daemon_log_lines(log_errx, "", &problems);
		log_errx("reload: all stays as it was, because of the problems above");
	}
	/* Also after a problem: the chat log is opened anew, or what rotates logs
	 * would have moved away the file that is written to. */
	daemon_hand_out(d);
	conf_release(&next);
	bytes_release(&problems);
	bytes_release(&changes);
	return ok;
}
