// SPDX-License-Identifier: Apache-2.0
#include "dir_fix.h"
#include <unistd.h>
#include "lsregister/dir_settings.h"

static int load(struct dir_settings *s, const char *text, struct ps_fault *fault)
{
    char name[] = "/tmp/test_dir_settings.XXXXXX";
    int fd = mkstemp(name), err;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    dir_settings_init(s);
    fault->text[0] = '\0';
    err = dir_settings_load(s, name, fault);
    if (!err)
        err = dir_settings_check(s, fault);
    unlink(name);
    return err;
}

static void refused(const char *text, const char *words)
{
    struct dir_settings s;
    struct ps_fault fault;

    assert_int_not_equal(load(&s, text, &fault), 0);
    if (!strstr(fault.text, words))
        fail_msg("got '%s', wanted '%s'", fault.text, words);
    dir_settings_fini(&s);
}

static void everything_can_be_said(void **state)
{
    static const char text[] =
        "{\"data\":\"/x/d\",\"listen\":[\"127.0.0.1\",\"[::1]:99\"],\"listen-unix\":\"/x/u\",\"control\":\"/"
        "x/c\","
        "\"user\":\"ls\",\"group\":\"lg\",\"register-from\":[\"192.0.2.0/"
        "24\",\"2001:db8::1\"],\"proxies\":[\"127.0.0.1\"],"
        "\"lease\":{\"default\":\"PT1H\",\"min\":\"PT1M\",\"max\":\"P7D\",\"outside\":\"default\",\"grace\":"
        "\"PT0S\"},"
        "\"duplicates\":\"refuse\",\"ownership\":\"strict\",\"records\":5,\"prune-every\":\"PT2S\",\"probe-"
        "every\":\"PT3S\","
        "\"hosts\":[{\"locator\":\"http://a:8090/lookup/records\",\"priority\":7},{\"locator\":\"https://b/"
        "lookup/records\"}],"
        "\"snapshot\":{\"file\":\"/x/s.json\",\"every\":\"PT4S\"},"
        "\"upper\":{\"url\":\"http://up/lookup/records\",\"query\":\"type=host\",\"every\":\"PT5S\"},"
        "\"connections\":10,\"connections-per-net\":3,\"request-rate\":4,\"#\":\"a comment\"}";
    struct dir_settings s;
    struct ps_fault fault;
    struct ps_addr a;

    (void)state;
    assert_int_equal(load(&s, text, &fault), 0);
    assert_string_equal(s.data, "/x/d");
    assert_int_equal(s.front.places.n, 2);
    assert_int_equal(ps_addr_port(&s.front.places.at[0].addr), 8090);
    assert_int_equal(ps_addr_port(&s.front.places.at[1].addr), 99);
    assert_string_equal(s.front.unix_path, "/x/u");
    assert_string_equal(s.front.control, "/x/c");
    assert_string_equal(s.front.user, "ls");
    assert_string_equal(s.front.group, "lg");
    assert_int_equal(ps_addr_parse("192.0.2.77", 1, &a), 0);
    assert_true(ps_netset_has(s.writers, &a));
    assert_int_equal(ps_addr_parse("192.0.3.1", 1, &a), 0);
    assert_false(ps_netset_has(s.writers, &a));
    assert_non_null(s.front.proxies);
    assert_int_equal(s.lease.otherwise_s, 3600);
    assert_int_equal(s.lease.min_s, 60);
    assert_int_equal(s.lease.max_s, 604800);
    assert_false(s.lease.clamp);
    assert_int_equal(s.lease.grace_s, 0);
    assert_int_equal(s.duplicates, DIR_REFUSE);
    assert_int_equal(s.ownership, DIR_OWNER_STRICT);
    assert_int_equal(s.records_max, 5);
    assert_int_equal(s.prune_every_s, 2);
    assert_int_equal(s.probe_every_s, 3);
    assert_int_equal(s.nhosts, 2);
    assert_int_equal(s.hosts[0].priority, 7);
    assert_int_equal(s.hosts[1].priority, 100);
    assert_string_equal(s.snapshot, "/x/s.json");
    assert_int_equal(s.snapshot_every_s, 4);
    assert_string_equal(s.upper, "http://up/lookup/records");
    assert_string_equal(s.upper_query, "type=host");
    assert_int_equal(s.upper_every_s, 5);
    assert_int_equal(s.front.connections, 10);
    assert_int_equal(s.front.connections_per_net, 3);
    assert_int_equal(s.front.rate, 4);
    dir_settings_fini(&s);
}

