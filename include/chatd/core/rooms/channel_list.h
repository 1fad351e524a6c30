/*
 * What clients that sort lines by channels are told of them: GMCP's Comm.Channel.List.
 */
#ifndef CHATD_CORE_ROOMS_CHANNEL_LIST_H
#define CHATD_CORE_ROOMS_CHANNEL_LIST_H

struct chat;
struct session;

/* Sends s its list of channels, if its client uses them. For the end of a step: console_touch_channels
 * (console.h) has it called there. Needs as much room as a line does (emit_has_room). */
void channel_list_send(struct chat *c, const struct session *s);

#endif
