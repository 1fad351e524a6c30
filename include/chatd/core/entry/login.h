/*
 * Coming in: the name, and the password where the name belongs to an account.
 *
 * A dialogue is a question whose answer is the next line, whatever that line says: it is
 * no command and is said to nobody. There is at most one for each session.
 */
#ifndef CHATD_CORE_ENTRY_LOGIN_H
#define CHATD_CORE_ENTRY_LOGIN_H

#include "chatd/core/people/account.h"
#include "chatd/core/question.h"
#include "chatd/core/state.h"

#define TOTP_WRONG "That is not the code of this moment, or it was used already."

/* What the next line answers. */
enum dialogue_ask {
	DIALOGUE_PASSWORD,   /* of the account that is signed in to */
	DIALOGUE_CODE,       /* and its second step */
	DIALOGUE_OLD,        /* /passwd, /drop: the password that holds */
	DIALOGUE_NEW,        /* /register, /passwd: the new one */
	DIALOGUE_AGAIN,      /* and once more */
	DIALOGUE_OVER,       /* nothing any more: the next line may still be meant for what failed,
	                      * and is said to nobody */
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
	DIALOGUE_ENTER,      /* /join: a room that has a password */
	DIALOGUE_LOCK,       /* /room password: a new one; asks nothing */
};

struct dialogue {
	enum dialogue_aim aim;
	enum dialogue_ask ask;
	uint8_t tries;       /* wrong answers so far; PASSWORD_TRIES_MAX end it */
	bool once;           /* the password came with the command: a wrong one ends it */
	bool lines;          /* DROP: what the account has said goes too */
	bool hidden;         /* its client was told not to show what is typed */
	bool warned;         /* was told that what is typed can be seen */
	struct account_ref account; /* that it is about, as it was when its password was last asked
	                      * for; none: there is none, or none yet */
	char *name;          /* owned; REGISTER: the key of the name that is to be the account's; otherwise
	                      * NULL */
	uint32_t room;       /* ENTER, LOCK: number of the room */
	char *secret;        /* owned, cleared: what was typed and is still needed; NULL: nothing */
};

/* A line at the prompt for the name. May end the session. */
void login_line(struct chat *c, struct session *s, char *text);

/* Wants to be the bearer of this name's account: asks for the password, or checks the one
 * given. s may be at the prompt or a guest in the chat. */
void login_as(struct chat *c, struct session *s, const char *name, const char *password);

/* s has shown that it is the account's bearer: it takes the name, and the place of who bears
 * it. */
void login_signed_in(struct chat *c, struct session *s, struct account *a);

/* At the prompt: a user of the host, by login name, is signed in to the account of that name,
 * which is made if there is none. False: it cannot be, and s was told. */
bool login_host(struct chat *c, struct session *s, const char *user);

/* A name that s may not bear; it was told. Ends the session after too many. */
void login_wrong(struct chat *c, struct session *s);

/* The account is new: guests whose names look like its own are given others; those for whom this
 * step has no room are put out in the next ones. */
void login_clear_name(struct chat *c, const struct account *a);

/* A guest comes back: under a name that it may bear, to its room (NULL: the lobby); back_seq: see struct
 * session. */
void login_resume(struct chat *c, struct session *s, const char *nick, const char *key,
                  struct room *r, uint64_t back_seq);
/* The dialogue is given up; at the prompt the name is asked for again. */
void login_give_up(struct chat *c, struct session *s);
/* The next line in a dialogue that signs in (a NULL: there is no such account); and in the
 * others. */
void login_password_line(struct chat *c, struct session *s, struct account *a, const char *text);
void account_line(struct chat *c, struct session *s, struct account *a, char *text);

/* Begins a dialogue without asking anything yet. */
void dialogue_start(struct chat *c, struct session *s, enum dialogue_aim aim,
                    enum dialogue_ask ask);
/* Takes what was typed, in place of what it had, which is cleared. */
void dialogue_keep(struct dialogue *d, char *secret);
/* Clears and frees it; NULL is fine. */
void dialogue_free(struct dialogue *d);
/* Begins a dialogue, with its first question. */
void dialogue_begin(struct chat *c, struct session *s, enum dialogue_aim aim,
                    enum dialogue_ask ask);
/* A wrong answer: says why (NULL: that was said), and asks again; the last one ends it. */
void dialogue_retry(struct chat *c, struct session *s, enum dialogue_ask ask, const char *why);
/* An interrupt: the first one of telnet makes it known, and hides what is typed from then
 * on; another gives the dialogue up. */
void dialogue_interrupt(struct chat *c, struct session *s);
/* Asks the question again. */
void dialogue_prompt(struct chat *c, const struct session *s);
/* The next line has come. May end the session. */
void dialogue_line(struct chat *c, struct session *s, char *text);
/* For the answers that a dialogue waits for: true if it may go on with this one. Otherwise it is
 * over, or there is none any more; why it could not be found out was said. */
bool dialogue_goes_on(struct chat *c, struct session *s, const struct rows *rows);
/* It is over, or given up; NULL is fine. Shows again what is typed. */
void dialogue_end(struct chat *c, struct session *s);

#endif
