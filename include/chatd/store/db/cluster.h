/*
 * The cluster that a database belongs to, and the position up to which the database has what the
 * cluster did: two rows of the table meta.
 *
 * What they mean is up to the core. For the store they are texts, and the position is saved in the
 * transaction of the records before it: the database, or a copy of it, is that of exactly this position.
 */
#ifndef CHATD_STORE_DB_CLUSTER_H
#define CHATD_STORE_DB_CLUSTER_H

#include "chatd/base/bounds.h"
#include "chatd/store/db/error.h"

struct store;

/* "": the database has none. */
struct store_cluster {
	char id[CLUSTER_ID_BYTES_MAX + 1];
	char position[POSITION_BYTES_MAX + 1];
};

/* Reads both, as of one moment. False: err says why that is not possible. */
bool store_cluster(struct store *s, struct store_cluster *c, struct store_error *err);

/* Sets *is: the database belongs to a cluster, so nobody may change by hand what all of its nodes
 * have. False: as for store_cluster. */
bool store_is_of_cluster(struct store *s, bool *is, struct store_error *err);

/*
 * Saves the position within the open transaction, with the number of the last record, so that a start
 * counts on from it; and the id of the cluster, if the database has none. False: as for store_begin
 * (transaction.h); also if the database belongs to another cluster.
 */
bool store_save_position(struct store *s, const char *id, const char *position, struct store_error *err);

/* The same in a transaction of its own, for a position that no record comes with. It does no harm if it
 * is lost, and so is not fsynced. */
bool store_move_position(struct store *s, const char *id, const char *position, struct store_error *err);

#endif
