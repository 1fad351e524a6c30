/*
 * The people of the simulation: what they type, and how they come and go.
 *
 * Each action is a row of a table with a weight that the seed decides, so some
 * runs are all talk and some are all trouble.
 */
#include "sim.h"

#include <stdlib.h>
#include <string.h>

#include "chatd/core/commands/table.h"

#include "chatd/core/state/state.h"

enum {
	IN_BYTES_MAX = 16384,   /* a client types no more while so much waits */
};

static uint32_t rnd(uint32_t n)
{
	return prng_below(&sim->prng, n);
}

static bool chance(uint32_t per_mille)
{
	return prng_chance(&sim->prng, per_mille);
}

/* Tokens from `first` on are in it. */
static void type(struct client *c, const struct bytes *b, uint32_t first)
{
	size_t cut = b->len;

	if (b->len == 0)
		return;
	/* The rest of it comes with the next action. */
	if (chance(100))
		cut = rnd((uint32_t)b->len) + 1;
	fake_write(c->k, b->data, cut);
	bytes_append(&c->rest, b->data + cut, b->len - cut);
	c->cut_first = first;
	c->cut_end = sim->ntokens;
}

static void end_line(struct client *c, struct bytes *b)
{
	if (c->telnet)
		bytes_append(b, chance(500) ? "\r\n" : "\r\0", 2);
	else
		bytes_puts(b, chance(100) ? "\r\n" : "\n");
}

/* -- lines ----------------------------------------------------------------------------- */

static void put_words(struct bytes *b)
{
	static const char *const words[] = {
		"hello", "there", "caf\xc3\xa9", "lunch?", "\xf0\x9f\x98\x80", "a\tb", "release", "ok",
		"\xe2\x80\x8bzero", "backup", "\x1b[31mred", "/slash", "100%",
	};

	for (uint32_t n = rnd(8); n > 0; n--)
		bytes_printf(b, " %s", words[rnd(sizeof words / sizeof words[0])]);
	if (chance(150)) {
		bytes_puts(b, chance(500) ? " @" : " ");
		sim_put_nick(b);
		bytes_puts(b, chance(500) ? ": well" : "...");
	}
}

/* A line with a token of its own. */
static void put_said(struct client *c, struct bytes *b)
{
	const struct session *s = model_session(c->k);
	struct token *t;
	size_t begin = b->len;

	if (sim->ntokens == SIM_TOKENS_MAX)
		return;
	t = &sim->token[sim->ntokens];
	t->serial = c->k->serial;
	t->plain = s != NULL && s->state == SESSION_CHAT && !c->odd && !c->leaving &&
	           !c->k->in_end && !c->k->reset;
	bytes_printf(b, "%s~%u~", chance(50) ? "//" : chance(50) ? "/me " : "", sim->ntokens++);
	put_words(b);
	if (chance(sim->long_lines))
		while (b->len - begin + 2 < sim->config.line_bytes_max)
			bytes_append(b, chance(500) ? "\t\t\t\t\t\t\t\t\t" : "longword", 1 + rnd(8));
	if (b->len - begin > sim->config.line_bytes_max)
		t->plain = false;
	end_line(c, b);
}

static void do_say(struct client *c, struct bytes *b)
{
	put_said(c, b);
}

static void do_burst(struct client *c, struct bytes *b)
{
	for (uint32_t n = rnd(12); n > 0; n--)
		put_said(c, b);
}

static void do_overlong(struct client *c, struct bytes *b)
{
	for (uint32_t n = sim->config.line_bytes_max + 1 + rnd(6000); n > 0; n--)
		bytes_append(b, "x", 1);
	end_line(c, b);
}

static void do_junk(struct client *c, struct bytes *b)
{
	c->odd = true;
	for (uint32_t n = rnd(300); n > 0; n--) {
		char byte = (char)rnd(256);

		/* Not by chance somebody's token. */
		bytes_append(b, byte == '~' ? "-" : &byte, 1);
	}
}

static void do_telnet(struct client *c, struct bytes *b)
{
	c->odd = c->telnet = true;
	for (uint32_t n = 1 + rnd(4); n > 0; n--) {
		char command[3] = {(char)255, (char)(236 + rnd(20)), (char)rnd(50)};

		bytes_append(b, command, chance(800) ? 3 : 2);
	}
}

/* -- commands -------------------------------------------------------------------------- */

static uint32_t commands_count(void)
{
	uint32_t n = 0;

	while (commands[n].name != NULL)
		n++;
	return n;
}

