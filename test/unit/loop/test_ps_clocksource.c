// SPDX-License-Identifier: Apache-2.0
#include "loop_fix.h"
#include <dirent.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include "base/ps_err.h"
#include "loop/ps_clocksource.h"
#include "test/unit/clock/clock_server.h"

#define SERVERS 4

struct world {
    struct fix *loop;
    char dir[64];
    struct ps_clocksource_conf conf;
    struct clock_server server[SERVERS];
    pthread_t thread[SERVERS];
    _Atomic unsigned asked[SERVERS];
    unsigned n;
    _Atomic bool over;
    struct ps_clock *clock;
    struct ps_clocksource *source;
    struct ps_source heard;
    unsigned told;
};

struct serving {
    struct world *w;
    unsigned i;
};

static void *serve(void *arg)
{
    struct serving s = *(struct serving *)arg;

    free(arg);
    while (!s.w->over)
        if (server_turn(&s.w->server[s.i], 5))
            s.w->asked[s.i]++;
    return NULL;
}

static const char *path_in(const struct world *w, const char *name)
{
    static char path[PS_CLOCKSOURCE_PATH];

    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    return path;
}

// On a path in the world's folder, or UDP; its number.
static unsigned start(struct world *w, enum server_kind kind, enum server_how how, const char *name)
{
    struct serving *s = malloc(sizeof *s);
    struct clock_server *server = &w->server[w->n];
    uint16_t port = 0;

    *s = (struct serving){w, w->n};
    server->kind = kind;
    server->how = how;
    assert_int_equal(server_open(server, name ? path_in(w, name) : NULL, &port), 0);
    if (kind == SERVER_PTP4L)
        strcpy(w->conf.ptp4l[w->conf.ptp4l[0][0] != '\0'], path_in(w, name));
    else if (name)
        strcpy(w->conf.chrony_path, path_in(w, name));
    else
        assert_int_equal(
            ps_addr_parse("127.0.0.1", port, kind == SERVER_CHRONY ? &w->conf.chrony : &w->conf.ntpd), 0);
    assert_int_equal(pthread_create(&w->thread[w->n], NULL, serve, s), 0);
    return w->n++;
}

// All that was asked has been counted then.
static void end_servers(struct world *w)
{
    w->over = true;
    for (unsigned i = 0; i < w->n; i++) {
        pthread_join(w->thread[i], NULL);
        close(w->server[i].fd);
    }
    w->n = 0;
}

static int begin(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    void *fix;

    assert_non_null(w);
    strcpy(w->dir, "/tmp/psuite-clock.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    setup(&fix);
    w->loop = fix;
    assert_int_equal(ps_clock_new(&w->clock, 0), 0);
    *state = w;
    return 0;
}

static unsigned files_left(const struct world *w)
{
    DIR *d = opendir(w->dir);
    unsigned n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += strncmp(e->d_name, "psuite", 6) == 0;
    closedir(d);
    return n;
}

static int end(void **state)
{
    struct world *w = *state;
    void *fix = w->loop;

    ps_clocksource_free(w->source);
    teardown(&fix);
    ps_clock_free(w->clock);
    end_servers(w);
    unlink(path_in(w, "a"));
    unlink(path_in(w, "b"));
    rmdir(w->dir);
    free(w);
    return 0;
}

static int ask(const struct world *w, struct ps_source *s)
{
    return ps_clocksource_ask(&w->conf, -1, s);
}

// --- asking

static void each_daemon_is_asked_in_its_own_way(void **state)
{
    struct world *w = *state;
    struct ps_source s;

    start(w, SERVER_CHRONY, SERVER_GOOD, NULL);
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "chrony");
    assert_true(s.synced);
    w->conf.chrony.len = 0;
    start(w, SERVER_NTPD, SERVER_GOOD, NULL);
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "ntpd");
    w->conf.ntpd.len = 0;
    start(w, SERVER_PTP4L, SERVER_GOOD, "a");
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "ptp4l");
    assert_string_equal(s.reference, "4ac0a5fffe6ae027");
    assert_true(s.synced);
    assert_in_range(s.bound, 2400, 2402);
}

