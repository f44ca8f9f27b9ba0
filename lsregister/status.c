// SPDX-License-Identifier: Apache-2.0
#include "lsregister/status.h"
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_iso8601.h"

// See LS_FAILING.
static bool is_of_a_stranger(const char *last)
{
    return strstr(last, "status 3") || strstr(last, "status 401") || strstr(last, "status 405") ||
           strstr(last, "status 407") || strstr(last, "registration: status 404");
}

const char *status_advice(const struct registrar_entry *e)
{
    if (!e->failed)
        return "";
    if (strstr(e->last, "status 403") && e->uri)
        return "it is registered anew by itself";
    if (strstr(e->last, "status 403") && strstr(e->last, "exist"))
        return "the server has a record like it: see whether another registrar tells of this host, such as "
               "perfSONAR's lsregistrationdaemon; it is tried again by itself";
    if (strstr(e->last, "status 403"))
        return "the server does not want it: ask who runs it; it is tried again by itself";
    if (is_of_a_stranger(e->last))
        return "no lookup server answers so: see whether its URL is right; it is tried again by itself";
    if (strstr(e->last, "status 404"))
        return "it is registered anew by itself";
    if (strstr(e->last, "status 4"))
        return "the server does not take it: \"lsregister record\" shows what is sent";
    if (strstr(e->last, "status 5"))
        return "the server is in trouble: it is tried again by itself";
    return "see whether the way to the server is open for TCP; it is tried again by itself";
}

static void put_time(struct ps_json *j, const char *key, ps_ns t)
{
    char text[PS_ISO8601_TIME];
    ps_json_put_str(j, key, t ? ps_iso8601_put_utc(t, text) : NULL);
}

static void put_entry(struct ps_json *j, const struct registrar_entry *e)
{
    const char *advice = status_advice(e);
    ps_json_open(j, '{');
    ps_json_put_str(j, "id", e->id);
    ps_json_put_bool(j, "registered", e->uri != NULL);
    ps_json_put_str(j, "server", e->server[0] ? e->server : NULL);
    ps_json_put_str(j, "uri", e->uri);
    put_time(j, "renewed", e->renewed);
    put_time(j, "expires", e->expires);
    ps_json_put_bool(j, "failed", e->failed);
    ps_json_put_str(j, "last", e->last[0] ? e->last : NULL);
    ps_json_put_str(j, "advice", advice[0] ? advice : NULL);
    ps_json_close(j, '}');
}

static void put_entries(struct ps_json *j, const struct registrar *r)
{
    size_t n;
    const struct registrar_entry *e = registrar_entries(r, &n);
    ps_json_put_open(j, "registrations", '[');
    for (size_t i = 0; i < n; i++)
        put_entry(j, &e[i]);
    ps_json_close(j, ']');
}

static void put_doomed(struct ps_json *j, const struct registrar *r)
{
    size_t n;
    const struct registrar_doomed *d = registrar_doomed(r, &n);
    ps_json_put_open(j, "to-delete", '[');
    for (size_t i = 0; i < n; i++) {
        ps_json_open(j, '{');
        ps_json_put_str(j, "server", d[i].server);
        ps_json_put_str(j, "uri", d[i].uri);
        ps_json_put_str(j, "last", d[i].last[0] ? d[i].last : NULL);
        ps_json_close(j, '}');
    }
    ps_json_close(j, ']');
}

static const char *or_null(const char *text)
{
    return text && text[0] ? text : NULL;
}

