/* The text for Prometheus and /healthz. Owns the table of metrics, and what counts as healthy. */
#include "chatd/metrics/text.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "chatd/base/bounds.h"

#ifndef CHATD_VERSION
#define CHATD_VERSION "unknown"
#endif

/* Indexes into metrics_table, in the order of the output. */
enum {
	BUILD_INFO, IO_INFO, CONNECTIONS, CONNECTIONS_TOTAL, PEOPLE, ROOMS, LINES, DELIVERIES, SKIPPED, COMMIT, QUEUE,
	WAITING, FAILED, TURN, DELIVERY, LOGIN_FAILURES, REFUSED, BEAT, TLS_BEAT, TLS_LEFT, TLS_HANDSHAKES, TLS_REFUSED, CLUSTER_READY,
	CLUSTER_UP, CLUSTER_NODES, CLUSTER_LAG, CLUSTER_LAG_ACTS, CLUSTER_STREAM, CLUSTER_ACTS, CLUSTER_WAITING,
	CLUSTER_APPEND, CPU, RESIDENT, VIRTUAL, FDS, FDS_MAX, STARTED,
};

const struct metric metrics_table[] = {
	[BUILD_INFO] = {"chatd_build_info", "gauge", "Always 1; the label has the version of chatd."},
	[IO_INFO] = {"chatd_io_info", "gauge", "Always 1; the label names what serves connections, io_uring or epoll."},
	[CONNECTIONS] = {"chatd_connections", "gauge", "Open connections: of people with a name, of those without one "
	                 "yet, by the control socket, and those that are being closed."},
	[CONNECTIONS_TOTAL] = {"chatd_connections_total", "counter", "Connections admitted or refused."},
	[PEOPLE] = {"chatd_people", "gauge", "People in the chat; in a cluster, on all nodes."},
	[ROOMS] = {"chatd_rooms", "gauge", "Rooms, those with only a history included."},
	[LINES] = {"chatd_lines_total", "counter", "Lines said in rooms."},
	[DELIVERIES] = {"chatd_deliveries_total", "counter", "Lines of rooms, notices included, counted for each person "
	                "that they were sent to."},
	[SKIPPED] = {"chatd_skipped_lines_total", "counter", "Lines of rooms, notices included, that people who read "
	             "too slowly did not get."},
	[COMMIT] = {"chatd_store_commit_seconds", "histogram", "How long it took to save what had gathered."},
	[QUEUE] = {"chatd_store_queue_lines", "gauge", "Records, most of them lines, that wait to be saved."},
	[WAITING] = {"chatd_store_waiting_seconds", "gauge", "For how long nothing has been saved of what waits; 0 while "
	             "nothing waits, and at most a little over 1 if all is well."},
	[FAILED] = {"chatd_store_failed", "gauge", "1 while nothing can be saved, otherwise 0."},
	[TURN] = {"chatd_turn_seconds", "histogram", "How long a turn of the loop took, without the system call that "
	          "ends it."},
	[DELIVERY] = {"chatd_delivery_seconds", "histogram", "How long a line took from being said until a reader's "
	              "socket had it, saving included; for one line a second of each room."},
	[LOGIN_FAILURES] = {"chatd_login_failures_total", "counter", "Wrong passwords and one-time codes."},
	[REFUSED] = {"chatd_refused_total", "counter", "Connections that were refused, and people who could not come "
	             "in, by the reason."},
	[BEAT] = {"chatd_heartbeat_age_seconds", "gauge", "How long ago the loop last turned; it is at most a "
	          "little over 1 if all is well."},
	[TLS_BEAT] = {"chatd_tls_heartbeat_age_seconds", "gauge", "How long ago the TLS process last did something; "
	              "it is at most a little over 2 if all is well."},
	[TLS_LEFT] = {"chatd_tls_certificate_remaining_seconds", "gauge", "How long the certificate is still good for; "
	              "below 0 once it has expired."},
	[TLS_HANDSHAKES] = {"chatd_tls_handshakes_total", "counter", "TLS handshakes that were done, or failed."},
	[TLS_REFUSED] = {"chatd_tls_refused_total", "counter", "Connections refused before a TLS handshake."},
	[CLUSTER_READY] = {"chatd_cluster_ready", "gauge", "1 once this node has caught up with the cluster since its "
	                   "start, otherwise 0."},
	[CLUSTER_UP] = {"chatd_cluster_engine_up", "gauge", "1 while this node can reach the engine of the cluster, "
	                "otherwise 0."},
	[CLUSTER_NODES] = {"chatd_cluster_nodes", "gauge", "Nodes that the cluster ever had, as this one sees them."},
	[CLUSTER_LAG] = {"chatd_cluster_lag_seconds", "gauge", "How far this node is behind the newest act; while the "
	                 "engine is away, as it was before."},
	[CLUSTER_LAG_ACTS] = {"chatd_cluster_lag_acts", "gauge", "Acts that this node has not applied; missing until it "
	                      "has been up to date once."},
	[CLUSTER_STREAM] = {"chatd_cluster_stream_acts", "gauge", "Acts that the engine keeps."},
	[CLUSTER_ACTS] = {"chatd_cluster_acts_total", "counter", "Acts: those of people of this node, and those of all "
	                  "nodes that it has applied."},
	[CLUSTER_WAITING] = {"chatd_cluster_waiting_acts", "gauge", "Acts of this node that have not come back from the "
	                     "engine."},
	[CLUSTER_APPEND] = {"chatd_cluster_append_seconds", "histogram", "How long it took the engine to append what had "
	                    "gathered."},
	[CPU] = {"process_cpu_seconds_total", "counter", "CPU time of the chat's process, user and system."},
	[RESIDENT] = {"process_resident_memory_bytes", "gauge", "Resident memory of the chat's process."},
	[VIRTUAL] = {"process_virtual_memory_bytes", "gauge", "Virtual memory of the chat's process."},
	[FDS] = {"process_open_fds", "gauge", "Open descriptors of the chat's process (Linux 6.2 or newer)."},
	[FDS_MAX] = {"process_max_fds", "gauge", "How many descriptors it may have open."},
	[STARTED] = {"process_start_time_seconds", "gauge", "When the chat's process started, since the epoch."},
	{NULL, NULL, NULL},
};

