// SPDX-License-Identifier: Apache-2.0
// A client's control connection against a server machine on a listener of this process.
#include "ep_fix.h"
#include "endpoint/ep_client.h"
#include "owamp/ow_server.h"
#include <stdio.h>

#define PASS "sesame"

// A server of one connection.
struct host {
    struct fix *f;
    struct ps_listener *listener;
    struct ps_stream *stream;
    struct ow_server *machine;
    uint8_t salt[16];
    uint32_t modes;
    bool mute, hang_up;
    // the client's side
    struct ep_client *client;
    bool ready, close_inside;
    int failed, err;
    uint32_t mode;
    char why[200];
};

static void flush(struct host *h)
{
    struct ps_buf *out = ow_server_out(h->machine);
    assert_int_equal(ps_stream_write(h->stream, ps_buf_head(out), ps_buf_len(out)), 0);
    ps_buf_clear(out);
}

static void identify(struct host *h)
{
    uint8_t key[16];
    assert_int_equal(ow_derive((const uint8_t *)PASS, strlen(PASS), h->salt, OW_COUNT_MIN, key), 0);
    assert_int_equal(ow_server_identity(h->machine, key), 0);
}

static void on_data(void *ctx, const uint8_t *data, size_t n)
{
    struct host *h = ctx;
    struct ow_server_event ev;
    assert_int_equal(ow_server_input(h->machine, data, n), 0);
    while (ow_server_next(h->machine, &ev)) {
        if (ev.type == OW_SEV_IDENTIFY)
            identify(h);
    }
    flush(h);
}

static void on_ended(void *ctx, int err)
{
    (void)ctx, (void)err;
}

static void on_accept(void *ctx, struct ps_stream *s)
{
    static const struct ps_stream_ops ops = {.data = on_data, .ended = on_ended};
    struct host *h = ctx;
    struct ow_server_conf conf = {.modes = h->modes, .count = OW_COUNT_MIN, .challenge = {1}, .iv = {2}};
    if (h->hang_up) {
        ps_stream_close(s, 0);
        return;
    }
    memset(h->salt, 7, sizeof h->salt);
    memcpy(conf.salt, h->salt, sizeof conf.salt);
    assert_int_equal(ow_server_new(&h->machine, &conf), 0);
    h->stream = s;
    ps_stream_start(s, &ops, h);
    if (!h->mute)
        flush(h);
}

static void close_client(struct host *h)
{
    ep_client_close(h->client);
    h->client = NULL;
}

static void on_event(void *ctx, const struct ow_client_event *ev)
{
    struct host *h = ctx;
    assert_int_equal(ev->type, OW_CEV_READY);
    h->ready = true;
    h->mode = ow_client_mode(ep_client_machine(h->client));
    if (h->close_inside)
        close_client(h);
}

static void on_failed(void *ctx, int err, const char *why)
{
    struct host *h = ctx;
    h->failed++;
    h->err = err;
    snprintf(h->why, sizeof h->why, "%s", why);
    if (h->close_inside)
        close_client(h);
}

static void host_open(struct host *h, struct fix *f, uint32_t modes)
{
    *h = (struct host){.f = f, .modes = modes};
    assert_int_equal(ps_listen(f->loop, &f->here, NULL, 8, on_accept, h, &h->listener), 0);
}

static void connect_as(struct host *h, const char *identity, const char *pass, uint32_t modes, ps_ns timeout)
{
    struct ep_client_conf conf = {.loop = h->f->loop,
                                  .naddrs = 1,
                                  .modes = modes,
                                  .identity = identity,
                                  .pass = (const uint8_t *)pass,
                                  .pass_len = pass ? strlen(pass) : 0,
                                  .timeout = timeout,
                                  .ctx = h,
                                  .event = on_event,
                                  .failed = on_failed};
    conf.addrs[0] = *ps_listener_addr(h->listener);
    assert_int_equal(ep_client_open(&h->client, &conf), 0);
}

static void host_close(struct host *h)
{
    close_client(h);
    ps_stream_close(h->stream, 0);
    ps_listener_close(h->listener);
    ow_server_free(h->machine);
}

static void an_open_connection_gets_ready(void **state)
{
    struct fix *f = *state;
    struct host h;
    host_open(&h, f, OW_MODE_ALL);
    connect_as(&h, NULL, NULL, OW_MODE_OPEN, GUARD);
    RUN_UNTIL(f, h.ready);
    assert_int_equal(h.mode, OW_MODE_OPEN);
    assert_true(ep_client_rtt(h.client) > 0);
    assert_true(ow_client_early(ep_client_machine(h.client)));
    assert_int_equal(ps_addr_port(ep_client_peer(h.client)), ps_addr_port(ps_listener_addr(h.listener)));
    host_close(&h);
}