void status_write(const struct status_of *s, struct ps_json *j)
{
    const char *server = registrar_server(s->registrar);
    ps_ns since;
    ps_json_put_str(j, "program", "lsregister");
    ps_json_put_str(j, "version", PACKAGE_VERSION);
    ps_json_put_bool(j, "serving", s->serving);
    if (s->serving)
        ps_json_put_u64(j, "pid", (uint64_t)getpid());
    put_time(j, "since", s->started);
    ps_json_put_bool(j, "off", ledger_is_off(s->ledger));
    ps_json_put_str(j, "client-uuid", or_null(s->ledger->uuid));
    ps_json_put_str(j, "server", server ? server : s->ledger->server);
    ps_json_put_str(j, "confined", or_null(s->confined));
    ps_json_put_str(j, "faulty", or_null(s->faulty));
    ps_json_put_str(j, "no-server", or_null(s->no_server));
    ps_json_put_u64(j, "failures", registrar_failures(s->registrar, &since));
    ps_json_put_str(j, "trouble", or_null(registrar_trouble(s->registrar)));
    ps_json_put_bool(j, "settled", registrar_is_settled(s->registrar));
    ps_json_put_open(j, "notes", '[');
    for (size_t i = 0; s->notes && i < s->notes->n; i++)
        ps_json_str(j, s->notes->at[i]);
    ps_json_close(j, ']');
    ps_json_put_open(j, "asked", '[');
    for (size_t i = 0; i < s->ledger->asked.n; i++)
        ps_json_str(j, s->ledger->asked.at[i]);
    ps_json_close(j, ']');
    put_entries(j, s->registrar);
    put_doomed(j, s->registrar);
}

// for people

static const char *text_of(struct ps_jnode object, const char *key, const char *otherwise)
{
    const char *text = otherwise;
    (void)ps_jnode_str(ps_jnode_member(object, key), 0, SIZE_MAX, &text, NULL);
    return text;
}

static bool flag_of(struct ps_jnode object, const char *key)
{
    bool flag = false;
    (void)ps_jnode_bool(ps_jnode_member(object, key), &flag, NULL);
    return flag;
}

static void print_entry(FILE *out, struct ps_jnode e)
{
    const char *advice = text_of(e, "advice", NULL), *last = text_of(e, "last", NULL);
    fprintf(out, "\n%s\n", text_of(e, "id", ""));
    if (flag_of(e, "registered"))
        fprintf(out, "    key      %s\n    server   %s\n    renewed  %s, expires %s\n", text_of(e, "uri", ""),
                text_of(e, "server", ""), text_of(e, "renewed", "never"), text_of(e, "expires", "not known"));
    else
        fprintf(out, "    not registered\n");
    if (last)
        fprintf(out, "    last     %s\n", last);
    if (advice)
        fprintf(out, "    advice   %s\n", advice);
}

static void print_head(FILE *out, struct ps_jnode root)
{
    const char *trouble = text_of(root, "trouble", NULL), *none = text_of(root, "no-server", NULL);
    const char *faulty = text_of(root, "faulty", NULL);
    if (flag_of(root, "serving"))
        fprintf(out, "lsregister %s serves since %s\n", text_of(root, "version", ""),
                text_of(root, "since", ""));
    else
        fprintf(out, "nobody serves: this is what was noted down last\n");
    fprintf(out, "registration is %s\n", flag_of(root, "off") ? "off; \"lsregister on\" turns it on" : "on");
    fprintf(out, "client-uuid  %s\n", text_of(root, "client-uuid", "none yet"));
    fprintf(out, "server       %s\n", text_of(root, "server", "none yet"));
    if (faulty)
        fprintf(out, "trouble      the configuration is faulty: %s; the one before is in force\n", faulty);
    if (none)
        fprintf(out, "trouble      %s\n", none);
    if (trouble)
        fprintf(out, "trouble      %s\n", trouble);
}

static void print_lines(FILE *out, const char *title, struct ps_jnode list)
{
    for (struct ps_jnode n = ps_jnode_first(list); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *line = "";
        (void)ps_jnode_str(n, 0, SIZE_MAX, &line, NULL);
        fprintf(out, "%-12s %s\n", title, line);
    }
}

int status_print(FILE *out, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    int err = ps_jdoc_parse_foreign(&doc, "status", text, len, fault);
    if (err)
        return err;
    struct ps_jnode root = ps_jdoc_root(doc), n;
    size_t doomed = ps_jnode_count(ps_jnode_member(root, "to-delete"));
    print_head(out, root);
    print_lines(out, "note", ps_jnode_member(root, "notes"));
    print_lines(out, "service", ps_jnode_member(root, "asked"));
    for (n = ps_jnode_first(ps_jnode_member(root, "registrations")); ps_jnode_there(n); n = ps_jnode_next(n))
        print_entry(out, n);
    if (doomed)
        fprintf(out, "\n%zu %s still to be deleted\n", doomed, doomed == 1 ? "record is" : "records are");
    ps_jdoc_free(doc);
    return 0;
}
