/*
 * Questions that people answer with the next line: the name, a password, a code.
 *
 * The next line is the answer, whatever it says: it is not a command, and nobody else reads
 * it. A session has at most one dialogue.
 */
#ifndef CHATD_CORE_ENTRY_DIALOGUE_H
#define CHATD_CORE_ENTRY_DIALOGUE_H

#include <stdbool.h>
#include <stdint.h>

#include "chatd/core/event.h"
#include "chatd/core/people/account.h"

struct chat;
struct session;

#define TOTP_WRONG "Wrong code, or it was already used."

/* What the next line answers. */
enum dialogue_ask {
	DIALOGUE_PASSWORD,   /* of the account to sign in to */
	DIALOGUE_CODE,       /* and its second step */
	DIALOGUE_OLD,        /* /passwd, /drop and the like: the current password */
	DIALOGUE_NEW,        /* /register, /passwd: the new one */
	DIALOGUE_AGAIN,      /* and once more */
	DIALOGUE_OVER,       /* nothing: the next line may still be another try, so it is swallowed */
	DIALOGUE_TOTP,       /* /totp: a code, to show that the app has the secret */
};

/* What a dialogue leads to. */
enum dialogue_aim {
	DIALOGUE_SIGN_IN,
	DIALOGUE_REGISTER,
	DIALOGUE_PASSWD,
	DIALOGUE_DROP,
	DIALOGUE_SET_TOTP,
	DIALOGUE_TOTP_OFF,
	DIALOGUE_SET_CODES,
	DIALOGUE_ADD_CERT,
	DIALOGUE_ENTER,      /* /join: a room that has a password */
};

/* Takes the line that the dialogue waits for. a: the account that it is about; NULL: none. May end the
 * session. */
typedef void dialogue_take(struct chat *c, struct session *s, struct account *a, char *text);

struct dialogue {
	dialogue_take *take; /* what becomes of the answer */
	enum dialogue_aim aim;
	enum dialogue_ask ask;
	uint8_t tries;       /* wrong answers so far; PASSWORD_TRIES_MAX end it */
	bool once;           /* the password came with the command: a wrong one ends it */
	bool lines;          /* DROP: what the account has said goes too */
	bool hidden;         /* its client was told not to show what is typed */
	bool warned;         /* the warning that typing shows on the screen was sent */
	struct account_ref account; /* the account it is about, as it was when its password was last
	                      * asked for; none: no account, or not yet */
	char *name;          /* owned; REGISTER: the key of the name to register; otherwise NULL */
	uint32_t room;       /* ENTER: number of the room */
	char *secret;        /* owned, cleared: what was typed and is still needed; NULL: nothing */
	char *code;          /* owned; SIGN_IN in a cluster: hash of the one-time code that was given; NULL: none */
	uint64_t step;       /* and the step of the authenticator code; 0: none */
};

/* Asks again: the dialogue's question, or for the name if s has none yet. */
void session_prompt(struct chat *c, struct session *s);
/* The question that s is asked now, as it stands before what is typed; NULL: none. */
const char *session_question(const struct session *s);

/* A line at the prompt was no usable name, and s has been told. Ends the session after too many. */
void login_wrong(struct chat *c, struct session *s);

/* Gives the dialogue up; at the prompt, asks for the name again. */
void login_give_up(struct chat *c, struct session *s);

/* Begins a dialogue without asking anything yet. */
void dialogue_start(struct chat *c, struct session *s, enum dialogue_aim aim,
                    enum dialogue_ask ask, dialogue_take *take);
/* Takes what was typed, in place of what it had, which is cleared. */
void dialogue_keep(struct dialogue *d, char *secret);
/* Clears and frees it; NULL is fine. */
void dialogue_free(struct dialogue *d);
/* A wrong answer: says why (NULL: that was said) and asks again; the last one ends the dialogue. */
void dialogue_retry(struct chat *c, struct session *s, enum dialogue_ask ask, const char *why);
/* An interrupt: the first one from telnet shows that the client speaks it, and hides what is typed from
 * then on; another gives the dialogue up. */
void dialogue_interrupt(struct chat *c, struct session *s);
/* Asks the question again. */
void dialogue_prompt(struct chat *c, struct session *s);
/* Hides what is typed from here on, as far as the client of s can. */
void dialogue_hide(struct chat *c, struct session *s);
/* The next line has come. May end the session. */
void dialogue_line(struct chat *c, struct session *s, char *text);
/* For answers from the store: true if the dialogue may go on with this one. Otherwise it is over or
 * gone; if the store failed, s has been told why. */
bool dialogue_goes_on(struct chat *c, struct session *s, const struct rows *rows);
/* Ends the dialogue of s, if it has one, and shows what is typed again. */
void dialogue_end(struct chat *c, struct session *s);

#endif
