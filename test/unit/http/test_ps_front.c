// SPDX-License-Identifier: Apache-2.0
// A daemon that is nothing but a front, from its command line to its end; signals to this process steer it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "http/ps_front.h"
#include "loop/ps_ctl_ask.h"

#define GUARD (60 * PS_SEC)

struct fix {
    struct ps_front_conf conf;
    struct ps_front front;
    struct ps_log log;
    struct ps_ctl_asker *asker;
    char dir[40];
    char said[1000]; // the log's lines
    char answer[500];
    int stillborn, refuses; // what a start and a reload fail for
    int faulty, unfit;      // what the settings, and a look at them, fail for
    bool look;
    int reloads, stops;
};

// --- the daemon

// Once it answers it is reloaded, and ended.
static void answered(void *ctx, int err, const char *reply, size_t len, const char *why)
{
    struct fix *f = ctx;

    (void)len;
    snprintf(f->answer, sizeof f->answer, "%s", err ? why : reply);
    (void)raise(SIGHUP);
    (void)raise(SIGTERM);
    (void)raise(SIGTERM);
    (void)raise(SIGHUP);
}

static int ask(struct fix *f)
{
    static const char question[] = "{\"verb\":\"http\"}";
    int err = ps_ctl_asker_new(f->front.loop, f->conf.control, &f->asker);

    return err ? err : ps_ctl_ask(f->asker, question, strlen(question), GUARD, answered, f, NULL);
}

static int start(void *ctx, struct ps_fault *fault)
{
    struct fix *f = ctx;
    int err = ps_front_start(&f->front, &ps_httpd_defaults, fault);

    if (!err)
        err = ps_front_signals(&f->front);
    if (err)
        return err;
    ps_front_tell(&f->front);
    return f->stillborn ? f->stillborn : ask(f);
}

static int settings(void *ctx, struct ps_fault *fault)
{
    const struct fix *f = ctx;

    if (f->faulty)
        ps_fault_set(fault, "conf", 4, "is not good");
    return f->faulty;
}

static int check(void *ctx, struct ps_fault *fault)
{
    const struct fix *f = ctx;

    (void)fault;
    return f->unfit;
}

static int reload(void *ctx, struct ps_fault *fault)
{
    struct fix *f = ctx;

    f->reloads++;
    if (f->refuses)
        ps_fault_set(fault, "conf", 3, "is not to be");
    return f->refuses;
}

static void end(void *ctx)
{
    struct fix *f = ctx;

    if (!ps_front_end(&f->front))
        return;
    ps_loop_stop(f->front.loop);
}

static void stop(void *ctx)
{
    struct fix *f = ctx;

    f->stops++;
    ps_ctl_asker_free(f->asker);
    ps_front_close(&f->front);
    ps_loop_free(f->front.loop);
}

static int obey_http(void *ctx, struct ps_jget *args, struct ps_json *j, struct ps_fault *fault)
{
    const struct fix *f = ctx;

    (void)args, (void)fault;
    ps_front_put_http(&f->front, j);
    return 0;
}

static const struct ps_ctl_verb verbs[] = {{"http", obey_http, false}};
static const struct ps_front_own own = {settings, check, start, stop, reload, "all stays", end, verbs, 1};

static void hear(void *ctx, enum ps_log_level level, const char *line)
{
    struct fix *f = ctx;
    size_t len = strlen(f->said);

    (void)level;
    snprintf(f->said + len, sizeof f->said - len, "%s\n", line);
}

