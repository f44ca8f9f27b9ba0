// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/ps_err.h"
#include "powstream/streams_file.h"

static char path[] = "/tmp/test_streams_file.XXXXXX";
static struct stream_conf base;
static struct streams_file f;

static int begin(void **state)
{
    (void)state;
    stream_conf_defaults(&base);
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int end(void **state)
{
    (void)state;
    stream_conf_free(&base);
    return unlink(path);
}

static int load(const char *text, struct ps_fault *fault)
{
    FILE *out = fopen(path, "we");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
    return streams_file_load(&f, path, &base, fault);
}

static void takes(const char *text)
{
    struct ps_fault fault = {""};
    int err = load(text, &fault);
    assert_string_equal(fault.text, "");
    assert_int_equal(err, 0);
}

// One stream of these members, which has a server and goes somewhere.
static const struct stream_conf *one(const char *members)
{
    char text[1000];
    snprintf(text, sizeof text, "{\"streams\":[{\"server\":\"h\",\"directory\":\"/x\"%s%s}]}",
             members[0] != '\0' ? "," : "", members);
    streams_file_free(&f);
    takes(text);
    assert_int_equal(f.n, 1);
    return &f.confs[0];
}

// The message begins with the file's name, which is not told here.
static void refuses(const char *text, int want, const char *message)
{
    struct ps_fault fault = {""};
    int err = load(text, &fault);
    if (strncmp(fault.text, path, strlen(path)) != 0)
        fail_msg("\"%s\" does not name the file", fault.text);
    assert_string_equal(fault.text + strlen(path), message);
    assert_int_equal(err, want);
    assert_int_equal(f.n, 0);
    assert_null(f.confs);
}

static void refuses_member(const char *members, int want, const char *message)
{
    char text[1000], line[600];
    snprintf(text, sizeof text, "{\"streams\":[{\"server\":\"h\",\"spool\":\"/s\",\n%s}]}", members);
    snprintf(line, sizeof line, ":2: streams[0].%s", message);
    refuses(text, want, line);
}

static void what_a_stream_does_not_say_it_has_of_the_command_line(void **state)
{
    (void)state;
    const struct stream_conf *c = one("");
    assert_string_equal(c->name, "h-from");
    assert_string_equal(c->server, "h");
    assert_int_equal(c->port, 861);
    assert_int_equal(c->count, 300);
    base.count = 400;
    assert_int_equal(one("")->count, 400);
    stream_conf_defaults(&base);
    streams_file_free(&f);
}

static void each_member_is_taken(void **state)
{
    (void)state;
    assert_string_equal(one("\"name\":\"n\"")->name, "n");
    assert_true(one("\"direction\":\"to\"")->to);
    assert_false(one("\"direction\":\"from\"")->to);
    assert_int_equal(one("\"count\":1000000")->count, STREAM_COUNT_MAX);
    assert_int_equal(one("\"interval\":0.5")->slot.value, 0x80000000);
    assert_int_equal(one("\"interval\":0.5")->slot.type, OW_SLOT_EXP);
    assert_int_equal(one("\"interval\":\"0.5f\"")->slot.type, OW_SLOT_FIXED);
    assert_true(one("\"timeout\":2.5")->timeout == 2.5);
    assert_int_equal(one("\"padding\":1000")->padding, 1000);
    assert_int_equal(one("\"dscp\":\"ef\"")->dscp, 46);
    assert_int_equal(one("\"dscp\":10")->dscp, 10);
    assert_true(one("\"delay\":3")->delay == 3);
    assert_true(one("\"end-delay\":4")->enddelay == 4);
    assert_true(one("\"retry\":5")->retry == 5);
    assert_string_equal(one("\"test-address\":\"t\"")->test_host, "t");
    assert_int_equal(one("\"modes\":\"E\",\"identity\":\"i\",\"pass-phrases\":\"p\"")->modes, OW_MODE_ENC);
    assert_string_equal(one("\"identity\":\"i\",\"pass-phrases\":\"p\"")->identity, "i");
    assert_string_equal(one("\"identity\":\"i\",\"pass-phrases\":\"p\"")->pass_path, "p");
    assert_string_equal(one("\"source\":\"eth0\"")->source, "eth0");
    assert_int_equal(one("\"family\":\"ipv6\"")->family, AF_INET6);
    assert_int_equal(one("\"family\":\"ipv4\"")->family, AF_INET);
    assert_int_equal(one("\"family\":\"any\"")->family, AF_UNSPEC);
    assert_int_equal(one("\"every\":100")->every, 100);
    assert_true(one("\"bucket-width\":0.001")->bucket_width == 0.001);
    assert_true(one("\"unix-times\":true")->unix_times);
    assert_true(one("\"print-names\":true")->print);
    assert_true(one("\"json-lines\":true")->json);
    assert_string_equal(one("\"spool\":\"/s\"")->spool, "/s");
    assert_true(one("\"raw\":true")->raw);
    streams_file_free(&f);
}

static void a_server_has_its_port_behind_it(void **state)
{
    (void)state;
    takes("{\"streams\":[{\"server\":\"[2001:db8::1]:8761\",\"spool\":\"/s\"}]}");
    assert_string_equal(f.confs[0].server, "2001:db8::1");
    assert_int_equal(f.confs[0].port, 8761);
    streams_file_free(&f);
}

static void defaults_are_of_all_streams(void **state)
{
    (void)state;
    takes("{\"defaults\":{\"spool\":\"/s\",\"count\":600,\"direction\":\"to\"},"
          "\"streams\":[{\"server\":\"a\"},{\"server\":\"b\",\"count\":10,\"direction\":\"from\"}]}");
    assert_int_equal(f.n, 2);
    assert_int_equal(f.confs[0].count, 600);
    assert_string_equal(f.confs[0].name, "a-to");
    assert_int_equal(f.confs[1].count, 10);
    assert_string_equal(f.confs[1].name, "b-from");
    assert_string_equal(f.confs[1].spool, "/s");
    streams_file_free(&f);
}

static void the_name_stands_in_the_directory(void **state)
{
    (void)state;
    takes("{\"defaults\":{\"directory\":\"/d/%n/x\"},\"streams\":[{\"server\":\"a\"},{\"server\":\"b\"}]}");
    assert_string_equal(f.confs[0].directory, "/d/a-from/x");
    assert_string_equal(f.confs[1].directory, "/d/b-from/x");
    assert_true(f.confs[0].make_directory);
    streams_file_free(&f);
}

static void no_stream_is_a_file_too(void **state)
{
    (void)state;
    takes("{\"streams\":[]}");
    assert_int_equal(f.n, 0);
    streams_file_free(&f);
}

static void a_member_that_is_wrong_is_named(void **state)
{
    (void)state;
    refuses_member("\"interval\":0", PS_ESYNTAX,
                   "interval: wants seconds between packets, as 0.1 or \"0.1f\"");
    refuses_member("\"interval\":true", PS_ESYNTAX,
                   "interval: wants seconds between packets, as 0.1 or \"0.1f\"");
    refuses_member("\"interval\":\"0.1x\"", PS_ESYNTAX,
                   "interval: wants seconds between packets, as 0.1 or \"0.1f\"");
    refuses_member("\"dscp\":\"zz\"", PS_ESYNTAX, "dscp: wants 0..63 or a name such as \"ef\"; got \"zz\"");
    refuses_member("\"modes\":\"X\"", PS_ESYNTAX, "modes: wants letters of A, E and O; got \"X\"");
    refuses_member("\"test-address\":7", PS_EMALFORMED,
                   "test-address: wants a string of 1 to 255 octets; got 7");
    refuses_member("\"name\":\"a/b\"", PS_ESYNTAX, "name: " STREAM_NAME_WANTS "; got \"a/b\"");
}

// Of these the wording is the getters'.
static void a_value_out_of_range_is_refused(void **state)
{
    static const char *const members[] = {
        "\"count\":0",         "\"count\":4294967296", "\"padding\":65001",
        "\"dscp\":64",         "\"timeout\":-1",       "\"delay\":-1",
        "\"end-delay\":1e7",   "\"retry\":0",          "\"direction\":\"up\"",
        "\"family\":\"ipv5\"", "\"bucket-width\":0",   "\"every\":-1",
        "\"raw\":1",           "\"json-lines\":\"y\"", "\"unix-times\":null",
        "\"print-names\":[]",  "\"spool\":\"\"",       "\"directory\":{}",
        "\"identity\":7",      "\"source\":\"\"",      "\"name\":\"\"",
        "\"interval\":[0.1]",  "\"modes\":\"AEOA\"",   "\"pass-phrases\":1",
        "\"nonsense\":1",      "\"server\":\"x\"",     "\"dscp\":\"\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char text[300];
        struct ps_fault fault = {""};
        snprintf(text, sizeof text, "{\"streams\":[{\"server\":\"h\",\"spool\":\"/s\",\n%s}]}", members[i]);
        if (load(text, &fault) == 0 || strstr(fault.text, ":2: ") == NULL)
            fail_msg("%s: \"%s\"", members[i], fault.text);
        assert_int_equal(f.n, 0);
    }
}

static void a_stream_that_cannot_be_is_refused_as_a_whole(void **state)
{
    (void)state;
    refuses("{\"streams\":[\n{\"spool\":\"/s\"}]}", PS_ESYNTAX, ":2: streams[0]: \"server\" is missing");
    refuses(
        "{\"streams\":[\n{\"server\":\"h\"}]}", PS_ESYNTAX,
        ":2: streams[0]: h-from: its results go nowhere: wants \"directory\", \"spool\" or \"json-lines\"");
    refuses("{\"streams\":[\n{\"server\":\"h\",\"spool\":\"/s\",\"every\":7}]}", PS_ESYNTAX,
            ":2: streams[0]: h-from: \"every\" must divide \"count\"");
    refuses("{\"streams\":[\n{\"server\":\"h:0\",\"spool\":\"/s\"}]}", PS_ESYNTAX,
            ":2: streams[0].server: wants NAME, ADDRESS, NAME:PORT or [V6]:PORT; got \"h:0\"");
}

static void names_and_directories_are_of_one_stream_each(void **state)
{
    (void)state;
    refuses("{\"defaults\":{\"spool\":\"/s\"},\"streams\":[{\"server\":\"a\"},\n{\"server\":\"a\"}]}",
            PS_EDUPLICATE, ":2: streams[1]: the name \"a-from\" is that of streams[0] already");
    refuses("{\"defaults\":{\"directory\":\"/d\"},\"streams\":[{\"server\":\"a\"},\n{\"server\":\"b\"}]}",
            PS_EDUPLICATE,
            ":2: streams[1]: b-from: the directory \"/d\" is that of streams[0] (a-from) already");
    refuses("{\"streams\":[{\"server\":\"a\",\"directory\":\"same\"},{\"server\":\"b\",\"directory\":"
            "\"other\"},\n"
            "{\"server\":\"c\",\"directory\":\"./same//\"},\n{\"server\":\"d\",\"directory\":\"other/.\"}]}",
            PS_EDUPLICATE,
            ":2: streams[2]: c-from: the directory \"./same//\" is that of streams[0] (a-from) already");
}

static void a_file_that_is_none_is_refused(void **state)
{
    struct ps_fault fault = {""};
    (void)state;
    refuses("{}", PS_ENOTFOUND, ":1: streams: is missing");
    refuses("{\"defaults\":{\"name\":\"n\"},\n\"streams\":[]}", PS_EUNKNOWN,
            ":1: defaults.name: is not known here");
    assert_int_equal(streams_file_load(&f, "/nonexistent/f", &base, &fault), -ENOENT);
    assert_string_equal(fault.text, "/nonexistent/f: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_stream_does_not_say_it_has_of_the_command_line),
        cmocka_unit_test(each_member_is_taken),
        cmocka_unit_test(a_server_has_its_port_behind_it),
        cmocka_unit_test(defaults_are_of_all_streams),
        cmocka_unit_test(the_name_stands_in_the_directory),
        cmocka_unit_test(no_stream_is_a_file_too),
        cmocka_unit_test(a_member_that_is_wrong_is_named),
        cmocka_unit_test(a_value_out_of_range_is_refused),
        cmocka_unit_test(a_stream_that_cannot_be_is_refused_as_a_whole),
        cmocka_unit_test(names_and_directories_are_of_one_stream_each),
        cmocka_unit_test(a_file_that_is_none_is_refused),
    };
    return cmocka_run_group_tests_name("powstream streams_file", tests, begin, end);
}
