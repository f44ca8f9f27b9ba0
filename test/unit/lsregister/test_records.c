// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "lsregister/records.h"

// A host of the configuration with what was found on it.
struct fix {
    struct plan plan;
    struct discovered found;
    struct record names;
    struct service_look looks[8];
    struct wishes wishes;
    struct words notes;
};

static void add_address(struct discovered *d, const char *name, const char *address)
{
    struct discover_interface *i = discover_interface(d, name);
    assert_non_null(i);
    assert_int_equal(ps_addr_parse(address, 0, &i->addrs[i->naddrs++]), 0);
}

static void make(struct fix *f, const char *config)
{
    struct ps_fault fault = {""};
    struct records_from from = {&f->plan, &f->found, &f->names, f->looks};
    assert_int_equal(plan_init(&f->plan), 0);
    if (plan_read_any(&f->plan, "f", config, strlen(config), &fault) != 0)
        fail_msg("%s", fault.text);
    for (int i = 0; i < 8; i++)
        f->looks[i].there = true;
    assert_int_equal(records_make(&from, &f->wishes, &f->notes), 0);
}

static void fini(struct fix *f)
{
    plan_fini(&f->plan);
    discovered_fini(&f->found);
    record_fini(&f->names);
    for (int i = 0; i < 8; i++)
        record_fini(&f->looks[i].attrs);
    wishes_fini(&f->wishes);
    words_fini(&f->notes);
}

static const char *value(const struct fix *f, const char *id, const char *key, size_t n)
{
    const struct wish *w = wishes_find(&f->wishes, id);
    const struct words *all = w ? record_all(&w->record, key) : NULL;
    return all && n < all->n ? all->at[n] : "";
}

#define OWAMP "\"services\":[{\"type\":\"owamp\"}]"
#define WHO "\"site\":\"S\",\"administrators\":[{\"name\":\"N\",\"email\":\"n@x.org\"}],"

static void the_main_address_is_of_ipv4_with_a_name(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "2001:4:112::1");
    add_address(&f.found, "eth0", "192.175.48.1");
    add_address(&f.found, "eth1", "192.31.196.1");
    record_set(&f.names, "192.31.196.1", "h.site.example.org");
    make(&f, "{" WHO OWAMP "}");
    assert_string_equal(value(&f, "host/0", "host-name", 0), "192.31.196.1");
    assert_string_equal(value(&f, "host/0", "host-name", 1), "h.site.example.org");
    assert_string_equal(value(&f, "host/0", "group-domains", 0), "site.example.org");
    assert_string_equal(value(&f, "host/0", "group-domains", 1), "example.org");
    assert_string_equal(value(&f, "host/0", "group-domains", 2), "");
    assert_string_equal(value(&f, "host/0", "host-net-ipv6-enabled", 0), "1");
    assert_string_equal(value(&f, "service/0/owamp/0", "service-locator", 0), "tcp://h.site.example.org:861");
    assert_string_equal(value(&f, "service/0/owamp/0", "service-locator", 1), "tcp://192.175.48.1:861");
    assert_string_equal(value(&f, "service/0/owamp/0", "service-locator", 2), "tcp://[2001:4:112::1]:861");
    fini(&f);
}

static void an_interface_may_be_named_the_main_one(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    add_address(&f.found, "eth1", "2001:4:112::1");
    make(&f, "{" WHO OWAMP ",\"primary-interface\":\"eth1\"}");
    assert_string_equal(value(&f, "host/0", "host-name", 0), "2001:4:112::1");
    fini(&f);
}

static void private_addresses_stay_out_unless_asked_for(void **state)
{
    static const char *const hidden[] = {"10.1.2.3",   "172.16.0.1",  "192.168.1.1",
                                         "100.64.0.1", "169.254.1.1", "fd00::1"};
    (void)state;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        struct fix f = {0}, g = {0};
        add_address(&f.found, "eth0", hidden[i]);
        add_address(&g.found, "eth0", hidden[i]);
        make(&f, "{" WHO OWAMP "}");
        assert_int_equal(f.wishes.n, 0);
        assert_int_equal(f.notes.n, 1);
        assert_non_null(strstr(f.notes.at[0], hidden[i]));
        make(&g, "{" WHO OWAMP ",\"private-addresses\":true}");
        assert_string_equal(value(&g, "host/0", "host-name", 0), hidden[i]);
        fini(&f);
        fini(&g);
    }
}

