/* The text of the metrics, and what counts as healthy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "chatd/base/bounds.h"
#include "chatd/metrics/text.h"

static struct bytes out;

static const char *text_of(const struct vitals_copy *v)
{
	bytes_clear(&out);
	metrics_text(v, &out);
	return out.data;
}

static int end(void **state)
{
	(void)state;
	bytes_release(&out);
	return 0;
}

/* Every figure has a value of its own, so a label that has another's shows. */
static struct vitals_copy some(void)
{
	struct vitals_copy v = {.life = LIFE_RUNNING};

	for (int i = 1; i < VITALS; i++)
		v.value[i] = 1000 + i;
	v.value[VITAL_CPU_US] = 12345678;
	v.value[VITAL_STARTED_MS] = 1795965432138;
	v.value[VITAL_BEAT_AGE_MS] = 7;
	v.value[VITAL_STORE_WAITING_MS] = 12345;
	v.value[VITAL_TLS_LEFT_S] = -86400;
	v.value[VITAL_BEHIND_MS] = 3456;
	return v;
}

static void has(const char *text, const char *line)
{
	if (strstr(text, line) == NULL)
		fail_msg("no line %s in\n%s", line, text);
}

static void test_values(void **state)
{
	static const struct {
		const char *name;
		enum vital vital;
	} whole[] = {
		{"chatd_connections{state=\"named\"}", VITAL_NAMED},
		{"chatd_connections{state=\"unnamed\"}", VITAL_UNNAMED},
		{"chatd_connections{state=\"control\"}", VITAL_CONTROL},
		{"chatd_connections{state=\"closing\"}", VITAL_CLOSING},
		{"chatd_connections_total{result=\"admitted\"}", VITAL_ADMITTED},
		{"chatd_connections_total{result=\"refused\"}", VITAL_REFUSED},
		{"chatd_people", VITAL_PEOPLE},
		{"chatd_rooms", VITAL_ROOMS},
		{"chatd_lines_total", VITAL_LINES},
		{"chatd_deliveries_total", VITAL_DELIVERIES},
		{"chatd_skipped_lines_total", VITAL_SKIPPED},
		{"chatd_store_queue_lines", VITAL_QUEUED},
		{"chatd_store_failed", VITAL_STORE_FAILED},
		{"chatd_login_failures_total", VITAL_LOGIN_FAILURES},
		{"chatd_refused_total{reason=\"address_connections\"}", VITAL_REFUSED_CONNECTIONS},
		{"chatd_refused_total{reason=\"address_connects\"}", VITAL_REFUSED_CONNECTS},
		{"chatd_refused_total{reason=\"full\"}", VITAL_REFUSED_FULL},
		{"chatd_refused_total{reason=\"unnamed\"}", VITAL_REFUSED_UNNAMED},
		{"chatd_refused_total{reason=\"control\"}", VITAL_REFUSED_CONTROL},
		{"chatd_refused_total{reason=\"proxy\"}", VITAL_REFUSED_PROXY},
		{"chatd_refused_total{reason=\"banned\"}", VITAL_BANNED},
		{"chatd_refused_total{reason=\"lockdown\"}", VITAL_LOCKED_OUT},
		{"chatd_tls_handshakes_total{result=\"done\"}", VITAL_TLS_DONE},
		{"chatd_tls_handshakes_total{result=\"failed\"}", VITAL_TLS_FAILED},
		{"chatd_tls_refused_total", VITAL_TLS_REFUSED},
		{"chatd_cluster_ready", VITAL_CLUSTER_OPEN},
		{"chatd_cluster_engine_up", VITAL_ENGINE_UP},
		{"chatd_cluster_nodes{state=\"up\"}", VITAL_NODES_UP},
		{"chatd_cluster_nodes{state=\"down\"}", VITAL_NODES_DOWN},
		{"chatd_cluster_lag_acts", VITAL_BEHIND},
		{"chatd_cluster_stream_acts", VITAL_STREAM_LENGTH},
		{"chatd_cluster_acts_total{what=\"proposed\"}", VITAL_ACTS_PROPOSED},
		{"chatd_cluster_acts_total{what=\"applied\"}", VITAL_ACTS_APPLIED},
		{"chatd_cluster_waiting_acts", VITAL_ACTS_WAITING},
		{"process_resident_memory_bytes", VITAL_RESIDENT_BYTES},
		{"process_virtual_memory_bytes", VITAL_VIRTUAL_BYTES},
		{"process_open_fds", VITAL_FDS},
		{"process_max_fds", VITAL_FDS_MAX},
	};
	struct vitals_copy v = some();
	const char *text = text_of(&v);
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
		snprintf(line, sizeof line, "\n%s %d\n", whole[i].name, 1000 + (int)whole[i].vital);
		has(text, line);
	}
	has(text, "\nprocess_cpu_seconds_total 12.345678\n");
	has(text, "\nprocess_start_time_seconds 1795965432.138\n");
	has(text, "\nchatd_heartbeat_age_seconds 0.007\n");
	has(text, "\nchatd_store_waiting_seconds 12.345\n");
	has(text, "\nchatd_cluster_lag_seconds 3.456\n");
	snprintf(line, sizeof line, "\nchatd_tls_heartbeat_age_seconds 1.%03d\n", VITAL_TLS_BEAT_AGE_MS);
	has(text, line);
	has(text, "\nchatd_tls_certificate_remaining_seconds -86400\n");
	has(text, "# TYPE chatd_build_info gauge\nchatd_build_info{version=\"" CHATD_VERSION "\"} 1\n");
}

