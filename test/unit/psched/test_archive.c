// SPDX-License-Identifier: Apache-2.0
#include "psched/archive.h"
#include "psched_fix.h"

#define BITBUCKET "\"schema\":3,\"archiver\":\"bitbucket\",\"data\":{}"

// An archive from what stands between the braces of its specification.
static struct archive *archive(struct fix *f, const char *members)
{
    const struct archive_env env = {.site = &f->site};
    struct archive *a = NULL;
    char spec[1024];

    snprintf(spec, sizeof spec, "{%s}", members);
    f->fault.text[0] = '\0';
    if (archive_new(&a, &env, spec, strlen(spec), &f->fault) != 0)
        fail_msg("%s: %s", spec, f->fault.text);
    return a;
}

static void without_more_it_wants_what_succeeded_for_ever(void **state)
{
    struct archive *a = archive(*state, BITBUCKET);

    assert_string_equal(archive_label(a), "bitbucket");
    assert_true(archive_wants(a, true));
    assert_false(archive_wants(a, false));
    assert_true(archive_ttl(a) == -1);
    assert_null(archive_origin(a));
    assert_false(archive_has_policy(a));
    assert_int_equal(archive_sending(a), 0);
    archive_free(a);
    archive_free(NULL);
}

static void its_place_is_told_without_secrets(void **state)
{
    static const struct {
        const char *data, *want; // ' stands for "
    } cases[] = {
        {"{'_url':'https://me:pw@archive.example:8443/x?y'}", "https://archive.example:8443"},
        {"{'url':'http://[2001:db8::1]/x'}", "http://[2001:db8::1]"},
        {"{'_url':'amqp://me:pw@h/v'}", "amqp://h"},
        {"{'host':'2001:db8::1','port':514}", "[2001:db8::1]:514"},
        {"{'host':'h','port':514}", "h:514"},
        {"{'directory':'/var/spool/x'}", "/var/spool/x"},
        {"{'_dsn':'host=h password=pw','table':'t'}", "t"},
        {"{'_url':7,'host':'h'}", NULL},
        {"{}", NULL},
        {"[]", NULL},
    };
    char text[200], place[ARCHIVE_PLACE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ps_jdoc *doc;

        snprintf(text, sizeof text, "%s", cases[i].data);
        for (char *p = text; *p; p++)
            *p = *p == '\'' ? '"' : *p;
        assert_int_equal(ps_jdoc_parse(&doc, NULL, text, strlen(text), NULL), 0);
        const char *got = archive_place(ps_jdoc_root(doc), place);
        if (!cases[i].want)
            assert_null(got);
        else
            assert_string_equal(got ? got : "none", cases[i].want);
        ps_jdoc_free(doc);
    }
}

static void a_specification_says_it_otherwise(void **state)
{
    struct archive *a = archive(
        *state, "\"schema\":3,\"archiver\":\"http\",\"label\":\"ours\",\"ttl\":\"PT1H\",\"runs\":\"all\","
                "\"uri-host\":\"ps.example.org:8443\",\"data\":{\"_url\":"
                "\"http://127.0.0.1/\",\"retry-policy\":[{\"attempts\":1,\"wait\":"
                "\"PT1S\"}]}");

    assert_string_equal(archive_label(a), "ours");
    assert_true(archive_wants(a, true) && archive_wants(a, false));
    assert_true(archive_ttl(a) == 3600 * PS_SEC);
    assert_string_equal(archive_origin(a), "https://ps.example.org:8443");
    assert_true(archive_has_policy(a));
    archive_free(a);
}

static void failed_runs_alone_can_be_wanted(void **state)
{
    struct archive *a = archive(*state, BITBUCKET ",\"runs\":\"failed\"");

    assert_false(archive_wants(a, true));
    assert_true(archive_wants(a, false));
    archive_free(a);
}