enum { EACH = 1, MILLI = 1000, MICRO = 1000000 };

/* Where values come from, in the order of the table; of one metric they follow each other. */
static const struct sample {
	int metric;
	enum vital vital;
	enum vital needs;       /* it is only told while this is not 0; VITAL_NONE: always */
	int64_t per;            /* the figure's parts of one unit */
	const char *label;      /* name="value"; NULL: none */
} samples[] = {
	{IO_INFO, VITAL_URING, VITAL_URING, EACH, "engine=\"io_uring\""},
	{IO_INFO, VITAL_EPOLL, VITAL_EPOLL, EACH, "engine=\"epoll\""},
	{CONNECTIONS, VITAL_NAMED, VITAL_NONE, EACH, "state=\"named\""},
	{CONNECTIONS, VITAL_UNNAMED, VITAL_NONE, EACH, "state=\"unnamed\""},
	{CONNECTIONS, VITAL_CONTROL, VITAL_NONE, EACH, "state=\"control\""},
	{CONNECTIONS, VITAL_CLOSING, VITAL_NONE, EACH, "state=\"closing\""},
	{CONNECTIONS_TOTAL, VITAL_ADMITTED, VITAL_NONE, EACH, "result=\"admitted\""},
	{CONNECTIONS_TOTAL, VITAL_REFUSED, VITAL_NONE, EACH, "result=\"refused\""},
	{PEOPLE, VITAL_PEOPLE, VITAL_NONE, EACH, NULL},
	{ROOMS, VITAL_ROOMS, VITAL_NONE, EACH, NULL},
	{LINES, VITAL_LINES, VITAL_NONE, EACH, NULL},
	{DELIVERIES, VITAL_DELIVERIES, VITAL_NONE, EACH, NULL},
	{SKIPPED, VITAL_SKIPPED, VITAL_NONE, EACH, NULL},
	{QUEUE, VITAL_QUEUED, VITAL_NONE, EACH, NULL},
	{WAITING, VITAL_STORE_WAITING_MS, VITAL_NONE, MILLI, NULL},
	{FAILED, VITAL_STORE_FAILED, VITAL_NONE, EACH, NULL},
	{LOGIN_FAILURES, VITAL_LOGIN_FAILURES, VITAL_NONE, EACH, NULL},
	{REFUSED, VITAL_REFUSED_CONNECTIONS, VITAL_NONE, EACH, "reason=\"address_connections\""},
	{REFUSED, VITAL_REFUSED_CONNECTS, VITAL_NONE, EACH, "reason=\"address_connects\""},
	{REFUSED, VITAL_REFUSED_FULL, VITAL_NONE, EACH, "reason=\"full\""},
	{REFUSED, VITAL_REFUSED_UNNAMED, VITAL_NONE, EACH, "reason=\"unnamed\""},
	{REFUSED, VITAL_REFUSED_CONTROL, VITAL_NONE, EACH, "reason=\"control\""},
	{REFUSED, VITAL_REFUSED_PROXY, VITAL_NONE, EACH, "reason=\"proxy\""},
	{REFUSED, VITAL_BANNED, VITAL_NONE, EACH, "reason=\"banned\""},
	{REFUSED, VITAL_LOCKED_OUT, VITAL_NONE, EACH, "reason=\"lockdown\""},
	{BEAT, VITAL_BEAT_AGE_MS, VITAL_NONE, MILLI, NULL},
	{TLS_BEAT, VITAL_TLS_BEAT_AGE_MS, VITAL_TLS_BEAT_MS, MILLI, NULL},
	{TLS_LEFT, VITAL_TLS_LEFT_S, VITAL_TLS_UNTIL_S, EACH, NULL},
	{TLS_HANDSHAKES, VITAL_TLS_DONE, VITAL_TLS_UNTIL_S, EACH, "result=\"done\""},
	{TLS_HANDSHAKES, VITAL_TLS_FAILED, VITAL_TLS_UNTIL_S, EACH, "result=\"failed\""},
	{TLS_REFUSED, VITAL_TLS_REFUSED, VITAL_TLS_UNTIL_S, EACH, NULL},
	{CLUSTER_READY, VITAL_CLUSTER_OPEN, VITAL_CLUSTER, EACH, NULL},
	{CLUSTER_UP, VITAL_ENGINE_UP, VITAL_CLUSTER, EACH, NULL},
	{CLUSTER_NODES, VITAL_NODES_UP, VITAL_CLUSTER, EACH, "state=\"up\""},
	{CLUSTER_NODES, VITAL_NODES_DOWN, VITAL_CLUSTER, EACH, "state=\"down\""},
	{CLUSTER_LAG, VITAL_BEHIND_MS, VITAL_CLUSTER, MILLI, NULL},
	{CLUSTER_LAG_ACTS, VITAL_BEHIND, VITAL_BEHIND_KNOWN, EACH, NULL},
	{CLUSTER_STREAM, VITAL_STREAM_LENGTH, VITAL_CLUSTER, EACH, NULL},
	{CLUSTER_ACTS, VITAL_ACTS_PROPOSED, VITAL_CLUSTER, EACH, "what=\"proposed\""},
	{CLUSTER_ACTS, VITAL_ACTS_APPLIED, VITAL_CLUSTER, EACH, "what=\"applied\""},
	{CLUSTER_WAITING, VITAL_ACTS_WAITING, VITAL_CLUSTER, EACH, NULL},
	{CPU, VITAL_CPU_US, VITAL_CPU_US, MICRO, NULL},
	{RESIDENT, VITAL_RESIDENT_BYTES, VITAL_RESIDENT_BYTES, EACH, NULL},
	{VIRTUAL, VITAL_VIRTUAL_BYTES, VITAL_VIRTUAL_BYTES, EACH, NULL},
	{FDS, VITAL_FDS, VITAL_FDS, EACH, NULL},
	{FDS_MAX, VITAL_FDS_MAX, VITAL_FDS_MAX, EACH, NULL},
	{STARTED, VITAL_STARTED_MS, VITAL_STARTED_MS, MILLI, NULL},
};

