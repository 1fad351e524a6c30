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
	err->lasting = false;
	guard_text(err->text, strlen(err->text));
}