static void chrony_is_asked_at_its_path_where_its_port_is_closed(void **state)
{
    struct world *w = *state;
    struct ps_source s;

    assert_int_equal(ps_addr_parse("127.0.0.1", 1, &w->conf.chrony), 0);
    start(w, SERVER_CHRONY, SERVER_GOOD, "a");
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "chrony");
    assert_int_equal(files_left(w), 0);
}

static void a_path_that_says_nothing_leaves_no_file_behind(void **state)
{
    struct world *w = *state;
    struct ps_source s;

    start(w, SERVER_CHRONY, SERVER_SILENT, "a");
    assert_int_equal(ask(w, &s), PS_ENOTFOUND);
    assert_int_equal(files_left(w), 0);
    strcpy(w->conf.chrony_path, path_in(w, "none"));
    assert_int_equal(ask(w, &s), PS_ENOTFOUND);
    assert_int_equal(files_left(w), 0);
}

static void ptp4l_of_another_profile_is_found(void **state)
{
    struct world *w = *state;
    struct ps_source s;
    unsigned i = start(w, SERVER_PTP4L, SERVER_GOOD, "a");

    w->server[i].domain = 24;
    assert_int_equal(ask(w, &s), 0);
    assert_true(s.synced);
    w->server[i].domain = 0;
    w->server[i].transport = 1;
    assert_int_equal(ask(w, &s), 0);
    assert_true(s.synced);
}

static void the_next_path_of_ptp4l_is_tried(void **state)
{
    struct world *w = *state;
    struct ps_source s;

    strcpy(w->conf.ptp4l[0], path_in(w, "none"));
    start(w, SERVER_PTP4L, SERVER_GOOD, "b");
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "ptp4l");
}

static void the_first_that_is_synchronised_is_taken(void **state)
{
    struct world *w = *state;
    struct ps_source s;
    unsigned chrony = start(w, SERVER_CHRONY, SERVER_UNSYNCED, NULL),
             ntpd = start(w, SERVER_NTPD, SERVER_GOOD, NULL);

    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "ntpd");
    w->server[ntpd].how = SERVER_UNSYNCED;
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "chrony");
    assert_false(s.synced);
    w->server[chrony].how = w->server[ntpd].how = SERVER_GOOD;
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "chrony");
}

static void the_right_answer_is_found_behind_others(void **state)
{
    struct world *w = *state;
    struct ps_source s;

    start(w, SERVER_CHRONY, SERVER_LATE, NULL);
    assert_int_equal(ask(w, &s), 0);
    w->conf.chrony.len = 0;
    start(w, SERVER_NTPD, SERVER_LATE, NULL);
    assert_int_equal(ask(w, &s), 0);
    w->conf.ntpd.len = 0;
    start(w, SERVER_PTP4L, SERVER_LATE, "a");
    assert_int_equal(ask(w, &s), 0);
    assert_true(s.synced);
}

static void silence_floods_refusals_and_garbage_are_no_answers(void **state)
{
    static const enum server_how bad[] = {SERVER_SILENT, SERVER_STALE, SERVER_GARBAGE, SERVER_REFUSES,
                                          SERVER_FLOODS};
    struct world *w = *state;
    struct ps_source s;

    start(w, SERVER_CHRONY, SERVER_GOOD, NULL);
    start(w, SERVER_NTPD, SERVER_GOOD, NULL);
    start(w, SERVER_PTP4L, SERVER_GOOD, "a");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (unsigned k = 0; k < w->n; k++)
            w->server[k].how = bad[i];
        assert_int_equal(ask(w, &s), PS_ENOTFOUND);
        assert_null(s.name);
    }
}

static void one_that_is_silent_does_not_hide_the_next(void **state)
{
    struct world *w = *state;
    struct ps_source s;

    start(w, SERVER_CHRONY, SERVER_SILENT, NULL);
    start(w, SERVER_NTPD, SERVER_FLOODS, NULL);
    start(w, SERVER_PTP4L, SERVER_GOOD, "a");
    assert_int_equal(ask(w, &s), 0);
    assert_string_equal(s.name, "ptp4l");
}

