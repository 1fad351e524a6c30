/*
 * Sentences about what went wrong.
 */
#include "chatd/store/db/error.h"

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
	err->lasting = err->in_use = false;
	guard_text(err->text, strlen(err->text));
}

void store_error_set_in_use(struct store_error *err, const char *path)
{
	store_error_set(err, "the database %s is already used by another chatd", path);
	err->in_use = true;
}
