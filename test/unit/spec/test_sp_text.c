// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_text.h"
#include "spec_fix.h"

// The text must be that, but for the quotes of its JSON.
static void expect(const char *type, enum sp_mime mime, const char *spec, const char *result,
                   const char *want)
{
    struct ps_jdoc *s = doc_of(spec), *r = doc_of(result ? result : "{}");
    struct ps_buf out;

    ps_buf_init(&out, 0);
    if (result)
        assert_int_equal(sp_result_text(test_of(type), mime, ps_jdoc_root(s), ps_jdoc_root(r), &out), 0);
    else
        assert_int_equal(sp_spec_text(test_of(type), mime, ps_jdoc_root(s), &out), 0);
    assert_int_equal(ps_buf_append(&out, "", 1), 0);
    assert_string_equal((const char *)ps_buf_head(&out), want);
    ps_buf_fini(&out);
    ps_jdoc_free(s);
    ps_jdoc_free(r);
}

static void mime_types_are_two(void **state)
{
    enum sp_mime m;

    (void)state;
    assert_int_equal(sp_mime_find("text/plain", &m), 0);
    assert_int_equal(m, SP_TEXT);
    assert_int_equal(sp_mime_find("text/html; charset=utf-8", &m), 0);
    assert_int_equal(m, SP_HTML);
    assert_int_equal(sp_mime_find("application/json", &m), PS_EUNSUPPORTED);
    assert_int_equal(sp_mime_find("text/plainer", &m), PS_EUNSUPPORTED);
}

static void a_specification_is_a_list_of_its_settings(void **state)
{
    static const char spec[] = "{'schema':4,'dest':'h<1','packet-count':5,'flip':true,'packet-interval':0.10,"
                               "'data-ports':{'lower':1,'upper':2},'ip-tos':8}";

    (void)state;
    expect("latency", SP_TEXT, spec, NULL,
           "Destination ....... h<1\n"
           "Packet Count ...... 5\n"
           "Packet Interval ... 0.10\n"
           "Data Ports ........ 1 to 2\n"
           "IP TOS ............ 8\n"
           "Flip .............. Yes\n");
    expect("idle", SP_HTML, "{'duration':'PT1M','starting-comment':'<b>&\\u0022'}", NULL,
           "<table>\n<tr><td>Duration</td><td>60 seconds</td></tr>\n"
           "<tr><td>Starting Comment</td><td>&lt;b&gt;&amp;&quot;</td></tr>\n</table>\n");
    expect("idle", SP_TEXT, "{'schema':2,'duration':'PT1S','host':['a','b']}", NULL,
           "Duration ... 1 second\nHost ....... a\nHost ....... b\n");
}

static void rtt_has_a_line_a_packet_and_one_for_all(void **state)
{
    (void)state;
    expect("rtt", SP_TEXT, "{'dest':'h'}",
           "{'succeeded':true,'roundtrips':[{'seq':1,'length':64,'ip':'192.0.2.1','hostname':'h.example',"
           "'ttl':62,'rtt':'PT0.0123S'},{'seq':2,'ip':'192.0.2.9','error':'net-unreachable'},{'seq':3}],"
           "'sent':3,'received':1,'loss':0.666667,'min':'PT0.0123S','mean':'PT0.0123S','max':'PT0.0124S',"
           "'stddev':'PT0.000001S','duplicates':1,'reorders':0}",
           "1       h.example (192.0.2.1)  64 Bytes  TTL 62  RTT  12.3000 ms\n"
           "2       192.0.2.9  net-unreachable\n"
           "3       No Response\n"
           "\n"
           "66.6667% Packet Loss  RTT Min/Mean/Max/StdDev = 12.300000/12.300000/12.400000/0.001000 ms\n"
           "1 Duplicate\n");
    expect("rtt", SP_TEXT, "{'dest':'h'}", "{'succeeded':true,'roundtrips':[],'loss':1.0}",
           "\n100% Packet Loss\n");
}

