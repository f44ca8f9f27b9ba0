// SPDX-License-Identifier: Apache-2.0
#include "archivers/archiver.h"
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_opt.h"
#include "base/ps_out.h"

#define RECORD 0x1e // begins a record (RFC 7464)
#define DATA_MAX ((size_t)1 << 20)

enum { DONE = 0, USAGE = 2, SYSTEM = 4 };

// A destination that was used, kept for the next record of the same data.
struct work {
    const struct archiver *archiver;
    char *data; // as it stood in the record; NULL: none
    void *target, *link;
    struct ps_deliver_retry retry;
    ps_ns opened;
};

static ps_ns now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (ps_ns)t.tv_sec * PS_SEC + t.tv_nsec;
}

// --- reading

// The octets up to a newline or the end. False: there are none. *whole: all of them are in out.
static bool read_line(FILE *in, struct ps_buf *out, bool *whole)
{
    int c = getc_unlocked(in);
    bool any = c != EOF;

    *whole = true;
    ps_buf_clear(out);
    for (; c != EOF && c != '\n'; c = getc_unlocked(in)) {
        const char octet = (char)c;

        if (*whole && ps_buf_append(out, &octet, 1))
            *whole = false;
    }
    return any;
}

static int read_all(FILE *in, struct ps_buf *out)
{
    int err = 0;

    for (int c = getc_unlocked(in); !err && c != EOF; c = getc_unlocked(in)) {
        const char octet = (char)c;

        err = ps_buf_append(out, &octet, 1);
    }
    return err;
}

// --- answers

static int end_line(struct ps_json *j)
{
    ps_json_close(j, '}');
    return ps_json_end(j) == 0 && fflush(stdout) == 0 ? DONE : SYSTEM;
}

static int enumerate(const struct archiver *a)
{
    struct ps_json j;

    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '{');
    ps_json_put_u64(&j, "schema", 1);
    ps_json_put_str(&j, "name", a->name);
    ps_json_put_str(&j, "description", a->about);
    ps_json_put_str(&j, "version", PACKAGE_VERSION);
    ps_json_put_open(&j, "maintainer", '{');
    ps_json_put_str(&j, "name", "psuite");
    ps_json_close(&j, '}');
    return end_line(&j);
}

// --- data

static void drop_target(const struct archiver *a, void *target)
{
    a->drop(target);
    free(target);
}

static int read_target(const struct archiver *a, struct ps_jnode data, struct ps_deliver_retry *retry,
                       void **target, struct ps_fault *fault)
{
    void *t = calloc(1, a->target_size);
    struct ps_jget g;
    int err;

    if (!t)
        return -ENOMEM;
    ps_jget_init(&g, data, fault);
    err = a->read(&g, t, retry);
    if (err)
        drop_target(a, t);
    else
        *target = t;
    return err;
}

static int check_data(const struct archiver *a, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_deliver_retry retry;
    struct ps_jdoc *doc;
    void *target;
    int err = ps_jdoc_parse_foreign(&doc, NULL, text, len, fault);

    if (err)
        return err;
    err = read_target(a, ps_jdoc_root(doc), &retry, &target, fault);
    if (!err)
        drop_target(a, target);
    ps_jdoc_free(doc);
    return err;
}

static int data_is_valid(const struct archiver *a)
{
    struct ps_fault fault = {""};
    struct ps_buf in;
    struct ps_json j;
    int err;

    ps_buf_init(&in, DATA_MAX);
    err = read_all(stdin, &in);
    if (!err)
        err = check_data(a, (const char *)ps_buf_head(&in), ps_buf_len(&in), &fault);
    ps_buf_fini(&in);
    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '{');
    ps_json_put_bool(&j, "valid", err == 0);
    if (err)
        ps_json_put_str(&j, "error", fault.text[0] ? fault.text : ps_strerror(err));
    return end_line(&j);
}

