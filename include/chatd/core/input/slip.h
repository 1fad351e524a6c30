/*
 * What people type by mistake: a password where it would be read by all, keys that a plain terminal
 * sends, words that are meant as commands, and lines that begin like one.
 */
#ifndef CHATD_CORE_INPUT_SLIP_H
#define CHATD_CORE_INPUT_SLIP_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/base/bytes.h"

struct chat;
struct session;

/* Part of struct session. */
struct slip {
	int64_t secret_until_ms; /* until then a line that is no command may be a password; 0: not */
	bool keys_told;          /* it was told how to get a line that can be edited */
	bool word_told;          /* and that help and quit are commands */
	uint8_t unknown;         /* commands in a paste that there are not */
	bool pastes;             /* more came together with the last of them */
	int64_t unknown_ms;      /* and when that was given */
	struct bytes unsaid;     /* those lines, each as it can be said, with its end */
};

/* A password was refused, or wrong: the next line may be another try. */
void slip_secret(struct chat *c, struct session *s);
/* The line may be that, and is not to be said or taken for a name: s is asked. Typed again, it is. */
bool slip_refuses(struct chat *c, struct session *s);

/* A line that is nothing but keys (line_is_keys) was left out. */
void slip_keys(struct chat *c, struct session *s);

/* The command that a word alone on a line is meant as; NULL: none. */
const char *slip_command(const char *text);
/* Such a word was said to the room. */
void slip_word(struct chat *c, struct session *s, const char *text);

/* "/line" was given as a command that there is not, and told so. */
void slip_unknown(struct chat *c, struct session *s, const char *line);

void slip_release(struct slip *slip);

#endif
