/*
 * ICU's memory.
 *
 * Owns nothing: what ICU keeps for the whole process is ICU's.
 */
#include "chatd/base/icu.h"

#include <stdlib.h>

#include <unicode/uclean.h>

#include "chatd/base/bytes.h"

static void *U_CALLCONV give(const void *context, size_t n)
{
	(void)context;
	return mem_alloc(n);
}

static void *U_CALLCONV resize(const void *context, void *p, size_t n)
{
	(void)context;
	return mem_resize(p, n);
}

static void U_CALLCONV take_back(const void *context, void *p)
{
	(void)context;
	free(p);
}

void icu_begin(void)
{
	UErrorCode error = U_ZERO_ERROR;

	/* Fails only if one of the functions is NULL. */
	u_setMemoryFunctions(NULL, give, resize, take_back, &error);
}
