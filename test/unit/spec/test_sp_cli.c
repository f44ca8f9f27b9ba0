// SPDX-License-Identifier: Apache-2.0
#include "spec/sp_cli.h"
#include "spec/sp_si.h"
#include "spec_fix.h"

#define ARGS_MAX 40

// Cuts a line at blanks; '_' stands for a blank in an argument.
static size_t words_of(char *line, const char *args[ARGS_MAX])
{
    size_t n = 0;

    for (char *rest = line, *word; (word = strtok_r(rest, " ", &rest)) != NULL;) {
        assert_true(n < ARGS_MAX);
        for (char *p = word; (p = strchr(p, '_')) != NULL;)
            *p = ' ';
        args[n++] = word;
    }
    return n;
}

static int from_cli(const char *type, const char *line, struct ps_buf *out, struct ps_fault *fault)
{
    const char *args[ARGS_MAX];
    char *copy = strdup(line);

    assert_non_null(copy);
    int err = sp_from_cli(test_of(type), args, words_of(copy, args), out, fault);
    free(copy);
    return err;
}

static void expect(const char *type, const char *line, const char *want)
{
    struct ps_fault fault = {""};
    struct ps_buf out;

    ps_buf_init(&out, 0);
    if (from_cli(type, line, &out, &fault) != 0)
        fail_msg("%s %s: %s", type, line, fault.text);
    assert_int_equal(ps_buf_append(&out, "", 1), 0);
    char *text = (char *)ps_buf_head(&out);
    for (char *p = text; (p = strchr(p, '"')) != NULL;)
        *p = '\'';
    assert_string_equal(text, want);
    ps_buf_fini(&out);
}

static void expect_fault(const char *type, const char *line, const char *want)
{
    struct ps_fault fault = {""};
    struct ps_buf out;

    ps_buf_init(&out, 0);
    assert_true(from_cli(type, line, &out, &fault) < 0);
    assert_string_equal(fault.text, want);
    assert_int_equal(ps_buf_len(&out), 0);
    ps_buf_fini(&out);
}

static void options_are_the_keys(void **state)
{
    (void)state;
    expect("rtt", "--count 5 --interval PT1S --dest h",
           "{'schema':1,'dest':'h','count':5,'interval':'PT1S'}");
    expect("rtt", "-c5 -i 0.5 -d h -s 127.0.0.1",
           "{'schema':1,'dest':'h','count':5,'interval':'PT0.5S',"
           "'source':'127.0.0.1'}");
    expect("rtt", "--dest=h --no-hostnames --suppress-loopback",
           "{'schema':1,'dest':'h','hostnames':false,'suppress-loopback':true}");
    expect("idle", "--duration 2 --parting-comment good_bye",
           "{'schema':1,'duration':'PT2S','parting-comment':'good bye'}");
    expect("noop", "--data {\"a\":[1,{}]}", "{'schema':1,'data':{'a':[1,{}]}}");
    expect("noop", "", "{'schema':1}");
    expect("noop", "--", "{'schema':1}");
}

static void the_schema_is_the_oldest_that_knows_all(void **state)
{
    (void)state;
    expect("rtt", "-d h --protocol icmp", "{'schema':2,'dest':'h','protocol':'icmp'}");
    expect("rtt", "-d h --protocol tcp", "{'schema':4,'dest':'h','protocol':'tcp'}");
    expect("rtt", "-d h --fragment --protocol icmp",
           "{'schema':3,'dest':'h','protocol':'icmp','fragment':true}");
    expect("throughput", "-d h --loopback", "{'schema':5,'dest':'h','loopback':true}");
    expect("throughput", "-d h --congestion cubic", "{'schema':1,'dest':'h','congestion':'cubic'}");
    expect("throughput", "-d h --congestion dctcp", "{'schema':4,'dest':'h','congestion':'dctcp'}");
}

static void values_have_the_forms_of_their_types(void **state)
{
    (void)state;
    expect("throughput", "--destination h -b 1G -w 64Ki -l 1.5k -t PT5S -u -P 2",
           "{'schema':1,'dest':'h','duration':'PT5S','parallel':2,'udp':true,'bandwidth':1000000000,"
           "'window-size':65536,'buffer-length':1500}");
    expect("latency", "-d h -P 8000-9000 -i 0.001 -c 10 -fR",
           "{'schema':1,'dest':'h','packet-count':10,'packet-interval':0.001,"
           "'data-ports':{'lower':8000,'upper':9000},'output-raw':true,'flip':true}");
    expect("http", "--url http://h/ --headers Accept:_text/html --headers X:1",
           "{'schema':4,'url':'http://h/','headers':{'Accept':'text/html','X':'1'}}");
}

