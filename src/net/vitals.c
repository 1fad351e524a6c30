/* Figures in memory that processes share. */
#include "chatd/net/vitals.h"

#include <stddef.h>
#include <sys/mman.h>

struct vitals *vitals_new(void)
{
	struct vitals *v = mmap(NULL, sizeof *v, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return v != MAP_FAILED ? v : NULL;
}

void vitals_drop(struct vitals *v)
{
	munmap(v, sizeof *v);
}

bool vitals_protect(struct vitals *v)
{
	return mprotect(v, sizeof *v, PROT_READ) == 0;
}

void vitals_set_life(struct vitals *v, enum life life)
{
	atomic_store_explicit(&v->life, (uint32_t)life, memory_order_relaxed);
}

/* The chat may have set since_ms after the reader asked for now_ms. 0: it has set none. */
static int64_t age_ms(int64_t since_ms, int64_t now_ms)
{
	return since_ms > 0 && since_ms < now_ms ? now_ms - since_ms : 0;
}

void vitals_copy(const struct vitals *v, int64_t now_ms, int64_t wall_ms, struct vitals_copy *to)
{
	uint32_t life = atomic_load_explicit(&v->life, memory_order_relaxed);
	int64_t until_s, beat_ms = atomic_load_explicit(&v->beat_ms, memory_order_relaxed);

	/* Another process has written it. */
	to->life = life <= LIFE_STOPPING ? (enum life)life : LIFE_STOPPING;
	for (int i = 0; i < VITALS; i++)
		to->value[i] = atomic_load_explicit(&v->value[i], memory_order_relaxed);
	until_s = to->value[VITAL_TLS_UNTIL_S];
	to->value[VITAL_NONE] = 0;
	to->value[VITAL_TLS_LEFT_S] = until_s > 0 ? until_s - wall_ms / 1000 : 0;
	to->value[VITAL_BEAT_AGE_MS] = age_ms(beat_ms, now_ms);
	to->value[VITAL_TLS_BEAT_AGE_MS] = age_ms(to->value[VITAL_TLS_BEAT_MS], now_ms);
	to->value[VITAL_STORE_WAITING_MS] = age_ms(to->value[VITAL_STORE_SINCE_MS], now_ms);
	to->value[VITAL_ENGINE_AWAY_MS] = age_ms(to->value[VITAL_ENGINE_AWAY_SINCE_MS], now_ms);
	histogram_copy(&v->turn, &to->turn);
	histogram_copy(&v->delivery, &to->delivery);
	histogram_copy(&v->commit, &to->commit);
	histogram_copy(&v->append, &to->append);
}
