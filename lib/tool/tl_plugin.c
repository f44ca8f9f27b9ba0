// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_plugin.h"
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_list.h"
#include "tool/tl_child.h"
#include "tool/tl_spec.h"

#define AT_ONCE 4 // that are enumerated at a time
#define GRACE (PS_SEC / 2)

#ifndef TL_LIBEXECDIR
#define TL_LIBEXECDIR "/usr/local/libexec"
#endif

struct tl_plugin {
    enum tl_plugin_class class;
    size_t dir; // where it is, as the folders were told
    char *name;
    struct ps_jdoc *enumeration; // NULL: not yet, or it is no good
};

struct tl_plugin_call {
    struct ps_list link;
    struct tl_plugins *all;
    struct tl_child *child;
    struct ps_timer *timer; // for the fault of one that could not be started
    struct ps_fault fault;
    int err;
    tl_plugin_cb cb;
    void *ctx;
};

struct tl_plugins {
    struct ps_loop *loop;
    char *dirs[TL_PLUGIN_DIRS];
    struct tl_plugin *list; // in the order of class and name; those without an enumeration stay out of sight
    size_t n, next;         // next: the first that was not asked yet
    size_t asking;
    struct ps_list calls;
    struct ps_timer *timer;
    tl_plugins_cb done;
    tl_plugins_bad_cb bad;
    void *ctx;
};

const char *tl_plugin_own(void)
{
    return TL_LIBEXECDIR "/psuite";
}

const char *tl_plugin_class_word(enum tl_plugin_class c)
{
    static const char *const words[TL_PLUGIN_CLASSES] = {"test", "tool", "archiver", "context"};

    return words[c];
}

// --- calls

static void free_call(struct tl_plugin_call *c)
{
    ps_list_remove(&c->link);
    tl_child_free(c->child);
    ps_timer_free(c->timer);
    free(c);
}

void tl_plugin_cancel(struct tl_plugin_call *c)
{
    if (c)
        free_call(c);
}

static void ended(void *ctx, const struct tl_child_end *end)
{
    struct tl_plugin_call *c = ctx;
    tl_plugin_cb cb = c->cb;
    void *cb_ctx = c->ctx;
    char why[512];
    struct tl_plugin_answer a = {.err = end->err, .why = why, .text = end->out, .len = end->out_len};
    struct tl_child *child = c->child;

    if (end->err == PS_ETIMEOUT)
        snprintf(why, sizeof why, "it did not answer in time");
    else if (end->err == PS_ELIMIT)
        snprintf(why, sizeof why, "it wrote more than %zu octets", TL_PLUGIN_OUTPUT);
    else
        tl_child_why(end, why, sizeof why);
    if (!a.err && end->proc.status != 0)
        a.err = PS_EREFUSED;
    c->child = NULL;
    free_call(c);
    cb(cb_ctx, &a);
    tl_child_free(child);
}

static void could_not(void *ctx)
{
    struct tl_plugin_call *c = ctx;
    tl_plugin_cb cb = c->cb;
    void *cb_ctx = c->ctx;
    struct ps_fault fault = c->fault;
    struct tl_plugin_answer a = {.err = c->err, .why = fault.text, .text = ""};

    free_call(c);
    cb(cb_ctx, &a);
}

static int start_child(struct tl_plugin_call *c, const char *path, const char *arg, const char *input,
                       size_t len, ps_ns patience)
{
    static const char *const env[] = {
        "LANG=C", "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    const char *argv[] = {path, arg, NULL};
    struct tl_child_conf conf = {.path = path,
                                 .argv = argv,
                                 .env = env,
                                 .dir = "/",
                                 .input = input,
                                 .input_len = len,
                                 .output_max = TL_PLUGIN_OUTPUT,
                                 .patience = patience,
                                 .grace = GRACE};

    return tl_child_start(c->all->loop, &conf, ended, c, &c->child, &c->fault);
}

int tl_plugin_call(struct tl_plugins *all, const struct tl_plugin *p, const char *method, const char *arg,
                   const char *input, size_t len, ps_ns patience, tl_plugin_cb cb, void *ctx,
                   struct tl_plugin_call **out)
{
    char path[1024];
    int err = tl_plugin_path(all, p, method, path, sizeof path);
    struct tl_plugin_call *c = err ? NULL : calloc(1, sizeof *c);

    if (err)
        return err;
    if (!c)
        return -ENOMEM;
    c->all = all;
    c->cb = cb;
    c->ctx = ctx;
    ps_list_append(&all->calls, &c->link);
    err = ps_timer_new(all->loop, &c->timer, could_not, c);
    if (err) {
        free_call(c);
        return err;
    }
    c->err = start_child(c, path, arg, input ? input : "", len, patience);
    if (c->err)
        ps_timer_start(c->timer, 0);
    if (out)
        *out = c;
    return 0;
}

// --- the list

size_t tl_plugins_count(const struct tl_plugins *p, enum tl_plugin_class c)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n; i++)
        n += p->list[i].class == c && p->list[i].enumeration;
    return n;
}