static void latency_has_statistics_and_histograms(void **state)
{
    (void)state;
    expect("latency", SP_TEXT, "{'dest':'h','bucket-width':0.0001}",
           "{'succeeded':true,'packets-sent':5,'packets-received':5,'packets-lost':0,'packets-duplicated':1,"
           "'packets-reordered':0,'max-clock-error':0.37,'histogram-latency':{'30.00':1,'10.00':3,'20.00':1},"
           "'histogram-ttl':{'255':5},'raw-packets':[{'seq-num':0,'src-ts':4294967296,'src-clock-sync':true,"
           "'src-clock-err':0.0001,'dst-ts':4299262263,'dst-clock-sync':false,'dst-clock-err':0.0002,"
           "'ip-ttl':255},{'seq-num':1,'src-ts':4294967296,'dst-ts':0}]}",
           "Packet Statistics\n"
           "-----------------\n"
           "Packets Sent ........... 5 packets\n"
           "Packets Received ....... 5 packets\n"
           "Packets Lost ........... 0 packets\n"
           "Packets Duplicated ..... 1 packet\n"
           "Packets Reordered ...... 0 packets\n"
           "\n"
           "One-way Latency Statistics\n"
           "--------------------------\n"
           "Delay Median ........... 1.00 ms\n"
           "Delay Minimum .......... 1.00 ms\n"
           "Delay Maximum .......... 3.00 ms\n"
           "Delay Mean ............. 1.60 ms\n"
           "Delay Mode ............. 1.00 ms\n"
           "Delay 25th Percentile .. 1.00 ms\n"
           "Delay 75th Percentile .. 2.50 ms\n"
           "Delay 95th Percentile .. 3.00 ms\n"
           "Max Clock Error ........ 0.37 ms\n"
           "Common Jitter Measurements:\n"
           "    P95 - P50 .......... 2.00 ms\n"
           "    P75 - P25 .......... 1.50 ms\n"
           "    Variance ........... 0.64 ms^2\n"
           "    Std Deviation ...... 0.80 ms\n"
           "Histogram:\n"
           "    1.00 ms: 3 packets\n"
           "    2.00 ms: 1 packet\n"
           "    3.00 ms: 1 packet\n"
           "\n"
           "TTL Statistics\n"
           "--------------\n"
           "TTL Median ............. 255.00\n"
           "TTL Minimum ............ 255.00\n"
           "TTL Maximum ............ 255.00\n"
           "TTL Mean ............... 255.00\n"
           "TTL Mode ............... 255.00\n"
           "TTL 25th Percentile .... 255.00\n"
           "TTL 75th Percentile .... 255.00\n"
           "TTL 95th Percentile .... 255.00\n"
           "Histogram:\n"
           "    255: 5 packets\n"
           "\n"
           "Raw Packets\n"
           "-----------\n"
           "seq_no=0      delay=1.0000 ms (sync, unsync, err=0.3 ms) ttl=255\n"
           "seq_no=1      *LOST*\n");
}

static void latency_without_packets_says_so(void **state)
{
    (void)state;
    expect("latencybg", SP_TEXT, "{'dest':'h'}",
           "{'succeeded':true,'packets-sent':1,'packets-lost':1,'histogram-latency':{},'histogram-ttl':{}}",
           "Packet Statistics\n"
           "-----------------\n"
           "Packets Sent ........... 1 packet\n"
           "Packets Lost ........... 1 packet\n"
           "\n"
           "One-way Latency Statistics\n"
           "--------------------------\n"
           "No packet arrived.\n");
}

static void trace_has_a_line_a_hop(void **state)
{
    static const char hops[] =
        "[{'ip':'192.0.2.1','hostname':'gw','rtt':'PT0.00052S','mtu':1500,"
        "'as':{'number':64496,'owner':'EXAMPLE, ZZ'}},{},{'ip':'192.0.2.2','rtt':'PT1S',"
        "'error':'host-unreachable'}]";
    char result[600];

    (void)state;
    snprintf(result, sizeof result, "{'succeeded':true,'paths':[%s]}", hops);
    expect("trace", SP_TEXT, "{'dest':'h'}", result,
           "1       gw (192.0.2.1) 0.5 ms mtu 1500\n"
           "        AS64496 EXAMPLE, ZZ\n"
           "2       No Response\n"
           "3       192.0.2.2 1000.0 ms host-unreachable\n");
    expect("trace", SP_TEXT, "{'dest':'h'}", "{'succeeded':true,'paths':[[{}],[{'ip':'192.0.2.1'}]]}",
           "Path 1\n1       No Response\n\nPath 2\n1       192.0.2.1\n");
}