static void whoever_is_woken_asks_nobody_else(void **state)
{
    struct world *w = *state;
    struct ps_source s;
    int wake = eventfd(1, EFD_CLOEXEC);
    unsigned ntpd;

    start(w, SERVER_CHRONY, SERVER_SILENT, NULL);
    ntpd = start(w, SERVER_NTPD, SERVER_GOOD, NULL);
    assert_int_equal(ps_clocksource_ask(&w->conf, wake, &s), PS_ENOTFOUND);
    end_servers(w);
    assert_int_equal(w->asked[ntpd], 0);
    close(wake);
}

// --- on a loop

static void hear(void *ctx, const struct ps_source *source)
{
    struct world *w = ctx;

    w->heard = *source;
    w->told++;
    ps_loop_stop(w->loop->loop);
}

static void make(struct world *w)
{
    assert_int_equal(ps_clocksource_new(w->loop->loop, w->clock, &w->conf, hear, w, &w->source), 0);
}

static void the_answer_is_told_to_the_clock(void **state)
{
    struct world *w = *state;

    start(w, SERVER_CHRONY, SERVER_GOOD, NULL);
    make(w);
    assert_null(ps_clock_source(w->clock)->name);
    ps_clocksource_use(w->source);
    run_guarded(w->loop);
    assert_string_equal(w->heard.name, "chrony");
    assert_string_equal(ps_clock_source(w->clock)->name, "chrony");
    ps_clocksource_release(w->source);
}

static void within_sixteen_seconds_it_is_asked_once(void **state)
{
    struct world *w = *state;
    unsigned i = start(w, SERVER_NTPD, SERVER_GOOD, NULL);

    make(w);
    for (int k = 0; k < 3; k++) {
        ps_clocksource_use(w->source);
        ps_clocksource_use(w->source);
        ps_clocksource_look(w->source);
        if (k == 0)
            run_guarded(w->loop);
        ps_clocksource_release(w->source);
        ps_clocksource_release(w->source);
        ps_clocksource_look(w->source);
    }
    ps_loop_run(w->loop->loop);
    end_servers(w);
    assert_int_equal(w->asked[i], 1);
    assert_int_equal(w->told, 1);
}

static void nobody_answering_is_told_too(void **state)
{
    struct world *w = *state;

    assert_int_equal(ps_addr_parse("127.0.0.1", 1, &w->conf.ntpd), 0);
    make(w);
    ps_clocksource_look(w->source);
    run_guarded(w->loop);
    assert_int_equal(w->told, 1);
    assert_null(w->heard.name);
}

static void without_use_it_does_not_keep_the_loop_going(void **state)
{
    struct world *w = *state;

    start(w, SERVER_CHRONY, SERVER_GOOD, NULL);
    make(w);
    ps_loop_run(w->loop->loop);
    assert_int_equal(w->told, 0);
    ps_clocksource_use(w->source);
    ps_clocksource_release(w->source);
    ps_loop_run(w->loop->loop); // until the answer, and no longer
    ps_loop_run(w->loop->loop);
    assert_int_equal(w->told, 1);
}

static void one_that_is_freed_while_it_asks_tells_nothing(void **state)
{
    struct world *w = *state;

    start(w, SERVER_CHRONY, SERVER_SILENT, NULL);
    make(w);
    ps_clocksource_use(w->source);
    ps_clocksource_free(w->source);
    w->source = NULL;
    ps_loop_run(w->loop->loop);
    assert_int_equal(w->told, 0);
    ps_clocksource_free(NULL);
}

static void with_nobody_to_ask_nothing_is_done(void **state)
{
    struct world *w = *state;

    make(w);
    ps_clocksource_use(w->source);
    ps_loop_run(w->loop->loop);
    assert_int_equal(w->told, 0);
    ps_clocksource_release(w->source);
}

// --- where, and in words

static int env(const char *text, struct ps_clocksource_conf *out)
{
    setenv("OWAMP_DEBUG_CLOCKSOURCE", text, 1);
    int err = ps_clocksource_env(out);
    unsetenv("OWAMP_DEBUG_CLOCKSOURCE");
    return err;
}

