/*
 * What names look like: two that a reader may take for each other.
 */
#ifndef CHATD_CORE_LOOK_H
#define CHATD_CORE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bounds.h"

/*
 * The look of a name: its skeleton (Unicode UTS 39, section 4, by ICU), case-folded and
 * without accents. With as_written that of the letters as they stand, so that aIice, with
 * a capital I, looks like alice; without, that of the name in whatever case. Names that
 * share a look are confusable: alice, a1ice, alïce; mary and rnary. Its limits: it
 * knows single letters of the same shape, not what fonts make of pairs of them (vv and w),
 * and nothing of words that sound alike.
 */
void look_of(const char *name, bool as_written, char look[NAME_LOOK_BYTES_MAX + 1]);

/* A look as a number, to compare many quickly (FNV-1a). */
uint64_t look_hash(const char *look);

#endif
