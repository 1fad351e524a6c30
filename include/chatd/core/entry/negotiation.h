/*
 * Asking a client what terminal it is, by telnet, before it is greeted.
 */
#ifndef CHATD_CORE_ENTRY_NEGOTIATION_H
#define CHATD_CORE_ENTRY_NEGOTIATION_H

#include <stdint.h>

struct chat;
struct session;

/* s has come to a port where chatd speaks telnet: asks what its client can do. It is greeted once that is
 * known, or after TELNET_ASK_MS. */
void negotiation_begin(struct chat *c, struct session *s);

/* What is known of the client of s has changed. */
void negotiation_told(struct chat *c, struct session *s);

/* Clients that have not answered in time. */
void negotiation_tick(struct chat *c);
int64_t negotiation_due_ms(const struct chat *c);

#endif
