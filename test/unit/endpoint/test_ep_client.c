// SPDX-License-Identifier: Apache-2.0
// The client against a server machine in the same process, over TCP on 127.0.0.1.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "endpoint/ep_client.h"
#include "owamp/ow_rec.h"
#include "owamp/ow_server.h"

#define GUARD (60 * PS_SEC) // a test that waits longer has failed
#define PASS "the pass-phrase"

static const uint8_t sid[16] = {0x0a, 1, 2, 3, 0xe0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const struct ow_slot slot = {OW_SLOT_FIXED, 1u << 30};

enum manner {
    SERVES,
    SAYS_NOTHING,  // not even the greeting
    HANGS_UP,      // at once
    IGNORES_SETUP, // greets
    IGNORES_ASKED, // sets up, and answers nothing
    HANGS_UP_ASKED,
    BABBLES, // says more than it was asked
};

struct fix {
    struct ps_loop *loop;
    struct ps_timer *guard;
    bool late;
    // the server
    struct ps_listener *listener;
    struct ps_stream *stream;
    struct ow_server *server;
    enum manner manner;
    uint32_t modes;
    // the client
    struct ep_client *client;
    struct ep_client_conf conf;
    enum ow_client_event_type close_at; // closes itself inside of this event
    bool close_failed;                  // or of the failure
    int events[OW_CEV_FAILED + 1];
    struct ow_client_event last;
    uint32_t nrecords;
    int failed, err;
    char why[200];
};

#define RUN_UNTIL(f, condition)            \
    do {                                   \
        ps_timer_start((f)->guard, GUARD); \
        while (!(condition) && !(f)->late) \
            ps_loop_run((f)->loop);        \
        ps_timer_stop((f)->guard);         \
        assert_true(condition);            \
    } while (0)

static void guard_fires(void *ctx)
{
    struct fix *f = ctx;
    f->late = true;
    ps_loop_stop(f->loop);
}

// --- the server

static void hang_up(struct fix *f)
{
    ps_stream_close(f->stream, 0);
    f->stream = NULL;
}

static void send_out(struct fix *f)
{
    struct ps_buf *out = ow_server_out(f->server);
    if (f->stream != NULL && ps_buf_len(out) > 0)
        assert_int_equal(ps_stream_write(f->stream, ps_buf_head(out), ps_buf_len(out)), 0);
    ps_buf_consume(out, ps_buf_len(out));
}

static void identify(struct fix *f, const char *keyid)
{
    static const uint8_t salt[16] = "the salt.......";
    uint8_t key[16];
    assert_int_equal(ow_derive((const uint8_t *)PASS, strlen(PASS), salt, OW_COUNT_MIN, key), 0);
    assert_int_equal(ow_server_identity(f->server, strcmp(keyid, "ana") == 0 ? key : NULL), 0);
}

static void serve_fetch(struct fix *f)
{
    const struct ow_fetch_ack ack = {.finished = OW_FIN_NORMAL, .next_seqno = 3, .nrecords = 3};
    const struct ow_request req = {.ipvn = 4, .nslots = 1, .npackets = 3, .sid = {0}};
    struct ow_request copy = req;
    const uint8_t records[3 * OW_REC_LEN] = {0};
    memcpy(copy.sid, sid, sizeof sid);
    assert_int_equal(ow_server_fetch_begin(f->server, &ack, &copy, &slot, NULL), 0);
    assert_int_equal(ow_server_fetch_data(f->server, records, 3), 0);
    assert_int_equal(ow_server_fetch_end(f->server), 0);
}

static void serve(struct fix *f, const struct ow_server_event *ev)
{
    switch (ev->type) {
    case OW_SEV_IDENTIFY:
        identify(f, ev->setup.keyid);
        break;
    case OW_SEV_REQUEST:
        assert_int_equal(ow_server_accept(f->server, OW_ACCEPT_OK, 8765, sid), 0);
        break;
    case OW_SEV_START:
        assert_int_equal(ow_server_start(f->server, OW_ACCEPT_OK), 0);
        break;
    case OW_SEV_STOP:
        assert_int_equal(ow_server_stop(f->server, OW_ACCEPT_OK, NULL, 0), 0);
        break;
    case OW_SEV_FETCH:
        serve_fetch(f);
        break;
    case OW_SEV_NONE:
    case OW_SEV_READY:
    case OW_SEV_FAILED:
        break;
    }
}

static void server_event(struct fix *f, const struct ow_server_event *ev)
{
    static const uint8_t junk[16] = {0};
    const bool asked = ev->type == OW_SEV_REQUEST;
    if (asked && f->manner == IGNORES_ASKED)
        return;
    if (asked && f->manner == HANGS_UP_ASKED) {
        hang_up(f);
        return;
    }
    serve(f, ev);
    send_out(f);
    if (ev->type == OW_SEV_READY && f->manner == BABBLES)
        assert_int_equal(ps_stream_write(f->stream, junk, sizeof junk), 0);
}

static void server_data(void *ctx, const uint8_t *data, size_t n)
{
    struct fix *f = ctx;
    struct ow_server_event ev;
    if (f->manner == IGNORES_SETUP)
        return;
    assert_int_equal(ow_server_input(f->server, data, n), 0);
    while (f->stream != NULL && ow_server_next(f->server, &ev))
        server_event(f, &ev);
    send_out(f);
}

static void server_ended(void *ctx, int err)
{
    struct fix *f = ctx;
    (void)err;
    hang_up(f);
    ps_loop_stop(f->loop);
}

static void server_accept(void *ctx, struct ps_stream *stream)
{
    static const struct ps_stream_ops ops = {.data = server_data, .ended = server_ended};
    struct fix *f = ctx;
    struct ow_server_conf conf = {.modes = f->modes, .count = OW_COUNT_MIN, .salt = "the salt......."};
    ps_stream_close(f->stream, 0);
    ow_server_free(f->server);
    f->stream = stream;
    assert_int_equal(ow_server_new(&f->server, &conf), 0);
    ps_stream_start(stream, &ops, f);
    if (f->manner == HANGS_UP)
        hang_up(f);
    else if (f->manner != SAYS_NOTHING)
        send_out(f);
}

// --- the client

static void client_event(void *ctx, const struct ow_client_event *ev)
{
    struct fix *f = ctx;
    f->events[ev->type]++;
    f->nrecords += ev->nrecords;
    f->last = *ev;
    if (f->close_at == ev->type) {
        ep_client_close(f->client);
        f->client = NULL;
    }
    ps_loop_stop(f->loop);
}

static void client_failed(void *ctx, int err, const char *why)
{
    struct fix *f = ctx;
    f->failed++;
    f->err = err;
    strncpy(f->why, why, sizeof f->why - 1);
    if (f->close_failed) {
        ep_client_close(f->client);
        f->client = NULL;
    }
    ps_loop_stop(f->loop);
}

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);
    struct ps_addr here;
    assert_non_null(f);
    assert_int_equal(ps_addr_parse("127.0.0.1", 0, &here), 0);
    assert_int_equal(ps_loop_new(&f->loop), 0);
    assert_int_equal(ps_timer_new(f->loop, &f->guard, guard_fires, f), 0);
    assert_int_equal(ps_listen(f->loop, &here, NULL, 16, server_accept, f, &f->listener), 0);
    f->modes = OW_MODE_ALL;
    f->conf = (struct ep_client_conf){.loop = f->loop,
                                      .naddrs = 1,
                                      .modes = OW_MODE_OPEN,
                                      .timeout = GUARD,
                                      .ctx = f,
                                      .event = client_event,
                                      .failed = client_failed};
    f->conf.addrs[0] = *ps_listener_addr(f->listener);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;
    ep_client_close(f->client);
    ps_stream_close(f->stream, 0);
    ps_listener_close(f->listener);
    ow_server_free(f->server);
    ps_timer_free(f->guard);
    ps_loop_free(f->loop);
    free(f);
    return 0;
}