static void throughput_has_a_table_a_stream_and_a_summary(void **state)
{
    (void)state;
    expect(
        "throughput", SP_TEXT, "{'dest':'h'}",
        "{'succeeded':true,'diags':'','mss':1448,'intervals':[{'streams':[{'stream-id':5,'start':0,'end':1.0,"
        "'throughput-bits':9410000000,'retransmits':3,'tcp-window-size':1530000,'omitted':true}],'summary':{}"
        "},"
        "{'streams':[{'stream-id':5,'start':1,'end':2.0,'throughput-bits':941000,'retransmits':0,"
        "'tcp-window-size':153}],'summary':{}}],'summary':{'streams':[{}],'summary':{'start':0,'end':2,"
        "'throughput-bits':1e9,'retransmits':3,'receiver-throughput-bits':9.9e8}}}",
        "* Stream ID 5\n"
        "Interval       Throughput     Retransmits    Current Window \n"
        "0.0 - 1.0      9.41 Gbps      3              1.53 MBytes     (omitted)\n"
        "1.0 - 2.0      941.00 Kbps    0              153.00 Bytes   \n"
        "\n"
        "Summary\n"
        "Interval       Throughput     Retransmits    Receiver       \n"
        "0.0 - 2.0      1.00 Gbps      3              990.00 Mbps    \n"
        "Max Segment Size: 1448 bytes\n");
}

static void throughput_of_udp_tells_what_was_lost(void **state)
{
    (void)state;
    expect("throughput", SP_TEXT, "{'dest':'h','udp':true}",
           "{'succeeded':true,'intervals':[],'summary':{'streams':[{'stream-id':1,'start':0,'end':1,"
           "'throughput-bits':1000,'sent':10,'lost':1,'jitter':0.5},{'stream-id':2,'start':0,'end':1,"
           "'throughput-bits':1000,'sent':10}],'summary':{'start':0,'end':1,'throughput-bits':2000,'sent':20,"
           "'lost':1,'jitter':0.25}}}",
           "Stream Summaries\n"
           "* Stream ID 1\n"
           "Interval       Throughput     Lost / Sent    Jitter         \n"
           "0.0 - 1.0      1.00 Kbps      1 / 10         0.500 ms\n"
           "* Stream ID 2\n"
           "Interval       Throughput     Lost / Sent    \n"
           "0.0 - 1.0      1.00 Kbps      - / 10         \n"
           "\n"
           "Summary\n"
           "Interval       Throughput     Lost / Sent    Jitter         \n"
           "0.0 - 1.0      2.00 Kbps      1 / 20         0.250 ms\n");
}

static void simple_results_are_labels_and_values(void **state)
{
    (void)state;
    expect("mtu", SP_TEXT, "{'dest':'h'}", "{'succeeded':true,'mtu':9000}", "MTU ... 9000 bytes\n");
    expect("mtu", SP_HTML, "{'dest':'h'}", "{'succeeded':true,'mtu':9000}",
           "<table>\n<tr><td>MTU</td><td>9000 bytes</td></tr>\n</table>\n");
    expect("idle", SP_TEXT, "{'duration':'PT1S'}", "{'succeeded':true,'duration':'PT1.5S'}",
           "Time Slept ... 1.5 seconds\n");
    expect("noop", SP_TEXT, "{}", "{'succeeded':true,'data':{'a':1}}", "Data ... {\"a\":1}\n");
    expect("psresponse", SP_TEXT, "{'dest':'h'}", "{'succeeded':true,'time':null,'reason':'refused'}",
           "Reason ... refused\n");
    expect("http", SP_TEXT, "{'url':'http://h/'}",
           "{'succeeded':true,'time':'PT0.25S','status':200,'found':false,'content':'a\\u001b[2J\\nb'}",
           "Time ...... 0.25 seconds\nStatus .... 200\nFound ..... No\nContent ... a?[2J\nb\n");
    expect("clock", SP_TEXT, "{'dest':'h'}",
           "{'succeeded':true,'difference':'PT0.002S','local':{'time':'2026-01-01T00:00:00Z','synchronized':"
           "true,"
           "'offset':0.5}}",
           "Local Time ........... 2026-01-01T00:00:00Z\n"
           "Local Synchronized ... Yes\n"
           "Local Offset ......... 0.5 s\n"
           "Difference ........... 0.002 seconds\n");
}