static void put_head(struct bytes *out, int metric)
{
	const struct metric *m = &metrics_table[metric];

	bytes_printf(out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
}

/* value / per, with as many digits as per has zeros. */
static void put_value(struct bytes *out, int64_t value, int64_t per)
{
	int digits = per == MICRO ? 6 : per == MILLI ? 3 : 0;
	const char *sign = value < 0 ? "-" : "";
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value, unit = (uint64_t)per;

	bytes_printf(out, "%s%" PRIu64, sign, size / unit);
	if (digits > 0)
		bytes_printf(out, ".%0*" PRIu64, digits, size % unit);
}

static void put_samples(struct bytes *out, int metric, const struct vitals_copy *v)
{
	bool any = false;

	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		const struct sample *s = &samples[i];

		if (s->metric != metric || (s->needs != VITAL_NONE && v->value[s->needs] == 0))
			continue;
		if (!any)
			put_head(out, metric);
		any = true;
		bytes_puts(out, metrics_table[metric].name);
		if (s->label != NULL)
			bytes_printf(out, "{%s}", s->label);
		bytes_puts(out, " ");
		put_value(out, v->value[s->vital], s->per);
		bytes_puts(out, "\n");
	}
}

static void put_histogram(struct bytes *out, int metric, const struct histogram_copy *h)
{
	const char *name = metrics_table[metric].name;
	uint64_t n = 0;

	put_head(out, metric);
	for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
		n += h->count[i];
		bytes_printf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, (double)histogram_bounds_us[i] / MICRO, n);
	}
	n += h->count[HISTOGRAM_BOUNDS];
	bytes_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum ", name, n, name);
	put_value(out, (int64_t)h->sum_us, MICRO);
	bytes_printf(out, "\n%s_count %" PRIu64 "\n", name, n);
}