static void the_strongest_common_mode_is_taken(void **state)
{
    static const uint32_t offered[] = {OW_MODE_ALL, OW_MODE_OPEN | OW_MODE_AUTH, OW_MODE_OPEN};
    static const uint32_t taken[] = {OW_MODE_ENC, OW_MODE_AUTH, OW_MODE_OPEN};
    for (int i = 0; i < 3; i++) {
        struct fix *f = *state;
        struct host h;
        host_open(&h, f, offered[i]);
        connect_as(&h, "joe", PASS, OW_MODE_ALL, GUARD);
        RUN_UNTIL(f, h.ready);
        assert_int_equal(h.mode, taken[i]);
        host_close(&h);
    }
}

static void a_wrong_pass_phrase_is_refused(void **state)
{
    struct fix *f = *state;
    struct host h;
    host_open(&h, f, OW_MODE_ALL);
    connect_as(&h, "joe", "simsalabim", OW_MODE_ALL, GUARD);
    RUN_UNTIL(f, h.failed);
    assert_int_equal(h.err, PS_EREFUSED);
    assert_false(h.ready);
    host_close(&h);
}

static void no_common_mode_says_what_is_offered(void **state)
{
    struct fix *f = *state;
    struct host h;
    host_open(&h, f, OW_MODE_AUTH);
    connect_as(&h, NULL, NULL, OW_MODE_OPEN, GUARD);
    RUN_UNTIL(f, h.failed);
    assert_int_equal(h.err, PS_EREFUSED);
    assert_non_null(strstr(h.why, "authenticated"));
    host_close(&h);
}

static void a_server_that_hangs_up_is_told_once(void **state)
{
    struct fix *f = *state;
    struct host h;
    host_open(&h, f, OW_MODE_ALL);
    h.hang_up = true;
    connect_as(&h, NULL, NULL, OW_MODE_OPEN, GUARD);
    RUN_UNTIL(f, h.failed);
    ps_loop_poll(f->loop);
    assert_int_equal(h.failed, 1);
    assert_int_not_equal(h.err, 0);
    host_close(&h);
}

static void a_mute_server_is_given_up(void **state)
{
    struct fix *f = *state;
    struct host h;
    host_open(&h, f, OW_MODE_ALL);
    h.mute = true;
    connect_as(&h, NULL, NULL, OW_MODE_OPEN, 20 * PS_MSEC);
    RUN_UNTIL(f, h.failed);
    assert_int_equal(h.err, PS_ETIMEOUT);
    host_close(&h);
}

static void a_refused_connection_is_told(void **state)
{
    struct fix *f = *state;
    struct host h;
    host_open(&h, f, OW_MODE_ALL);
    struct ps_addr gone = *ps_listener_addr(h.listener);
    ps_listener_close(h.listener);
    h.listener = NULL;
    struct ep_client_conf conf = {.loop = f->loop,
                                  .addrs = {gone},
                                  .naddrs = 1,
                                  .modes = OW_MODE_OPEN,
                                  .timeout = GUARD,
                                  .ctx = &h,
                                  .event = on_event,
                                  .failed = on_failed};
    assert_int_equal(ep_client_open(&h.client, &conf), 0);
    RUN_UNTIL(f, h.failed);
    assert_int_equal(h.err, -ECONNREFUSED);
    host_close(&h);
}

static void it_may_be_closed_from_inside_of_its_callbacks(void **state)
{
    struct fix *f = *state;
    struct host h;
    host_open(&h, f, OW_MODE_ALL);
    h.close_inside = true;
    connect_as(&h, "joe", PASS, OW_MODE_ALL, GUARD);
    RUN_UNTIL(f, h.ready);
    host_close(&h);
    host_open(&h, f, OW_MODE_ALL);
    h.close_inside = true;
    connect_as(&h, "joe", "simsalabim", OW_MODE_ALL, GUARD);
    RUN_UNTIL(f, h.failed);
    host_close(&h);
}

static void it_may_be_closed_at_any_time(void **state)
{
    struct fix *f = *state;
    for (int turns = 0; turns < 12; turns++) {
        struct host h;
        host_open(&h, f, OW_MODE_ALL);
        connect_as(&h, "joe", PASS, OW_MODE_ALL, GUARD);
        for (int i = 0; i < turns; i++)
            ps_loop_poll(f->loop);
        host_close(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_open_connection_gets_ready),       TEST(the_strongest_common_mode_is_taken),
        TEST(a_wrong_pass_phrase_is_refused),      TEST(no_common_mode_says_what_is_offered),
        TEST(a_server_that_hangs_up_is_told_once), TEST(a_mute_server_is_given_up),
        TEST(a_refused_connection_is_told),        TEST(it_may_be_closed_from_inside_of_its_callbacks),
        TEST(it_may_be_closed_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
