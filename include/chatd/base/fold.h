/*
 * The one form in which words are compared: by searches, by filters, for mentions.
 *
 * A word is letters, digits and the marks on them, without case, in compatibility form (Unicode
 * NFKC and case folding; UAX #15), without the marks that readers of its script often leave out
 * (accents on Latin and Greek letters, vowel signs of Arabic and Hebrew), and without those that
 * belong to no script. All other marks are part of the word. Everything else separates words, as in
 * ASCII text: example.com is two.
 *
 * Scripts that are written without blanks (Han, kana, Thai, Lao, Khmer, Burmese) form a run, which
 * is reported as pairs of neighbouring letters, because nothing marks its words.
 */
#ifndef CHATD_BASE_FOLD_H
#define CHATD_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>

enum fold_mode {
	FOLD_INDEX,   /* runs as pairs, and their last letter at the position of the last pair, so
	               * that every letter begins a token */
	FOLD_QUERY,   /* runs as pairs; a run of a single letter as that letter */
	FOLD_WORDS,   /* runs unchanged */
};

struct fold_token {
	const char *text; /* len bytes, folded; valid during the call. Except for FOLD_WORDS at most
	                   * FOLD_TOKEN_BYTES_MAX: the rest of a longer word is ignored */
	size_t len;
	size_t begin, end; /* where it is in the text, in bytes */
	bool run;         /* it is from a run */
	bool single;      /* and all of it, a single letter: any pair that begins with it matches
	                   * too */
	bool beside;      /* at the same position as the token before; only for FOLD_INDEX */
};

enum { FOLD_TOKEN_BYTES_MAX = 512 };

/* Calls back for each token until a call returns other than 0; returns that value, or 0. Safe from
 * any thread. Bytes that are not UTF-8 separate words. */
int fold_text(const char *text, size_t len, enum fold_mode mode,
              int (*each)(void *ctx, const struct fold_token *t), void *ctx);

/* The version of the folding, to be saved with folded text: if it differs later, the same text may
 * fold differently. Depends on ICU's tables. */
int fold_version(void);

#endif
