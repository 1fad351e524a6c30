/*
 * What somebody reads after signing in.
 */
#ifndef CHATD_CORE_ENTRY_SIGNED_IN_H
#define CHATD_CORE_ENTRY_SIGNED_IN_H

struct chat;
struct session;

/* Tells s, which has signed in, what waits for it: reports, offers, messages; when and from where it
 * signed in last; and what others have tried meanwhile. */
void signed_in_tell(struct chat *c, struct session *s);

#endif
