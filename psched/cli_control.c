// SPDX-License-Identifier: Apache-2.0
// What is asked of the daemon on this host by its control socket: pause, resume, purge, archiving, status.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"
#include "base/ps_opt.h"
#include "base/ps_out.h"
#include "http/ps_url.h"
#include "json/ps_jdoc.h"
#include "loop/ps_ctl.h"
#include "psched/cli.h"
#include "psched/cli_here.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"
#include "psched/settings.h"

#define CLI_CONTROL SETTINGS_CONTROL
#define CLI_CONTROL_ENV "PSCHED_CONTROL"
#define PATIENCE (60 * PS_SEC)
#define UUID_LEN 36

enum { OPT_CONTROL = 940, OPT_JSON, OPT_QUERY };

#define CONTROL_ROWS                                                                         \
    {OPT_CONTROL, "control", "PATH", "the daemon's control socket (" CLI_CONTROL ")", NULL}, \
    {                                                                                        \
        'h', "help", NULL, "this text", NULL                                                 \
    }
#define JSON_ROW                                           \
    {                                                      \
        OPT_JSON, "json", NULL, "the answer as JSON", NULL \
    }

struct control {
    const char *verb, *path;
    bool json, query;
};

static int read_option(void *ctx, int letter, const char *value)
{
    struct control *c = ctx;

    if (letter == OPT_CONTROL)
        c->path = value;
    else if (letter == OPT_JSON)
        c->json = true;
    else if (letter == OPT_QUERY)
        c->query = true;
    return -1;
}

static const char *socket_of(const struct control *c)
{
    const char *path = c->path ? c->path : getenv(CLI_CONTROL_ENV);

    return path && *path ? path : CLI_CONTROL;
}

static int fail(const struct control *c, int status, const char *why)
{
    fprintf(stderr, "psched %s: ", c->verb);
    cli_put(stderr, why);
    putc('\n', stderr);
    return status;
}

// {"verb":VERB,KEY:VALUE}; key NULL: the verb alone.
static char *request_of(const char *verb, const char *key, const char *value)
{
    struct ps_text t;
    struct ps_json *j = ps_text_open(&t);

    ps_json_open(j, '{');
    ps_json_put_str(j, "verb", verb);
    if (key)
        ps_json_put_str(j, key, value);
    ps_json_close(j, '}');
    return ps_text_close(&t, NULL);
}

// Asks, and tells what is wrong with the answer. *out is the answer; 0 or an exit status.
static int ask(const struct control *c, const char *verb, const char *key, const char *value,
               struct ps_jdoc **out)
{
    struct ps_fault fault = {""};
    char *line = request_of(verb, key, value), *reply = NULL;
    size_t len = 0;

    *out = NULL;
    if (!line)
        return fail(c, CLI_SYSTEM, ps_strerror(-ENOMEM));
    int err = ps_ctl_call(socket_of(c), line, PATIENCE, &reply, &len, &fault);
    free(line);
    if (err)
        return fail(c, CLI_PEER, fault.text[0] ? fault.text : ps_strerror(err));
    err = ps_jdoc_parse_foreign(out, NULL, reply, len, &fault);
    free(reply);
    if (err)
        return fail(c, CLI_PEER, fault.text);
    if (cli_bool(ps_jdoc_root(*out), "ok"))
        return 0;
    int status = fail(c, CLI_NO, cli_str(ps_jdoc_root(*out), "error", "refused without a reason"));
    ps_jdoc_free(*out);
    *out = NULL;
    return status;
}

static int begin(struct control *c, const struct cli_verb *v, int argc, char **argv, int *at)
{
    struct cli_where where; // which these verbs have no options for

    *c = (struct control){.verb = v->name};
    return cli_verb_begin(v, argc, argv, &where, c, at);
}

// pause and resume

