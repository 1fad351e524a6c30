/*
 * The simulation's longer modes: seeds without end, and each operation of one
 * run failing in turn.
 */
#include "sim_cluster.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OPS_PER_RESULT = 100 };

void sim_say_again(void)
{
	const struct fault_plan *plan = fault_plan();

	if (cluster != NULL)
		printf("# again: sim cluster --seed %" PRIu64 "\n", sim->seed);
	else if (sim->store.file != NULL)
		printf("# again: sim crash --seed %" PRIu64 "\n", sim->seed);
	else if (plan->op == 0)
		printf("# again: make sim SEED=%" PRIu64 "\n", sim->seed);
	else
		printf("# again: sim --fault %" PRIu64 " %" PRIu64 " (its error %u)\n", sim->seed,
		       plan->op, plan->how);
}

/* Every operation from `first` on fails once in each way, until a run has fewer. */
static int each_fails(uint64_t seed, uint64_t first, void (*run)(uint64_t seed))
{
	struct fault_plan *plan = fault_plan();
	uint64_t points = 0, results = 0;

	for (plan->op = first;; plan->op++) {
		for (plan->how = 0; plan->how < FAULT_WAYS; plan->how++) {
			plan->ops = 0;
			run(seed);
			if (plan->ops < plan->op)
				break;
			points++;
		}
		if (plan->ops < plan->op)
			break;
		if (plan->op % OPS_PER_RESULT != 0)
			continue;
		printf("ok %" PRIu64 " - seed %" PRIu64 ", operations up to %" PRIu64 " fail in turn\n",
		       ++results, seed, plan->op);
		fflush(stdout);
	}
	printf("ok %" PRIu64 " - seed %" PRIu64 ": each of %" PRIu64 " operations fails in turn\n",
	       ++results, seed, plan->op - 1);
	printf("1..%" PRIu64 "\n# %" PRIu64 " runs with an operation that fails\n", results, points);
	plan->op = 0;
	return points > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int run_for(double seconds, uint64_t first, void (*run)(uint64_t seed))
{
	double begin_s = now_s();
	uint64_t n = 0;

	printf("# seeds from %" PRIu64 " on, for %.0f s\n", first, seconds);
	fflush(stdout);
	while (now_s() - begin_s < seconds)
		run(first + n++);
	printf("1..1\nok 1 - seeds %" PRIu64 " to %" PRIu64 "\n", first, first + n - 1);
	fault_say();
	return EXIT_SUCCESS;
}

static int run_digests(uint64_t n, void (*run)(uint64_t seed))
{
	for (uint64_t seed = 1; seed <= n; seed++) {
		run(seed);
		printf("%" PRIu64 " %016" PRIx64 "\n", seed, sim->digest);
	}
	return EXIT_SUCCESS;
}

/* By the clock, so that two who try try different ones; small enough to be typed. */
static uint64_t some_seed(void)
{
	struct prng prng;
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	prng.state = (uint64_t)ts.tv_sec * 1000000007 + (uint64_t)ts.tv_nsec;
	return prng_next(&prng) % 1000000 * 1000000;
}

int sim_more(int argc, char **argv, void (*run)(uint64_t seed))
{
	if (argc >= 3 && strcmp(argv[1], "--fault") == 0)
		return each_fails(strtoull(argv[2], NULL, 10),
		                  argc > 3 ? strtoull(argv[3], NULL, 10) : 1, run);
	if (argc == 3 && strcmp(argv[1], "--digests") == 0)
		return run_digests(strtoull(argv[2], NULL, 10), run);
	if (argc >= 3 && strcmp(argv[1], "--for") == 0)
		return run_for(atof(argv[2]), argc > 3 ? strtoull(argv[3], NULL, 10) : some_seed(), run);
	return -1;
}
