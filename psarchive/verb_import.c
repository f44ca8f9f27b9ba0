// SPDX-License-Identifier: Apache-2.0
// psarchive import: lines of JSON from files. What a line is shows in what it holds.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_map.h"
#include "base/ps_num.h"
#include "psarchive/hosts.h"
#include "psarchive/import_url.h"
#include "psarchive/map.h"
#include "esmond/es_param.h"
#include "psarchive/settings.h"
#include "psarchive/verb_options.h"
#include "psarchive/verbs.h"
#include "psarchive/workplace.h"

enum { OPT_NO_DOCUMENTS = VERB_OWN };

#define WAITING_MAX 2000 // puts with the writer

static const struct ps_opt table[] = {
    {VERB_DATA, "data", "DIR", "the archive's directory (" SETTINGS_DATA "); made when it is missing", NULL},
    {OPT_NO_DOCUMENTS, "no-documents", NULL, "keep the values alone, and not the documents they are from",
     NULL},
    IMPORT_URL_OPTIONS,
    {'h', "help", NULL, "this text", "Other"},
    {'V', "version", NULL, "the version", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psarchive import",
    "[options] FILE... | URL",
    "Stores what FILEs hold, \"-\" being standard input: lines of JSON, as psarchive export prints them, or "
    "a result "
    "document a line, of pScheduler or powstream. What is there already stays as it is, so an import can be "
    "repeated. Of a URL (http://host/esmond/perfsonar/archive) takes over what the archive there has, by "
    "esmond's API: "
    "metadata, results, and what only its summaries tell any longer.",
    "Exit status: 0 all is stored; 1 some of it was refused, which is told; 2 usage; 3 the other archive "
    "does not "
    "answer; 4 it failed.\n"
    "See psarchive(1).",
    table,
};

struct import {
    struct workplace w;
    bool documents;
    int64_t now;
    struct hosts *hosts;
    struct roster *roster;
    struct ps_map metas; // by the key in the file
    const char *file;
    uint64_t line;
    uint64_t stored, known, refused;
    uint64_t purged; // results of which values are not taken again
    int err;         // the writer's, for which there is no sense in going on
    struct import_url *url;
};

// One line on its way: where it is from, for what is to be told.
struct load {
    struct import *im;
    const char *file;
    uint64_t line;
    bool registers; // under this key in the file
    uint8_t key[ES_REG_KEY_LEN];
};

static void refuse(struct import *im, const char *file, uint64_t line, const char *why)
{
    im->refused++;
    fprintf(stderr, "psarchive import: %s:%llu: %s\n", file, (unsigned long long)line, why);
}

// --- what came of it

static void remember(struct import *im, const uint8_t key[ES_REG_KEY_LEN], const struct meta *m)
{
    struct meta *old = ps_map_get(&im->metas, key), *own = meta_ref(m);
    if (ps_map_put(&im->metas, key, own) != 0)
        meta_unref(own);
    else
        meta_unref(old);
}

static bool is_fatal(int err)
{
    return err == -ENOSPC || err == -EIO || err == -EROFS || err == -EBUSY || err == PS_ESTATE ||
           err == -ENOMEM;
}

static void written(void *ctx, struct put *p)
{
    struct load *l = ctx;
    struct import *im = l->im;
    char why[PUT_WHY_SIZE];
    if (p->err == 0) {
        if (l->registers)
            remember(im, l->key, p->meta);
        else if (p->nvalues > 0) {
            im->purged += p->purged > 0;
            *(p->created + p->replaced > 0 ? &im->stored : &im->known) += 1;
        }
    } else if (is_fatal(p->err))
        im->err = p->err;
    else
        refuse(im, l->file, l->line, put_why(p, why));
    put_free(p);
    free(l);
}

static int give(struct import *im, struct put *p, const uint8_t *key)
{
    struct load *l = malloc(sizeof *l);
    if (l == NULL) {
        put_free(p);
        return -ENOMEM;
    }
    *l = (struct load){.im = im, .file = im->file, .line = im->line, .registers = key != NULL};
    if (key != NULL)
        memcpy(l->key, key, ES_REG_KEY_LEN);
    p->done = written;
    p->ctx = l;
    int err;
    while ((err = port_put(im->w.port, p)) == PS_ELIMIT)
        port_wait(im->w.port, 0);
    if (err != 0) {
        put_free(p);
        free(l);
        return err;
    }
    port_wait(im->w.port, key != NULL ? 0 : WAITING_MAX); // what follows needs the meta
    return 0;
}

// --- lines

static int get_key(struct ps_jnode root, uint8_t out[ES_REG_KEY_LEN], struct ps_fault *fault)
{
    struct ps_jnode n = ps_jnode_member(root, "metadata-key");
    const char *text;
    int err = ps_jnode_str(n, 2 * ES_REG_KEY_LEN, 2 * ES_REG_KEY_LEN, &text, fault);
    if (err == 0 && ps_num_hex(text, out, ES_REG_KEY_LEN) != 0) {
        ps_jnode_fault(n, fault, "wants 32 hexadecimal digits");
        err = PS_EMALFORMED;
    }
    return err;
}

static int take_registration(struct import *im, struct ps_jnode root, struct ps_fault *fault)
{
    struct es_reg r;
    uint8_t key[ES_REG_KEY_LEN];
    int err = get_key(root, key, fault);
    es_reg_init(&r);
    if (err == 0)
        err = es_param_registration(&r, ps_jnode_member(root, "metadata"), fault);
    if (err == 0)
        err = es_reg_check(&r, fault);
    struct put *p = err == 0 ? put_new(NULL) : NULL;
    if (p == NULL) {
        es_reg_fini(&r);
        return err != 0 ? err : -ENOMEM;
    }
    put_register(p, &r);
    p->reg.keyed = true;
    memcpy(p->reg.key, key, ES_REG_KEY_LEN);
    return give(im, p, key);
}

// Of a line about a result: the meta, from a line before, and the time.
static int get_place(struct import *im, struct ps_jnode root, const struct meta **m, int64_t *ts,
                     struct ps_fault *fault)
{
    uint8_t key[ES_REG_KEY_LEN];
    int err = get_key(root, key, fault);
    if (err == 0)
        err = ps_jnode_i64(ps_jnode_member(root, "ts"), 0, PUT_TS_MAX, ts, fault);
    *m = err == 0 ? ps_map_get(&im->metas, key) : NULL;
    if (err == 0 && *m == NULL) {
        ps_jnode_fault(root, fault, "the metadata of this key have to come before");
        err = PS_ENOTFOUND;
    }
    return err;
}

static int take_value(struct put *p, int64_t ts, struct ps_jnode n, struct ps_fault *fault)
{
    struct es_value v;
    int event = es_event_find(ps_jnode_key(n));
    if (event < 0) {
        ps_jnode_fault(n, fault, "there is no such event type");
        return event;
    }
    int err = es_value_from_json(es_event_kind(event), n, &v, fault);
    if (err == 0 && (err = put_value(p, ts, event, &v)) != 0)
        ps_jnode_fault(n, fault, "%s", ps_strerror(err));
    return err;
}

static int take_values(struct import *im, struct ps_jnode root, struct ps_fault *fault)
{
    const struct meta *m;
    int64_t ts;
    struct ps_jnode values = ps_jnode_member(root, "values");
    int err = get_place(im, root, &m, &ts, fault);
    if (err == 0)
        err = ps_jnode_want(values, PS_JTYPE_OBJECT, fault);
    if (err != 0)
        return err;
    struct put *p = put_new(m);
    if (p == NULL)
        return -ENOMEM;
    for (struct ps_jnode n = ps_jnode_first(values); err == 0 && ps_jnode_there(n); n = ps_jnode_next(n))
        err = take_value(p, ts, n, fault);
    if (err == 0)
        return give(im, p, NULL);
    put_free(p);
    return err;
}

static int take_document(struct import *im, struct ps_jnode root, struct ps_fault *fault)
{
    const struct meta *m;
    const char *text;
    int64_t ts;
    int err = get_place(im, root, &m, &ts, fault);
    if (err == 0)
        err = ps_jnode_str(ps_jnode_member(root, "document"), 1, ES_VALUE_TEXT_MAX, &text, fault);
    if (err != 0 || !im->documents)
        return err;
    struct put *p = put_new(m);
    if (p == NULL)
        return -ENOMEM;
    err = put_document(p, ts, text, strlen(text));
    if (err == 0)
        return give(im, p, NULL);
    put_free(p);
    return err;
}

static int take_result(struct import *im, struct ps_jnode root, struct ps_fault *fault)
{
    struct es_map m;
    struct put *p = NULL;
    size_t len;
    const char *text = ps_jnode_raw(root, &len);
    int err = es_map_begin(&m, root, fault);
    for (size_t i = 0; err == 0 && i < ES_MAP_ROLES; i++) {
        struct ps_addr addrs[HOSTS_ADDRESSES];
        if (m.hosts[i].name == NULL || m.hosts[i].known)
            continue;
        size_t n = hosts_find(im->hosts, m.hosts[i].name, im->now * PS_SEC, addrs);
        if (n > 0)
            es_map_found(&m.hosts[i], addrs, n);
    }
    if (err == 0 && m.kind == ES_MAP_GAP)
        port_wait(im->w.port, 0); // its stream may be what came just before
    if (err == 0)
        err = map_make(&m, im->roster, &p, fault);
    if (err == 0 && p != NULL && im->documents && map_has_document(&m))
        err = put_document(p, m.ts, text, len);
    if (err == 0 && p != NULL)
        return give(im, p, NULL);
    put_free(p);
    return err;
}

static int take_line(struct import *im, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    int err = ps_jdoc_parse_foreign(&doc, NULL, text, len, fault);
    if (err != 0)
        return err;
    struct ps_jnode root = ps_jdoc_root(doc);
    bool ours = ps_jnode_there(ps_jnode_member(root, "metadata-key"));
    if (ours && ps_jnode_there(ps_jnode_member(root, "metadata")))
        err = take_registration(im, root, fault);
    else if (ours && ps_jnode_there(ps_jnode_member(root, "document")))
        err = take_document(im, root, fault);
    else if (ours)
        err = take_values(im, root, fault);
    else
        err = take_result(im, root, fault);
    ps_jdoc_free(doc);
    return err;
}

// --- files

static int read_lines(struct import *im, FILE *f)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    while (im->err == 0 && (len = getline(&line, &cap, f)) >= 0) {
        struct ps_fault fault = {""};
        im->line++;
        if (strspn(line, " \t\r\n") == (size_t)len)
            continue;
        int err = (size_t)len > 4 * (size_t)ES_VALUE_TEXT_MAX ? PS_ELIMIT
                                                              : take_line(im, line, (size_t)len, &fault);
        if (err != 0 && is_fatal(err))
            im->err = err;
        else if (err != 0)
            refuse(im, im->file, im->line, fault.text[0] != '\0' ? fault.text : ps_strerror(err));
    }
    free(line);
    port_wait(im->w.port, 0);
    return ferror(f) ? -EIO : im->err;
}

