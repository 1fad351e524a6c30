/*
 * The configuration that chatd runs with, and the part of it that each module gets.
 */
#ifndef CHATD_PROGRAM_DAEMON_CONF_H
#define CHATD_PROGRAM_DAEMON_CONF_H

#include "chatd/core/chat.h"
#include "chatd/net/listener.h"
#include "chatd/program/options.h"
#include "chatd/program/conf/texts.h"
#include "chatd/store/threads/writer.h"

/* Fills c from the defaults, the file and the options; the caller releases it. False: problems has
 * a line for each thing that is wrong in the file. */
bool daemon_conf_read(const struct options *o, struct conf *c, struct bytes *problems);

/* These borrow from c and x. */
struct chat_config daemon_conf_chat(const struct conf *c, const struct texts *x);
struct writer_limits daemon_conf_writer(const struct conf *c);
struct listener_options daemon_conf_listener(const struct conf *c);

#endif