static void a_list_is_an_option_again_and_again(void **state)
{
    (void)state;
    expect("idle", "-d PT1S --host a", "{'schema':1,'duration':'PT1S','host':'a'}");
    expect("idle", "-d PT1S --host a --host b", "{'schema':2,'duration':'PT1S','host':['a','b']}");
    expect_fault(
        "idle", "-d PT1S --host a --host b --host-node n",
        "At /: Additional properties are not allowed ('host-node' was unexpected); it needs \"schema\": 1");
}

static void names_may_be_cut_short_and_the_last_value_counts(void **state)
{
    (void)state;
    expect("rtt", "--des h --cou 1 --count 2", "{'schema':1,'dest':'h','count':2}");
    expect("rtt", "-d h --no-host", "{'schema':1,'dest':'h','hostnames':false}");
    expect_fault("rtt", "--d h --de h", "ambiguous option: --d");
    expect("http", "--url http://h/ --host a", "{'schema':1,'url':'http://h/','host':'a'}");
}

static void faults_have_the_words_of_pscheduler(void **state)
{
    (void)state;
    expect_fault("rtt", "--bogus", "no such option: --bogus");
    expect_fault("rtt", "-dh -Z", "no such option: -Z");
    expect_fault("rtt", "--no-count", "no such option: --no-count");
    expect_fault("rtt", "--dest", "this option requires an argument: --dest");
    expect_fault("rtt", "-d", "this option requires an argument: -d");
    expect_fault("rtt", "--hostnames=yes", "this option takes no value: --hostnames=yes");
    expect_fault("rtt", "host", "unexpected argument: host");
    expect_fault("rtt", "-- host", "unexpected argument: host");
    expect_fault("rtt", "-d h --count x", "option --count: invalid integer value: 'x'");
    expect_fault("latency", "-d h -i fast", "option --packet-interval: invalid floating-point value: 'fast'");
    expect_fault("latency", "-d h -P 9-8", "option --data-ports: invalid port range value: '9-8'");
    expect_fault("noop", "--data {", "option --data: invalid JSON value: '{'");
    expect_fault("http", "--url http://h/ --headers x", "option --headers: invalid header value: 'x'");
    expect_fault("rtt", "--count 5", "At /: 'dest' is a required property");
    expect_fault("rtt", "-d h --count 0", "At /count: 0 is less than the minimum of 1");
    expect_fault("throughput", "-d h -b fast", "option --bandwidth: invalid integer value: 'fast'");
}

static void help_lists_every_option(void **state)
{
    struct ps_fault fault = {""};

    (void)state;
    for (size_t i = 0; sp_test_at(i); i++) {
        struct ps_buf out;
        ps_buf_init(&out, 0);
        assert_int_equal(from_cli(sp_test_name(sp_test_at(i)), "--help", &out, &fault), SP_CLI_HELP);
        assert_int_equal(ps_buf_append(&out, "", 1), 0);
        const char *text = (const char *)ps_buf_head(&out);
        assert_non_null(strstr(text, "Usage: task [task options] "));
        assert_non_null(strstr(text, sp_test_about(sp_test_at(i))));
        assert_non_null(strstr(text, "-h, --help"));
        ps_buf_fini(&out);
    }
}