// why NULL: it succeeded. wait < 0: it is not worth another try.
static int answer(const char *why, ps_ns wait)
{
    char text[PS_ISO8601_DURATION];
    struct ps_json j;

    putchar(RECORD);
    ps_json_init(&j, stdout, false);
    ps_json_open(&j, '{');
    ps_json_put_bool(&j, "succeeded", why == NULL);
    if (why)
        ps_json_put_str(&j, "error", why);
    if (why && wait >= 0)
        ps_json_put_str(&j, "retry", ps_iso8601_put_duration(wait, text));
    return end_line(&j);
}

// --- the connection

static void hang_up(struct work *w)
{
    if (w->link)
        w->archiver->close(w->link);
    w->link = NULL;
}

static void forget(struct work *w)
{
    hang_up(w);
    if (w->data)
        drop_target(w->archiver, w->target);
    free(w->data);
    w->data = NULL;
}

static bool is_same(const struct work *w, const char *raw, size_t len)
{
    return w->data && strlen(w->data) == len && memcmp(w->data, raw, len) == 0;
}

// The destination of these data, with the connection to it if there is one that is young enough.
static int aim(struct work *w, struct ps_jnode data, struct ps_fault *fault)
{
    const struct archiver *a = w->archiver;
    size_t len = 0;
    const char *raw = ps_jnode_there(data) ? ps_jnode_raw(data, &len) : NULL;
    int err;

    if (!raw) {
        ps_fault_set(fault, NULL, 0, "data: is missing");
        return PS_ENOTFOUND;
    }
    if (is_same(w, raw, len)) {
        if (w->link && a->expires && now() - w->opened >= a->expires(w->target))
            hang_up(w);
        return 0;
    }
    forget(w);
    err = read_target(a, data, &w->retry, &w->target, fault);
    if (err)
        return err;
    w->data = strndup(raw, len);
    if (w->data)
        return 0;
    drop_target(a, w->target);
    return -ENOMEM;
}

static int connect_if_not(struct work *w, struct ps_fault *fault)
{
    int err = w->link ? 0 : w->archiver->open(w->target, &w->link, fault);

    if (err)
        w->link = NULL;
    else
        w->opened = now();
    return err;
}

// A connection that was kept may have ended meanwhile: then there is a second try with a new one.
static int hand_over(struct work *w, const struct archiver_doc *doc, struct ps_fault *fault)
{
    bool kept = w->link != NULL;
    int err = connect_if_not(w, fault);

    if (!err)
        err = w->archiver->send(w->link, w->target, doc, fault);
    if (err)
        hang_up(w);
    if (err != PS_ECLOSED || !kept)
        return err;
    fault->text[0] = '\0';
    return hand_over(w, doc, fault);
}

// --- records

static int take_document(struct ps_jnode result, struct archiver_doc *doc, struct ps_fault *fault)
{
    if (!ps_jnode_there(result)) {
        ps_fault_set(fault, NULL, 0, "result: is missing");
        return PS_ENOTFOUND;
    }
    if (ps_jnode_type(result) != PS_JTYPE_STRING) {
        doc->text = ps_jnode_raw(result, &doc->len);
        return 0;
    }
    if (ps_jnode_str(result, 0, SIZE_MAX, &doc->text, fault))
        return PS_EMALFORMED;
    doc->len = strlen(doc->text);
    return 0;
}

// A copy with a NUL behind, which what stands in the record has not.
static int send_copy(struct work *w, const struct archiver_doc *in, struct ps_fault *fault)
{
    struct archiver_doc doc = {.len = in->len};
    char *text = strndup(in->text, in->len);
    int err = text ? 0 : -ENOMEM;

    doc.text = text;
    if (!err)
        err = hand_over(w, &doc, fault);
    free(text);
    return err;
}

static ps_ns wait_of(const struct work *w, uint64_t attempts)
{
    ps_ns wait;

    if (!w->data || attempts == UINT64_MAX ||
        !ps_retry_next(w->retry.steps, w->retry.n, attempts + 1, 0, 0, &wait))
        return -1;
    return wait;
}

