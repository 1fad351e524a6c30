/*
 * The people of fuzz_chat: guests, holders of accounts and people with power, in a few rooms and
 * under a few names, so that what they do meets.
 *
 * They read what they are asked: where it is a password, they mostly have one that is right, was
 * right, or is somebody else's. What must not be seen by others is typed only where it is asked
 * for, or behind a command that takes it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chatd/core/commands/table.h"
#include "chatd/core/people/session.h"
#include "chatd/core/rooms/room.h"
#include "chatd/core/state/state.h"
#include "chatd/core/state/tables.h"
#include "fuzz_chat.h"

const char *const people_names[] = {
	"ann", "bob", "cat", "dan", "Ann", "eve", "b0b", "mod", "zoe", "nobody_here", "--preview",
	"1.2.3.4",
};
const char *const people_words[] = {
	"hello", "spam", "on", "off", "-", "5", "30m", "100000w", "999999999w", "now", "2h", "all",
	"claim", "resolve", "reopen", "add", "remove", "private", "moderated", "password",
	"permanent", "history", "slow", "topic-lock", "open-history", "days", "replay", "admin",
	"moderator", "account", "correct horse", "10.0.0.0/8", "192.0.2.1", "::/0", "2001:db8::1",
	"before", "\xc3\xa9\xcc\x81", "wor*",
};
const size_t people_nnames = sizeof people_names / sizeof people_names[0];
const size_t people_nwords = sizeof people_words / sizeof people_words[0];

static const char *const rooms[] = {"ops", "den", "general", "#ops", "hall", "x"};

enum { BEARERS = 6 }; /* names that people mostly have: those whose accounts are fought for */

static uint32_t last_code; /* that somebody has typed */

static const char *some_name(void)
{
	return people_names[below((uint32_t)people_nnames)];
}

static const char *wanted_name(struct actor *p)
{
	uint32_t how = below(8);

	if (how == 0)
		snprintf(p->wanted, sizeof p->wanted, "%s", some_name());
	else if (how < 3)
		snprintf(p->wanted, sizeof p->wanted, "guest%u", p->id.slot);
	else
		snprintf(p->wanted, sizeof p->wanted, "%s", people_names[below(BEARERS)]);
	return p->wanted;
}

/* -- secrets --------------------------------------------------------------------------------------- */

/* The account that slot is signed in to, or wants to be; NULL: there is none. */
static const struct account *account_of(uint32_t slot)
{
	const struct session *s = session_at(slot);

	if (s != NULL && s->account != NULL)
		return s->account;
	return account_named(fuzz.chat, fuzz.person[slot].wanted);
}

/* One of its codes, often one that somebody else is trying at this moment. */
static uint32_t some_code(const struct account *a)
{
	const char *line = a != NULL ? a->secrets.codes : "";
	uint32_t skip = below(10);

	if (last_code != 0 && below(2) == 0)
		return last_code;
	while (skip-- > 0 && strchr(line, '\n') != NULL)
		line = strchr(line, '\n') + 1;
	return *line != '\0' ? secret_of_hash(line) : secret_any();
}

static void put_password(uint32_t slot, struct bytes *b)
{
	const struct account *a = account_of(slot);
	uint32_t number = a != NULL ? secret_of_hash(a->secrets.hash) : 0, how = below(20);
	bool has_codes = a != NULL && *a->secrets.codes != '\0';

	if (how >= 18 || number == 0)
		number = secret_any();
	if (how == 19) {
		bytes_puts(b, "wrong horse");
	} else if (how >= (has_codes ? 8 : 15) && how < 18) {
		last_code = some_code(a);
		secret_put_code(b, last_code);
	} else {
		secret_put_password(b, number);
	}
}

static void put_new_password(uint32_t slot, struct bytes *b)
{
	fuzz.person[slot].chosen = below(4) == 0 && secret_any() != 0 ? secret_any() : secret_new();
	secret_put_password(b, fuzz.person[slot].chosen);
}

