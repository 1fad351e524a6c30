/*
 * What people type by mistake: a password where everyone would read it, keys that a plain terminal
 * sends, words that are meant as commands, and lines that only look like commands.
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
	int64_t secret_until_ms; /* until then a line that is not a command may be a password; 0: no */
	bool blanks;             /* a line with blanks before a password's command was held back */
	bool keys_told;          /* the person was told how to get line editing */
	bool word_told;          /* the person was told that help and quit are commands */
	uint8_t unknown;         /* unknown commands in a paste so far */
	bool pastes;             /* more input came together with the last of them */
	int64_t unknown_ms;      /* when the last of them came */
	struct bytes unsaid;     /* those lines, each as it would be said, with its line end */
};

/* A password was refused or wrong, so the next line may be another try. */
void slip_secret(struct chat *c, struct session *s);
/* True if the line may be a password, so it is not said or used as a name, and s is asked. If s types
 * it again, it is let through. */
bool slip_refuses(struct chat *c, struct session *s);

/* True if blanks stand before a command with a password in it (may_be), so that everybody would read it: it is not said,
 * and s is told. If s types it again, it is let through. */
bool slip_blanks(struct chat *c, struct session *s, bool may_be);

/* A line of nothing but keys (line_is_keys) was dropped. */
void slip_keys(struct chat *c, struct session *s);

/* The command that a single word on a line probably means; NULL: none. */
const char *slip_command(const char *text);
/* Such a word was said in the room. */
void slip_word(struct chat *c, struct session *s, const char *text);

/* "/line" is not a command, and s has been told so. */
void slip_unknown(struct chat *c, struct session *s, const char *line);

void slip_release(struct slip *slip);

#endif
