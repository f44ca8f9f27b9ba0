// SPDX-License-Identifier: Apache-2.0
// A day of a stream in a few seconds: nothing is unaccounted for, whatever happens.
#include "day.h"

#define HOUR (3600 * SIM_SEC)
#define DAY (24 * HOUR)

static struct day_conf stream(bool to, uint32_t count, uint64_t seed)
{
    return (struct day_conf){.seed = seed,
                             .life = DAY,
                             .to = to,
                             .count = count,
                             .interval = SIM_SEC / 10,
                             .timeout = 10 * SIM_SEC,
                             .delay = 10 * SIM_MS,
                             .rtt = 20 * SIM_MS,
                             .loss = 0.001};
}

// --- what can happen

static sim_time between(struct ps_rand *r, sim_time least, sim_time most)
{
    return least + (sim_time)(ps_rand_u64(r) % (uint64_t)(most - least + 1));
}

static sim_time step_of(struct ps_rand *r, sim_time *ahead)
{
    const sim_time most[] = {SIM_SEC / 5, 2 * SIM_SEC, 60 * SIM_SEC, HOUR, 12 * HOUR};
    sim_time amount = between(r, SIM_SEC / 8, most[ps_rand_u64(r) % SIM_COUNT(most)]);
    if (ps_rand_u64(r) % 2)
        amount = -amount;
    if (*ahead != 0 && ps_rand_u64(r) % 4 != 0)
        amount = -*ahead; // it is set right
    *ahead += amount;
    return amount;
}

static sim_time length_of(struct ps_rand *r, enum day_kind kind)
{
    if (kind == DAY_STEP || kind == DAY_BREAK || kind == DAY_RESET)
        return 1;
    if (kind == DAY_KILL)
        return between(r, SIM_MS, 60 * SIM_SEC);
    return between(r, SIM_SEC / 10, ps_rand_u64(r) % 4 ? 60 * SIM_SEC : 600 * SIM_SEC);
}

static sim_time amount_of(struct ps_rand *r, enum day_kind kind, sim_time *ahead)
{
    if (kind == DAY_STEP)
        return step_of(r, ahead);
    if (kind == DAY_KILL)
        return ps_rand_u64(r) % 2 ? 0 : step_of(r, ahead);
    if (kind == DAY_LATE)
        return between(r, SIM_SEC / 10, 30 * SIM_SEC);
    if (kind == DAY_NAME)
        return ps_rand_u64(r) % 2 ? SIM_MS : 10 * SIM_SEC;
    return (sim_time)(ps_rand_u64(r) % 2);
}

// At about these distances; now and then the same twice in a row.
static unsigned faults_of(struct ps_rand *r, struct day_fault *f, sim_time life, sim_time distance)
{
    unsigned n = 0;
    sim_time ahead = 0;
    for (sim_time t = between(r, 0, distance); t < life && n < DAY_FAULTS; n++) {
        const bool again = n > 0 && ps_rand_u64(r) % 4 == 0;
        f[n].kind = again ? f[n - 1].kind : (enum day_kind)(ps_rand_u64(r) % DAY_KINDS);
        f[n].span.from = t;
        f[n].span.to = t + length_of(r, f[n].kind);
        f[n].amount = amount_of(r, f[n].kind, &ahead);
        t += ps_rand_u64(r) % 4 == 0 ? between(r, SIM_MS, 20 * SIM_SEC) : between(r, SIM_SEC, 2 * distance);
    }
    return n;
}

static void live(struct day_conf c, sim_time distance)
{
    struct day_fault *faults = sim_alloc(DAY_FAULTS, sizeof *faults);
    struct ps_rand r;
    ps_rand_seed(&r, c.seed * 77 + c.count + c.to);
    c.faults = faults;
    c.nfaults = faults_of(&r, faults, c.life, distance);
    c.rfc = ps_rand_u64(&r) % 2;
    c.random = ps_rand_u64(&r) % 2;
    c.rtt = between(&r, SIM_MS, 300 * SIM_MS);
    c.ppb = (int64_t)(ps_rand_u64(&r) % 100001) - 50000;
    c.server_ahead = ps_rand_u64(&r) % 2 ? between(&r, -2 * SIM_SEC, 2 * SIM_SEC) : 0;
    struct day *d = day_run(&c);
    day_check(d);
    if (getenv("SIM_DAY_VERBOSE") != NULL)
        printf("# seed %llu: %u faults, %u sessions, %.0f s measured, %.0f s not\n",
               (unsigned long long)c.seed, c.nfaults, d->sessions,
               ps_ntpdiff_to_double(day_sum(d, LEDGER_MEASURED)),
               ps_ntpdiff_to_double(day_sum(d, LEDGER_GAP)));
    day_free(d);
    free(faults);
}