static int import_file(struct import *im, const char *file)
{
    bool standard = strcmp(file, "-") == 0;
    FILE *f = standard ? stdin : fopen(file, "re");
    im->file = standard ? "standard input" : file;
    im->line = 0;
    if (f == NULL)
        return workplace_fail("import", EXIT_SYSTEM, "%s: %s", file, ps_strerror(-errno));
    int err = read_lines(im, f);
    if (!standard)
        fclose(f);
    if (err != 0)
        return workplace_fail("import", EXIT_SYSTEM, "%s: behind line %llu: %s", im->file,
                              (unsigned long long)im->line, ps_strerror(err));
    return 0;
}

// Before an archive is made for them.
static int check_files(const struct verb_options *v)
{
    for (int i = 0; i < v->argc; i++)
        if (strcmp(v->argv[i], "-") != 0 && access(v->argv[i], R_OK) != 0)
            return workplace_fail("import", EXIT_SYSTEM, "%s: %s", v->argv[i], ps_strerror(-errno));
    return 0;
}

static void forget_metas(struct import *im)
{
    size_t pos = 0;
    for (struct meta *m; (m = ps_map_each(&im->metas, &pos)) != NULL;)
        meta_unref(m);
    ps_map_fini(&im->metas);
}

static int run(struct import *im, const struct verb_options *v)
{
    int status = 0;
    for (int i = 0; status == 0 && i < v->argc; i++) {
        status = import_file(im, v->argv[i]);
        forget_metas(im);
    }
    if (im->purged > 0)
        fprintf(stderr,
                "psarchive import: of %llu results some values were purged before and are in roll-ups yet: "
                "they stay purged\n",
                (unsigned long long)im->purged);
    printf("%llu stored, %llu known already, %llu refused\n", (unsigned long long)im->stored,
           (unsigned long long)im->known, (unsigned long long)im->refused);
    return workplace_flush("import", status != 0 ? status : im->refused > 0 ? EXIT_NO : EXIT_DONE);
}