void metrics_text(const struct vitals_copy *v, struct bytes *out)
{
	for (int i = 0; metrics_table[i].name != NULL; i++) {
		if (i == BUILD_INFO) {
			put_head(out, i);
			bytes_puts(out, "chatd_build_info{version=\"" CHATD_VERSION "\"} 1\n");
		} else if (i == COMMIT) {
			put_histogram(out, i, &v->commit);
		} else if (i == TURN) {
			put_histogram(out, i, &v->turn);
		} else if (i == DELIVERY) {
			put_histogram(out, i, &v->delivery);
		} else if (i == CLUSTER_APPEND) {
			if (v->value[VITAL_CLUSTER] != 0)
				put_histogram(out, i, &v->append);
		} else {
			put_samples(out, i, v);
		}
	}
}

/* A node of a cluster that new people should not be sent to, for the others are better off. */
static bool cluster_healthy(const struct vitals_copy *v, struct bytes *why)
{
	if (v->value[VITAL_CLUSTER] == 0)
		return true;
	if (v->value[VITAL_ENGINE_AWAY_MS] > HEALTH_AWAY_MS_MAX)
		bytes_printf(why, "cut off: this node has not reached the engine of the cluster for %" PRId64 " s\n",
		             v->value[VITAL_ENGINE_AWAY_MS] / 1000);
	else if (v->value[VITAL_CLUSTER_OPEN] == 0)
		bytes_puts(why, "starting: this node has not caught up with the cluster yet\n");
	else if (v->value[VITAL_BEHIND_MS] > HEALTH_BEHIND_MS_MAX)
		bytes_printf(why, "behind: this node is %" PRId64 " s behind the cluster\n",
		             v->value[VITAL_BEHIND_MS] / 1000);
	else
		return true;
	return false;
}

bool metrics_healthy(const struct vitals_copy *v, struct bytes *why)
{
	if (v->life == LIFE_STARTING)
		bytes_puts(why, "starting: the chat serves nobody yet\n");
	else if (v->life == LIFE_STOPPING)
		bytes_puts(why, "stopping: the chat is shutting down\n");
	else if (v->value[VITAL_BEAT_AGE_MS] > HEALTH_LATE_MS)
		bytes_printf(why, "late: the chat's loop has not moved for %" PRId64 " s\n",
		             v->value[VITAL_BEAT_AGE_MS] / 1000);
	else if (v->value[VITAL_STORE_FAILED] != 0)
		bytes_puts(why, "cannot save: lines are not being saved; the log says why\n");
	else if (v->value[VITAL_STORE_WAITING_MS] > HEALTH_UNSAVED_MS_MAX)
		bytes_printf(why, "cannot save: nothing has been saved for %" PRId64 " s\n",
		             v->value[VITAL_STORE_WAITING_MS] / 1000);
	else
		return cluster_healthy(v, why);
	return false;
}