static void a_private_address_that_is_named_stays_out_and_is_told(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    make(&f, "{" WHO "\"host-names\":[\"10.0.0.7\",\"h.example.org\"],"
             "\"interfaces\":[{\"name\":\"eth0\",\"addresses\":[\"10.0.0.8\",\"192.31.196.1\"]}],"
             "\"services\":[{\"type\":\"owamp\",\"addresses\":[\"10.0.0.5\"]}]}");
    assert_string_equal(value(&f, "host/0", "host-name", 0), "h.example.org");
    assert_string_equal(value(&f, "interface/0/eth0", "interface-addresses", 0), "192.31.196.1");
    assert_null(wishes_find(&f.wishes, "service/0/owamp/0"));
    assert_int_equal(f.notes.n, 3);
    assert_non_null(strstr(f.notes.at[0], "interface/0/eth0: 10.0.0.8 is left out: it is private; "));
    assert_non_null(strstr(f.notes.at[1], "host-names: 10.0.0.7 is left out: it is private; "));
    assert_non_null(strstr(f.notes.at[2], "service/0/owamp/0: 10.0.0.5 is left out: it is private; "));
    fini(&f);
}

static void a_host_whose_names_are_private_is_known_by_its_address(void **state)
{
    struct fix f = {0}, g = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    make(&f, "{" WHO OWAMP ",\"host-names\":[\"10.0.0.7\"]}");
    assert_string_equal(value(&f, "host/0", "host-name", 0), "192.31.196.1");
    make(&g, "{" WHO OWAMP ",\"host-names\":[\"10.0.0.7\"],\"private-addresses\":true}");
    assert_string_equal(value(&g, "host/0", "host-name", 0), "10.0.0.7");
    fini(&f);
    fini(&g);
}

static void an_interface_that_is_named_and_not_there_is_told(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    make(&f, "{" WHO OWAMP ",\"interfaces\":[{\"name\":\"eth9\"}]}");
    assert_int_equal(f.notes.n, 1);
    assert_non_null(strstr(f.notes.at[0], "interface/0/eth9: is not registered: it has no address"));
    fini(&f);
}

static void one_family_alone_can_be_registered(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    add_address(&f.found, "eth0", "2001:4:112::1");
    make(&f, "{" WHO OWAMP ",\"family\":\"ipv6\"}");
    assert_string_equal(value(&f, "interface/0/eth0", "interface-addresses", 0), "2001:4:112::1");
    assert_string_equal(value(&f, "interface/0/eth0", "interface-addresses", 1), "");
    assert_string_equal(value(&f, "service/0/owamp/0", "service-locator", 1), "");
    fini(&f);
}

static void what_is_said_of_an_interface_stands_for_what_was_found(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    add_address(&f.found, "eth1", "192.31.196.2");
    discover_interface(&f.found, "eth0")->mtu = 1500;
    discover_interface(&f.found, "eth0")->capacity = 1000000000;
    make(&f, "{" WHO OWAMP ",\"interfaces\":[{\"name\":\"eth0\",\"capacity\":\"10000000000\"}]}");
    assert_string_equal(value(&f, "interface/0/eth0", "interface-capacity", 0), "10000000000");
    assert_string_equal(value(&f, "interface/0/eth0", "interface-mtu", 0), "1500");
    assert_string_equal(value(&f, "interface/0/eth0", "interface-addresses", 0), "192.31.196.1");
    assert_string_equal(value(&f, "interface/0/eth1", "interface-capacity", 0), "unknown");
    const struct wish *host = wishes_find(&f.wishes, "host/0");
    assert_int_equal(host->nlinks, 2);
    assert_int_equal(host->links[0].ids.n, 2);
    fini(&f);
}

