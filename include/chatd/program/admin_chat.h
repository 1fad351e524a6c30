/*
 * "chatd admin chat": a conversation over a connection to the control socket.
 */
#ifndef CHATD_PROGRAM_ADMIN_CHAT_H
#define CHATD_PROGRAM_ADMIN_CHAT_H

#include <stdbool.h>

/* Ends when the server closes the connection, as it does once the input has ended and all of it is
 * answered. False: the connection broke, or nothing can be written to out. */
bool admin_chat(int server, int in, int out);

#endif
