// SPDX-License-Identifier: Apache-2.0
// What archivers' data may have, by the fact sheet of the scheduler, 4.3.
#include "deliver_fix.h"

#define POLICY "'retry-policy':[{'attempts':1,'wait':'PT1M'},{'attempts':5,'wait':'PT1H30M'}]"

static void check(struct fix *f, const char *kind, const char *data, int err, const char *piece)
{
    int got;

    f->fault.text[0] = '\0';
    got = ps_deliver_check(ps_deliver_kind(kind), fix_data(f, data), &f->fault);
    if (got != err || !strstr(f->fault.text, piece))
        fail_msg("%s: got %d \"%s\", wanted %d \"%s\"", data, got, f->fault.text, err, piece);
}

static void kinds_are_found_by_name(void **state)
{
    const char *const *names;
    size_t n = ps_deliver_kinds(&names);

    (void)state;
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(ps_deliver_kind(names[i])->name, names[i]);
    assert_null(ps_deliver_kind("carrier-pigeon"));
    assert_null(ps_deliver_kind(""));
}

static void good_data_of_http_are_taken(void **state)
{
    static const char *const good[] = {
        "{'_url':'http://a.example/x'}",
        ("{'schema':1,'_url':'https://u:p@[2001:db8::1]:99/x?y','op':'put','bind':'192.0.2.1'," POLICY "}"),
        "{'schema':2,'_url':'http://a','_headers':{'X-a':'b','Accept':'x/y','n':1,'e':'','z':null}}",
        "{'schema':3,'_url':'http://a','verify-ssl':true}",
        "{'schema':4,'_url':'http://a','verify-ssl':false,'timeout':'PT5S','_headers':{},'retry-policy':[]}",
        "{'# why':'a comment','_url':'http://a'}",
    };
    struct fix *f = *state;

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        check(f, "http", good[i], 0, "");
}

static void bad_data_of_http_are_refused_by_place(void **state)
{
    struct fix *f = *state;

    check(f, "http", "[]", PS_EMALFORMED, "wants an object");
    check(f, "http", "{}", PS_ENOTFOUND, "_url: is missing");
    check(f, "http", "{'_url':'gopher://a/x'}", PS_EUNSUPPORTED, "_url: wants a URL of http or https");
    check(f, "http", "{'_url':'a.example'}", PS_ESYNTAX, "_url: wants a URL");
    check(f, "http", "{'_url':'http://a','op':'get'}", PS_EUNKNOWN, "op: wants");
    check(f, "http", "{'_url':'http://a','uri':1}", PS_EUNKNOWN, "uri: is not known here");
    check(f, "http", "{'schema':2,'_url':'http://a','_header':{}}", PS_EUNKNOWN,
          "did you mean \"_headers\"?");
    check(f, "http", "{'_url':'http://a','_headers':{}}", PS_EUNKNOWN,
          "_headers: is not known before schema 2");
    check(f, "http", "{'schema':2,'_url':'http://a','verify-ssl':true}", PS_EUNKNOWN,
          "not known before schema 3");
    check(f, "http", "{'schema':3,'_url':'http://a','timeout':'PT1S'}", PS_EUNKNOWN,
          "not known before schema 4");
    check(f, "http", "{'schema':5,'_url':'http://a'}", PS_ERANGE, "schema: wants");
    check(f, "http", "{'schema':4,'_url':'http://a','timeout':'PT0S'}", PS_ERANGE,
          "timeout: wants an ISO 8601");
    check(f, "http", "{'schema':4,'_url':'http://a','timeout':'P1M'}", PS_EUNSUPPORTED,
          "timeout: wants an ISO 8601");
    check(f, "http", "{'schema':4,'_url':'http://a','timeout':30}", PS_EMALFORMED, "timeout: wants");
    check(f, "http", "{'schema':2,'_url':'http://a','_headers':{'a b':'c'}}", PS_EMALFORMED,
          "_headers: wants names");
    check(f, "http", "{'schema':2,'_url':'http://a','_headers':{'a':'b\\r\\nc: d'}}", PS_EMALFORMED,
          "in one line");
    check(f, "http", "{'schema':2,'_url':'http://a','_headers':{'a':['b']}}", PS_EMALFORMED,
          "_headers: wants strings");
}

static void faults_do_not_tell_what_is_secret(void **state)
{
    static const char *const bad[] = {
        "{'_url':'http://user:hush hush@a'}",
        "{'_url':['hush']}",
        "{'_url':'ftp://user:hush@a'}",
        "{'schema':2,'_url':'http://a','_headers':{'a':'hush\\n'}}",
        "{'schema':2,'_url':'http://a','_headers':{'a':{'hush':1}}}",
    };
    struct fix *f = *state;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(ps_deliver_check(ps_deliver_kind("http"), fix_data(f, bad[i]), &f->fault) < 0);
        assert_null(strstr(f->fault.text, "hush"));
    }
}

static void data_of_spool_are_checked(void **state)
{
    struct fix *f = *state;

    check(f, "spool", "{'directory':'/var/spool/x'}", 0, "");
    check(f, "spool", "{'schema':1,'directory':'/x','max-octets':1048576,'max-age':'P7D'," POLICY "}", 0, "");
    check(f, "spool", "{}", PS_ENOTFOUND, "directory: is missing");
    check(f, "spool", "{'directory':'x'}", PS_ESYNTAX, "begins with \"/\"");
    check(f, "spool", "{'directory':'/x','max-octets':9}", PS_ERANGE, "max-octets: wants");
    check(f, "spool", "{'directory':'/x','max-age':'P1Y'}", PS_EUNSUPPORTED, "max-age: wants");
    check(f, "spool", "{'directory':'/x','_url':'http://a'}", PS_EUNKNOWN, "_url: is not known here");
    check(f, "spool", "{'schema':2,'directory':'/x'}", PS_ERANGE, "schema: wants");
}

static void retry_policies_are_checked(void **state)
{
    struct fix *f = *state;
    char many[4096] = "{'directory':'/x','retry-policy':[";

    check(f, "spool", "{'directory':'/x','retry-policy':{}}", PS_EMALFORMED, "retry-policy: wants");
    check(f, "spool", "{'directory':'/x','retry-policy':[1]}", PS_EMALFORMED, "retry-policy[0]: wants");
    check(f, "spool", "{'directory':'/x','retry-policy':[{'attempts':0,'wait':'PT1S'}]}", PS_ERANGE,
          "retry-policy[0].attempts: wants");
    check(f, "spool", "{'directory':'/x','retry-policy':[{'attempts':1}]}", PS_ENOTFOUND,
          "retry-policy[0].wait: is missing");
    check(f, "spool", "{'directory':'/x','retry-policy':[{'attempts':1,'wait':'-PT1S'}]}", PS_ESYNTAX,
          "retry-policy[0].wait: wants an ISO 8601 duration");
    check(f, "spool", "{'directory':'/x','retry-policy':[{'attempts':1,'wait':'PT1S','pause':1}]}",
          PS_EUNKNOWN, "retry-policy[0].pause: is not known here");
    for (int i = 0; i < PS_DELIVER_RETRY_MAX + 1; i++)
        strcat(many, i ? ",{'attempts':1,'wait':'PT1S'}" : "{'attempts':1,'wait':'PT1S'}");
    check(f, "spool", strcat(many, "]}"), PS_ELIMIT, "more than 64 segments");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(kinds_are_found_by_name),
        TEST(good_data_of_http_are_taken),
        TEST(bad_data_of_http_are_refused_by_place),
        TEST(faults_do_not_tell_what_is_secret),
        TEST(data_of_spool_are_checked),
        TEST(retry_policies_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