static void dns_records_have_many_forms(void **state)
{
    static const char spec[] = "{'query':'x','record':'a'}";

    (void)state;
    expect("dns", SP_TEXT, spec, "{'succeeded':true,'time':'PT0.5S','record':['192.0.2.1','192.0.2.2']}",
           "Time ..... 0.5 seconds\nRecord:\n    192.0.2.1\n    192.0.2.2\n");
    expect("dns", SP_TEXT, spec, "{'succeeded':true,'record':'x.example.'}", "Record:\n    x.example.\n");
    expect("dns", SP_TEXT, spec, "{'succeeded':true,'record':[{'pref':10,'mx':'m.example.'}]}",
           "Record:\n    10 m.example.\n");
    expect("dns", SP_HTML, spec, "{'succeeded':true,'record':{'nameserver':'<n>','serial':5}}",
           "<pre>Record:\n    nameserver &lt;n&gt;\n    serial 5\n</pre>\n");
}

static void a_failure_is_told_as_one(void **state)
{
    static const char failed[] = "{'succeeded':false,'error':'no <route>','diags':'line 1\\nline 2'}";

    (void)state;
    expect("rtt", SP_TEXT, "{'dest':'h'}", failed,
           "The test failed: no <route>\n\nDiagnostics\n-----------\nline 1\nline 2\n");
    expect("rtt", SP_HTML, "{'dest':'h'}", failed, "<p>The test failed: no &lt;route&gt;</p>\n");
    expect("mtu", SP_TEXT, "{'dest':'h'}", "null", "The test failed\n");
}

// Whatever a result has in place of what it should have, there is a text.
static void odd_results_are_no_reason_to_fail(void **state)
{
    static const char *const odd[] = {
        "{'succeeded':true}",
        "{'succeeded':1,'roundtrips':5,'paths':[5,[7]],'intervals':{'streams':[[]]},'summary':[],'record':7}",
        "{'succeeded':true,'roundtrips':[null,[],{'rtt':'x','seq':-1}],'histogram-latency':[1,2],"
        "'histogram-ttl':{'x':1,'1e999':2},'raw-packets':[1],'local':3,'mtu':{},'intervals':[{'streams':["
        "{'stream-id':1e300}]}]}",
    };

    (void)state;
    for (size_t i = 0; sp_test_at(i); i++) {
        for (size_t k = 0; k < sizeof odd / sizeof odd[0]; k++) {
            struct ps_jdoc *doc = doc_of(odd[k]);
            struct ps_buf out;
            ps_buf_init(&out, 1 << 20);
            for (int m = SP_TEXT; m <= SP_HTML; m++)
                assert_int_equal(sp_result_text(sp_test_at(i), (enum sp_mime)m, (struct ps_jnode){NULL, 0},
                                                ps_jdoc_root(doc), &out),
                                 0);
            ps_buf_fini(&out);
            ps_jdoc_free(doc);
        }
    }
}

static void a_text_ends_at_its_bound(void **state)
{
    struct ps_jdoc *doc = doc_of("{'succeeded':true,'packets-sent':5}");
    struct ps_buf out;

    (void)state;
    ps_buf_init(&out, 30);
    assert_int_equal(
        sp_result_text(test_of("latency"), SP_TEXT, (struct ps_jnode){NULL, 0}, ps_jdoc_root(doc), &out),
        PS_ELIMIT);
    assert_true(ps_buf_len(&out) <= 30);
    ps_buf_fini(&out);
    ps_jdoc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mime_types_are_two),
        cmocka_unit_test(a_specification_is_a_list_of_its_settings),
        cmocka_unit_test(rtt_has_a_line_a_packet_and_one_for_all),
        cmocka_unit_test(latency_has_statistics_and_histograms),
        cmocka_unit_test(latency_without_packets_says_so),
        cmocka_unit_test(trace_has_a_line_a_hop),
        cmocka_unit_test(throughput_has_a_table_a_stream_and_a_summary),
        cmocka_unit_test(throughput_of_udp_tells_what_was_lost),
        cmocka_unit_test(simple_results_are_labels_and_values),
        cmocka_unit_test(dns_records_have_many_forms),
        cmocka_unit_test(a_failure_is_told_as_one),
        cmocka_unit_test(odd_results_are_no_reason_to_fail),
        cmocka_unit_test(a_text_ends_at_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
