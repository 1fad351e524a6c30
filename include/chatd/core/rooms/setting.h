/*
 * The settings of rooms, in a table.
 *
 * A room with an owner, or with any setting changed, is one fact in the store (FACT_ROOM, by its key),
 * so it is there after a restart even if nothing was said in it.
 */
#ifndef CHATD_CORE_ROOMS_SETTING_H
#define CHATD_CORE_ROOMS_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/base/bounds.h"
#include "chatd/core/rooms/membership.h"

struct chat;
struct session;
struct room;

/* What a room is like; the table says who may set what. */
struct room_settings {
	bool topic_lock;            /* operators alone set the topic */
	bool private;               /* unlisted, and only people who were invited come in */
	bool moderated;             /* only people with a voice may speak */
	bool history;               /* what is said is saved */
	bool open_history;          /* of a private room: members may read lines from before they
	                             * were invited */
	bool permanent;             /* stays even without people and lines */
	uint32_t slow_s;            /* seconds between two lines of one person; 0: no limit */
	uint32_t days, lines;       /* how long lines are kept, and how many; 0: as configured */
	uint32_t replay;            /* lines shown on joining, plus 1; 0: as configured */
	char *hash;                 /* owned; of the password; NULL: it asks for none */
	uint64_t lock;              /* another number with each change of it */
};

enum setting_kind {
	SETTING_SWITCH,    /* on or off */
	SETTING_NUMBER,
	SETTING_PASSWORD,  /* a text that is never shown; its hash is set (setting_lock) */
};

struct setting {
	const char *name;
	enum setting_kind kind;
	size_t at;              /* of its field in struct room_settings */
	enum room_role who;     /* the least role that may set it */
	bool lobby;             /* can be set in the lobby */
	uint32_t least, most;   /* NUMBER: range. The field has number - least + 1, */
	const char *none;       /* or 0, which is typed and shown as this word */
	const char *means;      /* what it is when it is on, or what is counted */
};

extern const struct setting settings[];  /* ends with name NULL */

enum { SETTING_BYTES_MAX = 16 };  /* of a value as it is shown, with its NUL */

/* By its name, in any case; NULL: there is none. */
const struct setting *setting_find(const char *name);

/* The value as it is typed: "on", "30", "-". */
const char *setting_show(const struct room *r, const struct setting *k,
                         char out[SETTING_BYTES_MAX]);
/* Parses what the field will hold; false: text is not a value of this SWITCH or NUMBER. */
bool setting_parse(const struct setting *k, const char *text, uint32_t *value);
/* What the field holds now. */
uint32_t setting_value(const struct room_settings *set, const struct setting *k);

/* An offer of a room, as in struct room. */
struct room_offer {
	const char *key, *by;    /* NULL: it is not offered */
	int64_t made_ms, at_ms;
};

/* What is saved of a room, but its name and number. The strings are borrowed, set.hash too. */
struct room_terms {
	const char *topic, *maker, *alone;
	int64_t made_ms;
	struct room_settings set;
	struct room_offer offer;
};

/* As they are now. */
struct room_terms setting_terms(const struct room *r);
/* The one place where they change: by a command, by /undo, or as they were saved. Saves nothing. Any
 * of the strings may be the room's own. */
void setting_apply(struct chat *c, struct room *r, const struct room_terms *t);

/* Sets a SWITCH or NUMBER to what setting_parse found, and saves it. The people in a room that becomes
 * private may stay and come back. */
void setting_put(struct chat *c, struct room *r, const struct setting *k, uint32_t value);
/* The hash of a new password; NULL: none. */
void setting_lock(struct chat *c, struct room *r, const char *hash);

/* Offers the room to the account (NULL: to nobody) as of that time, in place of any earlier offer. */
void setting_offer(struct chat *c, struct room *r, const struct account *to, const char *by,
                   int64_t at_ms);
/* The account that may accept it; NULL: none. */
struct account *setting_offered(const struct chat *c, const struct room *r);
/* Tells s, which is signed in, which rooms are offered to it. */
void setting_tell_offers(struct chat *c, struct session *s);
/* The same for one room. */
void setting_tell_offer(struct chat *c, const struct session *s, const struct room *r);

/* Lines that the room shows on joining. */
uint32_t setting_replay(const struct chat *c, const struct room *r);

/* Saves the room as a fact. */
void setting_save(struct chat *c, struct room *r);
/* Deletes that fact. */
void setting_drop(struct chat *c, struct room *r);
/* Tells the store the room's number, and how long its lines are kept, if it does not know them. */
void setting_introduce(struct chat *c, struct room *r);
/* Saves something of r, and returns its number; room, name and time are filled in. The store learns a
 * room's number with the first thing that it keeps of it. */
uint64_t setting_append(struct chat *c, struct room *r, struct record what);

/* What every room begins with; and what the room has is freed. */
void setting_init(struct room *r);
void setting_release(struct chat *c, struct room *r);

/* At the start, after the rooms that have lines: one as it was saved. */
void setting_load(struct chat *c, struct room *r, const char *value);

#endif
