/*
 * The one form in which words are compared: by the search, by filters, for mentions.
 *
 * A word is letters, digits and the marks on them, without case, in compatibility form (Unicode NFKC
 * and case folding; UAX #15), without the marks that its readers leave out: accents on Latin and Greek
 * letters, vowel signs of Arabic and Hebrew; nor without those that are no part of a letter, as most
 * that can stand on letters of any script. All other marks are part of the word. All else separates
 * words, as in ASCII text: example.com is two.
 *
 * Scripts that are written without blanks (Han, kana, Thai, Lao, Khmer, Burmese) are a run, which is
 * told as pairs of neighbouring letters, for nobody knows its words.
 */
#ifndef CHATD_BASE_FOLD_H
#define CHATD_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>

enum fold_mode {
	FOLD_INDEX,   /* runs as pairs, and their last letter at the place of the last pair, so that each
	               * letter begins something */
	FOLD_QUERY,   /* runs as pairs; of a single letter, that */
	FOLD_WORDS,   /* runs as they are */
};

struct fold_token {
	const char *text; /* len bytes, folded; valid during the call. But for FOLD_WORDS at most
	                   * FOLD_TOKEN_BYTES_MAX: the rest of a longer word counts no more */
	size_t len;
	size_t begin, end; /* where it stands in the text, in bytes */
	bool run;         /* it is of a run */
	bool single;      /* and all of it: one letter alone. Any pair that begins with it is meant too */
	bool beside;      /* at the place of the one before; INDEX alone */
};

enum { FOLD_TOKEN_BYTES_MAX = 512 };

/* Calls back for each token, until one call returns other than 0. Returns what it did. From any
 * thread. What is no UTF-8 separates. */
int fold_text(const char *text, size_t len, enum fold_mode mode,
              int (*each)(void *ctx, const struct fold_token *t), void *ctx);

/* Where folded text was saved: another number than what it was saved with means that it may be folded
 * in another way now. Depends on ICU's tables. */
int fold_version(void);

#endif
