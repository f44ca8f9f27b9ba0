// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "lsregister/plan.h"

static int read_plan(struct plan *p, const char *text, struct ps_fault *fault)
{
    fault->text[0] = '\0';
    assert_int_equal(plan_init(p), 0);
    return plan_read_any(p, "f", text, strlen(text), fault);
}

static void a_configuration_without_services_has_those_of_the_suite(void **state)
{
    struct plan p;
    struct ps_fault fault;
    (void)state;
    assert_int_equal(read_plan(&p, "{\"site\":\"S\"}", &fault), 0);
    assert_int_equal(p.hosts[0].nservices, 3);
    assert_true(p.hosts[0].services[0].optional);
    assert_true(p.hosts[0].here && p.hosts[0].find_interfaces && !p.hosts[0].private_addresses);
    plan_fini(&p);
}

static void a_byte_order_mark_makes_no_other_file_of_it(void **state)
{
    static const char *const texts[] = {"\xef\xbb\xbf{\"site\":\"S\"}",
                                        "\xef\xbb\xbfsite_name S\n<site>\n<host>\n</host>\n</site>\n"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct plan p;
        struct ps_fault fault;
        assert_int_equal(read_plan(&p, texts[i], &fault), 0);
        assert_int_equal(p.nhosts, 1);
        assert_string_equal(p.hosts[0].site_name, "S");
        plan_fini(&p);
    }
}

