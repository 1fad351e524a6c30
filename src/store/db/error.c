/*
 * Sentences about what went wrong.
 */
#include "chatd/store/db/error.h"

#include "chatd/base/bytes.h"
#include "chatd/base/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void store_error_set(struct store_error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	err->advice = 0;
	err->lasting = err->in_use = false;
	guard_text(err->text, strlen(err->text));
}

void store_error_advise(struct store_error *err, const char *fmt, ...)
{
	size_t at = strlen(err->text) + strlen("; ");
	va_list ap;
	if (at >= sizeof(err->text) - 1)
		return;
	memcpy(err->text + at - 2, "; ", 3);
	va_start(ap, fmt);
	vsnprintf(err->text + at, sizeof(err->text) - at, fmt, ap);
	va_end(ap);
	guard_text(err->text + at, strlen(err->text + at));
	err->advice = at;
}

char *store_error_cause(const struct store_error *err)
{
	char *cause = mem_strdup(err->text);
	if (err->advice > 0)
		cause[err->advice - strlen("; ")] = '\0';
	return cause;
}

char *store_error_advice(const struct store_error *err)
{
	return err->advice > 0 ? mem_strdup(err->text + err->advice) : NULL;
}

void store_error_set_in_use(struct store_error *err, const char *path)
{
	store_error_set(err, "the database %s is already used by another chatd", path);
	err->in_use = true;
}