static const struct ps_opt pause_table[] = {
    {OPT_QUERY, "query", NULL, "tell whether it is paused, and how long", NULL},
    {OPT_JSON, "json", NULL, "with --query: as JSON", NULL},
    CONTROL_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog pause_prog = {
    "psched pause",
    "[options] [DURATION]",
    "Starts no runs for so long (PT1H), or until psched resume. Those that were due meanwhile are missed.",
    NULL,
    pause_table,
};

static const struct cli_verb pause_verb = {"pause", &pause_prog, read_option,           false,
                                           0,       1,           "one duration at most"};

static void put_pause(bool paused, const char *until)
{
    printf("%s", paused ? "Paused" : "Not paused");
    if (paused && until) {
        printf(" until ");
        cli_put(stdout, until);
    }
    putchar('\n');
}

static void put_pause_json(bool paused, const char *until)
{
    struct ps_json j;

    ps_json_init(&j, stdout, true);
    ps_json_open(&j, '{');
    ps_json_put_bool(&j, "paused", paused);
    ps_json_put_str(&j, "paused-until", paused ? until : NULL);
    ps_json_close(&j, '}');
    (void)ps_json_end(&j);
}

static int query_pause(const struct control *c)
{
    struct ps_jdoc *doc;

    int status = ask(c, "status", NULL, NULL, &doc);
    if (status)
        return status;
    (c->json ? put_pause_json : put_pause)(cli_bool(ps_jdoc_root(doc), "paused"),
                                           cli_str(ps_jdoc_root(doc), "paused-until", NULL));
    ps_jdoc_free(doc);
    return CLI_DONE;
}

int cli_pause_main(int argc, char **argv)
{
    struct control c;
    struct ps_jdoc *doc;
    ps_ns d;
    int at;

    int status = begin(&c, &pause_verb, argc, argv, &at);
    if (status >= 0)
        return status;
    if (c.query)
        return query_pause(&c);
    if (at < argc && (ps_iso8601_duration(argv[at], &d) != 0 || d <= 0)) {
        fprintf(stderr, "psched pause: wants a duration, as in PT1H; got '%s'\n", argv[at]);
        return CLI_USAGE;
    }
    status = ask(&c, "pause", at < argc ? "for" : NULL, at < argc ? argv[at] : NULL, &doc);
    ps_jdoc_free(doc);
    return status;
}

static const struct ps_opt resume_table[] = {CONTROL_ROWS, {0, NULL, NULL, NULL, NULL}};

static const struct ps_opt_prog resume_prog = {
    "psched resume", "[options]", "Goes on behind psched pause.", NULL, resume_table,
};

static const struct cli_verb resume_verb = {"resume", &resume_prog, read_option, false, 0, 0, "no operands"};

int cli_resume_main(int argc, char **argv)
{
    struct control c;
    struct ps_jdoc *doc;
    int at;

    int status = begin(&c, &resume_verb, argc, argv, &at);
    if (status >= 0)
        return status;
    status = ask(&c, "resume", NULL, NULL, &doc);
    ps_jdoc_free(doc);
    return status;
}

// purge

static const struct ps_opt purge_table[] = {CONTROL_ROWS, {0, NULL, NULL, NULL, NULL}};

static const struct ps_opt_prog purge_prog = {
    "psched purge",
    "[options] TASK-URL|TASK-UUID",
    "Drops a task with all of its runs and their results, now. psched cancel keeps what was measured.",
    NULL,
    purge_table,
};

// By its URL a task may be another host's, of which the daemon here might have one of the same name.
static bool is_ours(const char *url)
{
    struct ps_url u;

    if (ps_url_parse(&u, url, strlen(url)) != 0)
        return false;
    bool ours = cli_here(u.host);
    ps_url_fini(&u);
    return ours;
}

static int purge_usage(const char *text, const char *why)
{
    fprintf(stderr, "psched purge: '%s' %s\n", text, why);
    return CLI_USAGE;
}

static const struct cli_verb purge_verb = {"purge", &purge_prog, read_option, false, 1, 1, "one task"};

int cli_purge_main(int argc, char **argv)
{
    struct control c;
    struct ps_jdoc *doc;
    char id[UUID_LEN + 1];
    int at;

    int status = begin(&c, &purge_verb, argc, argv, &at);
    if (status >= 0)
        return status;
    const char *behind = strstr(argv[at], "/tasks/"), *text = behind ? behind + strlen("/tasks/") : argv[at];
    snprintf(id, sizeof id, "%s", text);
    if (strlen(id) != UUID_LEN || (text[UUID_LEN] != '\0' && text[UUID_LEN] != '/'))
        return purge_usage(argv[at], "is neither the URL nor the UUID of a task");
    if (behind && !is_ours(argv[at]))
        return purge_usage(argv[at],
                           "is a task of another host: only this host's can be purged here, also by UUID");
    status = ask(&c, "purge", "task", id, &doc);
    ps_jdoc_free(doc);
    return status;
}

// archiving

static const struct ps_opt archiving_table[] = {JSON_ROW, CONTROL_ROWS, {0, NULL, NULL, NULL, NULL}};

static const struct ps_opt_prog archiving_prog = {
    "psched archiving",
    "[options]",
    "Shows each archive: what waits for it, what it took, and what went wrong last.",
    "The exit status is 1 when something waits for an archive whose last try failed.",
    archiving_table,
};

static const struct cli_verb archiving_verb = {"archiving", &archiving_prog, read_option, false, 0,
                                               0,           "no operands"};

static uint64_t count(struct ps_jnode n, const char *key)
{
    uint64_t v = 0;

    (void)ps_jnode_u64(ps_jnode_member(n, key), 0, UINT64_MAX, &v, NULL);
    return v;
}

// Something waits, and what was tried last went wrong.
static bool in_trouble(struct ps_jnode archive)
{
    ps_ns success = INT64_MIN, failure = INT64_MIN;

    (void)cli_time(archive, "last-success", &success);
    (void)cli_time(archive, "last-failure", &failure);
    return count(archive, "backlog") > 0 && failure > success;
}

// "LABEL: ARCHIVER to PLACE (number N)".
static void put_archive_name(struct ps_jnode n)
{
    cli_put_archive(stdout, n);
    printf(" (number %" PRIu64 ")\n", count(n, "id"));
}

static void put_archive(struct ps_jnode n)
{
    const char *error = cli_str(n, "last-error", NULL);

    put_archive_name(n);
    printf("  waiting %" PRIu64 " (%" PRIu64 " octets), archived %" PRIu64 ", failed tries %" PRIu64
           ", dropped %" PRIu64 "\n  last success ",
           count(n, "backlog"), count(n, "backlog-octets"), count(n, "archived"), count(n, "failed"),
           count(n, "dropped"));
    cli_put(stdout, cli_str(n, "last-success", "never"));
    printf(", last failure ");
    cli_put(stdout, cli_str(n, "last-failure", "never"));
    putchar('\n');
    if (error) {
        printf("  last error: ");
        cli_put(stdout, error);
        putchar('\n');
    }
}

int cli_archiving_main(int argc, char **argv)
{
    struct control c;
    struct ps_jdoc *doc;
    bool trouble = false;
    int at;

    int status = begin(&c, &archiving_verb, argc, argv, &at);
    if (status < 0)
        status = ask(&c, "archiving", NULL, NULL, &doc);
    else
        return status;
    if (status)
        return status;
    struct ps_jnode list = ps_jnode_member(ps_jdoc_root(doc), "archives");
    if (c.json)
        cli_put_json(stdout, list);
    else if (ps_jnode_count(list) == 0)
        printf("No archive has been used yet.\n");
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n); n = ps_jnode_next(n)) {
        trouble = trouble || in_trouble(n);
        if (!c.json)
            put_archive(n);
    }
    ps_jdoc_free(doc);
    return trouble ? CLI_NO : CLI_DONE;
}

