/*
 * The chat's figures as Prometheus reads them: its text format, version 0.0.4.
 *
 *	https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#ifndef CHATD_METRICS_TEXT_H
#define CHATD_METRICS_TEXT_H

#include <stdbool.h>

#include "chatd/base/bytes.h"
#include "chatd/net/vitals.h"

/* What Prometheus 3 insists on. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A metric. Its labels have few values, which are all known here: never a name, a room or an address. */
struct metric {
	const char *name;     /* NULL: the end of the table */
	const char *type;     /* counter, gauge or histogram */
	const char *help;
};

extern const struct metric metrics_table[];

/* Adds all that is known. */
void metrics_text(const struct vitals_copy *v, struct bytes *out);

/* Whether the chat does its work; why not is added to `why`, as a line. */
bool metrics_healthy(const struct vitals_copy *v, struct bytes *why);

#endif
