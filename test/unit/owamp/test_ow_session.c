// SPDX-License-Identifier: Apache-2.0
// The client machine against the server machine in memory, whole and in single octets.
#include "by_hand.h"
#include "owamp/ow_client.h"
#include "owamp/ow_server.h"

static const struct ow_server_conf conf = {
    .modes = OW_MODE_ALL,
    .count = OW_COUNT_DEFAULT,
    .start_time = 0xe000000011223344u,
    .challenge = "the challenge..",
    .salt = "the salt.......",
    .iv = "server's IV....",
};
static const struct ow_slot the_slots[] = {{OW_SLOT_EXP, 1u << 30}, {OW_SLOT_FIXED, 77}, {OW_SLOT_EXP, 5}};
static const struct ow_skip the_skips[] = {{0, 1}, {10, 11}, {20, 998}};

// Everything that the two machines told each other.
struct pair {
    struct ow_client *c;
    struct ow_server *s;
    size_t step; // octets delivered at a time; 0: all
    uint32_t mode;
    struct ow_client_event cev; // the last of each
    struct ow_server_event sev;
    uint32_t nsev, ncev;
    uint8_t accept;          // how the host answers requests and starts
    struct ow_skip skips[3]; // of the last stop told to either
    struct ow_stop_rec rec;  // its first record
    uint32_t fetch_records;  // how many a fetch gives
    uint8_t *records;        // the same, and what came
    uint8_t *got;
    uint32_t ngot;
    bool done;
};

static void keep_stop(struct pair *p, const struct ow_stop *stop)
{
    memset(&p->rec, 0, sizeof p->rec);
    if (stop->nrecs == 0)
        return;
    p->rec = stop->recs[0];
    assert_true(p->rec.nskips <= COUNT(p->skips));
    if (p->rec.nskips > 0)
        memcpy(p->skips, p->rec.skips, p->rec.nskips * sizeof p->skips[0]);
}

static void serve_fetch(struct pair *p)
{
    const struct ow_fetch_ack ack = {
        .finished = OW_FIN_NORMAL, .next_seqno = 999, .nskips = 3, .nrecords = p->fetch_records};
    const struct ow_request req = a_request(3);
    assert_memory_equal(p->sev.fetch.sid, a_sid, 16);
    if (p->accept != OW_ACCEPT_OK) {
        assert_int_equal(ow_server_fetch_deny(p->s, p->accept), 0);
        return;
    }
    assert_int_equal(ow_server_fetch_begin(p->s, &ack, &req, the_slots, the_skips), 0);
    for (uint32_t i = 0; i < p->fetch_records; i += 7)
        assert_int_equal(ow_server_fetch_data(p->s, p->records + (size_t)i * OW_REC_LEN,
                                              p->fetch_records - i < 7 ? p->fetch_records - i : 7),
                         0);
    assert_int_equal(ow_server_fetch_end(p->s), 0);
}

static void serve(struct pair *p)
{
    p->nsev++;
    if (p->sev.type == OW_SEV_FAILED)
        fail_msg("server: %s", p->sev.why);
    if (p->sev.type == OW_SEV_IDENTIFY)
        assert_int_equal(ow_server_identity(p->s, secret), 0);
    if (p->sev.type == OW_SEV_REQUEST) {
        const struct ow_request want = a_request(3);
        assert_same_request(&p->sev.request, &want);
        for (size_t i = 0; i < 3; i++)
            assert_true(p->sev.slots[i].type == the_slots[i].type &&
                        p->sev.slots[i].value == the_slots[i].value);
        assert_int_equal(ow_server_accept(p->s, p->accept, 8761, a_sid), 0);
    }
    if (p->sev.type == OW_SEV_START)
        assert_int_equal(ow_server_start(p->s, p->accept), 0);
    if (p->sev.type == OW_SEV_STOP)
        keep_stop(p, &p->sev.stop);
    if (p->sev.type == OW_SEV_FETCH)
        serve_fetch(p);
}

static void take_records(struct pair *p)
{
    assert_true(p->cev.nrecords <= p->fetch_records - p->ngot);
    memcpy(p->got + (size_t)p->ngot * OW_REC_LEN, p->cev.records, (size_t)p->cev.nrecords * OW_REC_LEN);
    p->ngot += p->cev.nrecords;
}

