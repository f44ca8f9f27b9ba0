// SPDX-License-Identifier: Apache-2.0
// A month of a scheduler in a second: no exclusive overlap, nothing that was due is unaccounted for, nothing is run
// twice, whatever happens.
#include <stdio.h>
#include <stdlib.h>
#include "sched.h"

#define MINUTE (60 * PS_SEC)
#define DAY (1440 * MINUTE)

static void live(const struct sched_conf *conf)
{
    printf("# seed %llu\n", (unsigned long long)conf->seed);
    fflush(stdout);
    struct sched_world *w = sched_live(conf);
    if (getenv("SIM_SCHED_VERBOSE") != NULL)
        printf("# seed %llu: %zu tasks, %llu runs, %llu starts, %llu kills, %llu steps of the clock\n",
               (unsigned long long)conf->seed, w->ntasks, (unsigned long long)w->nruns,
               (unsigned long long)w->nstarts, (unsigned long long)w->nkills, (unsigned long long)w->nsteps);
    assert_true(w->nstarts > 100);
    sched_free(w);
}

static void an_undisturbed_month_is_accounted_for(void **state)
{
    (void)state;
    live(&(struct sched_conf){.seed = 1, .life = 30 * DAY, .tasks = 20, .every = 10 * MINUTE});
}

static void a_month_of_cancels_pauses_and_faults_is_accounted_for(void **state)
{
    (void)state;
    live(&(struct sched_conf){.seed = 2,
                              .life = 30 * DAY,
                              .tasks = 20,
                              .every = 60 * MINUTE,
                              .cancels = true,
                              .pauses = true,
                              .faults = true});
}

static void a_month_of_kills_is_accounted_for(void **state)
{
    (void)state;
    live(&(struct sched_conf){
        .seed = 3, .life = 30 * DAY, .tasks = 20, .every = 120 * MINUTE, .kills = true, .faults = true});
}

static void a_month_of_clock_steps_is_accounted_for(void **state)
{
    (void)state;
    live(&(struct sched_conf){
        .seed = 4, .life = 30 * DAY, .tasks = 20, .every = 120 * MINUTE, .steps = true, .faults = true});
}

static void live_all(uint64_t seed)
{
    const ps_ns every[] = {5 * MINUTE, 30 * MINUTE, 60 * MINUTE, 300 * MINUTE};
    live(&(struct sched_conf){.seed = seed,
                              .life = 30 * DAY,
                              .tasks = 5 + (unsigned)(seed % 20),
                              .every = every[seed % 4],
                              .kills = true,
                              .steps = seed % 3 != 0,
                              .pauses = true,
                              .cancels = true,
                              .faults = true});
}

// SIM_SCHED_SEED: that one alone; SIM_SCHED_SEEDS: so many.
static void any_month_is_accounted_for(void **state)
{
    (void)state;
    const char *one = getenv("SIM_SCHED_SEED"), *many = getenv("SIM_SCHED_SEEDS");
    const uint64_t n = many != NULL ? strtoull(many, NULL, 10) : 4;
    if (one != NULL) {
        live_all(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 10; seed < 10 + n; seed++)
        live_all(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_undisturbed_month_is_accounted_for),
        cmocka_unit_test(a_month_of_cancels_pauses_and_faults_is_accounted_for),
        cmocka_unit_test(a_month_of_kills_is_accounted_for),
        cmocka_unit_test(a_month_of_clock_steps_is_accounted_for),
        cmocka_unit_test(any_month_is_accounted_for),
    };
    const struct CMUnitTest seeds[] = {cmocka_unit_test(any_month_is_accounted_for)};
    if (getenv("SIM_SCHED_SEED") != NULL)
        return cmocka_run_group_tests_name("sim_sched", seeds, NULL, NULL);
    return cmocka_run_group_tests_name("sim_sched", tests, NULL, NULL);
}