static void the_usual_places_are_those_of_the_daemons(void **state)
{
    struct ps_clocksource_conf c;

    (void)state;
    unsetenv("OWAMP_DEBUG_CLOCKSOURCE");
    assert_int_equal(ps_clocksource_env(&c), 0);
    assert_int_equal(ps_addr_port(&c.chrony), 323);
    assert_int_equal(ps_addr_port(&c.ntpd), 123);
    assert_string_equal(c.chrony_path, "/run/chrony/chronyd.sock");
    assert_string_equal(c.ptp4l[3], "/var/run/ptp4l");
}

static void the_environment_has_other_places(void **state)
{
    static const char *const bad[] = {"",
                                      "x",
                                      "chrony",
                                      "chrony=",
                                      "chrony=name:1",
                                      "chrony=127.0.0.1:70000",
                                      "ntpd=/a",
                                      "ptp4l=a",
                                      "none,",
                                      "chrony=127.0.0.1,chrony=127.0.0.2",
                                      "ptp4l=/1,ptp4l=/2,ptp4l=/3,ptp4l=/4,ptp4l=/5"};
    struct ps_clocksource_conf c;
    char far[2000];

    (void)state;
    assert_int_equal(env("none", &c), 0);
    assert_int_equal(c.chrony.len + c.ntpd.len, 0);
    assert_int_equal(env("chrony=/a/b,chrony=127.0.0.1:5,ntpd=[::1]:6,ptp4l=/c,ptp4l=/d", &c), 0);
    assert_string_equal(c.chrony_path, "/a/b");
    assert_int_equal(ps_addr_port(&c.chrony), 5);
    assert_int_equal(ps_addr_port(&c.ntpd), 6);
    assert_string_equal(c.ptp4l[1], "/d");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_true(env(bad[i], &c) == PS_ESYNTAX || env(bad[i], &c) == PS_ELIMIT);
    memset(far, 'x', sizeof far);
    memcpy(far, "ptp4l=/", 7);
    far[sizeof far - 1] = '\0';
    assert_int_equal(env(far, &c), PS_ELIMIT);
    far[200] = '\0';
    assert_int_equal(env(far, &c), PS_ELIMIT);
}

static void a_source_has_words(void **state)
{
    struct ps_source s = {.name = NULL};
    char out[PS_CLOCKSOURCE_TEXT];

    (void)state;
    assert_string_equal(ps_clocksource_text(&s, out), "no daemon that keeps it answers");
    s = (struct ps_source){.name = "chrony", .reference = "192.0.2.1", .stratum = 3};
    assert_string_equal(ps_clocksource_text(&s, out), "chrony is not synchronised");
    s.synced = true;
    s.error = 12345;
    s.bound = 2 * PS_MSEC;
    assert_string_equal(ps_clocksource_text(&s, out),
                        "chrony follows 192.0.2.1, stratum 3, error 0.000012 s, bound 0.002000 s");
    s = (struct ps_source){.name = "ptp4l", .synced = true, .stratum = -1, .error = -1, .bound = -1};
    assert_string_equal(ps_clocksource_text(&s, out), "ptp4l follows what it does not name");
}

#define WORLD(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD(each_daemon_is_asked_in_its_own_way),
        WORLD(chrony_is_asked_at_its_path_where_its_port_is_closed),
        WORLD(a_path_that_says_nothing_leaves_no_file_behind),
        WORLD(ptp4l_of_another_profile_is_found),
        WORLD(the_next_path_of_ptp4l_is_tried),
        WORLD(the_first_that_is_synchronised_is_taken),
        WORLD(the_right_answer_is_found_behind_others),
        WORLD(silence_floods_refusals_and_garbage_are_no_answers),
        WORLD(one_that_is_silent_does_not_hide_the_next),
        WORLD(whoever_is_woken_asks_nobody_else),
        WORLD(the_answer_is_told_to_the_clock),
        WORLD(within_sixteen_seconds_it_is_asked_once),
        WORLD(nobody_answering_is_told_too),
        WORLD(without_use_it_does_not_keep_the_loop_going),
        WORLD(one_that_is_freed_while_it_asks_tells_nothing),
        WORLD(with_nobody_to_ask_nothing_is_done),
        cmocka_unit_test(the_usual_places_are_those_of_the_daemons),
        cmocka_unit_test(the_environment_has_other_places),
        cmocka_unit_test(a_source_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