// status

static const struct ps_opt status_table[] = {JSON_ROW, CONTROL_ROWS, {0, NULL, NULL, NULL, NULL}};

static const struct ps_opt_prog status_prog = {
    "psched status",
    "[options]",
    "Tells how the daemon on this host is.",
    "The exit status is 1 when it is in trouble or paused. psched troubleshoot looks at more, and at other "
    "hosts.",
    status_table,
};

static const struct cli_verb status_verb = {"status", &status_prog, read_option, false, 0, 0, "no operands"};

static void put_line(struct ps_jnode n, const char *label, const char *key)
{
    const char *text = cli_str(n, key, NULL);

    if (!text)
        return;
    printf("%-20s", label);
    cli_put(stdout, text);
    putchar('\n');
}

static void put_runs(struct ps_jnode n)
{
    static const char *const states[] = {"started",  "finished",  "failed",   "missed",
                                         "nonstart", "preempted", "canceled", "records"};
    struct ps_jnode runs = ps_jnode_member(n, "runs");

    printf("%-20s", "Runs");
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        printf("%s%" PRIu64 " %s", i ? ", " : "", count(runs, states[i]), states[i]);
    putchar('\n');
}

static void put_status(struct ps_jnode n)
{
    put_line(n, "Name", "name");
    put_line(n, "Version", "version");
    put_line(n, "Since", "since");
    printf("%-20s", "Listens");
    cli_put_names(stdout, ps_jnode_member(n, "listen"), "?");
    printf("\n%-20s%" PRIu64 ", %" PRIu64 " known\n%-20s%" PRIu64 "\n", "Tasks", count(n, "tasks-alive"),
           count(n, "tasks"), "Running", count(n, "running"));
    put_runs(n);
    printf("%-20s%" PRIu64 "\n", "To be archived", count(n, "archiving-backlog"));
    put_line(n, "Limits", "limits");
    put_line(n, "Certificate until", "certificate-expires");
    if (cli_bool(n, "paused"))
        printf("%-20s%s\n", "Paused until", cli_str(n, "paused-until", "psched resume"));
    put_line(n, "Trouble", "trouble");
}

int cli_status_main(int argc, char **argv)
{
    struct control c;
    struct ps_jdoc *doc;
    int at;

    int status = begin(&c, &status_verb, argc, argv, &at);
    if (status >= 0)
        return status;
    status = ask(&c, "status", NULL, NULL, &doc);
    if (status)
        return status;
    struct ps_jnode n = ps_jdoc_root(doc);
    if (c.json)
        cli_put_json(stdout, n);
    else
        put_status(n);
    bool bad = cli_bool(n, "paused") || cli_str(n, "trouble", NULL);
    ps_jdoc_free(doc);
    return bad ? CLI_NO : CLI_DONE;
}
