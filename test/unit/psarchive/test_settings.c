// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "psarchive/settings.h"

static struct settings s;
static struct ps_fault fault;

static int parse(const char *text)
{
    settings_fini(&s);
    settings_init(&s);
    return settings_parse(&s, "FILE", text, strlen(text), &fault);
}

static void every_line_has_its_place(void **state)
{
    struct ps_addr a;
    char text[PS_ADDR_STRLEN];

    (void)state;
    assert_int_equal(parse("# comment\n"
                           "data /srv/ps\n"
                           "listen 192.0.2.1:80\nlisten :8080\nlisten-tls [2001:db8::1]:443\n"
                           "listen-unix /run/psarchive.http 0600\n"
                           "certificate /c.pem\nkey /k.pem\ncontrol /run/psarchive.sock\n"
                           "spool /var/spool/a\nspool /var/spool/b\n"
                           "write-from 192.0.2.0/24 \\\n   2001:db8::/32\nrestrict-reading yes\n"
                           "read-from 198.51.100.1\nproxy 127.0.0.1\nretention /r.json\nuser archive\ngroup "
                           "-100\ndocuments no\n"
                           "free-floor 2g\nconnections 10\nconnections-per-net 0\nrequest-rate 5\n"
                           "request-body 1m\nrequest-bodies 2m\n"),
                     0);
    assert_string_equal(s.data, "/srv/ps");
    assert_int_equal(s.front.places.n, 3);
    assert_string_equal(ps_addr_text(&s.front.places.at[0].addr, text), "192.0.2.1:80");
    assert_string_equal(ps_addr_text(&s.front.places.at[1].addr, text), "[::]:8080");
    assert_false(s.front.places.at[1].tls);
    assert_true(s.front.places.at[2].tls);
    assert_string_equal(s.front.unix_path, "/run/psarchive.http");
    assert_int_equal(s.front.unix_mode, 0600);
    assert_string_equal(s.front.certificate, "/c.pem");
    assert_string_equal(s.front.key, "/k.pem");
    assert_string_equal(s.front.control, "/run/psarchive.sock");
    assert_int_equal(s.nspools, 2);
    assert_string_equal(s.spools[1], "/var/spool/b");
    assert_int_equal(ps_addr_parse("2001:db8::7", 0, &a), 0);
    assert_true(ps_netset_has(s.writers, &a));
    assert_false(ps_netset_has(s.readers, &a));
    assert_true(s.restricted);
    assert_int_equal(ps_netset_count(s.readers), 1);
    assert_int_equal(ps_netset_count(s.front.proxies), 1);
    assert_string_equal(s.retention, "/r.json");
    assert_string_equal(s.front.user, "archive");
    assert_string_equal(s.front.group, "-100");
    assert_false(s.documents);
    assert_true(s.floor == UINT64_C(2000000000));
    assert_int_equal(s.front.connections, 10);
    assert_int_equal(s.front.connections_per_net, 0);
    assert_int_equal(s.front.rate, 5);
    assert_int_equal(s.body, 1000000);
    assert_int_equal(settings_check(&s, &fault), 0);
}

static void a_fault_names_its_line_and_what_is_wanted(void **state)
{
    static const struct {
        const char *text, *fault;
    } bad[] = {
        {"data /x\nlissten :80\n", "FILE:2: 'lissten' is not known here; did you mean \"listen\"?"},
        {"listen\n", "FILE:1: listen wants a value; got ''"},
        {"listen host.example.org:80\n",
         "FILE:1: listen wants ADDR, ADDR:PORT, [V6]:PORT or :PORT; got 'host.example.org:80'"},
        {"write-from 192.0.2.0/24 here\n",
         "FILE:1: write-from wants addresses or networks, as in 192.0.2.0/24 2001:db8::/32; got 'here'"},
        {"documents maybe\n", "FILE:1: documents wants yes or no; got 'maybe'"},
        {"connections 0\n", "FILE:1: connections wants a whole number, 1 to 65536; got '0'"},
        {"free-floor much\n",
         "FILE:1: free-floor wants a number of octets, as in 500k, 8m or 2g; got 'much'"},
        {"listen-unix /x 999\n",
         "FILE:1: listen-unix wants a path and perhaps an octal mode, as in 0660; got '999'"},
        {"data /x /y\n", "FILE:1: data wants nothing more; got '/y'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(parse(bad[i].text) < 0);
        assert_string_equal(fault.text, bad[i].fault);
    }
}

static void what_cannot_be_as_a_whole_is_said(void **state)
{
    (void)state;
    assert_int_equal(parse("data /x\n"), 0);
    assert_int_equal(settings_check(&s, &fault), PS_ESTATE);
    assert_string_equal(fault.text,
                        "there is nothing to listen on: say listen, listen-tls, listen-unix or spool");
    assert_int_equal(parse("listen-tls :443\ncertificate /c.pem\n"), 0);
    assert_int_equal(settings_check(&s, &fault), PS_ESTATE);
    assert_string_equal(fault.text, "listen-tls needs a certificate and a key");
    assert_int_equal(parse("listen :80\nrequest-body 33m\nrequest-bodies 32m\n"), 0);
    assert_int_equal(settings_check(&s, &fault), PS_ESTATE);
    assert_string_equal(fault.text, "request-body is larger than request-bodies");
}

static int tear_down(void **state)
{
    (void)state;
    settings_fini(&s);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_has_its_place),
        cmocka_unit_test(a_fault_names_its_line_and_what_is_wanted),
        cmocka_unit_test(what_cannot_be_as_a_whole_is_said),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, tear_down);
}