static void nothing_said_is_the_defaults(void **state)
{
    struct dir_settings s;
    struct ps_fault fault;

    (void)state;
    assert_int_equal(load(&s, "{\"listen\":[\":8090\"]}", &fault), 0);
    assert_string_equal(s.data, DIR_DATA);
    assert_null(s.writers);
    assert_int_equal(s.lease.otherwise_s, 7200);
    assert_int_equal(s.duplicates, DIR_ADOPT);
    assert_int_equal(s.ownership, DIR_OWNER_OPEN);
    assert_string_equal(s.snapshot, "");
    assert_string_equal(s.upper, "");
    dir_settings_fini(&s);
}

static void an_empty_list_of_networks_lets_nobody_in(void **state)
{
    struct dir_settings s;
    struct ps_fault fault;
    struct ps_addr a;

    (void)state;
    assert_int_equal(load(&s, "{\"listen\":[\"127.0.0.1\"],\"register-from\":[]}", &fault), 0);
    assert_int_equal(ps_addr_parse("127.0.0.1", 1, &a), 0);
    assert_non_null(s.writers);
    assert_false(ps_netset_has(s.writers, &a));
    dir_settings_fini(&s);
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    refused("{\"listen\":[\"nowhere:x\"]}", ":1: listen: wants ADDR, ADDR:PORT");
    refused("{\"listne\":[]}", "listne");
    refused("{\"listen\":[],\"listen-unix\":\"/x/u\"}", ":1: listen: is empty");
    refused("{\"listen\":[\"127.0.0.1\"],\"lease\":{\"max\":\"1 day\"}}",
            "lease.max: wants a duration of 1 s to");
    refused("{\"listen\":[\"127.0.0.1\"],\"lease\":{\"min\":\"PT2H\",\"max\":\"PT1H\"}}",
            "lease: min and default");
    refused("{\"listen\":[\"127.0.0.1\"],\"register-from\":[\"here\"]}",
            "register-from: wants addresses or networks");
    refused("{\"listen\":[\"127.0.0.1\"],\"hosts\":[{\"priority\":1}]}", "hosts[0].locator: is missing");
    refused("{\"listen\":[\"127.0.0.1\"],\"hosts\":[{\"locator\":\"ls.example.net\"}]}",
            "hosts[0].locator: wants a URL");
    refused("{\"listen\":[\"127.0.0.1\"],\"hosts\":[{\"locator\":\"http://ls.example.net:8090\"}]}",
            "hosts[0].locator: wants a URL");
    refused("{\"listen\":[\"127.0.0.1\"],\"upper\":{\"url\":\"https:///lookup/records\"}}",
            "upper.url: wants a URL");
    refused("{\"listen\":[\"127.0.0.1\"],\"upper\":{\"url\":\"x\"}}", "upper.url: wants a URL");
    refused("{\"listen\":[\"127.0.0.1\"],\"upper\":{\"url\":\"http://x\",\"query\":\"operator=x\"}}",
            "upper.query: wants a query, as in type=host&group-communities=ESnet: operator wants any or all");
    refused("{\"listen\":[\"127.0.0.1\"],\"duplicates\":\"maybe\"}", "duplicates");
    refused("{\"listen-tls\":[\"127.0.0.1\"]}", "listen-tls needs a certificate and a key");
    refused("{\"listen\":[\"127.0.0.1\"],\"data\":\"\"}", "data wants the name of a file");
    refused("{}", "there is nothing to listen on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_can_be_said),
        cmocka_unit_test(nothing_said_is_the_defaults),
        cmocka_unit_test(an_empty_list_of_networks_lets_nobody_in),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