/* What is not there is not told as 0. */
static void test_left_out(void **state)
{
	struct vitals_copy v = some();

	(void)state;
	v.value[VITAL_TLS_UNTIL_S] = v.value[VITAL_TLS_BEAT_MS] = v.value[VITAL_FDS] = 0;
	assert_null(strstr(text_of(&v), "tls"));
	assert_null(strstr(text_of(&v), "process_open_fds"));
	has(text_of(&v), "\nprocess_max_fds ");
	v.value[VITAL_BEHIND_KNOWN] = 0;
	assert_null(strstr(text_of(&v), "lag_acts"));
	has(text_of(&v), "\nchatd_cluster_append_seconds_count 0\n");
	v.value[VITAL_CLUSTER] = 0;
	assert_null(strstr(text_of(&v), "chatd_cluster"));
}

static void test_histogram(void **state)
{
	struct vitals_copy v = some();
	const char *text;

	(void)state;
	v.commit.count[0] = 3;
	v.commit.count[4] = 2;
	v.commit.count[HISTOGRAM_BOUNDS] = 1;
	v.commit.sum_us = 20000001;
	text = text_of(&v);
	has(text, "# TYPE chatd_store_commit_seconds histogram\n"
	          "chatd_store_commit_seconds_bucket{le=\"0.0001\"} 3\n"
	          "chatd_store_commit_seconds_bucket{le=\"0.00025\"} 3\n");
	has(text, "chatd_store_commit_seconds_bucket{le=\"0.001\"} 3\n"
	          "chatd_store_commit_seconds_bucket{le=\"0.0025\"} 5\n");
	has(text, "chatd_store_commit_seconds_bucket{le=\"10\"} 5\n"
	          "chatd_store_commit_seconds_bucket{le=\"+Inf\"} 6\n"
	          "chatd_store_commit_seconds_sum 20.000001\n"
	          "chatd_store_commit_seconds_count 6\n");
}

/* The text is made of whole lines: a comment, or a name that is in the table, with its labels, and a number. */
static void check_line(const char *line, size_t len)
{
	size_t name = strcspn(line, "{ ");
	bool known = false;

	for (const struct metric *m = metrics_table; m->name != NULL; m++) {
		size_t n = strlen(m->name);

		known |= name >= n && strncmp(line, m->name, n) == 0 &&
		         (name == n || (strcmp(m->type, "histogram") == 0 && line[n] == '_'));
	}
	if (!known)
		fail_msg("%.*s", (int)len, line);
	assert_non_null(memchr(line, ' ', len));
}

