/*
 * The keys in Redis. All begin with the stream's name, so that one pattern grants them, and several
 * clusters can share a database.
 *
 *	chatd               stream: an entry for each act, with one field, KEY_FIELD
 *	chatd:id            the cluster's id, 32 random hex digits: whose stream this is
 *	chatd:format        the format of the acts
 *	chatd:incarnation   hash: for each node that ever was, how often it has begun
 *	chatd:at            hash: for each node, the id of the last entry that it has applied and
 *	                    saved; "0-0": none yet
 *	chatd:behind        hash: for each node, how many milliseconds it is behind the newest entry; for operators
 *	chatd:lease:NODE    the node's incarnation, for as long as it holds the lease
 *
 * And the channels, which a Redis has for all of its databases, so they have the database's number:
 *
 *	chatd:to:0:NODE     texts for that node, past the stream
 *
 * Hashes, where one question is for all nodes; a lease is a key, because only keys end by themselves.
 */
#ifndef CHATD_CLUSTER_KEYS_H
#define CHATD_CLUSTER_KEYS_H

#include "chatd/base/bounds.h"

#include <stdint.h>

/* What an act is called in its entry. */
#define KEY_FIELD "a"

/* The commands that a user of Redis must be allowed, for ACL SETUSER, the two patterns of keys, and the one of
 * channels, each with the stream's name: %s. */
#define KEYS_RULES "~%s ~%s:* &%s:to:* +auth +select +info +config|get +get +set +getex +getdel +exists +mget " \
                   "+hget +hset +hincrby +hgetall +watch +unwatch +pttl +multi +exec +xadd +xread +xrange " \
                   "+xlen +xinfo|stream +xtrim +publish +subscribe +ping"

enum { KEY_BYTES = NODE_BYTES_MAX * 2 + 32 }; /* of the longest, and of a channel's name */

struct keys {
	char stream[KEY_BYTES];
	char id[KEY_BYTES];
	char format[KEY_BYTES];
	char incarnation[KEY_BYTES];
	char at[KEY_BYTES];
	char lease[KEY_BYTES]; /* our own, */
	char channel[KEY_BYTES]; /* and so is this */
	uint32_t database;
	char behind[KEY_BYTES];
};

/* Of a cluster and this node. */
void keys_init(struct keys *k, const char *stream, uint32_t database, const char *node);
/* The lease of another node. */
void keys_lease(char key[KEY_BYTES], const struct keys *k, const char *node);
/* The channel of another node. */
void keys_channel(char name[KEY_BYTES], const struct keys *k, const char *node);

#endif
