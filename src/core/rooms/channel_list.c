/* GMCP's Comm.Channel.List. Owns nothing. */

#include "chatd/core/rooms/channel_list.h"

#include <string.h>

#include "chatd/base/bytes.h"
#include "chatd/core/input/telnet.h"
#include "chatd/core/state/emit.h"
#include "chatd/core/state/state.h"
#include "chatd/core/terminal/gmcp.h"

/* command: what is typed before a line for it. */
static void add(struct bytes *json, const char *name, const char *command)
{
	bytes_puts(json, json->len > 1 ? ",{\"name\":" : "{\"name\":");
	gmcp_string(name, strlen(name), json);
	bytes_puts(json, ",\"caption\":");
	gmcp_string(name, strlen(name), json);
	bytes_puts(json, ",\"command\":");
	gmcp_string(command, strlen(command), json);
	bytes_puts(json, "}");
}

static void add_room(struct bytes *json, const struct chat *c, const struct room *r)
{
	struct bytes command = {0};

	bytes_printf(&command, "%csay --in=%s", c->config.command_prefix, r->name);
	add(json, r->name, command.data);
	bytes_release(&command);
}

void channel_list_send(struct chat *c, const struct session *s)
{
	struct bytes json = {0}, out = {0};
	char reply[] = "?reply";

	if (!s->input.console.style.channels || s->input.telnet == NULL || s->room == NULL)
		return;
	reply[0] = c->config.command_prefix;
	bytes_puts(&json, "[");
	add_room(&json, c, s->room);
	for (uint32_t i = 0; i < s->member.watching.n; i++)
		if (s->member.watching.list[i]->room != s->room)
			add_room(&json, c, s->member.watching.list[i]->room);
	add(&json, GMCP_PRIVATE, reply);
	bytes_puts(&json, "]");
	telnet_gmcp(s->input.telnet, &out, "Comm.Channel.List", json.data);
	if (out.len > 0)
		emit_protocol(c, s, out.data, out.len);
	bytes_release(&out);
	bytes_release(&json);
}
