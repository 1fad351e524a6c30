/*
 * What clients that sort lines by channels are told of them: GMCP's Comm.Channel.List.
 */
#ifndef CHATD_CORE_ROOMS_CHANNEL_LIST_H
#define CHATD_CORE_ROOMS_CHANNEL_LIST_H

struct chat;
struct session;

/* The rooms that s reads have changed, or its client has just begun to ask for channels: it is told which
 * they are. Does nothing for other clients, nor if this step has no room left: the list is a help, and comes
 * with the next change. */
void channel_list(struct chat *c, const struct session *s);

#endif