static int take_record(struct work *w, struct ps_jnode record)
{
    struct ps_fault fault = {""};
    struct archiver_doc doc;
    uint64_t attempts = 0;
    int err = aim(w, ps_jnode_member(record, "data"), &fault);
    bool aimed = err == 0;

    (void)ps_jnode_u64(ps_jnode_member(record, "attempts"), 0, INT64_MAX, &attempts, NULL);
    if (!err)
        err = take_document(ps_jnode_member(record, "result"), &doc, &fault);
    if (!err)
        err = send_copy(w, &doc, &fault);
    if (!err)
        return answer(NULL, -1);
    return answer(fault.text[0] ? fault.text : ps_strerror(err), aimed ? wait_of(w, attempts) : -1);
}

static int read_record(struct work *w, const char *text, size_t len)
{
    struct ps_fault fault = {""};
    struct ps_jdoc *doc;
    int status;

    if (ps_jdoc_parse_foreign(&doc, NULL, text, len, &fault))
        return answer(fault.text, -1);
    status = take_record(w, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return status;
}

static bool is_blank(const char *text, size_t len)
{
    while (len && (*text == ' ' || *text == '\t' || *text == '\r')) {
        text++;
        len--;
    }
    return len == 0;
}

static int take_line(struct work *w, const struct ps_buf *line, bool whole)
{
    const char *text = (const char *)ps_buf_head(line);
    size_t len = ps_buf_len(line);

    if (!whole)
        return answer("the record is larger than 64 MiB", -1);
    if (len && text[0] == RECORD) {
        text++;
        len--;
    }
    return is_blank(text, len) ? DONE : read_record(w, text, len);
}

static int archive(const struct archiver *a)
{
    struct work w = {.archiver = a};
    struct ps_buf line;
    int status = DONE;
    bool whole;

    ps_buf_init(&line, ARCHIVER_DOC_MAX);
    while (status == DONE && read_line(stdin, &line, &whole))
        status = take_line(&w, &line, whole);
    forget(&w);
    ps_buf_fini(&line);
    return ferror(stdin) ? SYSTEM : status;
}

// --- which method

static const struct method {
    const char *name;
    int (*run)(const struct archiver *a);
} methods[] = {
    {"archive", archive},
    {"data-is-valid", data_is_valid},
    {"enumerate", enumerate},
};

static const struct method *method_of(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

static int help_or_usage(const struct archiver *a, const char *called, int argc, char **argv)
{
    static const struct ps_opt table[] = {
        {'h', "help", NULL, "this text", NULL},
        {'V', "version", NULL, "the version", NULL},
        {0, NULL, NULL, NULL, NULL},
    };
    const struct ps_opt_prog prog = {
        called, "[options]", a->about,
        "A method of an archiver plug-in, by the name it is called by: enumerate, data-is-valid, archive. It "
        "reads "
        "JSON on standard input and answers on standard output. See psched-archivers(7).",
        table};
    struct ps_opt_iter it;
    int letter;

    if (ps_opt_begin(&it, &prog, argc, argv, false))
        return SYSTEM;
    letter = ps_opt_next(&it);
    ps_opt_end(&it);
    if (letter == 'h')
        ps_opt_help(&prog, stdout);
    else if (letter == 'V')
        ps_opt_version(&prog, stdout);
    else if (letter != '?')
        fprintf(stderr, "%s: takes no operands; --help tells more\n", called);
    return letter == 'h' || letter == 'V' ? DONE : USAGE;
}

int archiver_main(const struct archiver *a, int argc, char **argv)
{
    const char *path = argc > 0 ? argv[0] : "archive", *slash = strrchr(path, '/');
    const char *called = slash ? slash + 1 : path;
    const struct method *m = method_of(called);

    if (argc > 1)
        return help_or_usage(a, called, argc, argv);
    if (!m) {
        fprintf(stderr, "%s: wants to be called enumerate, data-is-valid or archive\n", called);
        return USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN); // a write that fails tells it
    return m->run(a);
}
