/* What the people of the simulation name, and what they type who have power in a room. */
#include "sim.h"

void sim_put_nick(struct bytes *b)
{
	bytes_printf(b, "n%u", prng_below(&sim->prng, sim->nclients + 2));
}

void sim_put_room(struct bytes *b)
{
	static const char *const names[] = {"general", "ops", "#dev", "Caf\xc3\xa9", "r4", "r5", "r6",
	                                    "r7", "r8"};

	bytes_puts(b, names[prng_below(&sim->prng, sim->rooms)]);
}

/* Owners and operators of a room change its settings and roles; the others are refused. No
 * password, and no room without a history: lines there are not tracked. */
void sim_put_power(struct client *c, struct bytes *b)
{
	static const char *const sets[] = {
		"room private on", "room private off", "room moderated on", "room moderated off", "slow 1",
		"slow off", "room topic-lock on", "room replay 3", "room lines 5", "room permanent on",
		"room", "room open-history on", "topic -",
	};
	static const char *const names[] = {"invite", "uninvite", "voice", "devoice", "op", "deop",
	                                    "transfer", "kick", "kick"};
	enum {
		NSETS = sizeof sets / sizeof sets[0],
		NNAMES = sizeof names / sizeof names[0],
	};
	const struct session *s = model_session(c->k);

	if (s != NULL && s->state == SESSION_CHAT && s->account == NULL && prng_chance(&sim->prng, 400)) {
		bytes_printf(b, "/register %s", SIM_PASSWORD);
	} else if (prng_chance(&sim->prng, 500)) {
		bytes_printf(b, "/%s", sets[prng_below(&sim->prng, NSETS)]);
	} else {
		bytes_printf(b, "/%s ", names[prng_below(&sim->prng, NNAMES)]);
		if (prng_chance(&sim->prng, 200)) {
			bytes_puts(b, "--in=");
			sim_put_room(b);
			bytes_puts(b, " ");
		}
		sim_put_nick(b);
	}
}

/* Of a command: a person, a room, a time, or nothing sensible. */
void sim_put_argument(struct bytes *b)
{
	switch (prng_below(&sim->prng, 9)) {
	case 0:
		sim_put_nick(b);
		break;
	case 1:
		sim_put_room(b);
		break;
	case 2:
		bytes_printf(b, "%u", prng_below(&sim->prng, 200));
		break;
	case 3:
		bytes_printf(b, "%u%c", prng_below(&sim->prng, 30), "smhdwx"[prng_below(&sim->prng, 6)]);
		break;
	case 4:
		bytes_printf(b, "before #%u", prng_below(&sim->prng, 500));
		break;
	case 5:
		bytes_puts(b, "2026-11-22");
		break;
	case 6:
		bytes_puts(b, "-");
		break;
	case 7:
		bytes_puts(b, "a b c d e f");
		break;
	default:
		bytes_puts(b, "hello*");
		break;
	}
}