const struct tl_plugin *tl_plugins_at(const struct tl_plugins *p, enum tl_plugin_class c, size_t i)
{
    for (size_t k = 0; k < p->n; k++) {
        if (p->list[k].class == c && p->list[k].enumeration && i-- == 0)
            return &p->list[k];
    }
    return NULL;
}

const struct tl_plugin *tl_plugins_find(const struct tl_plugins *p, enum tl_plugin_class c, const char *name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (p->list[i].class == c && p->list[i].enumeration && strcmp(p->list[i].name, name) == 0)
            return &p->list[i];
    }
    return NULL;
}

const char *tl_plugin_name(const struct tl_plugin *p)
{
    return p->name;
}

struct ps_jnode tl_plugin_enumeration(const struct tl_plugin *p)
{
    return ps_jdoc_root(p->enumeration);
}

bool tl_plugin_does(const struct tl_plugin *p, const char *test_type)
{
    struct ps_jnode tests = ps_jnode_member(tl_plugin_enumeration(p), "tests");

    for (struct ps_jnode t = ps_jnode_first(tests); ps_jnode_there(t); t = ps_jnode_next(t)) {
        const char *type;
        if (ps_jnode_str(t, 0, SIZE_MAX, &type, NULL) == 0 && strcmp(type, test_type) == 0)
            return true;
    }
    return false;
}

int tl_plugin_preference(const struct tl_plugin *p)
{
    int64_t n = 0;

    (void)ps_jnode_i64(ps_jnode_member(tl_plugin_enumeration(p), "preference"), INT32_MIN, INT32_MAX, &n,
                       NULL);
    return (int)n;
}

int tl_plugin_path(const struct tl_plugins *all, const struct tl_plugin *p, const char *method, char *out,
                   size_t size)
{
    int n = snprintf(out, size, "%s/%s/%s/%s", all->dirs[p->dir], tl_plugin_class_word(p->class), p->name,
                     method);

    if (n < 0 || (size_t)n >= size)
        return -ENAMETOOLONG;
    return access(out, X_OK) == 0 ? 0 : PS_ENOTFOUND;
}

// --- enumeration

static void tell_bad(const struct tl_plugins *all, const struct tl_plugin *p, const char *why)
{
    char path[1024];

    snprintf(path, sizeof path, "%.600s/%s/%.200s", all->dirs[p->dir], tl_plugin_class_word(p->class),
             p->name);
    if (all->bad)
        all->bad(all->ctx, path, why);
}

static void go_on(struct tl_plugins *all);

struct asking {
    struct tl_plugins *all;
    struct tl_plugin *of;
};

// An enumeration is an object that has the plug-in's name.
static void take_enumeration(struct tl_plugins *all, struct tl_plugin *p, const char *text, size_t len)
{
    struct ps_fault fault = {""};
    const char *name;

    if (ps_jdoc_parse_foreign(&p->enumeration, "enumerate", text, len, &fault)) {
        tell_bad(all, p, fault.text);
        return;
    }
    name = tl_spec_str(ps_jdoc_root(p->enumeration), "name");
    if (name && strcmp(name, p->name) == 0)
        return;
    tell_bad(all, p,
             name ? "its enumeration has another name than its folder" : "its enumeration has no name");
    ps_jdoc_free(p->enumeration);
    p->enumeration = NULL;
}

static void enumerated(void *ctx, const struct tl_plugin_answer *a)
{
    struct asking *ask = ctx;
    struct tl_plugins *all = ask->all;

    if (a->err)
        tell_bad(all, ask->of, a->why);
    else
        take_enumeration(all, ask->of, a->text, a->len);
    free(ask);
    all->asking--;
    go_on(all);
}

static void ask_one(struct tl_plugins *all, struct tl_plugin *p)
{
    struct asking *ask = malloc(sizeof *ask);
    int err = ask ? 0 : -ENOMEM;

    if (!err) {
        *ask = (struct asking){all, p};
        err = tl_plugin_call(all, p, "enumerate", NULL, "", 0, TL_PLUGIN_PATIENCE, enumerated, ask, NULL);
    }
    if (!err) {
        all->asking++;
        return;
    }
    free(ask);
    tell_bad(all, p, err == PS_ENOTFOUND ? "it has no program \"enumerate\"" : ps_strerror(err));
}