static void a_spool_is_on_this_hosts_disk(void **state)
{
    struct archive *a = archive(*state, "\"archiver\":\"spool\",\"data\":{\"directory\":\"/tmp/x\"}");

    assert_true(archive_writes_here(a));
    archive_free(a);
    a = archive(*state, BITBUCKET);
    assert_false(archive_writes_here(a));
    archive_free(a);
}

static void what_is_no_specification_is_named(void **state)
{
    static const struct {
        const char *spec, *words;
    } cases[] = {
        {"{", "wants"},
        {"[]", "object"},
        {"{\"data\":{}}", "'archiver' is a required property"},
        {"{\"archiver\":\"bitbucket\"}", "'data' is a required property"},
        {"{\"archiver\":\"x\",\"data\":{}}", "No archiver 'x' available"},
        {"{\"archiver\":\"http\",\"data\":{}}", "_url"},
        {"{" BITBUCKET ",\"runs\":\"some\"}", "runs"},
        {"{" BITBUCKET ",\"ttl\":\"1h\"}", "ttl"},
        {"{" BITBUCKET ",\"uri-host\":\"a b\"}", "uri-host"},
        {"{" BITBUCKET ",\"more\":1}", "more"},
        {"{" BITBUCKET ",\"transform\":{}}", "script"},
    };
    struct fix *f = *state;
    const struct archive_env env = {.site = &f->site};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct archive *a = NULL;

        f->fault.text[0] = '\0';
        if (archive_new(&a, &env, cases[i].spec, strlen(cases[i].spec), &f->fault) == 0)
            fail_msg("this is taken: %s", cases[i].spec);
        assert_null(a);
        fix_has(f->fault.text, cases[i].words);
    }
}

// --- checking and sending

struct told {
    int calls, err;
    enum ps_deliver_end end;
    char why[512];
};

static void checked(void *ctx, int err, const char *why)
{
    struct told *t = ctx;

    t->calls++;
    t->err = err;
    snprintf(t->why, sizeof t->why, "%s", why);
}

static void sent(void *ctx, const struct ps_deliver_outcome *o)
{
    struct told *t = ctx;

    t->calls++;
    t->end = o->end;
    snprintf(t->why, sizeof t->why, "%s", o->text);
}

static void open_jq(struct fix *f)
{
    const char *build = getenv("top_builddir"), *source = getenv("top_srcdir");
    char worker[1024], library[1024];
    const struct ps_jq_conf conf = {.worker = worker,
                                    .library = library,
                                    .run_time = GUARD / 2,
                                    .compile_time = GUARD / 2,
                                    .wait_time = GUARD};

    snprintf(worker, sizeof worker, "%s/lib/jq/ps-jq-worker", build ? build : ".");
    snprintf(library, sizeof library, "%s/lib/jq", source ? source : ".");
    assert_int_equal(ps_jq_new(f->loop, &conf, &f->site.jq), 0);
}

static struct told check(struct fix *f, struct archive *a)
{
    struct told t = {.calls = 0};

    assert_int_equal(archive_check(a, checked, &t), 0);
    assert_int_equal(t.calls, 0); // not from inside
    POLL_UNTIL(f, t.calls);
    return t;
}

static void a_check_without_a_script_is_good(void **state)
{
    struct archive *a = archive(*state, BITBUCKET);
    struct told t = check(*state, a);

    assert_int_equal(t.calls, 1);
    assert_int_equal(t.err, 0);
    archive_free(a);
}

static void a_check_compiles_the_script(void **state)
{
    struct fix *f = *state;
    struct archive *a;
    struct told t;

    open_jq(f);
    a = archive(f,
                BITBUCKET ",\"transform\":{\"script\":[\"# a comment\",\". + {x: $a}\"],\"args\":{\"a\":1}}");
    t = check(f, a);
    assert_string_equal(t.why, "");
    assert_int_equal(t.err, 0);
    archive_free(a);
    a = archive(f, BITBUCKET ",\"transform\":{\"script\":\"{\"}");
    t = check(f, a);
    assert_int_equal(t.err, PS_ESYNTAX);
    fix_has(t.why, "At /transform/script: ");
    archive_free(a);
    ps_jq_free(f->site.jq);
}

