/*
 * What names look like, and which letters they may have: Unicode UTS 39.
 *
 * Owns ICU's checker, which is made at its first use and kept: it only holds
 * tables that never change.
 */

#include "chatd/core/people/confusable.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uscript.h>
#include <unicode/uset.h>
#include <unicode/uspoof.h>

#include <utf8proc.h>

#include "chatd/base/bytes.h"
#include "chatd/base/text.h"

/* NULL: ICU has no tables. */
static USpoofChecker *checker(void)
{
	static USpoofChecker *made;
	UErrorCode error = U_ZERO_ERROR;

	if (made == NULL) {
		made = uspoof_open(&error);
		uspoof_setChecks(made, USPOOF_RESTRICTION_LEVEL | USPOOF_MIXED_NUMBERS |
		                 USPOOF_INVISIBLE, &error);
		uspoof_setRestrictionLevel(made, USPOOF_HIGHLY_RESTRICTIVE);
	}
	/* A look-alike must not pass because memory ran out. */
	if (error == U_MEMORY_ALLOCATION_ERROR)
		mem_fail();
	return made;
}

/* -- skeletons -------------------------------------------------------------------------- */

/* An ASCII character that names may have. */
static bool ascii_is_known(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_-.|^", c) != NULL);
}

/* The skeleton of a small m is rn, and that of a capital M, which becomes a small one here, M. */
static void copy_skeleton(const char *folded, char skeleton[NAME_SKELETON_BYTES_MAX + 1])
{
	size_t n = 0;

	for (; *folded != '\0' && n < NAME_SKELETON_BYTES_MAX; folded++) {
		skeleton[n++] = *folded == 'm' ? 'r' : *folded;
		if (*folded == 'm' && n < NAME_SKELETON_BYTES_MAX)
			skeleton[n++] = 'n';
	}
	skeleton[n] = '\0';
}

/* A faster way for ASCII, as most names are. False: the name is not ASCII. */
static bool skeleton_of_ascii(const char *name, bool as_written, bool in_capitals,
                              char skeleton[NAME_SKELETON_BYTES_MAX + 1])
{
	char folded[NAME_SKELETON_BYTES_MAX + 1];
	size_t n = 0;

	for (; name[n] != '\0' && n < NAME_SKELETON_BYTES_MAX; n++) {
		char c = name[n];

		if (!ascii_is_known(c))
			return false;
		if (c == '0')
			c = 'o';
		else if (c == '1' || c == '|' || (as_written && c == 'I'))
			c = in_capitals ? 'i' : 'l';
		folded[n] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	folded[n] = '\0';
	copy_skeleton(folded, skeleton);
	return true;
}

/* The skeleton of what has no accents any more. in_capitals: what looks like a small l is an I. */
static void skeleton_of_bare(const char *bare, bool in_capitals, char skeleton[NAME_SKELETON_BYTES_MAX + 1])
{
	char shape[NAME_SKELETON_BYTES_MAX + 1] = "", *folded = NULL;
	UErrorCode error = U_ZERO_ERROR;

	uspoof_getSkeletonUTF8(checker(), 0, bare, -1, shape, NAME_SKELETON_BYTES_MAX, &error);
	if (error == U_MEMORY_ALLOCATION_ERROR)
		mem_fail();
	for (char *p = shape; in_capitals && (p = strchr(p, 'l')) != NULL;)
		*p = 'i';
	/* The skeleton has capitals where those are the commonest shape (0 becomes O). */
	if (U_SUCCESS(error) && error != U_STRING_NOT_TERMINATED_WARNING)
		folded = text_form(shape, FORM_BARE_FOLDED);
	/* A name that ICU has no skeleton of looks like itself. */
	copy_skeleton(folded != NULL ? folded : bare, skeleton);
	free(folded);
}

void skeleton_of(const char *name, bool as_written, char skeleton[NAME_SKELETON_BYTES_MAX + 1])
{
	char *bare;

	if (skeleton_of_ascii(name, as_written, false, skeleton))
		return;
	bare = text_form(name, as_written ? FORM_BARE : FORM_BARE_FOLDED);
	skeleton_of_bare(bare != NULL ? bare : name, false, skeleton);
	free(bare);
}

void skeleton_in_capitals(const char *key, char skeleton[NAME_SKELETON_BYTES_MAX + 1])
{
	char *bare, capitals[NAME_SKELETON_BYTES_MAX + 1];
	const char *p, *end;
	utf8proc_int32_t cp;
	size_t n = 0;

	if (skeleton_of_ascii(key, false, true, skeleton))
		return;
	bare = text_form(key, FORM_BARE_FOLDED);
	p = bare != NULL ? bare : key;
	end = p + strlen(p);
	while (p < end && n + 4 <= NAME_SKELETON_BYTES_MAX) {
		utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)p, end - p, &cp);

		if (len <= 0)
			break;
		n += (size_t)utf8proc_encode_char(utf8proc_toupper(cp), (utf8proc_uint8_t *)capitals + n);
		p += len;
	}
	capitals[n] = '\0';
	skeleton_of_bare(capitals, true, skeleton);
	free(bare);
}

uint64_t skeleton_hash(const char *skeleton)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	while (*skeleton != '\0')
		hash = (hash ^ (unsigned char)*skeleton++) * UINT64_C(0x100000001b3);
	return hash;
}

/* -- letters --------------------------------------------------------------------------- */

bool confusable_is_of_today(int32_t cp)
{
	UErrorCode error = U_ZERO_ERROR;
	const USet *recommended = uspoof_getRecommendedSet(&error);
	UScriptCode script;

	if (error == U_MEMORY_ALLOCATION_ERROR)
		mem_fail();
	if (U_SUCCESS(error) && uset_contains(recommended, cp))
		return true;
	script = uscript_getScript(cp, &error);
	return U_SUCCESS(error) && uscript_getUsage(script) == USCRIPT_USAGE_LIMITED_USE;
}

bool confusable_is_accent(int32_t cp)
{
	UErrorCode error = U_ZERO_ERROR;
	UScriptCode script = uscript_getScript(cp, &error);

	return script == USCRIPT_INHERITED || script == USCRIPT_COMMON;
}

enum confusable_fault confusable_fault(const char *key)
{
	UErrorCode error = U_ZERO_ERROR;
	int32_t found;
	size_t n = 0;

	while (ascii_is_known(key[n]))
		n++;
	if (key[n] == '\0')
		return CONFUSABLE_FINE;
	found = uspoof_checkUTF8(checker(), key, -1, NULL, &error);
	if (error == U_MEMORY_ALLOCATION_ERROR)
		mem_fail();
	if (U_FAILURE(error) || (found & USPOOF_RESTRICTION_LEVEL) != 0)
		return CONFUSABLE_SCRIPTS;
	if ((found & USPOOF_MIXED_NUMBERS) != 0)
		return CONFUSABLE_DIGITS;
	return (found & USPOOF_INVISIBLE) != 0 ? CONFUSABLE_MARKS : CONFUSABLE_FINE;
}
