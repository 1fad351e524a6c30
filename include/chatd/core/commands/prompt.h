/*
 * What people type at the name prompt: a name, or one of the few commands that work before there is one.
 */
#ifndef CHATD_CORE_COMMANDS_PROMPT_H
#define CHATD_CORE_COMMANDS_PROMPT_H

struct chat;
struct session;

/* A line at the prompt. May end the session. */
void prompt_line(struct chat *c, struct session *s, char *text);

#endif
