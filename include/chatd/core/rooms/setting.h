/*
 * The settings of rooms, in a table.
 *
 * A room with an owner, or with any setting changed, is saved as a fact (FACT_ROOM, keyed by the
 * room's key), so it still exists after a restart even if nothing was said in it.
 */
#ifndef CHATD_CORE_ROOMS_SETTING_H
#define CHATD_CORE_ROOMS_SETTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chatd/core/rooms/membership.h"

struct chat;
struct session;
struct room;

/* A room's settings; the table below says who may change which. */
struct room_settings {
	bool topic_lock;            /* only operators may set the topic */
	bool private;               /* it is unlisted, and only invited people may come in */
	bool moderated;             /* only people with a voice may speak */
	bool history;               /* lines are saved */
	bool open_history;          /* if it is private: members may read lines from before they were
	                             * invited */
	bool permanent;             /* it stays even without people and lines */
	uint32_t slow_s;            /* seconds between two lines of one person; 0: no limit */
	uint32_t days, lines;       /* how long lines are kept, and how many; 0: as configured */
	uint32_t replay;            /* lines shown on joining, plus 1; 0: as configured */
	char *hash;                 /* owned; hash of its password; NULL: it has none */
	uint64_t lock;              /* a different number after each change of the password */
};

enum setting_kind {
	SETTING_SWITCH,    /* on or off */
	SETTING_NUMBER,
	SETTING_PASSWORD,  /* text that is never shown; only its hash is kept (setting_lock) */
};

/* One row of the table. */
struct setting {
	const char *name;       /* as it is typed */
	enum setting_kind kind; /* which values it takes */
	size_t at;              /* offset of its field in struct room_settings */
	enum room_role who;     /* the least role that may change it */
	bool lobby;             /* it can be changed in the lobby too */
	uint32_t least, most;   /* NUMBER: its range. The field holds number - least + 1, */
	const char *none;       /* or 0, which is typed and shown as this word */
	const char *means;      /* what it means if it is on, or what the number counts */
};

extern const struct setting settings[];  /* ends with name NULL */

enum { SETTING_BYTES_MAX = 16 };  /* bytes of a value as it is shown, with the NUL */

/* The setting of that name, in upper or lower case; NULL: there is none. */
const struct setting *setting_find(const char *name);

/* Writes the value to out as it would be typed: "on", "30", "-". Returns out or a constant. */
const char *setting_show(const struct room *r, const struct setting *k,
                         char out[SETTING_BYTES_MAX]);
/* Parses text to the value that the field will hold; false: text is not a value for this SWITCH or
 * NUMBER. */
bool setting_parse(const struct setting *k, const char *text, uint32_t *value);
/* The value that the field holds now. */
uint32_t setting_value(const struct room_settings *set, const struct setting *k);

/* An offer of a room; the fields are as in struct room. Strings are borrowed. */
struct room_offer {
	const char *key, *by;    /* the account it is offered to, and who offers it; NULL: no offer */
	int64_t made_ms, at_ms;  /* when that account and the offer were made, since the epoch */
};

/* What is saved of a room, except its name and number. The strings are borrowed, set.hash too. */
struct room_terms {
	const char *topic, *maker, *alone; /* as room.topic, making.by and room_lines.alone */
	int64_t made_ms;         /* as making.at_ms */
	struct room_settings set; /* its settings */
	struct room_offer offer; /* its offer to an account */
};

/* The room's terms as they are now. */
struct room_terms setting_terms(const struct room *r);
/* Changes the room's terms. This is the only place where they change, whether by a command, by
 * /undo or when they are loaded. Does not save them. Any of the strings may be the room's own. */
void setting_apply(struct chat *c, struct room *r, const struct room_terms *t);

/* Sets a SWITCH or NUMBER to a value from setting_parse, and saves it. If the room becomes private,
 * the people who are in it may stay and come back. */
void setting_put(struct chat *c, struct room *r, const struct setting *k, uint32_t value);
/* Sets and saves the hash of a new password; NULL: removes the password. */
void setting_lock(struct chat *c, struct room *r, const char *hash);

/* Offers the room to the account (NULL: to nobody) as of at_ms, in place of any earlier offer, and
 * saves that. */
void setting_offer(struct chat *c, struct room *r, const struct account *to, const char *by,
                   int64_t at_ms);
/* The account that may accept the room; NULL: none. */
struct account *setting_offered(const struct chat *c, const struct room *r);
/* Tells s, which is signed in, which rooms are offered to it. */
void setting_tell_offers(struct chat *c, struct session *s);
/* The same for one room. */
void setting_tell_offer(struct chat *c, const struct session *s, const struct room *r);

/* The number of lines that the room shows on joining. */
uint32_t setting_replay(const struct chat *c, const struct room *r);

/* Saves the room as a fact. */
void setting_save(struct chat *c, struct room *r);
/* Deletes that fact. */
void setting_drop(struct chat *c, struct room *r);
/* Tells the store the room's number, and how long its lines are kept, if it does not know them. */
void setting_introduce(struct chat *c, struct room *r);
/* Saves a record that concerns r, and returns its number; fills in the room, its name and the time.
 * The first record of a room also tells the store the room's number. */
uint64_t setting_append(struct chat *c, struct room *r, struct record what);

/* Gives a new room its initial settings; setting_release frees whatever they own. */
void setting_init(struct room *r);
void setting_release(struct chat *c, struct room *r);

/* Loads the settings of r as they were saved. Call it at the start, after the rooms that have lines
 * are loaded. */
void setting_load(struct chat *c, struct room *r, const char *value);

#endif
