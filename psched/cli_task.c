// SPDX-License-Identifier: Apache-2.0
// psched task: a test, from the words of the command line to its results.
#include "psched/cli_task.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "http/ps_url.h"
#include "psched/cli.h"
#include "psched/cli_here.h"
#include "psched/cli_print.h"
#include "psched/cli_spec.h"
#include "spec/sp_cli.h"
#include "spec/sp_json.h"

#define IMPORT_MAX ((size_t)4 << 20)
#define URL_MAX 4096
#define POST_TIMEOUT (60 * PS_SEC) // a lead asks the participants first

struct submit {
    struct task_ask ask;
    struct cli_link *assist;
    struct cli_link *lead; // may be the same
    struct ps_jdoc *imported;
    struct ps_buf spec; // JSON with a NUL; empty: the imported one
    struct ps_buf task; // JSON with a NUL
};

// the imported task

static int read_stdin(struct ps_buf *out)
{
    uint8_t *room;
    ssize_t n;
    int err;

    while ((err = ps_buf_reserve(out, 65536, &room)) == 0 && (n = read(STDIN_FILENO, room, 65536)) > 0)
        ps_buf_commit(out, (size_t)n);
    return err ? err : n < 0 ? -errno : 0;
}

static int import_task(struct submit *s)
{
    const char *path = s->ask.import;
    struct ps_fault fault = {""};
    struct ps_buf text;
    int err;

    if (!path)
        return 0;
    ps_buf_init(&text, IMPORT_MAX);
    if (strcmp(path, "-") == 0) {
        err = read_stdin(&text);
        if (!err)
            err = ps_jdoc_parse(&s->imported, "standard input", (const char *)ps_buf_head(&text),
                                ps_buf_len(&text), &fault);
    } else {
        err = ps_jdoc_load(&s->imported, path, IMPORT_MAX, &fault);
    }
    ps_buf_fini(&text);
    return err ? cli_fail(s->assist, CLI_USAGE, "--import: %s", fault.text[0] ? fault.text : ps_strerror(err))
               : 0;
}

static struct ps_jnode imported(const struct submit *s)
{
    return s->imported ? ps_jdoc_root(s->imported) : (struct ps_jnode){NULL, 0};
}

// the specification

// Options of the task behind the test are taken for the test's.
static int hint(const struct submit *s, int status)
{
    const char *name = status > 0 ? task_option_among(s->ask.args, s->ask.nargs) : NULL;

    if (name)
        (void)cli_fail(s->assist, 0, "--%s is an option of the task: it goes before '%s'", name, s->ask.type);
    return status;
}

// -1: go on; else the exit status.
static int make_spec(struct submit *s)
{
    const struct cli_spec q = {s->assist, "task", s->ask.type, s->ask.args, s->ask.nargs};

    if (strcmp(s->ask.type, "-") != 0)
        return hint(s, cli_spec(&q, &s->spec));
    if (!ps_jnode_there(ps_jnode_member(imported(s), "test")))
        return cli_fail(s->assist, CLI_USAGE, "the test is -, but no task with a test is imported");
    if (s->ask.nargs > 0)
        return cli_fail(s->assist, CLI_USAGE, "the imported test takes no options");
    return -1;
}

// who leads

static int participants_of(struct submit *s, struct ps_jnode test, struct ps_jdoc **out)
{
    const char *type = cli_str(test, "type", "");
    struct ps_buf url;
    char *text = ps_jnode_copy(ps_jnode_member(test, "spec"));

    ps_buf_init(&url, 0);
    int err = text ? cli_test_url(type, "participants", "spec", text, &url) : -ENOMEM;
    int status = err ? cli_fail(s->assist, CLI_SYSTEM, "%s", ps_strerror(err))
                     : cli_get(s->assist, (const char *)ps_buf_head(&url), 0, out);
    ps_buf_fini(&url);
    free(text);
    return status;
}

// What we ask is a scheduler of this host, at whichever port.
static bool assist_is_here(const struct submit *s)
{
    const char *root = cli_link_root(s->assist);
    struct ps_url u;

    if (ps_url_parse(&u, root, strlen(root)) != 0)
        return false;
    bool here = cli_here(u.host);
    ps_url_fini(&u);
    return here;
}

// The first participant; "": the one that we ask.
static int find_lead(struct submit *s, struct ps_jnode test, char lead[URL_MAX])
{
    const struct sp_test *t = sp_test_find(cli_str(test, "type", ""));
    struct ps_jdoc *doc = NULL;
    const char *host = NULL;
    int status = 0;

    if (t) {
        struct ps_fault fault = {""};
        struct ps_jnode spec = ps_jnode_member(test, "spec");
        if (sp_validate(t, spec, &fault) != 0)
            return cli_fail(s->assist, CLI_USAGE, "%s", fault.text);
        host = sp_participant(t, spec, 0);
    } else {
        status = participants_of(s, test, &doc);
        if (!status)
            (void)ps_jnode_str(ps_jnode_first(ps_jnode_member(ps_jdoc_root(doc), "participants")), 1,
                               URL_MAX - 1, &host, NULL);
    }
    snprintf(lead, URL_MAX, "%s", host && !(cli_here(host) && assist_is_here(s)) ? host : "");
    ps_jdoc_free(doc);
    return status;
}

