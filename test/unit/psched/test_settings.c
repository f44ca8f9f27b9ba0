// SPDX-License-Identifier: Apache-2.0
#include "psched/settings.h"
#include "psched_fix.h"

static int load(struct fix *f, const char *text)
{
    f->fault.text[0] = '\0';
    return settings_load(&f->settings, fix_file(f, "psched.conf", text), &f->fault);
}

static void without_a_file_it_is_the_defaults(void **state)
{
    struct fix *f = *state;
    const struct settings *s = &f->settings;

    assert_string_equal(s->data, "/var/lib/psched");
    assert_string_equal(s->limits, "/run/pslimits/pslimits.sock");
    assert_string_equal(s->front.unix_path, "/run/psched/api.sock");
    assert_int_equal(s->front.unix_mode, 0660);
    assert_true(s->horizon == 86400 * PS_SEC);
    assert_true(s->keep == 2 * 86400 * PS_SEC);
    assert_true(s->backlog_age == 7 * 86400 * PS_SEC);
    assert_int_equal(s->front.places.n, 0);
    assert_false(s->per_interface);
}

static void a_file_says_it_otherwise(void **state)
{
    struct fix *f = *state;
    const struct settings *s = &f->settings;

    assert_int_equal(load(f, "# a comment\n"
                             "data /srv/psched\n"
                             "name ps.example.org\n"
                             "listen-unix /run/x/rest 0600\n"
                             "limits none\n"
                             "horizon PT2H\n"
                             "keep P7D\n"
                             "margin PT0S\n"
                             "tasks 5\n"
                             "exclusive-per interface\n"
                             "backlog 2m\n"
                             "proxy-unix yes\n"),
                     0);
    assert_string_equal(s->data, "/srv/psched");
    assert_string_equal(s->name, "ps.example.org");
    assert_string_equal(s->front.unix_path, "/run/x/rest");
    assert_int_equal(s->front.unix_mode, 0600);
    assert_string_equal(s->limits, "");
    assert_true(s->horizon == 7200 * PS_SEC);
    assert_true(s->keep == 7 * 86400 * PS_SEC);
    assert_true(s->margin == 0);
    assert_int_equal(s->tasks, 5);
    assert_true(s->per_interface);
    assert_true(s->backlog == 2000000);
    assert_true(s->front.proxy_unix);
}

static void a_fault_names_the_line_and_what_it_wants(void **state)
{
    static const struct {
        const char *text, *line, *words;
    } cases[] = {
        {"data /x\nhorizont PT1H\n", ":2:", "did you mean"},
        {"horizon PT1S\n", ":1:", "horizon"},
        {"horizon P1M\n", ":1:", "horizon"},
        {"exclusive-per host2\n", ":1:", "host or interface"},
        {"listen h.example\n", ":1:", "ADDR, ADDR:PORT"},
        {"listen-unix /x 999\n", ":1:", "octal mode"},
        {"name a_b\n", ":1:", "name or address"},
        {"proxy 192.0.2.0/40\n", ":1:", "addresses or networks"},
        {"tasks 0\n", ":1:", "tasks"},
        {"tasks 5 6\n", ":1:", "tasks"},
    };
    struct fix *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (load(f, cases[i].text) == 0)
            fail_msg("this is taken: %s", cases[i].text);
        fix_has(f->fault.text, cases[i].line);
        fix_has(f->fault.text, cases[i].words);
    }
}

static void proxies_are_networks(void **state)
{
    struct fix *f = *state;
    struct ps_addr a;

    assert_int_equal(load(f, "proxy 192.0.2.0/24 2001:db8::1\nproxy 198.51.100.7\n"), 0);
    assert_int_equal(ps_addr_parse("192.0.2.9", 0, &a), 0);
    assert_true(ps_netset_has(f->settings.front.proxies, &a));
    assert_int_equal(ps_addr_parse("198.51.100.7", 0, &a), 0);
    assert_true(ps_netset_has(f->settings.front.proxies, &a));
    assert_int_equal(ps_addr_parse("198.51.100.8", 0, &a), 0);
    assert_false(ps_netset_has(f->settings.front.proxies, &a));
}

static void what_cannot_be_as_a_whole_is_told(void **state)
{
    struct fix *f = *state;

    assert_int_equal(settings_check(&f->settings, &f->fault), 0);
    assert_int_equal(load(f, "listen-unix none\n"), 0);
    assert_int_equal(settings_check(&f->settings, &f->fault), PS_ESTATE);
    fix_has(f->fault.text, "nothing to listen on");
    assert_int_equal(load(f, "listen-unix /x\ncertificate /c\n"), 0);
    assert_int_equal(settings_check(&f->settings, &f->fault), PS_ESTATE);
    fix_has(f->fault.text, "certificate and key");
    assert_int_equal(load(f, "key /k\n"), 0);
    assert_int_equal(settings_check(&f->settings, &f->fault), 0);
}

static void what_only_a_start_takes_on_is_kept_and_named(void **state)
{
    struct fix *f = *state;
    struct settings now;
    char kept[200];

    settings_init(&now);
    assert_int_equal(load(f, "horizon PT2H\nlimits none\nlisten 127.0.0.1:8443\ntasks 5\nuser x\n"), 0);
    assert_string_equal(settings_keep_fixed(&f->settings, &now, kept, sizeof kept), "listen user limits");
    assert_string_equal(f->settings.limits, SETTINGS_LIMITS);
    assert_int_equal(f->settings.front.places.n, 0);
    assert_int_equal(f->settings.tasks, 5);
    assert_string_equal(settings_keep_fixed(&f->settings, &now, kept, sizeof kept), "");
    settings_fini(&now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_file_it_is_the_defaults),        TEST(a_file_says_it_otherwise),
        TEST(a_fault_names_the_line_and_what_it_wants), TEST(proxies_are_networks),
        TEST(what_cannot_be_as_a_whole_is_told),        TEST(what_only_a_start_takes_on_is_kept_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