static void test_form(void **state)
{
	struct vitals_copy v = some();
	const char *line, *end_of;

	(void)state;
	for (line = text_of(&v); *line != '\0'; line = end_of + 1) {
		end_of = strchr(line, '\n');
		assert_non_null(end_of);
		if (strncmp(line, "# HELP ", 7) != 0 && strncmp(line, "# TYPE ", 7) != 0)
			check_line(line, (size_t)(end_of - line));
	}
	/* Each metric once, and no other label than those that have few values. */
	for (const struct metric *m = metrics_table; m->name != NULL; m++) {
		char head[128];

		snprintf(head, sizeof head, "# TYPE %s %s\n", m->name, m->type);
		has(text_of(&v), head);
		assert_null(strstr(strstr(text_of(&v), head) + 1, head));
	}
	for (const char *p = text_of(&v); (p = strchr(p, '{')) != NULL; p++)
		assert_true(strncmp(p, "{version=", 9) == 0 || strncmp(p, "{state=", 7) == 0 ||
		            strncmp(p, "{result=", 8) == 0 || strncmp(p, "{reason=", 8) == 0 ||
		            strncmp(p, "{what=", 6) == 0 || strncmp(p, "{engine=", 8) == 0 ||
		            strncmp(p, "{le=", 4) == 0);
}

/* Values of a chat that is out of its mind are still numbers. */
static void test_extremes(void **state)
{
	struct vitals_copy v = some();

	(void)state;
	v.value[VITAL_LINES] = INT64_MAX;
	v.value[VITAL_CPU_US] = INT64_MIN;
	v.turn.sum_us = UINT64_MAX;
	has(text_of(&v), "\nchatd_lines_total 9223372036854775807\n");
	has(text_of(&v), "\nprocess_cpu_seconds_total -9223372036854.775808\n");
}

static bool healthy(const struct vitals_copy *v)
{
	bytes_clear(&out);
	return metrics_healthy(v, &out);
}

static void test_health(void **state)
{
	struct vitals_copy v = {.life = LIFE_RUNNING};

	(void)state;
	assert_true(healthy(&v));
	v.value[VITAL_BEAT_AGE_MS] = HEALTH_LATE_MS;
	assert_true(healthy(&v));
	assert_int_equal(out.len, 0);
	v.value[VITAL_BEAT_AGE_MS] = HEALTH_LATE_MS + 2000;
	assert_false(healthy(&v));
	assert_string_equal(out.data, "late: the chat's loop has not moved for 7 s\n");
	v.value[VITAL_BEAT_AGE_MS] = 0;
	v.value[VITAL_STORE_WAITING_MS] = HEALTH_UNSAVED_MS_MAX;
	assert_true(healthy(&v));
	v.value[VITAL_STORE_WAITING_MS] = HEALTH_UNSAVED_MS_MAX + 3000;
	assert_false(healthy(&v));
	assert_string_equal(out.data, "cannot save: nothing has been saved for 13 s\n");
	/* Of what is known, the log says more. */
	v.value[VITAL_STORE_FAILED] = 1;
	assert_false(healthy(&v));
	has(out.data, "cannot save: lines are not being saved; ");
	v.life = LIFE_STARTING;
	assert_false(healthy(&v));
	has(out.data, "starting: ");
	v.life = LIFE_STOPPING;
	assert_false(healthy(&v));
	has(out.data, "stopping: ");
}

/* A node that others are better than. */
static void test_health_of_a_node(void **state)
{
	struct vitals_copy v = {.life = LIFE_RUNNING};

	(void)state;
	v.value[VITAL_CLUSTER] = 1;
	assert_false(healthy(&v));
	assert_string_equal(out.data, "starting: this node has not caught up with the cluster yet\n");
	v.value[VITAL_CLUSTER_OPEN] = 1;
	assert_true(healthy(&v));
	v.value[VITAL_BEHIND_MS] = HEALTH_BEHIND_MS_MAX;
	v.value[VITAL_ENGINE_AWAY_MS] = HEALTH_AWAY_MS_MAX;
	assert_true(healthy(&v));
	assert_int_equal(out.len, 0);
	v.value[VITAL_BEHIND_MS] += 5000;
	assert_false(healthy(&v));
	assert_string_equal(out.data, "behind: this node is 15 s behind the cluster\n");
	v.value[VITAL_ENGINE_AWAY_MS] += 2000;
	assert_false(healthy(&v));
	assert_string_equal(out.data, "cut off: this node has not reached the engine of the cluster for 12 s\n");
	v.value[VITAL_STORE_FAILED] = 1;
	assert_false(healthy(&v));
	has(out.data, "cannot save: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_health_of_a_node),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
