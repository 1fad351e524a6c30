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

#include "chatd/base/bytes.h"
#include "chatd/core/text.h"

void look_of(const char *name, bool as_written, char look[NAME_LOOK_BYTES_MAX + 1])
{
	static USpoofChecker *checker;
	char skeleton[NAME_LOOK_BYTES_MAX + 1] = "", *folded = NULL;
	char *bare = text_form(name, as_written ? FORM_BARE : FORM_BARE_FOLDED);
	UErrorCode error = U_ZERO_ERROR;

	if (checker == NULL)
		checker = uspoof_open(&error);
	if (bare != NULL && U_SUCCESS(error))
		uspoof_getSkeletonUTF8(checker, 0, bare, -1, skeleton, NAME_LOOK_BYTES_MAX, &error);
	/* A name that looks like another's must not pass for want of memory. */
	if (error == U_MEMORY_ALLOCATION_ERROR)
		mem_fail();
	/* The skeleton has capitals where those are the commonest shape (0 becomes O). */
	if (bare != NULL && U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING)
		folded = text_form(skeleton, FORM_BARE_FOLDED);
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