/* The digits of its second step, or of the one that it is being shown. */
static void put_digits(uint32_t slot, struct bytes *b)
{
	const struct account *a = account_of(slot);
	struct bytes totp = {0};

	if (below(5) == 0)
		bytes_puts(b, "000000");
	else if (a != NULL && *a->secrets.totp != '\0')
		secret_put_digits(b, a->secrets.totp, fuzz.wall_ms);
	else {
		bytes_printf(&totp, "ZQT%" PRIu32 "A", fuzz.person[slot].chosen);
		secret_put_digits(b, totp.data, fuzz.wall_ms);
	}
	bytes_release(&totp);
}

/* False: it is asked nothing but the name. */
static bool put_answer(uint32_t slot, struct bytes *b)
{
	const char *asked = fuzz.person[slot].shown;
	size_t len = strlen(asked);

	if (len < 3 || strcmp(asked + len - 3, "]: ") != 0 || strstr(asked, "NAME]") != NULL)
		return false;
	if (below(12) == 0)
		return true;
	if (strstr(asked, "NEW") != NULL)
		put_new_password(slot, b);
	else if (strstr(asked, "AGAIN") != NULL && below(8) != 0)
		secret_put_password(b, fuzz.person[slot].chosen);
	else if (strstr(asked, "CODE") != NULL)
		put_digits(slot, b);
	else
		put_password(slot, b);
	return true;
}

/* -- commands ---------------------------------------------------------------------------------------- */

static void put_arg(struct bytes *b)
{
	switch (below(9)) {
	case 0:
	case 1:
	case 2:
		bytes_puts(b, some_name());
		break;
	case 3:
		bytes_puts(b, OF(rooms));
		break;
	case 4:
		bytes_printf(b, "#%u", below((uint32_t)fuzz.chat->records.seq + 2));
		break;
	case 5:
		bytes_printf(b, "#%c%u", "AB"[below(2)], below((uint32_t)fuzz.chat->records.seq + 2));
		break;
	case 6:
		if (below(40) == 0)
			for (int i = 0; i < 900; i++)
				bytes_puts(b, "w");
		/* fall through */
	default:
		bytes_puts(b, of(people_words, people_nwords));
	}
}

static void put_any(struct bytes *b)
{
	static const char *const flags[] = {"--everywhere", "--preview", "--in=ops", "--in=den"};
	uint32_t n = 0, which;

	if (below(6) == 0) {
		put_arg(b);
		return;
	}
	while (commands[n].name != NULL)
		n++;
	which = below(n);
	/* People who leave come back soon; otherwise nobody would be here. */
	if (strcmp(commands[which].name, "quit") == 0 && below(5) != 0)
		which = 0;
	bytes_printf(b, "/%s", commands[which].name);
	if (commands[which].flags != 0 && below(3) == 0)
		bytes_printf(b, " %s", OF(flags));
	for (uint32_t i = below(4); i > 0; i--) {
		bytes_puts(b, " ");
		put_arg(b);
	}
}

/* A guest who wants to be somebody. */
static void put_guest(uint32_t slot, struct bytes *b)
{
	switch (below(5)) {
	case 0:
		bytes_puts(b, "/register");
		break;
	case 1:
	case 2:
		bytes_puts(b, "/register ");
		put_new_password(slot, b);
		break;
	case 3:
		bytes_printf(b, "/login %s", wanted_name(&fuzz.person[slot]));
		break;
	default:
		bytes_printf(b, "/login %s ", wanted_name(&fuzz.person[slot]));
		put_password(slot, b);
	}
}

/* Somebody with an account: about that. */
static void put_bearer(uint32_t slot, struct bytes *b)
{
	static const char *const plain[] = {"/drop", "/passwd", "/codes", "/codes", "/codes", "/totp",
	                                    "/totp off", "/cert add", "/cert add", "/cert", "/cert remove 1"};

	const struct session *s = session_at(slot);

	if (s != NULL && s->presence.cert != NULL && cert_of(fuzz.chat, s) == NULL && below(3) == 0) {
		bytes_puts(b, "/cert add");
		return;
	}
	switch (below(5)) {
	case 0:
		bytes_puts(b, "/drop ");
		put_password(slot, b);
		break;
	case 1:
		bytes_puts(b, "/passwd ");
		put_password(slot, b);
		bytes_puts(b, " ");
		put_new_password(slot, b);
		break;
	default:
		bytes_puts(b, OF(plain));
	}
}