static void locators_of_services_are_as_others_expect_them(void **state)
{
    static const struct {
        const char *service, *id, *locator, *type, *name;
    } cases[] = {
        {"{\"type\":\"owamp\"}", "owamp", "tcp://192.31.196.1:861", "owamp", "S OWAMP Server"},
        {"{\"type\":\"twamp\",\"port\":8862}", "twamp", "tcp://192.31.196.1:8862", "twamp", "S TWAMP Server"},
        {"{\"type\":\"pscheduler\"}", "pscheduler", "https://192.31.196.1/pscheduler", "pscheduler",
         "S pScheduler"},
        {"{\"type\":\"ma\",\"http-port\":8085,\"path\":\"/x/\"}", "ma", "http://192.31.196.1:8085/x/", "ma",
         "S Measurement Archive"},
        {"{\"type\":\"ma\",\"https-port\":8443}", "ma", "https://192.31.196.1:8443/esmond/perfsonar/archive",
         "ma", "S Measurement Archive"},
        {"{\"type\":\"gridftp\"}", "gridftp", "ftp://192.31.196.1:2811", "GridFTP", "S GridFTP Server"},
        {"{\"type\":\"dashboard\",\"addresses\":[\"2001:4:112::1\"]}", "dashboard",
         "https://[2001:4:112::1]/grafana", "dashboard", "S Dashboard"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fix f = {0};
        char config[500], id[100];
        add_address(&f.found, "eth0", "192.31.196.1");
        snprintf(config, sizeof config, "{" WHO "\"services\":[%s]}", cases[i].service);
        snprintf(id, sizeof id, "service/0/%s/0", cases[i].id);
        make(&f, config);
        assert_string_equal(value(&f, id, "service-locator", 0), cases[i].locator);
        assert_string_equal(value(&f, id, "service-locator", 1), "");
        assert_string_equal(value(&f, id, "service-type", 0), cases[i].type);
        assert_string_equal(value(&f, id, "service-name", 0), cases[i].name);
        fini(&f);
    }
}

static void a_daemon_says_at_which_port_unless_the_configuration_does(void **state)
{
    static const char *const services[] = {"{\"type\":\"owamp\"}", "{\"type\":\"owamp\",\"port\":9}",
                                           "{\"type\":\"ma\"}"};
    static const char *const ids[] = {"service/0/owamp/0", "service/0/owamp/0", "service/0/ma/0"};
    static const char *const locators[] = {"tcp://192.31.196.1:8861", "tcp://192.31.196.1:9",
                                           "https://192.31.196.1/esmond/perfsonar/archive"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct fix f = {.looks = {{.port = 8861}}};
        char config[300];
        add_address(&f.found, "eth0", "192.31.196.1");
        snprintf(config, sizeof config, "{" WHO "\"services\":[%s]}", services[i]);
        make(&f, config);
        assert_string_equal(value(&f, ids[i], "service-locator", 0), locators[i]);
        fini(&f);
    }
}

static void hosts_and_services_are_where_and_whose_the_site_is(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    make(&f, "{" WHO OWAMP ",\"communities\":[\"LHC\"],\"location\":{\"city\":\"Geneva\"}}");
    assert_string_equal(value(&f, "service/0/owamp/0", "location-city", 0), "Geneva");
    assert_string_equal(value(&f, "service/0/owamp/0", "location-sitename", 0), "S");
    assert_string_equal(value(&f, "service/0/owamp/0", "group-communities", 0), "LHC");
    const struct wish *w = wishes_find(&f.wishes, "service/0/owamp/0");
    assert_int_equal(w->nlinks, 2);
    assert_string_equal(w->links[0].key, "service-host");
    assert_string_equal(w->links[0].ids.at[0], "host/0");
    assert_string_equal(w->links[1].ids.at[0], "person/N");
    fini(&f);
}

static void what_has_no_address_is_left_out_and_the_rest_registered(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    add_address(&f.found, "eth1", "10.0.0.1");
    make(&f, "{" WHO
             "\"interfaces\":[{\"name\":\"eth2\"}],\"services\":[{\"type\":\"owamp\"},{\"type\":\"twamp\","
             "\"addresses\":[\"10.0.0.1\"]}]}");
    assert_non_null(wishes_find(&f.wishes, "interface/0/eth0"));
    assert_null(wishes_find(&f.wishes, "interface/0/eth1"));
    assert_null(wishes_find(&f.wishes, "interface/0/eth2"));
    assert_non_null(wishes_find(&f.wishes, "service/0/owamp/0"));
    assert_null(wishes_find(&f.wishes, "service/0/twamp/1"));
    fini(&f);
}

static void a_service_that_is_named_twice_is_registered_once(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    make(&f, "{" WHO "\"services\":[{\"type\":\"owamp\"},{\"type\":\"owamp\",\"port\":861}]}");
    assert_int_equal(f.wishes.n, 4);
    assert_int_equal(f.notes.n, 1);
    fini(&f);
}

static void a_person_of_two_hosts_is_registered_once(void **state)
{
    static const char config[] =
        "<site>\nsite_name S\n<administrator>\nname N\nemail n@x.org\n</administrator>\n"
        "<host>\nhost_name a.example.org\n</host>\n<host>\nhost_name b.example.org\n</host>\n"
        "</site>\n";
    struct fix f = {0};
    (void)state;
    make(&f, config);
    assert_int_equal(f.wishes.n, 3);
    assert_string_equal(value(&f, "host/1", "host-name", 0), "b.example.org");
    fini(&f);
}

static void what_the_internet_does_not_route_is_private(void **state)
{
    static const char *const hidden[] = {
        "10.1.2.3", "192.0.2.1", "198.51.100.1",    "203.0.113.1",       "2001:db8::1", "3fff::1",
        "100::1",   "fd00::1",   "2002:a01:203::1", "64:ff9b::c000:201", "fe80::1"};
    static const char *const open[] = {"192.31.196.1", "2001:4:112::1", "2002:c01f:c401::1",
                                       "64:ff9b::c01f:c401", "100:0:0:1::1"};
    struct ps_addr a;
    (void)state;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        assert_int_equal(ps_addr_parse(hidden[i], 0, &a), 0);
        assert_true(discover_is_private(&a));
    }
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        assert_int_equal(ps_addr_parse(open[i], 0, &a), 0);
        assert_false(discover_is_private(&a));
    }
}