static void consume(struct pair *p)
{
    p->ncev++;
    if (p->cev.type == OW_CEV_FAILED)
        fail_msg("client: %s", p->cev.why);
    if (p->cev.type == OW_CEV_GREETING) {
        const bool open = p->mode == OW_MODE_OPEN;
        assert_int_equal(ow_client_choose(p->c, p->mode, open ? NULL : "ana", open ? NULL : secret,
                                          open ? NULL : &session_keys, open ? NULL : client_iv),
                         0);
    }
    if (p->cev.type == OW_CEV_STOP)
        keep_stop(p, &p->cev.stop);
    if (p->cev.type == OW_CEV_FETCH_HEAD) {
        assert_memory_equal(p->cev.skips, the_skips, sizeof the_skips);
        assert_int_equal(p->cev.slots[1].value, 77);
    }
    if (p->cev.type == OW_CEV_FETCH_DATA)
        take_records(p);
    p->done |= p->cev.type == OW_CEV_FETCH_DONE;
}

static void pull_server(struct pair *p)
{
    struct ow_server_event ev;
    while (ow_server_next(p->s, &ev)) {
        p->sev = ev;
        serve(p);
    }
}

static void pull_client(struct pair *p)
{
    struct ow_client_event ev;
    while (ow_client_next(p->c, &ev)) {
        p->cev = ev;
        consume(p);
    }
}

static size_t piece(const struct pair *p, struct ps_buf *from)
{
    const size_t len = ps_buf_len(from), most = p->step == 0 ? OW_IN_SOFT : p->step;
    return len < most ? len : most;
}

// Carries octets until neither side has any.
static void run(struct pair *p)
{
    struct ps_buf *cout = ow_client_out(p->c), *sout = ow_server_out(p->s);
    size_t n;
    while (ps_buf_len(cout) + ps_buf_len(sout) > 0) {
        if ((n = piece(p, cout)) > 0) {
            assert_true(ow_server_want(p->s) >= n);
            assert_int_equal(ow_server_input(p->s, ps_buf_head(cout), n), 0);
            ps_buf_consume(cout, n);
            pull_server(p);
        }
        if ((n = piece(p, sout)) > 0) {
            assert_int_equal(ow_client_input(p->c, ps_buf_head(sout), n), 0);
            ps_buf_consume(sout, n);
            pull_client(p);
        }
    }
}

static void pair_up(struct pair *p, uint32_t mode, size_t step)
{
    memset(p, 0, sizeof *p);
    p->mode = mode;
    p->step = step;
    assert_int_equal(ow_client_new(&p->c, mode), 0);
    assert_int_equal(ow_server_new(&p->s, &conf), 0);
    run(p);
    assert_int_equal(p->cev.type, OW_CEV_READY);
    assert_int_equal(p->sev.type, OW_SEV_READY);
}

static void pair_end(struct pair *p)
{
    ow_client_free(p->c);
    ow_server_free(p->s);
    free(p->records);
    free(p->got);
}

static void request(struct pair *p, uint8_t code)
{
    const struct ow_request req = a_request(3);
    p->accept = code;
    assert_int_equal(ow_client_request(p->c, &req, the_slots), 0);
    run(p);
    assert_int_equal(p->cev.type, OW_CEV_ACCEPT);
    assert_int_equal(p->cev.accept.accept, code);
    assert_memory_equal(p->cev.accept.sid, a_sid, 16);
}

static void start(struct pair *p, uint8_t code)
{
    p->accept = code;
    assert_int_equal(ow_client_start(p->c), 0);
    run(p);
    assert_int_equal(p->cev.type, OW_CEV_STARTED);
    assert_int_equal(ow_client_testing(p->c), code == 0);
    assert_int_equal(ow_server_testing(p->s), code == 0);
    assert_true(ow_server_early(p->s));
}