/* The next line may be an answer, which nobody else sees. */
static bool asks(const char *name)
{
	static const char *const names[] = {"register", "login", "passwd", "drop", "codes", "totp"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* It changes how lines are shown; the model knows only what /watch and /set time (do_watch) make of them. */
static bool changes_view(const char *name)
{
	static const char *const names[] = {"tty", "set", "more"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void do_command(struct client *c, struct bytes *b)
{
	const struct command *k = &commands[rnd(commands_count())];

	if (changes_view(k->name))
		return;

	if (strcmp(k->name, "quit") == 0) {
		if (!chance(300))
			return;
		c->leaving = true;
	}
	if (asks(k->name))
		c->odd = true;
	bytes_printf(b, "/%s", k->name);
	for (uint32_t n = rnd(4); n > 0; n--) {
		bytes_puts(b, " ");
		sim_put_argument(b);
	}
	end_line(c, b);
	/* A wrong name of a command, or one that /leave is not: nothing is lost by it. */
	if (chance(30))
		bytes_puts(b, "/nosuch thing\n");
}

static void do_join(struct client *c, struct bytes *b)
{
	bytes_puts(b, chance(200) ? "/leave" : "/join ");
	if (b->data[b->len - 1] == ' ')
		sim_put_room(b);
	end_line(c, b);
}

/* Other rooms at the same time, and lines that wait. */
static void do_watch(struct client *c, struct bytes *b)
{
	static const char *const begins[] = {"/watch ", "/watch ", "/unwatch ", "/say --in="};
	uint32_t which = rnd(10);

	if (which >= 8) {
		static const char *const times[] = {"short", "off", "full", "default"};

		bytes_printf(b, "/set time %s", times[rnd(4)]);
		end_line(c, b);
		return;
	}
	if (which >= 4) {
		bytes_puts(b, which == 4 ? "/unwatch all" : which == 5 ? "/hold" : which == 6 ? "/hold off" : "");
		end_line(c, b);
		return;
	}
	bytes_puts(b, begins[which]);
	sim_put_room(b);
	if (which == 3)
		bytes_puts(b, " over there");
	end_line(c, b);
}

static void do_people(struct client *c, struct bytes *b)
{
	static const char *const names[] = {"ignore", "unignore", "msg", "reply", "nick", "whois"};
	uint32_t which = rnd(sizeof names / sizeof names[0]);

	bytes_printf(b, "/%s ", names[which]);
	if (which != 3)
		sim_put_nick(b);
	if (which == 2 || which == 3)
		bytes_puts(b, " just between us");
	end_line(c, b);
}

static void do_room(struct client *c, struct bytes *b)
{
	sim_put_power(c, b);
	end_line(c, b);
}

static void do_history(struct client *c, struct bytes *b)
{
	static const char *const points[] = {"delete", "report", "reply"};

	for (uint32_t n = chance(200) ? rnd(20) : 1; n > 0; n--) {
		if (chance(200))
			bytes_puts(b, chance(300) ? "/mentions" : chance(700) ? "/highlight release"
			                                        : "/unhighlight release");
		else if (chance(400))
			bytes_printf(b, "/%s #%u just so", points[rnd(3)], rnd(500));
		else
			bytes_puts(b, chance(600) ? "/history 500" : chance(500) ? "/catchup"
			                                                         : "/search hello");
		end_line(c, b);
	}
}

/* -- coming and going ------------------------------------------------------------------ */

static void leave(struct client *c)
{
	fake_forget(c->k);
	bytes_release(&c->rest);
	c->k = NULL;
}

static void do_half_close(struct client *c, struct bytes *b)
{
	(void)b;
	c->leaving = true;
	fake_half_close(c->k);
}

static void do_reset(struct client *c, struct bytes *b)
{
	(void)b;
	sim->stats.resets++;
	fake_reset(c->k);
	leave(c);
}

static void do_hang_up(struct client *c, struct bytes *b)
{
	(void)b;
	fake_hang_up(c->k);
	leave(c);
}

/* Goes with a line that is begun and never ended. What of it was sent is a line too; what of it is
 * not known here. */
static void break_off(struct client *c)
{
	struct bytes none = {0};

	for (uint32_t i = c->cut_first; i < c->cut_end; i++)
		sim->token[i].plain = false;
	bytes_clear(&c->rest);
	(chance(700) ? do_half_close : do_hang_up)(c, &none);
}

static void do_stop_reading(struct client *c, struct bytes *b)
{
	(void)b;
	c->reads = false;
}

static void do_read_again(struct client *c, struct bytes *b)
{
	(void)b;
	c->reads = true;
}

static void do_name(struct client *c, struct bytes *b)
{
	static const char *const bad[] = {"", "/who", "a b", "System", "x\x01y", "\xff\xfe", "..."};

	const struct session *s = model_session(c->k);

	if (s != NULL && s->dialogue != NULL && chance(700))
		bytes_puts(b, SIM_PASSWORD);
	else if (chance(150))
		bytes_puts(b, bad[rnd(sizeof bad / sizeof bad[0])]);
	else
		sim_put_nick(b);
	end_line(c, b);
}

static const struct {
	void (*act)(struct client *c, struct bytes *b);
	uint32_t weight;
} actions[] = {
	{do_say, 400}, {do_burst, 60}, {do_overlong, 10}, {do_junk, 4}, {do_telnet, 4},
	{do_command, 120}, {do_join, 60}, {do_people, 60}, {do_room, 40}, {do_history, 20},
	{do_watch, 40}, {do_half_close, 5}, {do_reset, 5}, {do_hang_up, 5}, {do_stop_reading, 40}, {do_read_again, 80},
};

enum { NACTIONS = sizeof actions / sizeof actions[0] };

static void connect_to(struct client *c)
{
	static const uint32_t caps[] = {1, 64, 2048, 16384, 65536, 262144};

	*c = (struct client){.k = fake_connect(sim->ring, caps[1 + rnd(5)]), .reads = true};
	if (chance(10))
		c->k->out.cap = caps[0];
}

static void act(struct client *c)
{
	const struct session *s = model_session(c->k);
	struct bytes b = {0};
	uint32_t sum = 0, at, i = 0, first = sim->ntokens;

	if (c->rest.len > 0 && chance(80)) {
		break_off(c);
		return;
	}
	if (c->rest.len > 0) {
		fake_write(c->k, c->rest.data, c->rest.len);
		bytes_clear(&c->rest);
	}
	if (s != NULL && s->state == SESSION_LOGIN && chance(850)) {
		do_name(c, &b);
	} else {
		for (i = 0; i < NACTIONS; i++)
			sum += sim->weight[i];
		at = rnd(sum);
		for (i = 0; at >= sim->weight[i]; i++)
			at -= sim->weight[i];
		actions[i].act(c, &b);
	}
	if (c->k != NULL && (!c->leaving || b.len > 0))
		type(c, &b, first);
	bytes_release(&b);
}

/* -- the step -------------------------------------------------------------------------- */

static void read_some(struct client *c)
{
	if (c->reads && chance(700))
		fake_read(c->k, chance(500) ? UINT32_MAX : rnd(8192));
	if (c->k->state == FAKE_CLOSED) {
		leave(c);
	} else if (c->k->shut_wr && c->k->out.len == 0 && chance(300)) {
		fake_hang_up(c->k);
		leave(c);
	}
}

void sim_clients_step(void)
{
	uint32_t n = rnd(4);

	for (uint32_t i = 0; i < sim->nclients; i++) {
		struct client *c = &sim->client[i];

		if (c->k != NULL && sim->quiet) {
			c->reads = true;
			if (c->k->out.cap < 65536)
				c->k->out.cap = 65536;
			fake_write(c->k, c->rest.data, c->rest.len);
			bytes_clear(&c->rest);
		}
		if (c->k != NULL)
			read_some(c);
	}
	while (n-- > 0 && !sim->quiet) {
		struct client *c = &sim->client[rnd(sim->nclients)];

		if (c->k == NULL && chance(300))
			connect_to(c);
		else if (c->k != NULL && c->k->in.len < IN_BYTES_MAX && !c->k->in_end)
			act(c);
	}
}

/* Many long lines, and many who read little: they fall behind the log. */
static void begin_torrent(void)
{
	sim->config.line_bytes_max = LINE_BYTES_LIMIT;
	sim->config.rate_lines = sim->config.rate_bytes = 0;
	sim->long_lines = 900;
	sim->rooms = chance(500) ? 1 : 2;
	for (uint32_t i = 0; i < NACTIONS; i++)
		if (actions[i].act == do_burst || actions[i].act == do_stop_reading)
			sim->weight[i] = 400;
}

void sim_clients_begin(void)
{
	memset(sim->client, 0, sizeof sim->client);
	for (uint32_t i = 0; i < NACTIONS; i++)
		sim->weight[i] = actions[i].weight * (chance(200) ? 4 : chance(200) ? 0 : 1) + 1;
	if (chance(40))
		begin_torrent();
}

void sim_clients_end(void)
{
	for (uint32_t i = 0; i < sim->nclients; i++)
		bytes_release(&sim->client[i].rest);
}
