// SPDX-License-Identifier: Apache-2.0
#include "spec_fix.h"

struct expected {
    const char *type, *spec;
    int err;
    const char *told; // NULL: valid
};

static void expect(const struct expected *c)
{
    struct ps_jdoc *doc = doc_of(c->spec);
    struct ps_fault fault = {""};
    int err = sp_validate(test_of(c->type), ps_jdoc_root(doc), &fault);

    if (err != c->err || strcmp(fault.text, c->told ? c->told : "") != 0)
        fail_msg("%s %s: got %d \"%s\"; wanted %d \"%s\"", c->type, c->spec, err, fault.text, c->err,
                 c->told ? c->told : "");
    // Without a fault to tell it is the same.
    assert_int_equal(sp_validate(test_of(c->type), ps_jdoc_root(doc), NULL), c->err);
    ps_jdoc_free(doc);
}

static void expect_all(const struct expected *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        expect(&cases[i]);
}

#define EXPECT_ALL(cases) expect_all(cases, sizeof cases / sizeof cases[0])

static void faults_have_the_words_of_pscheduler(void **state)
{
    static const struct expected cases[] = {
        {"rtt", "{'dest':'h','count':0}", PS_ERANGE, "At /count: 0 is less than the minimum of 1"},
        {"rtt", "{'count':5}", PS_ENOTFOUND, "At /: 'dest' is a required property"},
        {"rtt", "{'dest':'h','ip-tos':256}", PS_ERANGE, "At /ip-tos: 256 is greater than the maximum of 255"},
        {"rtt", "{'dest':'h','count':'5'}", PS_EMALFORMED, "At /count: '5' is not of type 'integer'"},
        {"rtt", "{'dest':5}", PS_EMALFORMED, "At /dest: 5 is not of type 'string'"},
        {"rtt", "{'dest':'h','hostnames':'yes'}", PS_EMALFORMED,
         "At /hostnames: 'yes' is not of type 'boolean'"},
        {"rtt", "{'dest':'h','ip-version':5}", PS_EUNKNOWN, "At /ip-version: 5 is not one of [4, 6]"},
        {"rtt", "{'dest':'h','bogus':1}", PS_EUNKNOWN,
         "At /: Additional properties are not allowed ('bogus' was unexpected)"},
        // A password is made for each run by who takes part, and stands in no specification.
        {"throughput", "{'schema':7,'dest':'h','_auth':{'username':'u'}}", PS_EUNKNOWN,
         "At /: Additional properties are not allowed ('_auth' was unexpected)"},
        {"rtt", "[]", PS_EMALFORMED, "At /: [] is not of type 'object'"},
        {"dns", "{'query':'x','record':'any'}", PS_EUNKNOWN,
         "At /record: 'any' is not one of ['a', 'aaaa', 'ns', 'cname', 'soa', 'ptr', 'mx', 'txt']"},
        {"latency", "{'dest':'h','packet-interval':0}", PS_ERANGE,
         "At /packet-interval: 0 is less than or equal to the minimum of 0"},
        {"latency", "{'dest':'h','bucket-width':1}", PS_ERANGE,
         "At /bucket-width: 1 is greater than or equal to the maximum of 1"},
        {"simplestream", "{'dest':'h','fail':1.5}", PS_ERANGE,
         "At /fail: 1.5 is greater than the maximum of 1"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void a_specification_of_every_test_is_valid(void **state)
{
    static const struct expected cases[] = {
        {"rtt",
         "{'schema':4,'dest':'::1','count':3,'flow-label':9,'hostnames':false,'interval':'PT0.5S','ip-"
         "version':6,"
         "'source':'h','source-node':'n:443','suppress-loopback':true,'ip-tos':8,'length':100,'ttl':64,"
         "'deadline':'PT1M','timeout':'PT2S','protocol':'tcp','fragment':true,'port':80}",
         0, NULL},
        {"latency",
         "{'schema':4,'dest':'h','source':'127.0.0.1','packet-count':10,'packet-interval':0.01,'packet-"
         "timeout':1,"
         "'packet-padding':100,'ctrl-port':861,'data-ports':{'lower':8000,'upper':9000},'ip-tos':0,"
         "'bucket-width':0.0001,'output-raw':true,'flip':true,'reverse':false,'traverse-nat':true,"
         "'protocol':'owamp'}",
         0, NULL},
        {"latencybg", "{'schema':2,'dest':'h','duration':'PT24H','packet-count':600,'protocol':'owamp'}", 0,
         NULL},
        {"trace", "{'dest':'h','whatever':[1],'hops':5,'probe-type':'icmp','as':true}", 0, NULL},
        {"throughput",
         "{'schema':7,'dest':'h','duration':'PT5S','omit':'PT1S','parallel':4,'udp':true,'bandwidth':"
         "1000000000,"
         "'window-size':65536,'mss':1400,'congestion':'dctcp','loopback':true,'single-ended-port':5201,"
         "'link-rtt':'PT0.2S','fq-rate':1000000,'burst-size':10,'bandwidth-strict':true}",
         0, NULL},
        {"clock", "{'schema':2,'dest':'h:8443','source':'i','source-node':'[::1]:444','timeout':'PT5S'}", 0,
         NULL},
        {"idle", "{'schema':2,'duration':'PT1S','host':['a','b:1'],'parting-comment':'bye'}", 0, NULL},
        {"idleex", "{'duration':'PT1S','host':'a','host-node':'n'}", 0, NULL},
        {"idlebgm", "{'duration':'PT1M','interval':'PT5S'}", 0, NULL},
        {"simplestream", "{'schema':3,'dest':'h','dawdle':'PT1S','fail':0.5,'test-material':'x','port':5890}",
         0, NULL},
        {"mtu", "{'schema':2,'dest':'h','port':1060,'ip-version':4}", 0, NULL},
        {"dns", "{'query':'example.org','record':'mx','nameserver':'192.0.2.1','timeout':'PT5S'}", 0, NULL},
        {"http", "{'schema':4,'url':'https://h/x?y','parse':'z','keep-content':0,'headers':{'Accept':'*/*'}}",
         0, NULL},
        {"psresponse", "{'dest':'h:8443'}", 0, NULL},
        {"noop", "{'data':{'any':[1,null]},'fail':0}", 0, NULL},
        {"noop", "{}", 0, NULL},
        {"noop", "{'#':'a comment','# another':1}", 0, NULL},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void keys_belong_to_schemas(void **state)
{
    static const struct expected cases[] = {
        {"rtt", "{'dest':'h','protocol':'icmp'}", PS_EUNKNOWN,
         "At /: Additional properties are not allowed ('protocol' was unexpected); it needs \"schema\": 2"},
        {"rtt", "{'schema':2,'dest':'h','protocol':'icmp'}", 0, NULL},
        {"rtt", "{'schema':3,'dest':'h','protocol':'tcp'}", PS_EUNKNOWN,
         "At /protocol: 'tcp' is not one of ['icmp', 'twamp']"},
        {"rtt", "{'schema':4,'dest':'h','protocol':'tcp'}", 0, NULL},
        {"rtt", "{'schema':5,'dest':'h'}", PS_EVERSION,
         "At /schema: 5 is newer than the highest schema of rtt, which is 4"},
        {"rtt", "{'schema':0,'dest':'h'}", PS_ERANGE, "At /schema: 0 is less than the minimum of 1"},
        {"rtt", "{'schema':'1','dest':'h'}", PS_EMALFORMED, "At /schema: '1' is not of type 'integer'"},
        {"idle", "{'duration':'PT1S','host':['a']}", PS_EMALFORMED,
         "At /host: [\"a\"] is not of type 'string'"},
        {"idle", "{'schema':2,'duration':'PT1S','host':'a'}", PS_EMALFORMED,
         "At /host: 'a' is not of type 'array'"},
        {"idle", "{'schema':2,'duration':'PT1S','host-node':'a'}", PS_EUNKNOWN,
         "At /: Additional properties are not allowed ('host-node' was unexpected); it needs \"schema\": 1"},
        {"latencybg", "{'schema':2,'dest':'h','reverse':true}", PS_EUNKNOWN,
         "At /: Additional properties are not allowed ('reverse' was unexpected)"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void hosts_are_names_or_addresses(void **state)
{
    static const struct expected cases[] = {
        {"rtt", "{'dest':'a b'}", PS_EMALFORMED,
         "At /dest: 'a b' is neither the name of a host nor an IP address"},
        {"rtt", "{'dest':''}", PS_EMALFORMED, "At /dest: '' is neither the name of a host nor an IP address"},
        {"rtt", "{'dest':'-f'}", PS_EMALFORMED,
         "At /dest: '-f' is neither the name of a host nor an IP address"},
        {"rtt", "{'dest':'h:80'}", PS_EMALFORMED,
         "At /dest: 'h:80' is neither the name of a host nor an IP address"},
        {"rtt", "{'dest':'h\\u001b[31m'}", PS_EMALFORMED,
         "At /dest: 'h?[31m' is neither the name of a host nor an IP address"},
        {"rtt", "{'dest':'2001:db8::1','source':'eth0.100'}", 0, NULL},
        {"rtt", "{'dest':'h','source-node':'h:70000'}", PS_EMALFORMED,
         "At /source-node: 'h:70000' is not a host with or without a port, as in \"name:443\""},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void durations_are_iso_8601_without_months(void **state)
{
    static const struct expected cases[] = {
        {"idle", "{'duration':'5'}", PS_EMALFORMED,
         "At /duration: '5' is not an ISO 8601 duration, as in PT1M30S"},
        {"idle", "{'duration':5}", PS_EMALFORMED, "At /duration: 5 is not of type 'string'"},
        {"idle", "{'duration':'P1M'}", PS_EMALFORMED,
         "At /duration: 'P1M' has years or months, which have no fixed length"},
        {"idle", "{'duration':'P99999999D'}", PS_ERANGE, "At /duration: 'P99999999D' is too long a duration"},
        {"throughput", "{'dest':'h','duration':'PT0S'}", PS_ERANGE, "At /duration: 'PT0S' is no time at all"},
        {"idle", "{'duration':'P1W2DT3H4M5.5S'}", 0, NULL},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_is_inside_is_checked_where_it_stands(void **state)
{
    static const struct expected cases[] = {
        {"latency", "{'dest':'h','data-ports':{'lower':1}}", PS_ENOTFOUND,
         "At /data-ports: 'upper' is a required property"},
        {"latency", "{'dest':'h','data-ports':{'lower':-1,'upper':5}}", PS_ERANGE,
         "At /data-ports/lower: -1 is less than the minimum of 0"},
        {"latency", "{'dest':'h','data-ports':{'lower':6,'upper':5}}", PS_ERANGE,
         "At /data-ports: the lower port, 6, is above the upper one, 5"},
        {"latency", "{'dest':'h','data-ports':{'lower':6,'upper':7,'x':1}}", PS_EUNKNOWN,
         "At /data-ports: Additional properties are not allowed ('x' was unexpected)"},
        {"idle", "{'schema':2,'duration':'PT1S','host':['a',5]}", PS_EMALFORMED,
         "At /host/1: 5 is not of type 'string'"},
        {"idle", "{'schema':2,'duration':'PT1S','host':[]}", PS_ERANGE, "At /host: [] is too short"},
        {"http", "{'schema':4,'url':'http://h','headers':{'A':'x\\r\\nB: y'}}", PS_EMALFORMED,
         "At /headers/A: is not a header of HTTP"},
        {"http", "{'url':'ftp://h/'}", PS_EMALFORMED,
         "At /url: 'ftp://h/' is not a URL that begins with http:// or https://"},
        {"http", "{'url':'http:///x'}", PS_EMALFORMED,
         "At /url: 'http:///x' is not a URL that begins with http:// or https://"},
        {"rtt", "{'dest':'h','ip-version':4,'flow-label':1}", PS_ERANGE,
         "At /flow-label: only IPv6 has flow labels, and 'ip-version' is 4"},
    };

    (void)state;
    EXPECT_ALL(cases);
}

static void what_is_too_much_is_refused(void **state)
{
    struct ps_fault fault = {""};
    struct ps_jdoc *doc = doc_of("{'data':[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}");
    char text[SP_SPEC_STRING + 40] = "{\"query\":\"";

    (void)state;
    assert_int_equal(sp_validate(test_of("noop"), ps_jdoc_root(doc), &fault), PS_ELIMIT);
    assert_string_equal(fault.text, "At /: is nested deeper than 16 levels");
    ps_jdoc_free(doc);
    size_t at = strlen(text);
    memset(text + at, 'x', SP_SPEC_STRING + 1);
    strcpy(text + at + SP_SPEC_STRING + 1, "\",\"record\":\"a\"}");
    doc = doc_of(text);
    assert_int_equal(sp_validate(test_of("dns"), ps_jdoc_root(doc), &fault), PS_ELIMIT);
    assert_non_null(strstr(fault.text, "...' is too long; the most is 4096 octets"));
    ps_jdoc_free(doc);
}

static void huge_integers_are_out_of_range(void **state)
{
    static const struct expected cases[] = {
        {"rtt", "{'dest':'h','count':99999999999999999999999}", PS_ERANGE,
         "At /count: 99999999999999999999999 is greater than the maximum of 2147483647"},
        {"rtt", "{'dest':'h','count':-99999999999999999999999}", PS_ERANGE,
         "At /count: -99999999999999999999999 is less than the minimum of 1"},
        {"rtt", "{'dest':'h','count':1.5}", PS_EMALFORMED, "At /count: 1.5 is not of type 'integer'"},
        {"rtt", "{'dest':'h','count':5.0}", 0, NULL},
    };

    (void)state;
    EXPECT_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_have_the_words_of_pscheduler),
        cmocka_unit_test(a_specification_of_every_test_is_valid),
        cmocka_unit_test(keys_belong_to_schemas),
        cmocka_unit_test(hosts_are_names_or_addresses),
        cmocka_unit_test(durations_are_iso_8601_without_months),
        cmocka_unit_test(what_is_inside_is_checked_where_it_stands),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(huge_integers_are_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