static void the_way_back_makes_the_same(void **state)
{
    static const struct {
        const char *type, *spec, *args;
    } cases[] = {
        {"rtt", "{'schema':1,'dest':'h','count':5,'interval':'PT1S','hostnames':false}",
         "['rtt','--dest','h','--count','5','--interval','PT1S','--no-hostnames']"},
        {"latency", "{'schema':1,'dest':'h','data-ports':{'lower':1,'upper':2},'flip':true}",
         "['latency','--dest','h','--data-ports','1-2','--flip']"},
        {"idle", "{'schema':2,'duration':'PT1S','host':['a','b']}",
         "['idle','--duration','PT1S','--host','a','--host','b']"},
        {"http", "{'schema':4,'url':'http://h/','headers':{'A':'b c','D':'e'}}",
         "['http','--url','http://h/','--headers','A: b c','--headers','D: e']"},
        {"noop", "{'schema':1,'data':{'x':[1,'y']}}", "['noop','--data','{\\'x\\':[1,\\'y\\']}']"},
        {"noop", "{'schema':1,'data':'text'}", "['noop','--data','\\'text\\'']"},
        {"throughput", "{'schema':5,'dest':'h','bandwidth':1000000000,'loopback':true}",
         "['throughput','--dest','h','--bandwidth','1000000000','--loopback']"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ps_jdoc *doc = doc_of(cases[i].spec), *args;
        struct ps_fault fault = {""};
        const char *argv[ARGS_MAX];
        struct ps_buf out;
        size_t n = 0;
        struct ps_text t;
        char *text;

        sp_to_cli(test_of(cases[i].type), ps_jdoc_root(doc), true, ps_text_open(&t));
        text_expect(&t, cases[i].args);
        sp_to_cli(test_of(cases[i].type), ps_jdoc_root(doc), false, ps_text_open(&t));
        text = ps_text_close(&t, NULL);
        assert_int_equal(ps_jdoc_parse(&args, NULL, text, strlen(text), NULL), 0);
        for (struct ps_jnode a = ps_jnode_first(ps_jdoc_root(args)); ps_jnode_there(a); a = ps_jnode_next(a))
            assert_int_equal(ps_jnode_str(a, 0, SIZE_MAX, &argv[n++], NULL), 0);
        ps_buf_init(&out, 0);
        assert_int_equal(sp_from_cli(test_of(cases[i].type), argv, n, &out, &fault), 0);
        assert_int_equal(ps_buf_append(&out, "", 1), 0);
        for (char *p = (char *)ps_buf_head(&out); (p = strchr(p, '"')) != NULL;)
            *p = '\'';
        assert_string_equal((char *)ps_buf_head(&out), cases[i].spec);
        ps_buf_fini(&out);
        free(text);
        ps_jdoc_free(args);
        ps_jdoc_free(doc);
    }
}

static void too_many_arguments_are_refused(void **state)
{
    static const char *args[SP_CLI_ARGS_MAX + 1];
    struct ps_fault fault = {""};
    struct ps_buf out;

    (void)state;
    for (size_t i = 0; i <= SP_CLI_ARGS_MAX; i++)
        args[i] = "-fRfRfR";
    ps_buf_init(&out, 0);
    assert_int_equal(sp_from_cli(test_of("latency"), args, SP_CLI_ARGS_MAX + 1, &out, &fault), PS_ELIMIT);
    assert_true(sp_from_cli(test_of("latency"), args, SP_CLI_ARGS_MAX, &out, &fault) < 0);
    assert_string_equal(fault.text, "too many options: -fRfRfR");
    ps_buf_fini(&out);
}

static void si_numbers_have_letters(void **state)
{
    static const struct {
        const char *text;
        int64_t want; // -1: PS_ESYNTAX, -2: PS_ERANGE
    } cases[] = {
        {"0", 0},
        {"10", 10},
        {"1K", 1000},
        {"1k", 1000},
        {"1Ki", 1024},
        {"1.5G", 1500000000},
        {"2Ti", 2199023255552},
        {"0.5Ki", 512},
        {"1P", 1000000000000000},
        {"9P", 9000000000000000},
        {"10P", -2},
        {"1Y", -2},
        {"", -1},
        {"K", -1},
        {"1.K", -1},
        {"1KB", -1},
        {"-1", -1},
        {"1e3", -1},
        {"1 K", -1},
        {".5K", -1},
        {"1Kii", -1},
        {"0x10", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = 0;
        int err = sp_si_parse(cases[i].text, &got);
        got = err == PS_ESYNTAX ? -1 : err == PS_ERANGE ? -2 : got;
        if (got != cases[i].want)
            fail_msg("\"%s\" is %lld; wanted %lld", cases[i].text, (long long)got, (long long)cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_the_keys),
        cmocka_unit_test(the_schema_is_the_oldest_that_knows_all),
        cmocka_unit_test(values_have_the_forms_of_their_types),
        cmocka_unit_test(a_list_is_an_option_again_and_again),
        cmocka_unit_test(names_may_be_cut_short_and_the_last_value_counts),
        cmocka_unit_test(faults_have_the_words_of_pscheduler),
        cmocka_unit_test(help_lists_every_option),
        cmocka_unit_test(the_way_back_makes_the_same),
        cmocka_unit_test(too_many_arguments_are_refused),
        cmocka_unit_test(si_numbers_have_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
