/*
 * What `cluster` and the keys about it take: the address of the engine ("redis://127.0.0.1:6379/0",
 * "unix:/run/redis/redis.sock?db=1"), and names.
 */
#ifndef CHATD_PROGRAM_CONF_CONF_CLUSTER_H
#define CHATD_PROGRAM_CONF_CONF_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

/* A parsed address of the engine. */
struct conf_cluster {
	enum { CLUSTER_IP, CLUSTER_UNIX } kind;
	char host[64];            /* CLUSTER_IP: numeric, without brackets */
	uint16_t port;            /* CLUSTER_IP; never 0 */
	char path[108];           /* CLUSTER_UNIX: absolute; as long as sun_path, with its NUL */
	uint32_t db;              /* the number of the engine's database, at most CLUSTER_DB_MAX */
};

/* False: problem (of size n) says what is wrong with s, and repeats nothing that may be a password. */
bool conf_cluster_parse(const char *s, struct conf_cluster *e, char *problem, size_t n);

/* Adds e to out in its one form, which is read as the same e. */
void conf_cluster_show(const struct conf_cluster *e, struct bytes *out);

/* Whether s can be the name of a node or of a cluster, or that of a user of the engine's. False: problem (of size n) says
 * what such a name is made of. */
bool conf_cluster_check_name(const char *s, char *problem, size_t n);
bool conf_cluster_check_user(const char *s, char *problem, size_t n);

#endif