// --- the tests

static void undisturbed(struct day_conf c)
{
    struct day *d = day_run(&c);
    day_check(d);
    const struct day_entry *first = &d->entries[0];
    unsigned gaps = 0;
    assert_int_equal(first->kind, LEDGER_GAP);
    assert_string_equal(first->reason, "setting up");
    assert_true(ps_ntp_diff(first->to, first->from) < 2 * SIM_SEC);
    for (size_t i = 1; i < d->nentries; i++) {
        const struct day_entry *e = &d->entries[i];
        if (e->kind == LEDGER_MEASURED)
            continue;
        if (++gaps > 1 || strcmp(e->reason, "powstream was stopped") != 0)
            fail_msg("a gap of %.6f s at %.6f: %s", ps_ntpdiff_to_double(ps_ntp_diff(e->to, e->from)),
                     ps_ntpdiff_to_double(ps_ntp_diff(e->from, SIM_EPOCH)), e->reason);
    }
    assert_int_equal(d->skipped, 0);
    // All but what the set-up and the end took, and the timeout before it.
    const uint64_t all = (uint64_t)(c.life / c.interval), seen = d->came + d->lost;
    assert_in_range(seen, all - 200, all + all / 200);
    assert_in_range(d->lost, seen / 1300, seen / 800);
    day_free(d);
}

static void an_undisturbed_day_lacks_its_set_up_alone(void **state)
{
    (void)state;
    undisturbed(stream(false, 600, 1));
    undisturbed(stream(true, 600, 2));
}

static void so_does_a_day_of_sessions_shorter_than_the_timeout(void **state)
{
    (void)state;
    undisturbed(stream(false, 50, 3));
    undisturbed(stream(true, 50, 4));
}

static void a_day_of_faults_is_accounted_for(void **state)
{
    (void)state;
    live(stream(false, 600, 1), 300 * SIM_SEC);
    live(stream(true, 600, 2), 300 * SIM_SEC);
    live(stream(false, 50, 3), 300 * SIM_SEC);
    live(stream(true, 50, 4), 300 * SIM_SEC);
}

static void live_an_hour(uint64_t seed)
{
    const sim_time distances[] = {600 * SIM_SEC, 15 * SIM_SEC, 60 * SIM_SEC, 120 * SIM_SEC, 300 * SIM_SEC};
    struct day_conf c = stream(seed % 2, seed % 3 == 0 ? 50 : 600, seed);
    c.life = HOUR;
    live(c, distances[seed % SIM_COUNT(distances)]);
}

// SIM_DAY_SEED: that one alone; SIM_DAY_SEEDS: so many.
static void every_hour_of_faults_is_accounted_for(void **state)
{
    (void)state;
    const char *one = getenv("SIM_DAY_SEED"), *many = getenv("SIM_DAY_SEEDS");
    const uint64_t n = many != NULL ? strtoull(many, NULL, 10) : 100;
    if (one != NULL) {
        live_an_hour(strtoull(one, NULL, 10));
        return;
    }
    for (uint64_t seed = 1; seed <= n; seed++)
        live_an_hour(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_undisturbed_day_lacks_its_set_up_alone),
        cmocka_unit_test(so_does_a_day_of_sessions_shorter_than_the_timeout),
        cmocka_unit_test(a_day_of_faults_is_accounted_for),
        cmocka_unit_test(every_hour_of_faults_is_accounted_for),
    };
    return cmocka_run_group_tests_name("sim_day", tests, NULL, NULL);
}
