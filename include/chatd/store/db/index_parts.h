/*
 * The parts of the full-text index.
 *
 * Each transaction that adds or removes lines adds a part, and a search has to look into all parts. So some pages of
 * them are merged in each such transaction; FTS5 by itself would merge hundreds at a time. It keeps parts in levels and
 * merges all of a level into a part of the next one (sqlite.org/fts5.html, 6.8 and 6.9).
 */
#ifndef CHATD_STORE_DB_INDEX_PARTS_H
#define CHATD_STORE_DB_INDEX_PARTS_H

#include <stdbool.h>

struct store;

/*
 * In the open transaction: merges as many pages as are due for the words that were added and removed, which the tokenizer
 * counts, up to a hundred or so; the rest is due next time. False: error. FTS5 does not divide the list of the lines
 * in which a word is: if a word, or a room, has millions of lines, the step that comes to it merges its thousands of pages
 * in one go.
 */
bool index_merge_due(struct store *s);
/* While it is paused, index_merge_due merges nothing: a merge takes space on the disk before it frees any. FTS5 still
 * merges a level of 64 parts. */
void store_pause_merging(struct store *s, bool paused);

/*
 * Merging all parts that there are into one, after which nothing of the lines removed until then is left, in steps of about
 * that many pages, each in an open transaction of its own: the first is index_merge_all, then index_merge_on until it
 * returns 0 (1: there is more; -1: error), and in the last transaction index_merged_all. False: error.
 */
bool index_merge_all(struct store *s, int pages);
int index_merge_on(struct store *s, int pages);
bool index_merged_all(struct store *s);

/*
 * Each merge of all parts leaves two empty levels. FTS5 up to SQLite 3.40 never removes them, and takes an index of more
 * than 2,000 for a damaged one; later it makes no more than 64. index_merge_all removes those of the last one; this
 * removes them from a database of a chatd that did not. To be called before anything of the connection uses the index.
 * False: error.
 */
bool index_make_readable(struct store *s);

#endif
