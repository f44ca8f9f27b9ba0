// SPDX-License-Identifier: Apache-2.0
// The registrar against lookup servers as upstream's are.
#include "test/sim/register_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_rand.h"

// The usual

static void a_host_is_registered_with_links_that_lead_to_its_parts(void **state)
{
    struct world *w = *state;
    run(w, MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(lsdouble_live(&w->server[0]), RECORDS);
    const struct lsdouble_record *host = lsdouble_find(&w->server[0], "type", "host"),
                                 *person = lsdouble_find(&w->server[0], "type", "person");
    assert_true(record_has(&host->record, "host-administrators", person->uri));
    assert_true(record_has(&host->record, "client-uuid", uuid_a));
}

static void records_are_renewed_together_for_a_week_and_registered_once(void **state)
{
    struct world *w = *state;
    run(w, 7 * 24 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
    assert_int_equal(w->server[0].single, 0);
    assert_in_range(w->server[0].bulk, 7 * 24, 7 * 24 * 1.12);
}

static void a_short_lease_is_renewed_in_time(void **state)
{
    struct world *w = *state;
    w->server[0].lease = 10 * MINUTE;
    run(w, 24 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
}

static void what_changes_is_registered_anew_and_its_old_record_deleted(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    record_set(&wishes_find(&w->host[0].wishes, "person/Jane")->record, "person-phonenumbers", "123");
    registrar_want(w->host[0].r, &w->host[0].wishes);
    run(w, MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].n, RECORDS); // none of the old ones
    assert_non_null(lsdouble_find(&w->server[0], "person-phonenumbers", "123"));
}

static void what_loses_a_key_is_no_duplicate_of_what_it_was(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    record_drop(&wishes_find(&w->host[0].wishes, "host/0")->record, "location-city");
    registrar_want(w->host[0].r, &w->host[0].wishes);
    run(w, 10 * MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].n, RECORDS);
    assert_true(w->server[0].duplicates > 0);
}

static void what_is_no_more_is_deleted(void **state)
{
    struct world *w = *state;
    struct wishes none = {0};
    run(w, HOUR);
    registrar_want(w->host[0].r, &none);
    run(w, MINUTE);
    assert_int_equal(w->server[0].n, 0);
    assert_true(registrar_is_settled(w->host[0].r));
}

static void what_the_server_does_not_let_be_deleted_stays_to_be_deleted(void **state)
{
    struct world *w = *state;
    struct wishes none = {0};
    size_t n;
    run(w, HOUR);
    w->server[0].quirks = QUIRK_KEEPS;
    registrar_want(w->host[0].r, &none);
    unsigned before = w->server[0].asked;
    run(w, 10 * MINUTE);
    const struct registrar_doomed *d = registrar_doomed(w->host[0].r, &n);
    assert_int_equal(n, RECORDS);
    assert_string_equal(d[0].last, "status 403: It is another's record");
    assert_false(registrar_is_settled(w->host[0].r));
    assert_in_range(w->server[0].asked - before, 3 * RECORDS, 5 * RECORDS); // 0, 1, 3 and 7 minutes
    w->server[0].quirks = 0;
    run(w, HOUR);
    assert_int_equal(w->server[0].n, 0);
    assert_true(registrar_is_settled(w->host[0].r));
}

static void a_server_that_refuses_everything_is_asked_ever_more_rarely_and_told_once(void **state)
{
    struct world *w = *state;
    run(w, 30 * MINUTE);
    w->server[0].lease = 24 * HOUR;
    run(w, HOUR);
    w->server[0].quirks = QUIRK_KEEPS | QUIRK_BULK_FAILS | QUIRK_NO_RENEWAL;
    unsigned before = w->server[0].asked;
    w->complaints = 0;
    run(w, 12 * HOUR);
    // Within 0, 1, 3, 7, 15, 31 minutes, and each hour then: a deletion, a registration, a query of each.
    assert_in_range(w->server[0].asked - before, RECORDS, 20 * 3 * RECORDS);
    // No renewal of all, and of each record: no renewal, no deletion, no registration.
    assert_in_range(w->complaints, 1, 1 + 3 * RECORDS);
    w->server[0].quirks = 0;
    run(w, 2 * HOUR);
    assert_whole(w, &w->host[0], 0);
}

// Traps of upstream's registrar and server

static void a_failed_renewal_of_all_loses_no_key(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    w->server[0].quirks = QUIRK_BULK_FAILS;
    run(w, 24 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
    assert_true(w->server[0].single >= 24 * RECORDS);
}

static void an_answer_that_is_text_instead_of_a_summary_loses_no_key(void **state)
{
    struct world *w = *state;
    w->server[0].quirks = QUIRK_TEXT;
    run(w, 24 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
}

static void a_summary_that_counts_more_failures_than_it_names_is_not_believed(void **state)
{
    struct world *w = *state;
    w->server[0].quirks = QUIRK_MISCOUNTS;
    run(w, 12 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
    assert_true(w->server[0].single > 0);
}

static void keys_that_come_as_arrays_are_read(void **state)
{
    struct world *w = *state;
    w->server[0].quirks = QUIRK_ARRAYS;
    run(w, 24 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
}

static void a_key_that_the_server_does_not_know_is_registered_anew_at_once(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    lsdouble_wipe(&w->server[0]); // "null" renewed, 22 for each
    run(w, 62 * MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(lsdouble_live(&w->server[0]), RECORDS);
}

static void what_points_to_a_record_that_was_lost_points_to_its_successor(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    lsdouble_lose(&w->server[0], lsdouble_find(&w->server[0], "type", "host"));
    run(w, 62 * MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].n, RECORDS);
    assert_int_equal(w->server[0].registered, RECORDS + 3); // the host and its two services
}

static void tests_of_an_interface_that_change_are_registered(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    record_add(&wishes_find(&w->host[0].wishes, "interface/0/eth0")->record, "pscheduler-tests", "rtt");
    registrar_want(w->host[0].r, &w->host[0].wishes);
    run(w, MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_non_null(lsdouble_find(&w->server[0], "pscheduler-tests", "rtt"));
    assert_int_equal(w->server[0].n, RECORDS);
}

static void a_lease_of_just_two_intervals_loses_no_key(void **state)
{
    struct world *w = *state;
    w->conf.lease = 2 * HOUR;
    registrar_conf_set(w->host[0].r, &w->conf);
    for (int i = 0; i < 24; i++) {
        run(w, HOUR);
        kill_host(&w->host[0]);
        start_host(w, &w->host[0], uuid_a, 0);
    }
    assert_int_equal(w->server[0].registered, RECORDS);
    assert_int_equal(w->server[0].duplicates, 0);
}

static void a_key_database_that_is_lost_leaves_no_blank_links(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    free(w->host[0].note);
    w->host[0].note = NULL;
    kill_host(&w->host[0]);
    start_host(w, &w->host[0], uuid_a, 0);
    run(w, MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
    assert_int_equal(w->server[0].duplicates, 0);
}

static void a_duplicate_of_ones_own_is_adopted_when_queries_fail_at_first(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    free(w->host[0].note);
    w->host[0].note = NULL;
    kill_host(&w->host[0]);
    w->server[0].quirks = QUIRK_QUERY_FAILS;
    start_host(w, &w->host[0], uuid_a, 0);
    run(w, 30 * MINUTE);
    assert_true(w->server[0].duplicates > 0);
    w->server[0].quirks = 0;
    run(w, 2 * HOUR);
    assert_whole(w, &w->host[0], 0);
}

static void what_the_server_takes_for_a_duplicate_of_anothers_holds_up_nothing_else(void **state)
{
    struct world *w = *state;
    // Two services that share words in every key but have nothing to do with each other.
    record_set(&wishes_find(&w->host[0].wishes, "service/0/twamp/1")->record, "service-type", "owamp");
    registrar_want(w->host[0].r, &w->host[0].wishes);
    w->server[0].quirks = QUIRK_TOKENS;
    run(w, 2 * HOUR);
    assert_int_equal(lsdouble_live(&w->server[0]), RECORDS - 1);
    assert_true(w->server[0].duplicates > 0);
    assert_true(w->server[0].duplicates < 12); // it does not insist
    w->server[0].quirks = 0;
    run(w, 2 * HOUR);
    assert_whole(w, &w->host[0], 0);
}

static void a_lease_that_is_not_granted_is_not_insisted_on(void **state)
{
    struct world *w = *state;
    w->conf.lease = 2 * HOUR;
    registrar_conf_set(w->host[0].r, &w->conf);
    w->server[0].quirks = QUIRK_NO_TTL;
    run(w, HOUR);
    assert_whole(w, &w->host[0], 0);
}

static void an_expired_record_that_is_not_pruned_is_cleared_away(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    w->server[0].quirks = QUIRK_NO_PRUNE | QUIRK_DOWN;
    run(w, 6 * HOUR);
    assert_int_equal(lsdouble_live(&w->server[0]), 0);
    w->server[0].quirks = QUIRK_NO_PRUNE;
    run(w, HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].n, RECORDS);
}

static void failures_of_the_server_are_retried_ever_more_rarely_within_the_interval(void **state)
{
    struct world *w = *state;
    w->server[0].quirks = QUIRK_DOWN;
    run(w, 63 * MINUTE);
    assert_in_range(w->server[0].asked, 6, 8); // 0, 1, 3, 7, 15, 31 and, with the jitter, 63 minutes
    unsigned before = w->server[0].asked;
    run(w, 10 * HOUR);
    assert_in_range(w->server[0].asked - before, 10, 14);
}

// Faults

static void a_server_that_is_down_for_a_day_is_registered_with_again(void **state)
{
    struct world *w = *state;
    run(w, 3 * HOUR);
    w->server[0].quirks = QUIRK_DOWN;
    run(w, 24 * HOUR);
    assert_int_equal(lsdouble_live(&w->server[0]), 0);
    w->server[0].quirks = 0;
    run(w, 61 * MINUTE);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].n, RECORDS);
}

static void a_server_that_fails_for_an_hour_loses_no_key(void **state)
{
    struct world *w = *state;
    run(w, 3 * HOUR);
    w->server[0].quirks = QUIRK_FAILS;
    run(w, HOUR);
    w->server[0].quirks = 0;
    run(w, 2 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
}

static void answers_that_are_lost_or_half_written_make_no_second_record(void **state)
{
    static const unsigned quirks[] = {QUIRK_SWALLOW, QUIRK_HALF, QUIRK_NO_CONNECTION_BACK};
    for (size_t i = 0; i < 3; i++) {
        struct world *w = *state;
        w->server[0].quirks = quirks[i];
        run(w, 20 * MINUTE);
        w->server[0].quirks = 0;
        run(w, 2 * HOUR);
        assert_whole(w, &w->host[0], 0);
        assert_int_equal(w->server[0].registered, RECORDS);
        tear_down(state);
        set_up(state);
    }
}

static void a_process_killed_before_it_notes_an_answer_down_finds_its_record(void **state)
{
    struct world *w = *state;
    // Once at each of the registrations.
    for (int i = 0; i < RECORDS; i++) {
        w->host[0].deaf_next = true;
        run(w, PS_SEC);
    }
    run(w, HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
    assert_int_equal(w->server[0].n, RECORDS);
}

static void a_change_that_is_killed_halfway_leaves_no_orphan(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    record_set(&wishes_find(&w->host[0].wishes, "host/0")->record, "location-city", "Geneva");
    registrar_want(w->host[0].r, &w->host[0].wishes);
    w->host[0].deaf_next = true;
    run(w, 5 * MINUTE);
    assert_whole(w, &w->host[0], 0);
    run(w, 4 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].n, RECORDS);
}

static void a_host_that_cannot_note_anything_down_finds_its_records_at_each_start(void **state)
{
    struct world *w = *state;
    w->host[0].no_note = true;
    for (int i = 0; i < 5; i++) {
        run(w, HOUR);
        kill_host(&w->host[0]);
        start_host(w, &w->host[0], uuid_a, 0);
    }
    run(w, HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
}

static void a_clock_that_is_stepped_makes_no_difference(void **state)
{
    static const ps_ns steps[] = {-20 * 365 * 24 * HOUR, 10 * 365 * 24 * HOUR, -3 * HOUR, 0};
    struct world *w = *state;
    for (size_t i = 0; i < 4; i++) {
        run(w, 5 * HOUR);
        w->step = steps[i];
    }
    run(w, 5 * HOUR);
    // And a restart under the wrong time.
    w->step = -20 * 365 * 24 * HOUR;
    kill_host(&w->host[0]);
    start_host(w, &w->host[0], uuid_a, 0);
    run(w, 5 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_int_equal(w->server[0].registered, RECORDS);
}

static void another_server_takes_over_and_the_first_is_cleared_when_it_is_back(void **state)
{
    struct world *w = *state;
    run(w, HOUR);
    w->server[0].quirks = QUIRK_DOWN;
    run(w, 10 * MINUTE);
    registrar_use(w->host[0].r, server_names[1]);
    run(w, 30 * MINUTE);
    assert_int_equal(lsdouble_live(&w->server[1]), RECORDS);
    w->server[0].quirks = 0;
    run(w, HOUR);
    assert_whole(w, &w->host[0], 1);
    assert_int_equal(w->server[0].n, 0);
}

static void an_answer_that_comes_after_a_change_of_server_leaves_no_orphan(void **state)
{
    struct world *w = *state;
    w->host[0].turns_away = true;
    run(w, MINUTE);
    assert_whole(w, &w->host[0], 1);
    assert_int_equal(w->server[0].n, 0);
    assert_int_equal(w->server[0].registered, 1);
}

static void a_server_that_never_comes_back_is_forgotten(void **state)
{
    struct world *w = *state;
    size_t n;
    run(w, HOUR);
    w->server[0].quirks = QUIRK_DOWN;
    registrar_use(w->host[0].r, server_names[1]);
    run(w, 24 * HOUR);
    registrar_doomed(w->host[0].r, &n);
    assert_int_equal(n, 0);
    assert_whole(w, &w->host[0], 1);
}

static void two_hosts_with_one_identity_come_apart_and_leave_no_orphan(void **state)
{
    struct world *w = *state;
    // A copy of the first host's disk, with other addresses.
    start_host(w, &w->host[1], uuid_a, 0);
    run(w, 49 * HOUR);
    assert_true(registrar_is_shared(w->host[0].r) || registrar_is_shared(w->host[1].r));
    struct host *h = &w->host[registrar_is_shared(w->host[1].r)];
    snprintf(h->ledger.uuid, sizeof h->ledger.uuid, "%s", uuid_b);
    registrar_rename(h->r, uuid_b);
    run(w, 49 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_whole(w, &w->host[1], 0);
    assert_int_equal(w->server[0].n, 2 * RECORDS);
}

static void two_registrars_of_one_host_share_its_records(void **state)
{
    struct world *w = *state;
    wishes_fini(&w->host[1].wishes);
    make_wishes(&w->host[1].wishes, "192.0.2.1");
    start_host(w, &w->host[1], uuid_a, 0);
    run(w, 72 * HOUR);
    assert_whole(w, &w->host[0], 0);
    assert_whole(w, &w->host[1], 0);
    assert_int_equal(w->server[0].n, RECORDS);
    assert_false(registrar_is_shared(w->host[0].r));
}

static void whatever_goes_wrong_for_a_week_all_is_well_two_hours_later(void **state)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct world *w = *state;
        struct ps_rand rand;
        ps_rand_seed(&rand, seed);
        for (int i = 0; i < 24 * 7; i++) {
            w->server[0].quirks = ps_rand_u64(&rand) % 3 ? 1u << ps_rand_u64(&rand) % 13 : 0;
            if (ps_rand_u64(&rand) % 8 == 0)
                lsdouble_wipe(&w->server[0]);
            w->host[0].deaf_next = ps_rand_u64(&rand) % 8 == 0;
            w->host[0].no_note = ps_rand_u64(&rand) % 8 == 0;
            if (ps_rand_u64(&rand) % 12 == 0) {
                record_set(&wishes_find(&w->host[0].wishes, "host/0")->record, "location-city",
                           ps_rand_u64(&rand) % 2 ? "Geneva" : "Rome");
                registrar_want(w->host[0].r, &w->host[0].wishes);
            }
            if (ps_rand_u64(&rand) % 10 == 0) {
                kill_host(&w->host[0]);
                start_host(w, &w->host[0], uuid_a, 0);
            }
            run(w, (ps_ns)(ps_rand_u64(&rand) % 3600 + 1) * PS_SEC);
        }
        w->server[0].quirks = 0;
        w->host[0].deaf_next = w->host[0].no_note = false;
        run(w, 4 * HOUR); // orphans of killed processes expire
        assert_whole(w, &w->host[0], 0);
        assert_int_equal(w->server[0].n, RECORDS);
        tear_down(state);
        set_up(state);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_is_registered_with_links_that_lead_to_its_parts),
        TEST(records_are_renewed_together_for_a_week_and_registered_once),
        TEST(a_short_lease_is_renewed_in_time),
        TEST(what_changes_is_registered_anew_and_its_old_record_deleted),
        TEST(what_loses_a_key_is_no_duplicate_of_what_it_was),
        TEST(what_is_no_more_is_deleted),
        TEST(what_the_server_does_not_let_be_deleted_stays_to_be_deleted),
        TEST(a_server_that_refuses_everything_is_asked_ever_more_rarely_and_told_once),
        TEST(a_failed_renewal_of_all_loses_no_key),
        TEST(an_answer_that_is_text_instead_of_a_summary_loses_no_key),
        TEST(a_summary_that_counts_more_failures_than_it_names_is_not_believed),
        TEST(keys_that_come_as_arrays_are_read),
        TEST(a_key_that_the_server_does_not_know_is_registered_anew_at_once),
        TEST(what_points_to_a_record_that_was_lost_points_to_its_successor),
        TEST(tests_of_an_interface_that_change_are_registered),
        TEST(a_lease_of_just_two_intervals_loses_no_key),
        TEST(a_key_database_that_is_lost_leaves_no_blank_links),
        TEST(a_duplicate_of_ones_own_is_adopted_when_queries_fail_at_first),
        TEST(what_the_server_takes_for_a_duplicate_of_anothers_holds_up_nothing_else),
        TEST(a_lease_that_is_not_granted_is_not_insisted_on),
        TEST(an_expired_record_that_is_not_pruned_is_cleared_away),
        TEST(failures_of_the_server_are_retried_ever_more_rarely_within_the_interval),
        TEST(a_server_that_is_down_for_a_day_is_registered_with_again),
        TEST(a_server_that_fails_for_an_hour_loses_no_key),
        TEST(answers_that_are_lost_or_half_written_make_no_second_record),
        TEST(a_process_killed_before_it_notes_an_answer_down_finds_its_record),
        TEST(a_change_that_is_killed_halfway_leaves_no_orphan),
        TEST(a_host_that_cannot_note_anything_down_finds_its_records_at_each_start),
        TEST(a_clock_that_is_stepped_makes_no_difference),
        TEST(another_server_takes_over_and_the_first_is_cleared_when_it_is_back),
        TEST(an_answer_that_comes_after_a_change_of_server_leaves_no_orphan),
        TEST(a_server_that_never_comes_back_is_forgotten),
        TEST(two_hosts_with_one_identity_come_apart_and_leave_no_orphan),
        TEST(two_registrars_of_one_host_share_its_records),
        TEST(whatever_goes_wrong_for_a_week_all_is_well_two_hours_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
