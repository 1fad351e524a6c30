/*
 * What the chat tells of itself to a process that watches it: figures, and a heartbeat, in memory that both share.
 *
 * The chat alone writes: the loop's thread everything but `commit`, which is the writing thread's, and `append`, which is
 * that of the engine of a cluster. The other process
 * reads, and never waits: it sees a figure as last written, which is at most a second old while the loop turns, and
 * older if it hangs.
 */
#ifndef CHATD_NET_VITALS_H
#define CHATD_NET_VITALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/histogram.h"

/* Figures. Those that count only rise. */
enum vital {
	VITAL_NONE,                /* always 0 */
	VITAL_NAMED,               /* connections of people with a name, */
	VITAL_UNNAMED,             /* of those without, */
	VITAL_CONTROL,             /* by the control socket, */
	VITAL_CLOSING,             /* and those that the chat has done with */
	VITAL_ADMITTED,            /* counts, like those up to VITAL_LOCKED_OUT; connections that came in */
	VITAL_REFUSED,             /* and that did not, for any of the reasons that follow */
	VITAL_REFUSED_CONNECTIONS, /* too many of one address at one time, */
	VITAL_REFUSED_CONNECTS,    /* or in a minute */
	VITAL_REFUSED_FULL,        /* max_connections are in use */
	VITAL_REFUSED_UNNAMED,     /* too many have no name */
	VITAL_REFUSED_CONTROL,     /* too many at the control socket, or not for them */
	VITAL_REFUSED_PROXY,       /* not from a proxy that is trusted, or with a header that is wrong */
	VITAL_BANNED,              /* people who could not come in because of a ban, */
	VITAL_LOCKED_OUT,          /* or of the lockdown */
	VITAL_LOGIN_FAILURES,      /* counts wrong passwords and codes */
	VITAL_PEOPLE,
	VITAL_ROOMS,
	VITAL_LINES,               /* counts lines said, */
	VITAL_DELIVERIES,          /* lines of rooms sent to a person, */
	VITAL_SKIPPED,             /* and lines that a slow reader did not get */
	VITAL_QUEUED,              /* records that wait to be saved */
	VITAL_STORE_FAILED,        /* 1: nothing can be saved */
	VITAL_STORE_SINCE_MS,      /* when records last began to wait, or some were saved of them, by CLOCK_MONOTONIC,
	                            * as it was seen once a second; 0: none wait */
	VITAL_STORE_WAITING_MS,    /* since then; 0: none wait; vitals_copy sets it */
	VITAL_TLS_BEAT_MS,         /* when the TLS process last had a turn, by CLOCK_MONOTONIC; 0: none is there */
	VITAL_TLS_BEAT_AGE_MS,     /* since then; vitals_copy sets it */
	VITAL_TLS_UNTIL_S,         /* the end of the certificate, since the epoch; 0: there is none */
	VITAL_TLS_LEFT_S,          /* seconds until then; vitals_copy sets it */
	VITAL_TLS_DONE,            /* counts handshakes that were done, */
	VITAL_TLS_FAILED,          /* that failed, */
	VITAL_TLS_REFUSED,         /* and connections refused before one */
	VITAL_CLUSTER,             /* 1: this is a node of a cluster; those up to VITAL_ACTS_APPLIED are of it */
	VITAL_CLUSTER_OPEN,        /* 1: it has caught up since its start, and lets people in */
	VITAL_ENGINE_UP,           /* 1: the engine can be reached */
	VITAL_ENGINE_AWAY_SINCE_MS, /* since when not, by CLOCK_MONOTONIC; 0: it can */
	VITAL_ENGINE_AWAY_MS,      /* since then; vitals_copy sets it */
	VITAL_STREAM_LENGTH,       /* acts that the engine has */
	VITAL_BEHIND_KNOWN,        /* 1: the next is known */
	VITAL_BEHIND,              /* acts that this node has not applied, */
	VITAL_BEHIND_MS,           /* and the time from the last applied to the newest one */
	VITAL_NODES_UP,            /* nodes that hold their lease, this one included, */
	VITAL_NODES_DOWN,          /* and those that do not */
	VITAL_ACTS_WAITING,        /* acts of this node that have not come back from the engine */
	VITAL_ACTS_PROPOSED,       /* counts acts of this node, */
	VITAL_ACTS_APPLIED,        /* and those of all nodes that it has applied */
	VITAL_URING,               /* 1: io_uring serves connections, */
	VITAL_EPOLL,               /* 1: or epoll */
	VITAL_CPU_US,              /* counts microseconds that the chat's process computed */
	VITAL_RESIDENT_BYTES,
	VITAL_VIRTUAL_BYTES,
	VITAL_FDS,                 /* open descriptors; 0: not known */
	VITAL_FDS_MAX,
	VITAL_STARTED_MS,          /* when the process started, since the epoch */
	VITAL_BEAT_AGE_MS,         /* since the loop last turned; vitals_copy sets it */
	VITALS,
};

enum life {
	LIFE_STARTING,             /* it does not serve anybody yet */
	LIFE_RUNNING,
	LIFE_STOPPING,
};

struct vitals {
	_Atomic int64_t beat_ms;   /* when the loop last had a turn, by CLOCK_MONOTONIC */
	_Atomic uint32_t life;     /* enum life */
	_Atomic int64_t value[VITALS];
	_Alignas(64) struct histogram turn; /* what a turn of the loop takes, but for the kernel's part */
	struct histogram delivery; /* from the publishing of a line to the end of a send that has it */
	_Alignas(64) struct histogram commit; /* what it takes to save what waits */
	_Alignas(64) struct histogram append; /* what it takes the engine of a cluster to append acts */
};

/* A copy, for whoever tells others. */
struct vitals_copy {
	enum life life;
	int64_t value[VITALS];
	struct histogram_copy turn, delivery, commit, append;
};

/* Memory that processes forked later share; the caller never frees it. NULL: errno says why. */
struct vitals *vitals_new(void);
/* This process has no part in it any more. */
void vitals_drop(struct vitals *v);
/* From now on this process can only read it. */
bool vitals_protect(struct vitals *v);

static inline void vitals_set(struct vitals *v, enum vital which, int64_t value)
{
	atomic_store_explicit(&v->value[which], value, memory_order_relaxed);
}

void vitals_set_life(struct vitals *v, enum life life);

/* now_ms by CLOCK_MONOTONIC, wall_ms since the epoch. */
void vitals_copy(const struct vitals *v, int64_t now_ms, int64_t wall_ms, struct vitals_copy *to);

#endif
