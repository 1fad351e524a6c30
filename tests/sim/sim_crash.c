/*
 * Lives and ends: the simulation over a real SQLite file, on a disk that stops.
 *
 * A run is a few lives of one server. Each but the last ends amid an operation of
 * the disk that the seed chooses, or between two turns: by kill -9, or by a power
 * cut. The next life opens what is left, sim_kept.c looks at it, and all goes on.
 * In some lives the disk is full or broken for a while.
 */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	LIVES_MAX = 6,
	OPENS_MAX = 20,         /* starts in a row that a stop may meet */
	OPEN_OPS_MAX = 80,      /* operations that opening takes, about */
	TURNS_MAX = 1500,       /* of a life */
};

static struct {
	uint64_t ends[DISK_ENDS][DURABILITY_SYNC + 1], opening, between, faults, ops, doubted;
} sum;

/* The power went while the store knew that the disk may have lost something, and before all
 * was written anew: what is on the disk then is nobody's promise. */
static bool doubted;

static bool chance(uint32_t per_mille)
{
	return prng_chance(&sim->prng, per_mille);
}

static enum disk_end pick_end(void)
{
	return sim->store.durability == DURABILITY_SYNC || chance(250)
	       ? (enum disk_end)PICK(DISK_KILLED, DISK_POWER_CUT, DISK_POWER_CUT) : DISK_KILLED;
}

static void note_end(enum disk_end end)
{
	sum.ends[end][sim->store.durability]++;
}

/* The disk is full, broken, or well again. */
static void trouble(void)
{
	if (chance(10))
		disk_set_fault((enum disk_fault)PICK(DISK_FULL, DISK_BROKEN, DISK_FLAKY));
	else if (chance(40))
		disk_set_fault(DISK_WELL);
}

/* Takes down what is there of a life, as far as this process is concerned. */
static uint64_t bury(void)
{
	uint64_t acked = fake_writer_saved(sim->writer);

	if (sim->verbose)
		printf("# step %" PRIu64 ": %s at operation %" PRIu64 " of the disk, saved up to #%" PRIu64
		       ", %" PRIu64 " faults\n", sim->step, !disk_stopped() ? "ended" :
		       disk_stopped_how() == DISK_KILLED ? "killed" : "power cut", disk_ops(), acked,
		       disk_faults());
	doubted |= disk_stopped() && disk_stopped_how() == DISK_POWER_CUT &&
	           fake_writer_store(sim->writer) != NULL &&
	           !store_is_intact(fake_writer_store(sim->writer));
	sim->earlier.nsocks = sim->ring->nsocks;
	sim->earlier.now_ms = sim->ring->now_ms + 1;
	sum.faults += disk_faults();
	sim_end();
	disk_recover();
	return acked;
}

static void remove_files(void)
{
	char path[512];

	for (int i = 0; i < 6; i++) {
		snprintf(path, sizeof path, "%s%s", sim->store.file,
		         (const char *[]){"", "-wal", "-shm", "-journal", "-new", "-whole"}[i]);
		unlink(path);
	}
}

/*
 * Opens the file that an end has left, and looks at it. The disk may stop again
 * meanwhile, which is one more end: what was promised before must still be there.
 */
static uint32_t open_again(enum disk_end *end, uint64_t *acked)
{
	uint32_t stops = 0;

	if (doubted) {
		sum.doubted++;
		doubted = false;
		remove_files();
		kept_forget();
	}
	for (;;) {
		if (chance(300) && stops < OPENS_MAX)
			disk_stop_at(1 + prng_below(&sim->prng, OPEN_OPS_MAX), pick_end());
		if (sim_begin() && !disk_stopped())
			break;
		if (!disk_stopped())
			sim_fail("the file cannot be opened again: %s", sim->store.problem.text);
		/* A power cut after a kill may take what the kill had left. */
		if (disk_stopped_how() == DISK_POWER_CUT)
			*end = DISK_POWER_CUT;
		note_end(disk_stopped_how());
		sum.opening++;
		stops++;
		bury();
	}
	disk_stop_at(0, DISK_KILLED);
	kept_check(*end, *acked);
	*acked = 0;
	return stops;
}

/* Lives until the disk stops. */
static void live(enum disk_end end)
{
	bool troubled = chance(300);
	uint32_t turns = PICK(50, 300, TURNS_MAX);

	disk_stop_at(1 + prng_below(&sim->prng, PICK(60, 600, 6000)), end);
	while (!disk_stopped() && turns-- > 0) {
		if (troubled)
			trouble();
		sim_turn();
	}
	sum.between += !disk_stopped();
	disk_stop(end);
}

static void last_life(void)
{
	for (uint32_t turns = PICK(10, 300); turns > 0; turns--)
		sim_turn();
	sim_calm_down();
	sim_stop();
	sim_check_empty();
}

static void configure(const char *file)
{
	sim->store.file = file;
	sim_configure();
	sim->store.durability = (enum durability)PICK(DURABILITY_RELAXED, DURABILITY_COMMIT,
	                                        DURABILITY_COMMIT, DURABILITY_SYNC, DURABILITY_SYNC);
	sim->options.relaxed = sim->store.durability == DURABILITY_RELAXED;
	sim->store.grouped = PICK(0, 1) == 1;
	sim->store.prunes = PICK(0, 0, 0, 1) == 1;
	sim->store.lines_kept = PICK(0, 20, 200);
}

uint32_t sim_crash_run(uint64_t seed)
{
	static char file[400];
	const char *tmp = getenv("TMPDIR");
	uint32_t ends = 0, lives;
	enum disk_end end = DISK_KILLED;
	uint64_t acked = 0;

	snprintf(file, sizeof file, "%s/sim-%d.db", tmp != NULL ? tmp : "/tmp", (int)getpid());
	sim_reset(seed);
	configure(file);
	remove_files();
	disk_begin(seed);
	lives = prng_range(&sim->prng, 2, LIVES_MAX);
	for (uint32_t life = 1; life < lives; life++) {
		ends += open_again(&end, &acked) + 1;
		end = pick_end();
		live(end);
		note_end(end);
		acked = bury();
	}
	ends += open_again(&end, &acked);
	last_life();
	acked = bury();
	end = DISK_KILLED;
	open_again(&end, &acked);
	bury();
	sum.ops += disk_ops();
	kept_forget();
	remove_files();
	return ends;
}

void sim_crash_say(void)
{
	for (int end = 0; end < DISK_ENDS; end++)
		printf("# %s: %" PRIu64 " relaxed, %" PRIu64 " commit, %" PRIu64 " sync\n",
		       end == DISK_KILLED ? "kills" : "power cuts", sum.ends[end][DURABILITY_RELAXED],
		       sum.ends[end][DURABILITY_COMMIT], sum.ends[end][DURABILITY_SYNC]);
	printf("# %" PRIu64 " of these while opening, %" PRIu64 " between two operations; %" PRIu64
	       " operations of the disk, %" PRIu64 " of them failed; %" PRIu64
	       " cuts before everything was rewritten\n", sum.opening, sum.between, sum.ops, sum.faults,
	       sum.doubted);
}