static void as(struct fix *f, uint32_t modes, const char *identity, const char *pass)
{
    f->conf.modes = modes;
    f->conf.identity = identity;
    f->conf.pass = (const uint8_t *)pass;
    f->conf.pass_len = strlen(pass);
}

static void open_client(struct fix *f)
{
    assert_int_equal(ep_client_open(&f->client, &f->conf), 0);
}

static void open_ready(struct fix *f)
{
    open_client(f);
    RUN_UNTIL(f, f->events[OW_CEV_READY] == 1 || f->failed);
    assert_string_equal(f->why, "");
}

static void expect_failure(struct fix *f, int err, const char *part)
{
    RUN_UNTIL(f, f->failed > 0);
    assert_int_equal(f->err, err);
    if (strstr(f->why, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f->why, part);
}

static int request(struct fix *f)
{
    const struct ow_request req = {.ipvn = 4, .conf_receiver = true, .nslots = 1, .npackets = 3};
    return ep_client_request(f->client, &req, &slot);
}

// --- setting up

static void open_mode_is_set_up(void **state)
{
    struct fix *f = *state;
    open_ready(f);
    assert_int_equal(ow_client_mode(ep_client_machine(f->client)), OW_MODE_OPEN);
    assert_null(ow_client_keys(ep_client_machine(f->client)));
    assert_true(ps_addr_equal(ep_client_peer(f->client), ps_listener_addr(f->listener)));
    assert_true(ps_addr_equal(ep_client_local(f->client), ps_stream_peer(f->stream)));
    assert_true(ep_client_rtt(f->client) > 0);
    assert_int_equal(f->events[OW_CEV_GREETING], 0);
}

static void both_cipher_modes_are_set_up_with_the_pass_phrase(void **state)
{
    struct fix *f = *state;
    for (uint32_t mode = OW_MODE_AUTH; mode <= OW_MODE_ENC; mode *= 2) {
        f->events[OW_CEV_READY] = 0;
        as(f, mode, "ana", PASS);
        open_ready(f);
        assert_int_equal(ow_client_mode(ep_client_machine(f->client)), mode);
        assert_memory_equal(ow_client_keys(ep_client_machine(f->client)), ow_server_keys(f->server),
                            sizeof(struct ow_keys));
        ep_client_close(f->client);
        f->client = NULL;
    }
}

static void the_strongest_mode_of_both_is_taken(void **state)
{
    struct fix *f = *state;
    f->modes = OW_MODE_OPEN | OW_MODE_AUTH;
    as(f, OW_MODE_ALL, "ana", PASS);
    open_ready(f);
    assert_int_equal(ow_client_mode(ep_client_machine(f->client)), OW_MODE_AUTH);
}

static void a_wrong_pass_phrase_is_refused(void **state)
{
    struct fix *f = *state;
    as(f, OW_MODE_AUTH, "ana", "another");
    open_client(f);
    expect_failure(f, PS_EREFUSED, "refused");
    assert_int_equal(f->events[OW_CEV_READY], 0);
}

static void an_unknown_identity_is_refused(void **state)
{
    struct fix *f = *state;
    as(f, OW_MODE_ENC, "bob", PASS);
    open_client(f);
    expect_failure(f, PS_EREFUSED, "refused");
}

static void without_a_common_mode_the_offer_is_told(void **state)
{
    struct fix *f = *state;
    f->modes = OW_MODE_AUTH | OW_MODE_ENC;
    open_client(f);
    expect_failure(f, PS_EREFUSED, "offers authenticated encrypted; without -u only open is possible");
}

static void a_server_that_offers_no_mode_refuses(void **state)
{
    struct fix *f = *state;
    f->modes = 0;
    open_client(f);
    expect_failure(f, PS_EREFUSED, "no mode");
}

// --- connecting

static void where_nobody_listens_the_connection_is_refused(void **state)
{
    struct fix *f = *state;
    ps_listener_close(f->listener);
    f->listener = NULL;
    open_client(f);
    expect_failure(f, -ECONNREFUSED, "");
}

static void the_next_address_is_tried(void **state)
{
    struct fix *f = *state;
    f->conf.addrs[1] = f->conf.addrs[0];
    f->conf.naddrs = 2;
    // 127.0.0.2 is this host too, and nothing listens there.
    f->conf.addrs[0].in.sin_addr.s_addr = htonl(0x7f000002);
    open_ready(f);
    assert_true(ps_addr_equal(ep_client_peer(f->client), &f->conf.addrs[1]));
}

static void the_connection_comes_from_the_address_asked_for(void **state)
{
    struct fix *f = *state;
    assert_int_equal(ps_addr_parse("127.0.0.3", 0, &f->conf.local), 0);
    open_ready(f);
    assert_true(ps_addr_same_host(ep_client_local(f->client), &f->conf.local));
}

// --- servers that end or fall silent

static void a_server_that_hangs_up_is_told(void **state)
{
    struct fix *f = *state;
    f->manner = HANGS_UP;
    open_client(f);
    expect_failure(f, PS_ECLOSED, "the server closed the connection");
}

static void a_server_that_hangs_up_when_asked_is_told(void **state)
{
    struct fix *f = *state;
    f->manner = HANGS_UP_ASKED;
    open_ready(f);
    assert_int_equal(request(f), 0);
    expect_failure(f, PS_ECLOSED, "closed");
    assert_int_equal(f->events[OW_CEV_ACCEPT], 0);
}

static void a_server_that_does_not_greet_is_given_up(void **state)
{
    struct fix *f = *state;
    f->manner = SAYS_NOTHING;
    f->conf.setup_timeout = 100 * PS_MSEC;
    open_client(f);
    expect_failure(f, PS_ETIMEOUT, "does not answer");
}

static void a_server_that_greets_and_no_more_is_given_up(void **state)
{
    struct fix *f = *state;
    f->manner = IGNORES_SETUP;
    f->conf.setup_timeout = 100 * PS_MSEC;
    open_client(f);
    expect_failure(f, PS_ETIMEOUT, "does not answer");
}

static void a_server_that_does_not_answer_a_request_is_given_up(void **state)
{
    struct fix *f = *state;
    f->manner = IGNORES_ASKED;
    f->conf.setup_timeout = GUARD;
    f->conf.timeout = 100 * PS_MSEC;
    open_ready(f);
    assert_int_equal(request(f), 0);
    expect_failure(f, PS_ETIMEOUT, "does not answer");
    assert_int_equal(f->failed, 1);
}

static void in_a_hurry_nobody_is_given_up_before_something_is_asked(void **state)
{
    struct fix *f = *state;
    struct ps_timer *later;
    f->manner = IGNORES_ASKED;
    f->conf.timeout = f->conf.setup_timeout = 2 * GUARD;
    open_ready(f);
    ep_client_hurry(f->client, PS_MSEC);
    assert_int_equal(ps_timer_new(f->loop, &later, guard_fires, f), 0);
    ps_timer_start(later, 30 * PS_MSEC);
    while (!f->late && !f->failed)
        ps_loop_run(f->loop);
    ps_timer_free(later);
    assert_int_equal(f->failed, 0);
    f->late = false;
    assert_int_equal(request(f), 0);
    expect_failure(f, PS_ETIMEOUT, "does not answer");
}

static void octets_that_nobody_asked_for_are_a_fault(void **state)
{
    struct fix *f = *state;
    f->manner = BABBLES;
    open_client(f);
    expect_failure(f, PS_EPROTO, "no answer is due");
    assert_int_equal(request(f), PS_ESTATE);
    assert_int_equal(f->failed, 1);
}

// --- commands

static void a_test_runs_and_its_session_is_fetched(void **state)
{
    struct fix *f = *state;
    struct ow_stop_rec rec = {.next_seqno = 3};
    struct ow_fetch fetch = {.end = UINT32_MAX};
    memcpy(rec.sid, sid, sizeof sid);
    memcpy(fetch.sid, sid, sizeof sid);
    as(f, OW_MODE_ENC, "ana", PASS);
    open_ready(f);
    assert_int_equal(request(f), 0);
    assert_int_equal(request(f), PS_ESTATE); // one at a time
    RUN_UNTIL(f, f->events[OW_CEV_ACCEPT] == 1);
    assert_int_equal(f->last.accept.port, 8765);
    assert_memory_equal(f->last.accept.sid, sid, 16);
    assert_int_equal(ep_client_start(f->client), 0);
    RUN_UNTIL(f, f->events[OW_CEV_STARTED] == 1);
    assert_int_equal(ep_client_stop(f->client, OW_ACCEPT_OK, &rec, 1), 0);
    RUN_UNTIL(f, f->events[OW_CEV_STOP] == 1);
    assert_int_equal(ep_client_fetch(f->client, &fetch), 0);
    RUN_UNTIL(f, f->events[OW_CEV_FETCH_DONE] == 1);
    assert_int_equal(f->nrecords, 3);
    assert_int_equal(f->failed, 0);
}

// --- closing

static void it_may_be_closed_inside_any_event(void **state)
{
    struct fix *f = *state;
    static const enum ow_client_event_type events[] = {OW_CEV_READY, OW_CEV_ACCEPT};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        memset(f->events, 0, sizeof f->events);
        f->close_at = events[i];
        open_client(f);
        RUN_UNTIL(f, f->events[OW_CEV_READY] == 1);
        if (f->client != NULL)
            assert_int_equal(request(f), 0);
        RUN_UNTIL(f, f->client == NULL);
    }
    assert_int_equal(f->failed, 0);
}