static int set_own(void *ctx, int letter, const char *value)
{
    struct import *im = ctx;
    if (letter != OPT_NO_DOCUMENTS)
        return import_url_set(im->url, prog.name, letter, value);
    im->documents = false;
    return 0;
}

static int import_files(struct import *im, const struct verb_options *v)
{
    int status;
    im->now = v->now;
    if (import_url_given(im->url))
        return workplace_fail("import", EXIT_USAGE, "filters and the like are for a URL; --help tells more");
    status = check_files(v);
    if (status != 0)
        return status;
    if (ps_map_init(&im->metas, ES_REG_KEY_LEN) != 0 || hosts_new(&im->hosts) != 0)
        return workplace_fail("import", EXIT_SYSTEM, "out of memory");
    status = workplace_open(&im->w, "import", v->data, WORKPLACE_WRITE);
    if (status == 0 && roster_new(&im->roster, writer_catalog(im->w.writer)) != 0)
        status = workplace_fail("import", EXIT_SYSTEM, "out of memory");
    if (status == 0)
        status = run(im, v);
    roster_free(im->roster);
    workplace_close(&im->w);
    hosts_free(im->hosts);
    return status;
}

int import_main(int argc, char **argv)
{
    struct import im = {.documents = true};
    struct verb_options v = {.own = set_own, .ctx = &im};
    if (import_url_new(&im.url) != 0)
        return workplace_fail("import", EXIT_SYSTEM, "out of memory");
    int status = verb_options_read(&v, &prog, argc, argv);
    if (status < 0 && v.argc == 0)
        status = workplace_fail("import", EXIT_USAGE, "wants files or a URL; --help tells more");
    if (status < 0)
        status = import_is_url(v.argv[0]) ? import_url_run(im.url, &v) : import_files(&im, &v);
    import_url_free(im.url);
    return status;
}
