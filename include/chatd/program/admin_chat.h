/*
 * "chatd admin chat": a conversation over a connection to the control socket.
 */
#ifndef CHATD_PROGRAM_ADMIN_CHAT_H
#define CHATD_PROGRAM_ADMIN_CHAT_H

#include <stdbool.h>

/* Ends when the server does, which it does when the input has ended and all of it is answered.
 * False: it broke, or out is gone. */
bool admin_chat(int server, int in, int out);

#endif
