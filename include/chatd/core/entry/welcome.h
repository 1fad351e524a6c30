/*
 * How the server presents itself: its name, its banner, the message of the day and the rules.
 *
 * The texts are the operator's. They are in chatd's memory, checked and without anything that a
 * terminal would not show (program/texts.h), and people get them row by row, as replies with two more
 * blanks, so that no row of them is taken for a reply of chatd's own.
 */
#ifndef CHATD_CORE_ENTRY_WELCOME_H
#define CHATD_CORE_ENTRY_WELCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/people/confusable.h"

struct chat;
struct chat_face;
struct session;

/* Part of struct chat. */
struct welcome {
	char *name;           /* owned; what the server calls itself */
	bool named;           /* the operator has given it that name */
	char skeleton[NAME_SKELETON_BYTES_MAX + 1]; /* of that name, as far as a person's can look like
	                       * it: its letters and digits; "" if it is not named */
	char *banner;         /* owned; what everyone who connects is sent: whole lines */
	char *motd, *rules;   /* owned; whole lines; "": there is none */
	bool motd_is_long, rules_is_long; /* they have more than WELCOME_ROWS_MAX rows */
	uint64_t rules_id;    /* tells these rules from earlier ones, also after a restart; 0: none */
};

/* Takes the texts of a configuration. */
void welcome_configure(struct chat *c, const struct chat_face *f);
void welcome_free(struct welcome *w);

/*
 * What s reads on coming in, unless it comes back with a code: the message of the day; and the rules, if
 * s is new here: a guest, or an account that was not shown these rules yet. Of a text with more than
 * WELCOME_ROWS_MAX rows, which would push everything else off the screen, it is told the command.
 */
void welcome_tell(struct chat *c, struct session *s);

/* The same texts because s asks for them; s is told if there are none. */
void welcome_motd(struct chat *c, const struct session *s);
void welcome_rules(struct chat *c, const struct session *s);

/* A name of people's would speak for the server, for it looks like the server's. */
bool welcome_bars_name(const struct chat *c, const char *key);

#endif