static int reach_lead(struct submit *s)
{
    const char *text = (const char *)ps_buf_head(&s->task);
    static char lead[URL_MAX];
    struct cli_where where = s->ask.where;
    struct ps_jdoc *doc;

    if (ps_jdoc_parse(&doc, NULL, text, strlen(text), NULL) != 0)
        return CLI_SYSTEM;
    int status = find_lead(s, ps_jnode_member(ps_jdoc_root(doc), "test"), lead);
    ps_jdoc_free(doc);
    if (status)
        return status;
    s->lead = s->assist;
    if (!*lead)
        return 0;
    where.host = lead;
    return cli_link_new(&s->lead, "task", &where);
}

// submission

// The body is a JSON string, the task's URL.
static int post(struct submit *s, char url[URL_MAX])
{
    struct cli_answer a;
    struct ps_jdoc *doc = NULL;
    const char *text;

    cli_ask(s->lead, "POST", "/tasks", (const char *)ps_buf_head(&s->task), POST_TIMEOUT, &a);
    int status = 0;
    if (a.err || a.status != 200 || ps_jdoc_parse(&doc, NULL, a.body, a.len, NULL) != 0 ||
        ps_jnode_str(ps_jdoc_root(doc), 1, URL_MAX - 1, &text, NULL) != 0)
        status = cli_tell(s->lead, cli_link_root(s->lead), &a);
    else
        strcpy(url, text);
    ps_jdoc_free(doc);
    cli_answer_fini(&a);
    return status;
}

// What the scheduler warns of; the task is there, whatever becomes of this.
static void warn(const struct submit *s, const char *url)
{
    struct ps_jdoc *task = NULL;
    struct cli_answer a;
    char detail[URL_MAX + 16];
    const char *text = NULL;

    snprintf(detail, sizeof detail, "%s?detail=1", url);
    cli_ask(s->lead, "GET", detail, NULL, 0, &a);
    if (!a.err && a.status == 200 && ps_jdoc_parse_foreign(&task, NULL, a.body, a.len, NULL) == 0)
        text = cli_str(ps_jnode_member(ps_jdoc_root(task), "detail"), "warning", NULL);
    if (text) {
        fputs("psched task: warning: ", stderr);
        cli_put(stderr, text);
        putc('\n', stderr);
    }
    ps_jdoc_free(task);
    cli_answer_fini(&a);
}

static int tell_tool(const struct submit *s, const char *url)
{
    char detail[URL_MAX + 16];
    struct ps_jdoc *task;

    snprintf(detail, sizeof detail, "%s?detail=1", url);
    int status = cli_get(s->lead, detail, 0, &task);
    if (status)
        return status;
    printf("Running with tool '");
    cli_put(stdout, cli_str(ps_jdoc_root(task), "tool", "?"));
    printf("'\nWaiting for the first run to be scheduled...\n\n");
    fflush(stdout);
    ps_jdoc_free(task);
    return 0;
}

static int submit(struct submit *s)
{
    const struct cli_result_conf *r = &s->ask.watch.result;
    bool talks = !s->ask.url_only && cli_result_talks(r);
    static char url[URL_MAX];

    if (talks) {
        printf("Submitting the task...\n");
        fflush(stdout);
    }
    int status = post(s, url);
    if (status)
        return status;
    warn(s, url);
    if (s->ask.url_only || r->format == CLI_NONE) {
        cli_put(stdout, url);
        putchar('\n');
        return CLI_DONE;
    }
    if (talks) {
        printf("Task URL:\n");
        cli_put(stdout, url);
        putchar('\n');
        status = tell_tool(s, url);
    }
    return status ? status : cli_watch(s->lead, &s->ask.watch, url);
}

static int export_task(const struct submit *s)
{
    const char *text = (const char *)ps_buf_head(&s->task);
    struct ps_jdoc *doc;

    if (ps_jdoc_parse(&doc, NULL, text, strlen(text), NULL) != 0)
        return CLI_SYSTEM;
    cli_put_json(stdout, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return CLI_DONE;
}

static int run(struct submit *s)
{
    int status = import_task(s);

    if (!status)
        status = make_spec(s);
    if (status >= 0)
        return status;
    const char *spec = ps_buf_len(&s->spec) > 0 ? (const char *)ps_buf_head(&s->spec) : NULL;
    status = task_compose(s->assist, &s->ask, imported(s), spec, &s->task);
    if (!status && s->ask.export_only)
        return export_task(s);
    if (!status)
        status = reach_lead(s);
    return status ? status : submit(s);
}

int cli_task_main(int argc, char **argv)
{
    struct submit s = {.assist = NULL};

    int status = task_options(&s.ask, argc, argv);
    if (status >= 0)
        return status;
    ps_buf_init(&s.spec, 0);
    ps_buf_init(&s.task, 0);
    status = cli_link_new(&s.assist, "task", &s.ask.where);
    if (!status)
        status = run(&s);
    if (s.lead != s.assist)
        cli_link_free(s.lead);
    cli_link_free(s.assist);
    ps_jdoc_free(s.imported);
    ps_buf_fini(&s.spec);
    ps_buf_fini(&s.task);
    return status;
}