static int setup(void **state)
{
    struct fix *f = calloc(1, sizeof *f);

    assert_non_null(f);
    strcpy(f->dir, "/tmp/test_ps_front.XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    ps_log_init(&f->log, "front");
    f->log.level = PS_LOG_INFO;
    f->log.file = NULL;
    f->log.hook = hear;
    f->log.hook_ctx = f;
    f->front = (struct ps_front){.own = &own, .ctx = f, .conf = &f->conf, .log = &f->log};
    f->conf.connections = 10;
    f->conf.unix_mode = 0600;
    snprintf(f->conf.unix_path, sizeof f->conf.unix_path, "%s/http", f->dir);
    snprintf(f->conf.control, sizeof f->conf.control, "%s/control", f->dir);
    assert_int_equal(ps_places_add(&f->conf.places, "127.0.0.1:0", false), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    assert_int_equal(rmdir(f->dir), 0); // the sockets are gone
    free(f);
    return 0;
}

static void said(const struct fix *f, const char *piece)
{
    if (!strstr(f->said, piece))
        fail_msg("said: %s\nwanted: %s", f->said, piece);
}

static int run(struct fix *f)
{
    static const struct ps_opt_prog prog = {.name = "front"};
    const struct ps_front_options o = {.prog = &prog, .check = f->look};

    return ps_front_run(&f->front, &o);
}

// --- its life

static void it_listens_answers_is_reloaded_and_ends(void **state)
{
    struct fix *f = *state;
    char place[PS_ADDR_STRLEN + 20], text[PS_ADDR_STRLEN];

    assert_int_equal(run(f), PS_FRONT_DONE);
    said(f, "listening on /tmp/test_ps_front");
    assert_int_not_equal(ps_addr_port(&f->front.bound[0]), 0);
    snprintf(place, sizeof place, "listening on %s\n", ps_addr_text(&f->front.bound[0], text));
    said(f, place);
    assert_string_equal(f->answer,
                        "{\"ok\":true,\"connections\":0,\"connections-refused\":0,\"connections-dropped\":0,"
                        "\"requests\":0,\"refused\":0,\"failed\":0}");
    assert_int_equal(f->reloads, 1); // not once it ends
    assert_string_equal(strstr(f->said, "ending"), "ending\n");
    assert_null(strstr(f->said, "all stays"));
    assert_int_equal(f->stops, 1);
}

static void a_reload_that_fails_is_told_and_leaves_it_as_it_is(void **state)
{
    struct fix *f = *state;

    f->refuses = PS_ESTATE;
    assert_int_equal(run(f), PS_FRONT_DONE);
    said(f, "conf:3: is not to be; all stays\n");
}

static void what_it_cannot_start_for_is_told(void **state)
{
    struct fix *f = *state;

    f->stillborn = -ENOSPC;
    assert_int_equal(run(f), PS_FRONT_SYSTEM);
    said(f, "cannot start: ");
    assert_int_equal(f->stops, 1);
}

static void a_configuration_is_looked_at_and_not_served(void **state)
{
    struct fix *f = *state;

    f->front.data = "here";
    f->look = true;
    assert_int_equal(run(f), PS_FRONT_DONE);
    f->unfit = -EACCES;
    assert_int_equal(run(f), PS_FRONT_FAULTY);
    f->faulty = PS_ESYNTAX;
    assert_int_equal(run(f), PS_FRONT_FAULTY);
    f->look = false;
    assert_int_equal(run(f), PS_FRONT_FAULTY);
    assert_int_equal(f->stops, 0);
    assert_string_equal(f->said, "");
}

static void what_shows_later_is_a_failure_too(void **state)
{
    struct fix *f = *state;

    f->front.failed = true;
    assert_int_equal(run(f), PS_FRONT_SYSTEM);
    assert_int_equal(f->stops, 1);
}

static void a_certificate_that_is_not_there_ends_the_start(void **state)
{
    struct fix *f = *state;

    snprintf(f->conf.certificate, sizeof f->conf.certificate, "%s/none.pem", f->dir);
    assert_int_equal(run(f), PS_FRONT_SYSTEM);
    said(f, "none.pem");
    assert_null(strstr(f->said, "listening"));
}

// --- its configuration

struct file {
    unsigned before; // so that the front is not at the beginning
    struct ps_front_conf front;
};

static int parse(struct file *c, const char *text, struct ps_fault *fault)
{
    static const struct ps_key keys[] = {
        {"plain", PS_KEY_OTHER, offsetof(struct file, front), 0, 0, ps_front_key_plain},
        {"tls", PS_KEY_OTHER, offsetof(struct file, front), 0, 0, ps_front_key_tls},
        {"unix", PS_KEY_OTHER, offsetof(struct file, front), 0, 0, ps_front_key_unix},
    };

    *c = (struct file){.front = {.places.port = 80, .unix_mode = 0660}};
    return ps_keys_parse(keys, 3, c, "FILE", text, strlen(text), fault);
}

static void lines_say_where_it_listens(void **state)
{
    struct ps_fault fault = {""};
    struct file c;
    char text[PS_ADDR_STRLEN];

    (void)state;
    assert_int_equal(parse(&c, "plain 192.0.2.1\ntls :443\nunix /x\n", &fault), 0);
    assert_int_equal(c.front.places.n, 2);
    assert_string_equal(ps_addr_text(&c.front.places.at[0].addr, text), "192.0.2.1:80");
    assert_false(c.front.places.at[0].tls);
    assert_true(c.front.places.at[1].tls);
    assert_string_equal(c.front.unix_path, "/x");
    assert_int_equal(c.front.unix_mode, 0660);
    assert_int_equal(parse(&c, "unix /x 0600\n", &fault), 0);
    assert_int_equal(c.front.unix_mode, 0600);
}

static void proxies_are_trusted_and_nobody_else(void **state)
{
    struct ps_addr inside, outside, none = {.len = 0};
    struct ps_front_conf c = {.proxy_unix = true};
    struct ps_net net;

    (void)state;
    assert_int_equal(ps_addr_parse("192.0.2.7", 0, &inside), 0);
    assert_int_equal(ps_addr_parse("192.0.3.7", 0, &outside), 0);
    assert_false(ps_front_trusts(&c, &inside));
    assert_int_equal(ps_netset_new(&c.proxies), 0);
    assert_int_equal(ps_net_parse("192.0.2.0/24", &net), 0);
    assert_int_equal(ps_netset_add(c.proxies, &net), 0);
    ps_netset_seal(c.proxies);
    assert_true(ps_front_trusts(&c, &inside));
    assert_false(ps_front_trusts(&c, &outside));
    assert_true(ps_front_trusts(&c, &none));
    ps_front_conf_fini(&c);
    c.proxy_unix = false;
    assert_false(ps_front_trusts(&c, &none));
}

static void lines_that_are_wrong_are_told(void **state)
{
    struct ps_fault fault = {""};
    struct file c;
    char many[400] = "";

    (void)state;
    assert_int_equal(parse(&c, "tls here\n", &fault), PS_ESYNTAX);
    assert_string_equal(fault.text, "FILE:1: tls wants ADDR, ADDR:PORT, [V6]:PORT or :PORT; got 'here'");
    assert_int_equal(parse(&c, "unix /x 0888\n", &fault), PS_ESYNTAX);
    assert_string_equal(fault.text,
                        "FILE:1: unix wants a path and perhaps an octal mode, as in 0660; got '0888'");
    for (int i = 0; i <= PS_PLACES_MAX; i++)
        strcat(many, "plain :1\n");
    assert_int_equal(parse(&c, many, &fault), PS_ELIMIT);
    assert_string_equal(fault.text, "FILE:33: plain wants fewer lines: 32 at most; got ':1'");
}

// --- its command line

static const struct ps_opt table[] = {
    {'c', "config", "FILE", "", NULL},
    {PS_FRONT_OPT_DATA, "data", "DIR", "", NULL},
    {PS_FRONT_OPT_LISTEN, "listen", "PLACE", "", NULL},
    {PS_FRONT_OPT_OWN, "own", "WORD", "", NULL},
    PS_FRONT_OPT_END,
};
static const struct ps_opt_prog prog = {"front serve", "[options]", "", NULL, table};

// Takes "good" alone.
static int set_own(struct ps_front_options *o, int letter, const char *value)
{
    assert_int_equal(letter, PS_FRONT_OPT_OWN);
    return strcmp(value, "good") == 0 ? 0 : ps_front_complain(o, "--own", value, "wants good");
}

static enum ps_opt_next read_options(struct ps_front_options *o, char **argv)
{
    int argc = 0;

    while (argv[argc])
        argc++;
    *o = (struct ps_front_options){.prog = &prog, .data_wants = "wants a folder", .own = set_own};
    return ps_front_options_read(o, argc, argv);
}

static void options_are_read(void **state)
{
    char *none[] = {"serve", NULL}, *all[] = {"serve", "-c",   "/c",       "--data", "/d", "--listen", ":1",
                                              "--own", "good", "--listen", ":2",     "-n", "-gdebug",  NULL};
    struct ps_front_options o;

    (void)state;
    assert_int_equal(read_options(&o, none), PS_OPT_RUN);
    assert_null(o.file);
    assert_int_equal(o.nlisten, 0);
    assert_int_equal(o.level, PS_LOG_INFO);
    assert_false(o.check);
    assert_int_equal(read_options(&o, all), PS_OPT_RUN);
    assert_string_equal(o.file, "/c");
    assert_string_equal(o.data, "/d");
    assert_int_equal(o.nlisten, 2);
    assert_string_equal(o.listen[1], ":2");
    assert_int_equal(o.level, PS_LOG_DEBUG);
    assert_true(o.check);
}

static void options_that_are_wrong_are_refused(void **state)
{
    char *wrong[][3] = {{"serve", "--data=", NULL},
                        {"serve", "--config=", NULL},
                        {"serve", "-gloud", NULL},
                        {"serve", "--own=bad", NULL}};
    char *many[PS_PLACES_MAX + 3] = {"serve"};
    struct ps_front_options o;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(read_options(&o, wrong[i]), PS_OPT_USAGE);
    for (int i = 0; i <= PS_PLACES_MAX; i++)
        many[i + 1] = "--listen=:1";
    assert_int_equal(read_options(&o, many), PS_OPT_USAGE);
    many[PS_PLACES_MAX + 1] = NULL;
    assert_int_equal(read_options(&o, many), PS_OPT_RUN);
}

#define LIFE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(it_listens_answers_is_reloaded_and_ends),
        LIFE(a_reload_that_fails_is_told_and_leaves_it_as_it_is),
        LIFE(what_it_cannot_start_for_is_told),
        LIFE(a_configuration_is_looked_at_and_not_served),
        LIFE(what_shows_later_is_a_failure_too),
        LIFE(a_certificate_that_is_not_there_ends_the_start),
        cmocka_unit_test(lines_say_where_it_listens),
        cmocka_unit_test(proxies_are_trusted_and_nobody_else),
        cmocka_unit_test(lines_that_are_wrong_are_told),
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(options_that_are_wrong_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