static void check_stop(const struct pair *p, const struct ow_stop_rec *want)
{
    assert_memory_equal(p->rec.sid, want->sid, 16);
    assert_int_equal(p->rec.next_seqno, want->next_seqno);
    assert_int_equal(p->rec.nskips, want->nskips);
    if (want->nskips > 0)
        assert_memory_equal(p->skips, want->skips, want->nskips * sizeof p->skips[0]);
}

static void stop(struct pair *p, bool by_client, uint32_t nskips)
{
    struct ow_skip skips[3] = {{0, 1}, {10, 11}, {20, 998}};
    struct ow_stop_rec rec = {.next_seqno = 999, .nskips = nskips, .skips = skips};
    memcpy(rec.sid, a_sid, 16);
    if (by_client)
        assert_int_equal(ow_client_stop(p->c, 0, &rec, 1), 0);
    else
        assert_int_equal(ow_server_stop(p->s, 0, &rec, 1), 0);
    run(p);
    check_stop(p, &rec);
}

static void fetch(struct pair *p, uint32_t n)
{
    struct ow_fetch f = {.begin = 0, .end = 0xffffffffu};
    free(p->records);
    free(p->got);
    p->records = some_records(n);
    p->got = calloc(n + 1, OW_REC_LEN);
    assert_non_null(p->got);
    p->fetch_records = n;
    p->ngot = 0;
    p->done = false;
    memcpy(f.sid, a_sid, 16);
    assert_int_equal(ow_client_fetch(p->c, &f), 0);
    run(p);
    assert_int_equal(p->done, p->accept == OW_ACCEPT_OK);
    if (!p->done)
        return;
    assert_int_equal(p->ngot, n);
    assert_memory_equal(p->got, p->records, (size_t)n * OW_REC_LEN);
}

// A connection's whole life: requests, a test that the client or the server ends first, fetches.
static void live(uint32_t mode, size_t step)
{
    struct pair p;
    pair_up(&p, mode, step);
    for (uint32_t round = 0; round < 8; round++) {
        request(&p, OW_ACCEPT_REJECT);
        request(&p, OW_ACCEPT_OK);
        request(&p, OW_ACCEPT_OK);
        start(&p, OW_ACCEPT_TEMPORARY);
        start(&p, OW_ACCEPT_OK);
        stop(&p, round % 2 == 0, round / 2);
        assert_true(ow_client_testing(p.c) && ow_server_testing(p.s));
        stop(&p, round % 2 == 1, 3 - round / 2);
        assert_false(ow_client_testing(p.c) || ow_server_testing(p.s));
        p.accept = OW_ACCEPT_REJECT;
        fetch(&p, 1);
        p.accept = OW_ACCEPT_OK;
        fetch(&p, round * 15);
    }
    pair_end(&p);
}

static void every_mode_lives_through_all_commands_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++)
        live(all_modes[i], 0);
}

static void every_mode_lives_through_all_commands_octet_by_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++)
        live(all_modes[i], 1);
}

static void pieces_that_straddle_blocks_make_no_difference(void **state)
{
    static const size_t steps[] = {7, 15, 17, 100, 401};
    (void)state;
    for (size_t i = 0; i < COUNT(steps); i++)
        live(OW_MODE_ENC, steps[i]);
}

static void stops_that_cross_on_the_way_end_the_test(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(all_modes); i++) {
        struct pair p;
        pair_up(&p, all_modes[i], 1);
        start(&p, 0);
        assert_int_equal(ow_client_stop(p.c, 0, NULL, 0), 0);
        assert_int_equal(ow_server_stop(p.s, 0, NULL, 0), 0);
        run(&p);
        assert_false(ow_client_testing(p.c) || ow_server_testing(p.s));
        start(&p, 0);
        pair_end(&p);
    }
}

static void a_large_fetch_comes_through(void **state)
{
    struct pair p;
    (void)state;
    pair_up(&p, OW_MODE_ENC, 0);
    fetch(&p, 100001);
    pair_end(&p);
}

