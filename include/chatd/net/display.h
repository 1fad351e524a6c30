/*
 * Connections with a view: what a terminal is sent is made here from the canonical lines, when a send
 * is gathered.
 *
 * The lines that are visible appear above what the person is typing, which is erased before them and
 * drawn again after them, once for all lines of a send. Connections without a view (display NULL) never
 * come here.
 */
#ifndef CHATD_NET_DISPLAY_H
#define CHATD_NET_DISPLAY_H

#include <stdbool.h>

#include "chatd/core/event.h"

struct connection;
struct display;
struct feed;
struct server;

/* EFFECT_VIEW: c gets a view, or another style of it. */
void display_style(struct server *s, struct connection *c, const struct effect *e);
/* EFFECT_SUBSCRIBE: the room that c is in. */
void display_room(struct connection *c, const struct effect *e);
/* EFFECT_UNSUBSCRIBE: c leaves it. */
void display_leave(struct connection *c);
/* EFFECT_PLAIN: c has no view any more, once it was sent what is visible by now. */
void display_plain(struct server *s, struct connection *c);
/* EFFECT_INPUT: what the person is typing. */
void display_input(struct server *s, struct connection *c, const struct effect *e);
/* EFFECT_LET: a line was entered, so another screenful of answers may be shown. */
void display_turn(struct connection *c);
/* EFFECT_CUT. */
void display_cut(struct server *s, struct connection *c, const struct effect *e);
/* EFFECT_MARK: the line last published to f mentions the person. */
void display_mark(struct connection *c, const struct feed *f);

/* Makes what is sent next, if something is to be shown; not while a send is in flight. */
void display_make(struct server *s, struct connection *c);
/* Something is to be sent besides lines: what is typed has changed, or a terminal is to be restored. */
bool display_owes(const struct connection *c);

/* Frees what c has of this. */
void display_free(struct connection *c);

#endif
