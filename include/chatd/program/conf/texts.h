/*
 * The operator's own texts: the banner, the message of the day and the rules, read from the files that
 * the configuration names.
 *
 * They are read at the start and at a reload, never because a person asks. A file is taken whole or not
 * at all: one that is too long, is not UTF-8, or has anything that is not shown as it is (tabs, colours)
 * is refused with the number of the line.
 */
#ifndef CHATD_PROGRAM_CONF_TEXTS_H
#define CHATD_PROGRAM_CONF_TEXTS_H

#include <stdbool.h>

#include "chatd/program/conf/conf.h"

enum text { TEXT_BANNER, TEXT_MOTD, TEXT_RULES, TEXTS };

struct texts {
	char *text[TEXTS]; /* owned; whole lines that end with LF, without blanks at their ends; NULL: no
	                    * file is named (banner: the built-in one; "" if there is to be none) */
};

/* Its key in the configuration. */
const char *texts_key(enum text t);
/* The file that the configuration names; NULL: none. */
const char *texts_path(const struct conf *c, enum text t);

/* Reads one file, of which texts_path is not NULL; the caller frees the result. NULL: problems has a
 * line that says why. again: chatd is running, perhaps in its sandbox. */
char *texts_read_one(const struct conf *c, enum text t, bool again, struct bytes *problems);

/* Reads all files into x, which the caller gives to texts_release. False: problems has a line for each
 * that cannot be used, and x is empty. */
bool texts_read(struct texts *x, const struct conf *c, bool again, struct bytes *problems);
void texts_release(struct texts *x);

/* Adds a line to said for each file that has the same name in both configurations, and another text. */
void texts_compare(const struct conf *was, const struct texts *old, const struct conf *is,
                   const struct texts *new, struct bytes *said);

#endif