static void the_most_skip_ranges_come_through_and_one_more_does_not(void **state)
{
    struct ow_skip *skips = calloc(OW_MAX_SKIPS + 1, sizeof *skips);
    struct ow_stop_rec recs[2] = {{.next_seqno = 0xffffffffu, .nskips = OW_MAX_SKIPS, .skips = skips},
                                  {.next_seqno = 1, .nskips = 1, .skips = skips}};
    struct ow_client_event ev;
    struct pair p;
    (void)state;
    assert_non_null(skips);
    for (uint32_t i = 0; i <= OW_MAX_SKIPS; i++)
        skips[i].first = skips[i].last = 2 * i;
    pair_up(&p, OW_MODE_ENC, 0);
    start(&p, 0);
    assert_int_equal(ow_server_stop(p.s, 0, recs, 2), PS_ELIMIT);
    assert_int_equal(ow_server_stop(p.s, 0, recs, 1), 0);
    memset(&ev, 0, sizeof ev);
    while (ps_buf_len(ow_server_out(p.s)) > 0) {
        const size_t n = piece(&p, ow_server_out(p.s));
        assert_int_equal(ow_client_input(p.c, ps_buf_head(ow_server_out(p.s)), n), 0);
        ps_buf_consume(ow_server_out(p.s), n);
        assert_int_equal(ow_client_next(p.c, &ev), ps_buf_len(ow_server_out(p.s)) == 0);
    }
    assert_int_equal(ev.type, OW_CEV_STOP);
    assert_int_equal(ev.stop.recs[0].nskips, OW_MAX_SKIPS);
    assert_memory_equal(ev.stop.recs[0].skips, skips, OW_MAX_SKIPS * sizeof *skips);
    pair_end(&p);
    free(skips);
}

// Every octet of the cipher streams counts: change one, and no later event is told but the failure.
static void a_changed_octet_anywhere_is_found(void **state)
{
    const struct ow_request req = a_request(3);
    const size_t len = OW_REQUEST_LEN + 64;
    (void)state;
    for (size_t at = 0; at < len; at++) {
        struct ow_server_event ev;
        struct pair p;
        pair_up(&p, OW_MODE_ENC, 0);
        assert_int_equal(ow_client_request(p.c, &req, the_slots), 0);
        assert_int_equal(ps_buf_len(ow_client_out(p.c)), len);
        ps_buf_head(ow_client_out(p.c))[at] ^= 0x10;
        assert_int_equal(ow_server_input(p.s, ps_buf_head(ow_client_out(p.c)), len), 0);
        assert_true(ow_server_next(p.s, &ev));
        assert_int_equal(ev.type, OW_SEV_FAILED);
        pair_end(&p);
    }
}

// Random octets to each state: never a crash, and always bounded.
static void noise_never_breaks_a_machine(void **state)
{
    uint32_t x = 12345;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct ow_server_event ev;
        struct pair p;
        uint8_t noise[512];
        pair_up(&p, OW_MODE_OPEN, 0);
        if (round % 2 == 1)
            start(&p, 0);
        for (size_t i = 0; i < sizeof noise; i++) {
            x = x * 1664525u + 1013904223u;
            noise[i] = (x >> 28) < 9 ? 0 : (uint8_t)(x >> 24) % 7;
        }
        noise[0] = round % 2 == 1 ? 3 : (uint8_t)(round / 2 % 6);
        assert_int_equal(ow_server_input(p.s, noise, sizeof noise), 0);
        for (int i = 0; i < 100 && ow_server_next(p.s, &ev); i++) {
            ow_server_accept(p.s, 1, 0, NULL);
            ow_server_start(p.s, 0);
            ow_server_stop(p.s, 0, NULL, 0);
            ow_server_fetch_deny(p.s, 1);
        }
        assert_false(ow_server_next(p.s, &ev));
        pair_end(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mode_lives_through_all_commands_whole),
        cmocka_unit_test(every_mode_lives_through_all_commands_octet_by_octet),
        cmocka_unit_test(pieces_that_straddle_blocks_make_no_difference),
        cmocka_unit_test(stops_that_cross_on_the_way_end_the_test),
        cmocka_unit_test(a_large_fetch_comes_through),
        cmocka_unit_test(the_most_skip_ranges_come_through_and_one_more_does_not),
        cmocka_unit_test(a_changed_octet_anywhere_is_found),
        cmocka_unit_test(noise_never_breaks_a_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