// May end with `done`, which may free all.
static void go_on(struct tl_plugins *all)
{
    while (all->next < all->n && all->asking < AT_ONCE)
        ask_one(all, &all->list[all->next++]);
    if (all->next == all->n && all->asking == 0)
        all->done(all->ctx);
}

static void begin(void *ctx)
{
    go_on(ctx);
}

// --- folders

static int by_name(const void *a, const void *b)
{
    const struct tl_plugin *p = a, *q = b;

    return p->class != q->class ? (p->class < q->class ? -1 : 1) : strcmp(p->name, q->name);
}

static bool is_there(const struct tl_plugins *all, enum tl_plugin_class class, const char *name)
{
    for (size_t i = 0; i < all->n; i++) {
        if (all->list[i].class == class && strcmp(all->list[i].name, name) == 0)
            return true;
    }
    return false;
}

static int add(struct tl_plugins *all, size_t dir, enum tl_plugin_class class, const char *name)
{
    struct tl_plugin *more;

    if (is_there(all, class, name))
        return 0;
    if (all->n == TL_PLUGIN_MAX)
        return PS_ELIMIT;
    more = realloc(all->list, (all->n + 1) * sizeof *more);
    if (!more)
        return -ENOMEM;
    all->list = more;
    more[all->n] = (struct tl_plugin){.class = class, .dir = dir, .name = strdup(name)};
    return more[all->n].name ? (all->n++, 0) : -ENOMEM;
}

static int read_folder(struct tl_plugins *all, size_t dir, enum tl_plugin_class class, struct ps_fault *fault)
{
    char path[1024];
    const struct dirent *e;
    DIR *d;
    int err = 0;

    snprintf(path, sizeof path, "%.900s/%s", all->dirs[dir], tl_plugin_class_word(class));
    d = opendir(path);
    if (!d && errno == ENOENT)
        return 0;
    if (!d) {
        err = -errno;
        ps_fault_set(fault, path, 0, "cannot be read: %s", ps_strerror(err));
        return err;
    }
    while (!err && (e = readdir(d))) {
        if (e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN))
            err = add(all, dir, class, e->d_name);
    }
    closedir(d);
    if (err)
        ps_fault_set(fault, path, 0, "%s",
                     err == PS_ELIMIT ? "there are too many plug-ins" : ps_strerror(err));
    return err;
}

static int take_dirs(struct tl_plugins *all, const char *const *dirs, size_t ndirs)
{
    for (size_t i = 0; i < ndirs; i++) {
        all->dirs[i] = strdup(dirs[i]);
        if (!all->dirs[i])
            return -ENOMEM;
    }
    return 0;
}

static int read_dir(struct tl_plugins *all, size_t dir, struct ps_fault *fault)
{
    int err = 0;

    for (int c = 0; !err && all->dirs[dir][0] && c < TL_PLUGIN_CLASSES; c++)
        err = read_folder(all, dir, (enum tl_plugin_class)c, fault);
    return err;
}

int tl_plugins_load(struct ps_loop *l, const char *const *dirs, size_t ndirs, tl_plugins_cb done,
                    tl_plugins_bad_cb bad, void *ctx, struct tl_plugins **out, struct ps_fault *fault)
{
    struct tl_plugins *all = calloc(1, sizeof *all);
    int err = -ENOMEM;

    assert(ndirs <= TL_PLUGIN_DIRS);
    if (all) {
        ps_list_init(&all->calls);
        all->loop = l;
        all->done = done;
        all->bad = bad;
        all->ctx = ctx;
        err = take_dirs(all, dirs, ndirs);
    }
    if (!err)
        err = ps_timer_new(l, &all->timer, begin, all);
    if (err)
        ps_fault_set(fault, "plug-ins", 0, "%s", ps_strerror(err));
    for (size_t i = 0; !err && i < ndirs; i++)
        err = read_dir(all, i, fault);
    if (err) {
        tl_plugins_free(all);
        return err;
    }
    if (all->n > 0)
        qsort(all->list, all->n, sizeof *all->list, by_name);
    ps_timer_start(all->timer, 0);
    *out = all;
    return 0;
}

void tl_plugins_free(struct tl_plugins *p)
{
    if (!p)
        return;
    PS_LIST_EACH_SAFE(it, &p->calls) {
        struct tl_plugin_call *c = PS_CONTAINER(it, struct tl_plugin_call, link);
        if (c->cb == enumerated)
            free(c->ctx);
        free_call(c);
    }
    for (size_t i = 0; i < p->n; i++) {
        ps_jdoc_free(p->list[i].enumeration);
        free(p->list[i].name);
    }
    ps_timer_free(p->timer);
    free(p->list);
    for (size_t i = 0; i < TL_PLUGIN_DIRS; i++)
        free(p->dirs[i]);
    free(p);
}