static void it_may_be_closed_inside_a_fetch(void **state)
{
    struct fix *f = *state;
    static const enum ow_client_event_type events[] = {OW_CEV_FETCH_ACK, OW_CEV_FETCH_HEAD, OW_CEV_FETCH_DATA,
                                                       OW_CEV_FETCH_DONE};
    struct ow_fetch fetch = {.end = UINT32_MAX};
    memcpy(fetch.sid, sid, sizeof sid);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        f->events[OW_CEV_READY] = 0;
        f->close_at = events[i];
        open_ready(f);
        assert_int_equal(ep_client_fetch(f->client, &fetch), 0);
        RUN_UNTIL(f, f->client == NULL);
        assert_int_equal(f->last.type, events[i]);
    }
    assert_int_equal(f->failed, 0);
}

static void it_may_be_closed_inside_each_kind_of_failure(void **state)
{
    struct fix *f = *state;
    static const enum manner manners[] = {SAYS_NOTHING, HANGS_UP, BABBLES};
    f->close_failed = true;
    f->conf.setup_timeout = 200 * PS_MSEC;
    for (size_t i = 0; i < sizeof manners / sizeof manners[0]; i++) {
        f->manner = manners[i];
        open_client(f);
        RUN_UNTIL(f, f->client == NULL);
        assert_int_equal(f->failed, i + 1);
    }
    ps_listener_close(f->listener);
    f->listener = NULL;
    open_client(f);
    RUN_UNTIL(f, f->client == NULL);
    assert_int_equal(f->err, -ECONNREFUSED);
}