static void a_primary_interface_that_is_none_is_told(void **state)
{
    struct fix f = {0};
    (void)state;
    add_address(&f.found, "eth0", "192.31.196.1");
    make(&f, "{" WHO OWAMP ",\"primary-interface\":\"eth7\"}");
    assert_int_equal(f.notes.n, 1);
    assert_non_null(strstr(f.notes.at[0], "no interface \"eth7\""));
    fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_main_address_is_of_ipv4_with_a_name),
        cmocka_unit_test(an_interface_may_be_named_the_main_one),
        cmocka_unit_test(what_the_internet_does_not_route_is_private),
        cmocka_unit_test(a_primary_interface_that_is_none_is_told),
        cmocka_unit_test(private_addresses_stay_out_unless_asked_for),
        cmocka_unit_test(a_private_address_that_is_named_stays_out_and_is_told),
        cmocka_unit_test(a_host_whose_names_are_private_is_known_by_its_address),
        cmocka_unit_test(an_interface_that_is_named_and_not_there_is_told),
        cmocka_unit_test(one_family_alone_can_be_registered),
        cmocka_unit_test(what_is_said_of_an_interface_stands_for_what_was_found),
        cmocka_unit_test(locators_of_services_are_as_others_expect_them),
        cmocka_unit_test(a_daemon_says_at_which_port_unless_the_configuration_does),
        cmocka_unit_test(hosts_and_services_are_where_and_whose_the_site_is),
        cmocka_unit_test(what_has_no_address_is_left_out_and_the_rest_registered),
        cmocka_unit_test(a_service_that_is_named_twice_is_registered_once),
        cmocka_unit_test(a_person_of_two_hosts_is_registered_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