/* Somebody who is in a room from which they can be put into the lobby; NULL: there is nobody. */
static const struct session *somebody(void)
{
	for (uint32_t i = 0, slot = below(FUZZ_PEOPLE); i < FUZZ_PEOPLE; i++, slot++) {
		const struct session *s = session_at(slot % FUZZ_PEOPLE);

		if (s != NULL && s->state == SESSION_CHAT && s->room != fuzz.chat->rooms.lobby)
			return s;
	}
	return NULL;
}

/* What happens to others; most of all that they are put out of where they are. */
static void put_power(struct bytes *b)
{
	static const char *const verbs[] = {
		"disconnect", "ban --everywhere", "mute", "code", "code", "ban", "unban --everywhere",
		"unban", "invite", "transfer", "op",
	};
	static const char *const roles[] = {"account", "moderator", "admin"};
	const struct session *s = somebody();
	const char *verb = OF(verbs), *name = s != NULL && below(3) != 0 ? s->nick : some_name();

	if (s != NULL && below(3) != 0)
		bytes_printf(b, "/kick --in=%s %s", s->room->name, s->nick);
	else if (below(12) == 0)
		bytes_printf(b, "/role %s %s", some_name(), OF(roles));
	else
		bytes_printf(b, "/%s %s", verb, name);
	if (strncmp(verb, "ban", 3) == 0)
		bytes_puts(b, " 1m");
}

static void put_room(uint32_t slot, struct bytes *b)
{
	switch (below(6)) {
	case 0:
		bytes_puts(b, "/room password ");
		put_new_password(slot, b);
		break;
	case 1:
		bytes_printf(b, "/join %s ", OF(rooms));
		put_password(slot, b);
		break;
	case 2:
		bytes_puts(b, "/history");
		break;
	case 3:
		bytes_printf(b, "/nick %s", people_names[below(BEARERS)]);
		break;
	default:
		bytes_printf(b, "/join %s", rooms[below(2)]);
	}
}

static void put_line(uint32_t slot, struct bytes *b)
{
	const struct session *s = session_at(slot);
	uint32_t what = below(100), power = role_of(s) >= ROLE_MODERATOR ? 50 : 8;

	if (s->state == SESSION_LOGIN && what < 70)
		bytes_puts(b, wanted_name(&fuzz.person[slot]));
	else if (s->state == SESSION_CHAT && s->room == fuzz.chat->rooms.lobby && below(3) == 0)
		bytes_printf(b, "/join %s", rooms[below(2)]);
	else if (what < power)
		put_power(b);
	else if (what < power + 20)
		(s->account != NULL ? put_bearer : put_guest)(slot, b);
	else if (what < power + 36)
		put_room(slot, b);
	else
		put_any(b);
}

/* -- what is typed ------------------------------------------------------------------------------------ */

void people_begin(void)
{
	last_code = 0;
}

void people_name(uint32_t slot, struct bytes *b)
{
	struct actor *p = &fuzz.person[slot];

	bytes_printf(b, "%s%s%s", p->telnet ? "\xff\xfd\x01" : "", wanted_name(p),
	             p->telnet ? "\r" : "\n");
}

void people_type(uint32_t slot, struct bytes *b)
{
	struct actor *p = &fuzz.person[slot];

	/* What was begun may be the answer to what is asked now. */
	if (p->begun || put_answer(slot, b))
		bytes_puts(b, p->telnet ? "\r" : "\n");
	p->begun = false;
	for (uint32_t i = b->len == 0 ? 1 + below(5) / 4 : below(6) / 5; i > 0; i--) {
		put_line(slot, b);
		bytes_puts(b, p->telnet ? "\r" : "\n");
	}
	if (below(4) != 0)
		return;
	/* What is taken when the input ends: most of all what asks a question. */
	if (session_at(slot)->state == SESSION_CHAT && below(2) == 0)
		(session_at(slot)->account != NULL ? put_bearer : put_guest)(slot, b);
	else
		put_line(slot, b);
	p->begun = true;
}