static struct told send_doc(struct fix *f, const char *members, const char *doc)
{
    static const struct ps_deliver_conf conf = {.agent = "test"};
    struct archive_env env = {.site = &f->site};
    struct archive_job job = {.doc = doc, .len = strlen(doc)};
    struct told t = {.calls = 0};
    struct archive *a = NULL;

    assert_int_equal(ps_deliver_new(f->loop, &conf, &env.deliver), 0);
    assert_int_equal(archive_new(&a, &env, members, strlen(members), &f->fault), 0);
    assert_int_equal(archive_send(a, &job, sent, &t, &f->fault), 0);
    assert_int_equal(archive_sending(a), 1);
    POLL_UNTIL(f, t.calls);
    assert_int_equal(archive_sending(a), 0);
    archive_free(a);
    ps_deliver_free(env.deliver);
    return t;
}

static void a_document_is_sent_as_the_archiver_does(void **state)
{
    struct told t = send_doc(*state, "{" BITBUCKET "}", "{\"a\":1}");

    assert_int_equal(t.end, PS_DELIVER_DONE);
    t = send_doc(*state, "{\"archiver\":\"failer\",\"data\":{\"fail\":1.0}}", "{\"a\":1}");
    assert_int_not_equal(t.end, PS_DELIVER_DONE);
    assert_int_equal(t.calls, 1);
}

static void what_no_try_can_send_is_refused(void **state)
{
    struct fix *f = *state;
    struct archive *a = archive(f, "\"archiver\":\"failer\",\"data\":{}");

    assert_true(archive_has_policy(a)); // its own
    archive_free(a);
    assert_int_equal(archive_end_of(PS_EREFUSED), PS_DELIVER_REFUSED);
    assert_int_equal(archive_end_of(PS_ELIMIT), PS_DELIVER_GIVE_UP);
}

static void a_script_that_gives_null_sends_nothing(void **state)
{
    struct fix *f = *state;
    struct told t;

    open_jq(f);
    t = send_doc(f, "{\"archiver\":\"failer\",\"data\":{\"fail\":1.0},\"transform\":{\"script\":\"null\"}}",
                 "{}");
    assert_int_equal(t.end, PS_DELIVER_DONE);
    t = send_doc(f, "{" BITBUCKET ",\"transform\":{\"script\":\"error(\\\"no such luck\\\")\"}}", "{}");
    assert_int_equal(t.end, PS_DELIVER_REFUSED); // it would fail again
    fix_has(t.why, "the transform failed: ");
    fix_has(t.why, "no such luck");
    ps_jq_free(f->site.jq);
}

static void what_is_under_way_ends_with_the_archive(void **state)
{
    struct fix *f = *state;
    struct archive *a;
    struct archive_job job = {.doc = "{}", .len = 2};
    struct told t = {.calls = 0}, check_told = {.calls = 0};

    open_jq(f);
    a = archive(f, BITBUCKET ",\"transform\":{\"script\":\".\"}");
    assert_int_equal(archive_send(a, &job, sent, &t, &f->fault), 0);
    assert_int_equal(archive_check(a, checked, &check_told), 0);
    archive_free(a);
    for (int i = 0; i < 10; i++)
        ps_loop_poll(f->loop);
    assert_int_equal(t.calls + check_told.calls, 0);
    ps_jq_free(f->site.jq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_more_it_wants_what_succeeded_for_ever),
        TEST(a_specification_says_it_otherwise),
        TEST(its_place_is_told_without_secrets),
        TEST(failed_runs_alone_can_be_wanted),
        TEST(a_spool_is_on_this_hosts_disk),
        TEST(what_is_no_specification_is_named),
        TEST(a_check_without_a_script_is_good),
        TEST(a_check_compiles_the_script),
        TEST(a_document_is_sent_as_the_archiver_does),
        TEST(what_no_try_can_send_is_refused),
        TEST(a_script_that_gives_null_sends_nothing),
        TEST(what_is_under_way_ends_with_the_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
