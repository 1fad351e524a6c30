/* What Redis has for a cluster, in memory. */
#include "fake_engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_writer.h"

static const char *const names[FAKE_NODES_MAX] = {"a", "b", "c", "d"};

struct fake_stream *fake_stream_new(uint64_t seed, int nodes, int64_t now_ms)
{
	struct fake_stream *s = mem_zero(1, sizeof *s);

	s->prng.state = seed;
	s->up = true;
	s->now_ms = now_ms;
	s->nodes = nodes;
	for (int i = 0; i < nodes; i++)
		s->keys[i].node = names[i];
	s->pace = (uint32_t[]){1000, 700, 300, 60}[prng_below(&s->prng, 4)];
	s->late = (uint32_t[]){1, 3, 20, 80}[prng_below(&s->prng, 4)];
	s->cuts = (uint32_t[]){0, 5, 20, 100}[prng_below(&s->prng, 4)];
	s->lapses = (uint32_t[]){0, 2, 50, 300}[prng_below(&s->prng, 4)];
	return s;
}

static void ghost_free(struct fake_ghost *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->text[i]);
	free(g->text);
}

static void lost_free(struct fake_stream *s)
{
	for (size_t i = 0; i < s->lost.n; i++)
		free(s->lost.at[i].text);
	free(s->lost.at);
	s->lost.at = NULL;
	s->lost.n = 0;
}

void fake_stream_free(struct fake_stream *s)
{
	for (size_t i = 0; i < s->entries.n; i++)
		free(s->entries.at[i].text);
	free(s->entries.at);
	lost_free(s);
	for (size_t i = 0; i < s->ghosts.n; i++)
		ghost_free(&s->ghosts.at[i]);
	free(s->ghosts.at);
	free(s);
}

/* -- entries ----------------------------------------------------------------------------------- */

void fake_stream_append(struct fake_stream *s, const char *text)
{
	const struct fake_entry *last = s->entries.n > 0 ? &s->entries.at[s->entries.n - 1] : NULL;
	struct fake_entry *e;
	int64_t at_ms = s->now_ms;

	if (last != NULL && at_ms < last->at_ms)
		at_ms = last->at_ms;
	for (size_t i = s->entries.n; i > 0 && i + 200 > s->entries.n; i--)
		if (strcmp(s->entries.at[i - 1].text, text) == 0) {
			s->count.twice++;
			break;
		}
	s->entries.at = fake_grow(s->entries.at, s->entries.n, &s->entries.cap, sizeof *s->entries.at);
	e = &s->entries.at[s->entries.n++];
	*e = (struct fake_entry){.text = mem_strdup(text), .bytes = strlen(text), .at_ms = at_ms, .serial = ++s->serials};
	/* No id comes again, even after a tail is lost. */
	snprintf(e->id, sizeof e->id, "%" PRId64 "-%" PRIu64, at_ms, e->serial);
	s->count.acts++;
}

size_t fake_stream_find(const struct fake_stream *s, const char *id)
{
	for (size_t i = s->entries.n; i-- > s->trimmed;)
		if (strcmp(s->entries.at[i].id, id) == 0)
			return i;
	return FAKE_NONE;
}

void fake_stream_ghost(struct fake_stream *s, char **text, size_t n)
{
	struct fake_ghost *g;

	if (n == 0 || !s->up || prng_chance(&s->prng, 500))
		return;
	s->ghosts.at = fake_grow(s->ghosts.at, s->ghosts.n, &s->ghosts.cap, sizeof *s->ghosts.at);
	g = &s->ghosts.at[s->ghosts.n++];
	*g = (struct fake_ghost){.text = mem_zero(n, sizeof *g->text), .n = n,
	                         .late = prng_range(&s->prng, 1, prng_chance(&s->prng, 500) ? 10 : 200)};
	for (size_t i = 0; i < n; i++)
		g->text[i] = mem_strdup(text[i]);
}

/* -- steps ------------------------------------------------------------------------------------- */

static void ghosts_step(struct fake_stream *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->ghosts.n; i++) {
		struct fake_ghost *g = &s->ghosts.at[i];

		if (--g->late > 0 && !s->calm) {
			s->ghosts.at[kept++] = *g;
			continue;
		}
		for (size_t k = 0; k < g->n; k++)
			fake_stream_append(s, g->text[k]);
		s->count.ghosts++;
		ghost_free(g);
	}
	s->ghosts.n = kept;
}

/* Below the positions of all nodes, those that are down too. */
static void trim(struct fake_stream *s)
{
	size_t below = s->entries.n;

	for (int i = 0; i < s->nodes; i++)
		if (s->keys[i].at < below)
			below = s->keys[i].at;
	/* The entry at the position stays. */
	if (below > s->trimmed + 1) {
		s->trimmed = below - 1;
		s->count.trims++;
	}
}

static void leases_step(struct fake_stream *s)
{
	for (int i = 0; i < s->nodes; i++) {
		struct fake_keys *k = &s->keys[i];

		if (!k->leased || (k->engine != NULL && fake_engine_is_connected(k->engine)))
			continue;
		if (k->engine == NULL || fake_engine_waits(k->engine) ? prng_chance(&s->prng, s->calm ? 1000 : 20)
		                      : !s->calm && prng_below(&s->prng, 10000) < s->lapses) {
			k->leased = false;
			s->count.lapses++;
			if (k->engine != NULL && !fake_engine_waits(k->engine))
				fake_engine_lapse(k->engine);
		}
	}
}

void fake_stream_step(struct fake_stream *s)
{
	if (!s->up)
		return;
	ghosts_step(s);
	leases_step(s);
	if (prng_chance(&s->prng, 20))
		trim(s);
}

/* -- it stops and starts ----------------------------------------------------------------------- */

void fake_stream_stop(struct fake_stream *s)
{
	s->up = false;
	for (int i = 0; i < s->nodes; i++)
		if (s->keys[i].engine != NULL)
			fake_engine_cut(s->keys[i].engine);
	while (s->ghosts.n > 0)
		ghost_free(&s->ghosts.at[--s->ghosts.n]);
}

void fake_stream_lose(struct fake_stream *s, size_t n)
{
	lost_free(s);
	s->lost.n = s->entries.n - n;
	s->lost.at = mem_zero(s->lost.n + 1, sizeof *s->lost.at);
	memcpy(s->lost.at, s->entries.at + n, s->lost.n * sizeof *s->lost.at);
	s->entries.n = n;
	for (int i = 0; i < s->nodes; i++)
		if (s->keys[i].at > n)
			s->keys[i].at = n;
}

void fake_stream_restore(struct fake_stream *s)
{
	for (size_t i = 0; i < s->lost.n; i++) {
		s->entries.at = fake_grow(s->entries.at, s->entries.n, &s->entries.cap, sizeof *s->entries.at);
		s->entries.at[s->entries.n++] = s->lost.at[i];
	}
	s->lost.n = 0;
	lost_free(s);
}
