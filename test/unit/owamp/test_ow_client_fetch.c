// SPDX-License-Identifier: Apache-2.0
#include "client_by_hand.h"

// What a hand-made answer to Fetch-Session is to be like.
struct answer {
    struct ow_fetch_ack ack;
    struct ow_request request;
    uint8_t slot_type;
    uint32_t ranges[6];
    uint32_t spoil; // which HMAC to spoil, 1 for the Ack's; 0: none
};

static struct answer good_answer(uint32_t nrecords)
{
    return (struct answer){.ack = {.finished = 1, .next_seqno = 900, .nskips = 3, .nrecords = nrecords},
                           .request = a_request(2),
                           .ranges = {0, 1, 5, 5, 6, 999}};
}

static void give_part(struct rig *r, uint8_t *data, size_t n, bool spoil)
{
    seal_msg(r->chan, data, n);
    data[n] ^= spoil;
    give(r, data, n + 16);
}

static void ask(struct rig *r, uint32_t mode)
{
    struct ow_fetch f = {.begin = 3, .end = 0xffffffffu};
    uint8_t in[OW_FETCH_LEN];
    rig_up(r, mode);
    memcpy(f.sid, a_sid, 16);
    assert_int_equal(ow_client_fetch(r->c, &f), 0);
    drain_msg(r->chan, r->out, in, sizeof in);
    assert_int_equal(in[0], 4);
    assert_int_equal(get32(in + 8), 3);
    assert_int_equal(get32(in + 12), 0xffffffffu);
    assert_memory_equal(in + 16, a_sid, 16);
}

static void give_head(struct rig *r, const struct answer *a)
{
    uint8_t ack[OW_ACK_LEN], req[OW_REQUEST_LEN], slots[48] = {0}, skips[48] = {0};
    ow_fetch_ack_pack(&a->ack, ack);
    give_part(r, ack, 16, a->spoil == 1);
    ow_request_pack(&a->request, req);
    give_part(r, req, 96, a->spoil == 2);
    slots[16] = a->slot_type;
    give_part(r, slots, 32, a->spoil == 3);
    for (size_t i = 0; i < 6; i++)
        put32(skips + 4 * i, a->ranges[i]);
    give_part(r, skips, 32, a->spoil == 4);
}

static void give_records(struct rig *r, const uint8_t *recs, uint32_t n, bool spoil)
{
    const size_t len = ((size_t)n * OW_REC_LEN + 15) / 16 * 16;
    uint8_t *out = calloc(1, len + 16);
    assert_non_null(out);
    memcpy(out, recs, (size_t)n * OW_REC_LEN);
    give_part(r, out, len, spoil);
    free(out);
}

static void expect_head(struct rig *r)
{
    expect(r, OW_CEV_FETCH_ACK);
    assert_int_equal(r->ev.ack.next_seqno, 900);
    expect(r, OW_CEV_FETCH_HEAD);
    assert_memory_equal(r->ev.request.sid, a_sid, 16);
    assert_int_equal(r->ev.slots[1].type, OW_SLOT_FIXED);
    assert_int_equal(r->ev.ack.nskips, 3);
    assert_int_equal(r->ev.skips[2].last, 999);
}

static void a_fetch_gives_head_records_and_end(void **state)
{
    static const uint32_t counts[] = {0, 1, 15, 16, 17, 256, 257, 1000};
    (void)state;
    for (size_t i = 0; i < COUNT(counts) * COUNT(all_modes); i++) {
        const uint32_t n = counts[i / COUNT(all_modes)];
        struct answer a = good_answer(n);
        uint8_t *recs = some_records(n);
        uint32_t got = 0;
        struct rig r;
        a.slot_type = OW_SLOT_FIXED;
        ask(&r, all_modes[i % COUNT(all_modes)]);
        give_head(&r, &a);
        give_records(&r, recs, n, false);
        expect_head(&r);
        while (got < n) {
            expect(&r, OW_CEV_FETCH_DATA);
            assert_true(r.ev.nrecords > 0 && r.ev.nrecords <= n - got);
            assert_memory_equal(r.ev.records, recs + (size_t)got * OW_REC_LEN,
                                (size_t)r.ev.nrecords * OW_REC_LEN);
            got += r.ev.nrecords;
        }
        expect(&r, OW_CEV_FETCH_DONE);
        expect_nothing(&r);
        start(&r, 0);
        rig_end(&r);
        free(recs);
    }
}

