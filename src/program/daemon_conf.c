/*
 * The configuration, as each part needs it.
 */
#include "chatd/program/daemon_conf.h"

#include "chatd/program/conf/conf_file.h"
#include "chatd/program/conf/conf_listen.h"
#include "chatd/program/descriptors.h"

bool daemon_conf_read(const struct options *o, struct conf *c, struct bytes *problems)
{
	bool ok;

	conf_init(c);
	ok = !o->conf_path || conf_read(c, o->conf_path, problems);
	options_apply(o, c);
	if (o->connections_unlimited)
		descriptors_cap(c);
	return ok;
}

/* The first port with `telnet` that people can be told of; 0: there is none. */
static uint16_t telnet_port(const struct conf *c)
{
	struct conf_listen l;
	char problem[256];

	for (uint32_t i = 0; i < c->nlisten; i++)
		if (conf_listen_parse(c->listen[i], &l, problem, sizeof problem) && l.telnet && !l.proxy && !l.tls &&
		    l.kind != LISTEN_UNIX && l.port != 0)
			return l.port;
	return 0;
}

struct chat_config daemon_conf_chat(const struct conf *c, const struct texts *x)
{
	return (struct chat_config){
		.connections_max = c->connections_max,
		.line_bytes_max = c->line_bytes_max,
		.history_replay = c->history.replay,
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
		.telnet_port = telnet_port(c),
		.command_prefix = c->face.command_prefix,
		.face = {
			.server_name = c->face.server_name, .lobby = c->face.lobby,
			.banner = x->text[TEXT_BANNER], .motd = x->text[TEXT_MOTD],
			.rules = x->text[TEXT_RULES],
		},
	};
}

struct writer_limits daemon_conf_writer(const struct conf *c)
{
	return (struct writer_limits){
		.history_days = c->history.days,
		.history_lines = c->history.lines,
		.disk_reserve = c->disk_reserve,
	};
}

struct listener_options daemon_conf_listener(const struct conf *c)
{
	return (struct listener_options){
		.keepalive_s = c->keepalive_s,
		.send_timeout_s = c->send_timeout_s,
	};
}
