/*
 * Checks that this host has what a configuration names: users, folders and files.
 *
 * Only looks: it makes, changes and locks nothing. Each problem is added as a line with the key,
 * the path, the user and the reason, made safe for a terminal.
 */
#ifndef CHATD_PROGRAM_CHECK_H
#define CHATD_PROGRAM_CHECK_H

#include "chatd/program/activation.h"
#include "chatd/program/conf/conf.h"

/* Whether `metrics` has no port or path of a listener. False: problems says which. */
bool check_metrics_port(const struct conf *c, struct bytes *problems);

/* Whether c has what a cluster needs, and nothing that cannot go with one; true without `cluster`. False: problems has
 * a line for each. */
bool check_cluster(const struct conf *c, struct bytes *problems);
/* The latter alone, for a chatd that is in a cluster, whatever c says of that: of a reload. */
bool check_cluster_allows(const struct conf *c, struct bytes *problems);

/* Checks the port of metrics, and the folders of the unix sockets that were not passed, as the user that the process runs as
 * now: chatd makes the sockets before it switches users. False: something is wrong. */
bool check_sockets(const struct conf *c, const struct activation *passed, struct bytes *problems);

/* Checks folder and file of the database and of the chat log, and what is in the files of the banner,
 * the message of the day and the rules, as the user that the process runs as now, which must be the one
 * chatd runs as. False: something is wrong. */
bool check_files(const struct conf *c, struct bytes *problems);

/*
 * Checks everything, for chatd -n: the user as well, and whether it can read the configuration
 * again (conf_path; NULL: there is none). If the process is root's, it switches to that user, for
 * good. If it cannot find out what the user may do, it says so in notes, and checks only what
 * anybody can see. False: something is wrong.
 */
bool check_all(const struct conf *c, const char *conf_path, struct bytes *problems,
               struct bytes *notes);

#endif