static void a_denied_fetch_is_over_with_its_ack(void **state)
{
    uint8_t ack[OW_ACK_LEN] = {1};
    struct rig r;
    (void)state;
    ask(&r, OW_MODE_ENC);
    give_part(&r, ack, 16, false);
    expect(&r, OW_CEV_FETCH_ACK);
    assert_int_equal(r.ev.ack.accept, 1);
    expect_nothing(&r);
    start(&r, 0);
    rig_end(&r);
}

// Pulls to the failure.
static void pull_to_failure(struct rig *r, int err, const char *why)
{
    for (int i = 0; i < 100; i++) {
        assert_true(ow_client_next(r->c, &r->ev));
        assert_int_not_equal(r->ev.type, OW_CEV_FETCH_DONE);
        if (r->ev.type == OW_CEV_FAILED)
            break;
    }
    assert_int_equal(r->ev.type, OW_CEV_FAILED);
    assert_int_equal(r->ev.err, err);
    if (strstr(r->ev.why, why) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", r->ev.why, why);
}

static void each_hmac_of_a_fetch_is_checked(void **state)
{
    static const char *const why[] = {"Fetch-Ack", "request", "slots", "skip ranges", "records"};
    uint8_t *recs = some_records(20);
    (void)state;
    for (uint32_t i = 0; i < COUNT(why); i++) {
        struct answer a = good_answer(20);
        struct rig r;
        a.spoil = i + 1;
        ask(&r, OW_MODE_ENC);
        give_head(&r, &a);
        give_records(&r, recs, 20, i == 4);
        pull_to_failure(&r, PS_EAUTH, why[i]);
        rig_end(&r);
    }
    free(recs);
}

static void spoil_answer(struct answer *a, int what)
{
    switch (what) {
    case 0:
        a->ack.finished = 3;
        break;
    case 1:
        a->ack.nskips = OW_MAX_SKIPS + 1;
        break;
    case 2:
        a->request.ipvn = 5;
        break;
    case 3:
        a->request.sid[0] ^= 1;
        break;
    case 4:
        a->request.nslots = 0;
        break;
    case 5:
        a->request.nslots = 0xffffffffu;
        break;
    case 6:
        a->ack.next_seqno = 1001;
        break;
    case 7:
        a->slot_type = 2;
        break;
    case 8:
        a->ranges[1] = 5;
        break;
    case 9:
        a->ranges[5] = 1000;
        break;
    default:
        a->ranges[2] = 6;
    }
}

static void a_malformed_answer_to_a_fetch_fails(void **state)
{
    static const struct {
        int err;
        const char *why;
    } want[] = {{PS_EPROTO, "state of a session"},   {PS_ELIMIT, "skip ranges are too many"},
                {PS_EMALFORMED, "IP version 5"},     {PS_EPROTO, "another session"},
                {PS_EMALFORMED, "no schedule"},      {PS_ELIMIT, "4294967295 schedule slots"},
                {PS_EMALFORMED, "Next Seqno"},       {PS_EUNSUPPORTED, "unknown type 2"},
                {PS_ERANGE, "skip range 5 to 5"},    {PS_ERANGE, "skip range 6 to 1000"},
                {PS_EMALFORMED, "skip range 6 to 5"}};
    (void)state;
    for (int i = 0; i < (int)COUNT(want); i++) {
        struct answer a = good_answer(0);
        struct rig r;
        spoil_answer(&a, i);
        ask(&r, i % 2 == 0 ? OW_MODE_OPEN : OW_MODE_ENC);
        give_head(&r, &a);
        pull_to_failure(&r, want[i].err, want[i].why);
        rig_end(&r);
    }
}

static void a_copy_that_is_no_request_fails(void **state)
{
    uint8_t ack[OW_ACK_LEN] = {0, 1}, copy[OW_REQUEST_LEN] = {7};
    struct rig r;
    (void)state;
    ask(&r, OW_MODE_OPEN);
    give_part(&r, ack, 16, false);
    give_part(&r, copy, 96, false);
    expect(&r, OW_CEV_FETCH_ACK);
    expect_failure(&r, PS_EPROTO, "request");
    rig_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fetch_gives_head_records_and_end),
        cmocka_unit_test(a_denied_fetch_is_over_with_its_ack),
        cmocka_unit_test(each_hmac_of_a_fetch_is_checked),
        cmocka_unit_test(a_malformed_answer_to_a_fetch_fails),
        cmocka_unit_test(a_copy_that_is_no_request_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
