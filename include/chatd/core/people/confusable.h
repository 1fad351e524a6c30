/*
 * What names look like: two that a reader may take for each other, and the letters that Unicode
 * recommends for names (UTS 39, by ICU).
 */
#ifndef CHATD_CORE_PEOPLE_CONFUSABLE_H
#define CHATD_CORE_PEOPLE_CONFUSABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bounds.h"

/*
 * The skeleton of a name (Unicode UTS 39, section 4), case-folded and without accents. With as_written
 * that of the letters as they are written, so that aIice, with a capital I, looks like alice; without,
 * that of the name in any case. Names that share a skeleton are confusable: alice, a1ice, alïce; mary
 * and rnary. Its limits: it knows single letters of the same shape, not what fonts make of pairs of
 * them (vv and w), and nothing of words that sound alike.
 */
void skeleton_of(const char *name, bool as_written, char skeleton[NAME_SKELETON_BYTES_MAX + 1]);

/* The skeleton of the name in capitals, which are alike in more scripts than the small letters are (the
 * Cyrillic ТЕ and TE): of a name without case. In it an I is an i and nothing is an l but an L. */
void skeleton_in_capitals(const char *key, char skeleton[NAME_SKELETON_BYTES_MAX + 1]);

/* A skeleton as a number, to compare many quickly (FNV-1a). */
uint64_t skeleton_hash(const char *skeleton);

/* The letter, mark or digit is recommended for names (General Security Profile), or is of a script
 * of limited use, such as Cherokee, in which people's names are written too. */
bool confusable_is_of_today(int32_t cp);

/* The mark is of no script of its own, as the accents are that go on any letter. */
bool confusable_is_accent(int32_t cp);

/* What is wrong with the whole of a name. */
enum confusable_fault {
	CONFUSABLE_FINE,
	CONFUSABLE_SCRIPTS,   /* letters of several scripts, and not those of UTS 39's level "highly
	                 * restrictive": Latin and those of Chinese, Japanese or Korean */
	CONFUSABLE_DIGITS,    /* digits of several kinds */
	CONFUSABLE_MARKS,     /* the same mark twice on one letter, where the second is not seen */
};

enum confusable_fault confusable_fault(const char *key);

#endif