static void it_may_be_closed_while_it_connects(void **state)
{
    struct fix *f = *state;
    open_client(f);
    ep_client_close(f->client);
    f->client = NULL;
    ep_client_close(NULL);
    ps_loop_poll(f->loop);
    assert_int_equal(f->failed + f->events[OW_CEV_READY], 0);
}

static void it_may_be_closed_while_a_key_is_derived(void **state)
{
    struct fix *f = *state;
    as(f, OW_MODE_ENC, "ana", PASS);
    open_client(f);
    // The greeting is there once its octets have left the server; from then on the worker may be busy.
    while (f->stream == NULL)
        ps_loop_poll(f->loop);
    for (int i = 0; i < 3; i++)
        ps_loop_poll(f->loop);
    ep_client_close(f->client);
    f->client = NULL;
    RUN_UNTIL(f, f->stream == NULL);
    assert_int_equal(f->failed, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(open_mode_is_set_up),
        TEST(both_cipher_modes_are_set_up_with_the_pass_phrase),
        TEST(the_strongest_mode_of_both_is_taken),
        TEST(a_wrong_pass_phrase_is_refused),
        TEST(an_unknown_identity_is_refused),
        TEST(without_a_common_mode_the_offer_is_told),
        TEST(a_server_that_offers_no_mode_refuses),
        TEST(where_nobody_listens_the_connection_is_refused),
        TEST(the_next_address_is_tried),
        TEST(the_connection_comes_from_the_address_asked_for),
        TEST(a_server_that_hangs_up_is_told),
        TEST(a_server_that_hangs_up_when_asked_is_told),
        TEST(a_server_that_does_not_greet_is_given_up),
        TEST(a_server_that_greets_and_no_more_is_given_up),
        TEST(a_server_that_does_not_answer_a_request_is_given_up),
        TEST(in_a_hurry_nobody_is_given_up_before_something_is_asked),
        TEST(octets_that_nobody_asked_for_are_a_fault),
        TEST(a_test_runs_and_its_session_is_fetched),
        TEST(it_may_be_closed_inside_any_event),
        TEST(it_may_be_closed_inside_a_fetch),
        TEST(it_may_be_closed_inside_each_kind_of_failure),
        TEST(it_may_be_closed_while_it_connects),
        TEST(it_may_be_closed_while_a_key_is_derived),
    };
    return cmocka_run_group_tests_name("ep_client", tests, NULL, NULL);
}
