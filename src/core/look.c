/*
 * What names look like.
 *
 * Owns ICU's checker, made at its first use and kept: it only holds tables that
 * never change. The one file that includes ICU.
 */

#include "chatd/core/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uspoof.h>
#include <utf8proc.h>

/* Without accents, and without case where `letters` is CASEFOLD. NULL: it is no UTF-8. */
static char *fold(const char *text, utf8proc_option_t letters)
{
	utf8proc_uint8_t *out = NULL;

	if (utf8proc_map((const utf8proc_uint8_t *)text, 0, &out,
	                 UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_IGNORE |
	                 UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK | letters) < 0)
		return NULL;
	return (char *)out;
}

void look_of(const char *name, bool as_written, char look[NAME_LOOK_BYTES_MAX + 1])
{
	static USpoofChecker *checker;
	char skeleton[NAME_LOOK_BYTES_MAX + 1] = "", *folded = NULL;
	char *bare = fold(name, as_written ? 0 : UTF8PROC_CASEFOLD);
	UErrorCode error = U_ZERO_ERROR;

	if (checker == NULL)
		checker = uspoof_open(&error);
	if (bare != NULL && U_SUCCESS(error))
		uspoof_getSkeletonUTF8(checker, 0, bare, -1, skeleton, NAME_LOOK_BYTES_MAX, &error);
	/* The skeleton has capitals where those are the commonest shape (0 becomes O). */
	if (bare != NULL && U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING)
		folded = fold(skeleton, UTF8PROC_CASEFOLD);
	/* A name that ICU has no skeleton of looks like itself. */
	snprintf(look, NAME_LOOK_BYTES_MAX + 1, "%s", folded != NULL ? folded : name);
	free(folded);
	free(bare);
}

uint64_t look_hash(const char *look)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*look != '\0')
		hash = (hash ^ (unsigned char)*look++) * UINT64_C(0x100000001b3);
	return hash;
}