static void a_service_of_which_nothing_is_said_is_the_suites(void **state)
{
    static const struct {
        const char *service, *socket;
    } cases[] = {
        {"\"type\":\"owamp\"", "/run/owampd/owampd.sock"},
        {"\"type\":\"pscheduler\"", "/run/psched/psched.sock"},
        {"\"type\":\"ma\",\"name\":\"x\"", "/run/psarchive/psarchive.sock"},
        {"\"type\":\"owamp\",\"port\":861,\"socket\":\"/x\"", "/x"},
        {"\"type\":\"owamp\",\"port\":861", NULL},
        {"\"type\":\"owamp\",\"addresses\":[\"192.0.2.1\"]", NULL},
        {"\"type\":\"ma\",\"http-port\":80", NULL},
        {"\"type\":\"ma\",\"path\":\"/x\"", NULL},
        {"\"type\":\"twamp\"", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan p;
        struct ps_fault fault;
        char text[200];
        snprintf(text, sizeof text, "{\"services\":[{%s}]}", cases[i].service);
        assert_int_equal(read_plan(&p, text, &fault), 0);
        const char *socket = p.hosts[0].services[0].socket;
        assert_string_equal(socket ? socket : "", cases[i].socket ? cases[i].socket : "");
        assert_false(p.hosts[0].services[0].optional);
        plan_fini(&p);
    }
}

static void numbers_and_words_become_values_of_records(void **state)
{
    struct plan p;
    struct ps_fault fault;
    (void)state;
    assert_int_equal(
        read_plan(&p,
                  "{\"location\":{\"latitude\":46.25,\"country\":\"CH\"},\"host\":{\"virtual-machine\":true},"
                  "\"role\":[\"nren\",\"test-host\"],\"interval\":\"PT30M\",\"family\":\"ipv6\"}",
                  &fault),
        0);
    assert_string_equal(record_get(&p.hosts[0].attrs, "location-latitude"), "46.25");
    assert_string_equal(record_get(&p.hosts[0].attrs, "host-vm"), "1");
    assert_int_equal(record_all(&p.hosts[0].attrs, "pshost-role")->n, 2);
    assert_true(p.interval == 1800 * PS_SEC);
    assert_int_equal(p.family, PLAN_IPV6);
    plan_fini(&p);
}

static void registration_wants_to_know_who_is_responsible(void **state)
{
    static const struct {
        const char *text;
        bool complete;
    } cases[] = {
        {"{\"site\":\"S\",\"administrators\":[{\"name\":\"N\",\"email\":\"n@x.org\"}]}", true},
        {"{\"site\":\"S\",\"administrators\":[{\"name\":\"N\"}]}", false},
        {"{\"site\":\"S\",\"administrators\":[{\"email\":\"n@x.org\"}]}", false},
        {"{\"administrators\":[{\"name\":\"N\",\"email\":\"n@x.org\"}]}", false},
        {"{}", false},
        {"# nothing", false},
        {"<site>\n</site>\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct plan p;
        struct ps_fault fault;
        char why[200];
        assert_int_equal(read_plan(&p, cases[i].text, &fault), 0);
        assert_int_equal(plan_is_complete(&p, why, sizeof why), cases[i].complete);
        plan_fini(&p);
    }
}

static void nothing_at_all_is_no_configuration(void **state)
{
    static const char *const texts[] = {"", " \n\t\r\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct plan p;
        struct ps_fault fault;
        assert_int_equal(read_plan(&p, texts[i], &fault), PS_EMALFORMED);
        assert_string_equal(fault.text, "f: is empty");
        plan_fini(&p);
    }
}

static void values_that_records_may_not_have_are_refused(void **state)
{
    static const char *const bad[] = {
        "{\"location\":{\"country\":\"ch\"}}",
        "{\"location\":{\"latitude\":91}}",
        "{\"location\":{\"longitude\":\"east\"}}",
        "{\"role\":\"king\"}",
        "{\"access-policy\":\"maybe\"}",
        "{\"administrators\":[{\"email\":\"nobody\"}]}",
        "{\"services\":[{\"type\":\"ping\"}]}",
        "{\"services\":[{}]}",
        "{\"interfaces\":[{\"mtu\":1500}]}",
        "{\"servers\":[\"ls.example.org\"]}",
        "{\"services\":[{\"type\":\"owamp\",\"port\":70000}]}",
        "{\"lease\":\"P1M\"}",
        "{\"nothing\":1}",
        "check_interval never\n",
        "<site>\n<host>\n<service>\ninherits x\n</service>\n</host>\n</site>\n",
        "<site>\nlatitude 91\n<host>\n</host>\n</site>\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct plan p;
        struct ps_fault fault;
        assert_true(read_plan(&p, bad[i], &fault) < 0);
        assert_string_not_equal(fault.text, "");
        plan_fini(&p);
    }
}

static const char upstream[] =
    "ls_instance http://ls:8090/lookup/records\n"
    "ls_lease_duration 3600\n"
    "site_project Everywhere\n"
    "<site>\n"
    "  site_name S\n  city Geneva\n  country CH\n  site_project A\n  site_project B\n"
    "  autodiscover 1\n"
    "  <administrator>\n    name N\n    email n@x.org\n  </administrator>\n"
    "  <service_template t>\n    city Rome\n    port 8861\n    force_up_status 1\n"
    "  </service_template>\n"
    "  <host>\n    is_local 1\n    city Bern\n    role nren\n"
    "    <service>\n      type owamp\n      inherits t\n      service_name Mine\n    </service>\n"
    "    <service>\n      type twamp\n      address 192.0.2.9\n      autodiscover_addresses 0\n"
    "    </service>\n"
    "    <service>\n      type ma\n      disabled 1\n    </service>\n"
    "    <interface>\n      if_name eth1\n      address 192.0.2.1\n      address 192.0.2.2\n"
    "    </interface>\n"
    "  </host>\n"
    "  <host>\n    host_name other.example.org\n  </host>\n"
    "</site>\n";

static void blocks_inherit_from_those_around_them_and_from_templates(void **state)
{
    struct plan p;
    struct ps_fault fault;
    (void)state;
    assert_int_equal(read_plan(&p, upstream, &fault), 0);
    assert_int_equal(p.nhosts, 2);
    const struct plan_host *h = &p.hosts[0];
    assert_true(h->here && h->find_interfaces && !p.hosts[1].here);
    assert_string_equal(record_get(&h->attrs, "location-city"), "Bern");
    assert_string_equal(record_get(&h->attrs, "location-country"), "CH");
    assert_int_equal(record_all(&h->attrs, "group-communities")->n, 2); // the nearest block that has any
    assert_int_equal(h->npersons, 1);
    assert_int_equal(h->nservices, 2);
    assert_string_equal(record_get(&h->services[0].attrs, "location-city"), "Rome");
    assert_string_equal(record_get(&h->services[0].attrs, "service-name"), "Mine");
    assert_true(h->services[0].force_up && h->services[0].here_addresses);
    assert_int_equal(h->services[0].port, 8861);
    assert_false(h->services[1].here_addresses);
    assert_string_equal(record_get(&h->services[1].attrs, "location-city"), "Bern");
    assert_int_equal(record_all(&h->interfaces[0].attrs, "interface-addresses")->n, 2);
    assert_string_equal(record_get(&p.hosts[1].attrs, "location-city"), "Geneva");
    plan_fini(&p);
}

static void a_lease_shorter_than_two_intervals_is_lengthened_and_warned_of(void **state)
{
    struct plan p;
    struct ps_fault fault;
    (void)state;
    assert_int_equal(read_plan(&p, upstream, &fault), 0);
    assert_true(p.lease == 7200 * PS_SEC);
    assert_int_equal(p.warnings.n, 1);
    assert_string_equal(p.servers.at[0], "http://ls:8090/lookup/records");
    plan_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_configuration_without_services_has_those_of_the_suite),
        cmocka_unit_test(a_byte_order_mark_makes_no_other_file_of_it),
        cmocka_unit_test(a_service_of_which_nothing_is_said_is_the_suites),
        cmocka_unit_test(numbers_and_words_become_values_of_records),
        cmocka_unit_test(registration_wants_to_know_who_is_responsible),
        cmocka_unit_test(nothing_at_all_is_no_configuration),
        cmocka_unit_test(values_that_records_may_not_have_are_refused),
        cmocka_unit_test(blocks_inherit_from_those_around_them_and_from_templates),
        cmocka_unit_test(a_lease_shorter_than_two_intervals_is_lengthened_and_warned_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
