/*
 * What a configuration names and this host does not have: users, folders and files.
 *
 * It looks, and makes, changes and locks nothing. Problems are added as one line each, with the
 * key, the path, the user and the reason, and made harmless for a terminal.
 */
#ifndef CHATD_PROGRAM_CHECK_H
#define CHATD_PROGRAM_CHECK_H

#include "chatd/program/conf/conf.h"

/* The folders of the unix sockets, for whoever runs the process: it is chatd's start that makes
 * them, before it becomes its user. False: something is wrong. */
bool check_sockets(const struct conf *c, struct bytes *problems);

/* Folder and file of the database and of the chat log, for whoever runs the process, who is the
 * user that chatd runs as. False: something is wrong. */
bool check_files(const struct conf *c, struct bytes *problems);

/*
 * All of it, for chatd -n: the user as well, and whether that user can read the configuration
 * again (conf_path; NULL: there is none). Root becomes the user for that, for good. Where it
 * cannot be known what the user may do, that is added to notes, and only what anybody can see is
 * looked at. False: something is wrong.
 */
bool check_all(const struct conf *c, const char *conf_path, struct bytes *problems,
               struct bytes *notes);

#endif
