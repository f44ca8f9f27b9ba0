// SPDX-License-Identifier: Apache-2.0
#include "powstream/streams_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "owamp/ow_test.h"
#include "powstream/place.h"

#define FILE_MAX (16u << 20)
#define STREAMS_MAX 100000

static void set_text(struct ps_jget *g, const char *key, size_t max, char **out)
{
    const char *v = ps_jget_str(g, key, 1, max, NULL);
    if (v == NULL)
        return;
    free(*out);
    *out = strdup(v);
    if (*out == NULL)
        ps_jget_fail(g, key, -ENOMEM, "out of memory");
}

static void set_server(struct ps_jget *g, struct stream_conf *c)
{
    struct ps_hostport hp;
    const char *v = ps_jget_str(g, "server", 1, 300, NULL);
    if (v == NULL)
        return;
    if (ps_hostport_parse(v, OW_PORT, false, &hp) != 0 || hp.port == 0) {
        ps_jget_fail(g, "server", PS_ESYNTAX, "wants NAME, ADDRESS, NAME:PORT or [V6]:PORT; got \"%s\"", v);
        return;
    }
    free(c->server);
    c->server = strdup(hp.host);
    c->port = hp.port;
}

// A number of seconds, exponentially distributed, or a text as with -i.
static void set_interval(struct ps_jget *g, struct stream_conf *c)
{
    struct ps_jnode n = ps_jget_node(g, "interval");
    struct ow_slot slot;
    uint32_t one;
    size_t len;
    char text[64];
    if (!ps_jnode_there(n))
        return;
    const char *raw = ps_jnode_raw(n, &len);
    const char *v = NULL;
    if (ps_jnode_type(n) == PS_JTYPE_NUMBER && len < sizeof text) {
        memcpy(text, raw, len);
        text[len] = '\0';
        v = text;
    } else if (ps_jnode_type(n) == PS_JTYPE_STRING) {
        v = ps_jget_str(g, "interval", 1, 60, NULL);
    }
    if (v == NULL || ow_slots_parse(v, &slot, 1, &one) != 0 || slot.value == 0)
        ps_jget_fail(g, "interval", PS_ESYNTAX, "wants seconds between packets, as 0.1 or \"0.1f\"");
    else
        c->slot = slot;
}

static void set_dscp(struct ps_jget *g, struct stream_conf *c)
{
    struct ps_jnode n = ps_jget_node(g, "dscp");
    if (ps_jnode_type(n) == PS_JTYPE_STRING) {
        const char *v = ps_jget_str(g, "dscp", 1, 10, "0");
        if (ow_dscp_parse(v, &c->dscp) != 0)
            ps_jget_fail(g, "dscp", PS_ESYNTAX, "wants 0..63 or a name such as \"ef\"; got \"%s\"", v);
    } else {
        c->dscp = (uint8_t)ps_jget_u64(g, "dscp", 0, 63, c->dscp);
    }
}

static void set_modes(struct ps_jget *g, struct stream_conf *c)
{
    const char *v = ps_jget_str(g, "modes", 1, 3, NULL);
    if (v != NULL && ow_modes_parse(v, &c->modes) != 0)
        ps_jget_fail(g, "modes", PS_ESYNTAX, "wants letters of A, E and O; got \"%s\"", v);
}

static void set_test(struct ps_jget *g, struct stream_conf *c)
{
    static const char *const directions[] = {"from", "to"};
    c->to = ps_jget_word(g, "direction", directions, 2, c->to) == 1;
    c->count = (uint32_t)ps_jget_u64(g, "count", 1, STREAM_COUNT_MAX, c->count);
    set_interval(g, c);
    c->timeout = ps_jget_double(g, "timeout", 0, 1e6, c->timeout);
    c->padding = (uint32_t)ps_jget_u64(g, "padding", 0, OW_PADDING_MAX, c->padding);
    set_dscp(g, c);
    c->delay = ps_jget_double(g, "delay", 0, 1e6, c->delay);
    c->enddelay = ps_jget_double(g, "end-delay", 0, 1e6, c->enddelay);
    c->retry = ps_jget_double(g, "retry", 0.01, 1e6, c->retry);
}

static void set_connection(struct ps_jget *g, struct stream_conf *c)
{
    set_server(g, c);
    set_text(g, "test-address", 255, &c->test_host);
    set_modes(g, c);
    set_text(g, "identity", OW_KEYID_LEN, &c->identity);
    set_text(g, "pass-phrases", 4095, &c->pass_path);
    set_text(g, "source", 255, &c->source);
    static const char *const families[] = {"any", "ipv4", "ipv6"};
    static const int numbers[] = {AF_UNSPEC, AF_INET, AF_INET6};
    size_t now = c->family == AF_INET ? 1 : c->family == AF_INET6 ? 2 : 0;
    c->family = numbers[ps_jget_word(g, "family", families, 3, now)];
}

static void set_output(struct ps_jget *g, struct stream_conf *c)
{
    c->every = (uint32_t)ps_jget_u64(g, "every", 0, UINT32_MAX, c->every);
    c->bucket_width = ps_jget_double(g, "bucket-width", 1e-9, 1e6, c->bucket_width);
    c->unix_times = ps_jget_bool(g, "unix-times", c->unix_times);
    set_text(g, "directory", 4095, &c->directory);
    c->print = ps_jget_bool(g, "print-names", c->print);
    c->json = ps_jget_bool(g, "json-lines", c->json);
    set_text(g, "spool", 4095, &c->spool);
    c->raw = ps_jget_bool(g, "raw", c->raw);
}

static void set_name(struct ps_jget *g, struct stream_conf *c)
{
    const char *v = ps_jget_str(g, "name", 0, SIZE_MAX, NULL);
    if (v != NULL && !stream_conf_name_good(v))
        ps_jget_fail(g, "name", PS_ESYNTAX, STREAM_NAME_WANTS "; got \"%.200s\"", v);
    else
        set_text(g, "name", SIZE_MAX, &c->name);
}

static int read_object(struct ps_jnode object, struct stream_conf *c, bool named, struct ps_fault *fault)
{
    struct ps_jget g;
    ps_jget_init(&g, object, fault);
    if (named)
        set_name(&g, c);
    set_connection(&g, c);
    set_test(&g, c);
    set_output(&g, c);
    return ps_jget_end(&g);
}

// "%n" in a directory stands for the stream's name.
static int expand_directory(struct stream_conf *c)
{
    char *at = c->directory != NULL ? strstr(c->directory, "%n") : NULL, *path;
    c->make_directory = at != NULL;
    if (at == NULL)
        return 0;
    if (asprintf(&path, "%.*s%s%s", (int)(at - c->directory), c->directory, c->name, at + 2) < 0)
        return -ENOMEM;
    free(c->directory);
    c->directory = path;
    return 0;
}

// What is wrong with a stream as a whole: with its name, as far as it has one.
static int tell(struct ps_jnode object, const struct stream_conf *c, int err, const char *why,
                struct ps_fault *fault)
{
    ps_jnode_fault(object, fault, "%s%s%s", c->name != NULL ? c->name : "", c->name != NULL ? ": " : "", why);
    return err;
}

static int settle(struct ps_jnode object, struct stream_conf *c, struct ps_fault *fault)
{
    struct ps_fault why = {""};
    if (c->server == NULL)
        return tell(object, c, PS_ESYNTAX, "\"server\" is missing", fault);
    int err = stream_conf_settle(c, true, &why);
    if (err != 0)
        return tell(object, c, err, why.text, fault);
    if (c->directory == NULL && c->spool == NULL && !c->json)
        return tell(object, c, PS_ESYNTAX,
                    "its results go nowhere: wants \"directory\", \"spool\" or \"json-lines\"", fault);
    return expand_directory(c);
}

int streams_file_stream(struct ps_jnode object, const struct stream_conf *base, struct stream_conf *out,
                        struct ps_fault *fault)
{
    int err = stream_conf_copy(out, base);
    if (err == 0)
        err = read_object(object, out, true, fault);
    if (err == 0)
        err = settle(object, out, fault);
    if (err != 0)
        stream_conf_free(out);
    return err;
}

// --- one name and one directory each

struct claim {
    const char *what;
    size_t index; // of the stream
};

static int claim_order(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int order = strcmp(x->what, y->what);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

// The first stream that claims what another one does, and whose it is already; false: there is none.
static bool find_twice(struct claim *claims, size_t n, size_t *mine, size_t *theirs)
{
    *mine = SIZE_MAX;
    qsort(claims, n, sizeof *claims, claim_order);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(claims[i].what, claims[i - 1].what) != 0 || claims[i].index >= *mine)
            continue;
        *mine = claims[i].index;
        *theirs = claims[i - 1].index;
    }
    return *mine != SIZE_MAX;
}

static struct ps_jnode nth(struct ps_jnode array, size_t n)
{
    struct ps_jnode it = ps_jnode_first(array);
    while (n-- > 0)
        it = ps_jnode_next(it);
    return it;
}

static int check_names(const struct streams_file *f, struct claim *claims, struct ps_jnode array,
                       struct ps_fault *fault)
{
    size_t mine, theirs;
    for (size_t i = 0; i < f->n; i++)
        claims[i] = (struct claim){f->confs[i].name, i};
    if (!find_twice(claims, f->n, &mine, &theirs))
        return 0;
    ps_jnode_fault(nth(array, mine), fault, "the name \"%s\" is that of streams[%zu] already",
                   f->confs[mine].name, theirs);
    return PS_EDUPLICATE;
}

static int check_directories(const struct streams_file *f, struct claim *claims, char **places,
                             struct ps_jnode array, struct ps_fault *fault)
{
    size_t n = 0, mine, theirs;
    for (size_t i = 0; i < f->n; i++) {
        if (f->confs[i].directory == NULL)
            continue;
        places[n] = place_name(f->confs[i].directory);
        if (places[n] == NULL)
            return -ENOMEM;
        claims[n] = (struct claim){places[n], i};
        n++;
    }
    if (!find_twice(claims, n, &mine, &theirs))
        return 0;
    const struct stream_conf *c = &f->confs[mine];
    ps_jnode_fault(nth(array, mine), fault, "%s: the directory \"%s\" is that of streams[%zu] (%s) already",
                   c->name, c->directory, theirs, f->confs[theirs].name);
    return PS_EDUPLICATE;
}

static int check_unique(const struct streams_file *f, struct ps_jnode array, struct ps_fault *fault)
{
    struct claim *claims = calloc(f->n + 1, sizeof *claims);
    char **places = calloc(f->n + 1, sizeof *places);
    int err = claims != NULL && places != NULL ? check_names(f, claims, array, fault) : -ENOMEM;
    if (err == 0)
        err = check_directories(f, claims, places, array, fault);
    for (size_t i = 0; places != NULL && i < f->n; i++)
        free(places[i]);
    free(places);
    free(claims);
    return err;
}

// --- the file

static int read_streams(struct streams_file *f, struct ps_jnode array, const struct stream_conf *base,
                        struct ps_fault *fault)
{
    size_t n = ps_jnode_count(array);
    int err = 0;
    if (n > STREAMS_MAX) {
        ps_jnode_fault(array, fault, "%zu streams; at most %d are taken", n, STREAMS_MAX);
        return PS_ELIMIT;
    }
    f->confs = calloc(n + 1, sizeof *f->confs);
    if (f->confs == NULL)
        return -ENOMEM;
    for (struct ps_jnode it = ps_jnode_first(array); ps_jnode_there(it) && err == 0; it = ps_jnode_next(it)) {
        err = streams_file_stream(it, base, &f->confs[f->n], fault);
        f->n += err == 0;
    }
    return err == 0 ? check_unique(f, array, fault) : err;
}

int streams_file_load(struct streams_file *out, const char *path, const struct stream_conf *base,
                      struct ps_fault *fault)
{
    struct ps_jdoc *doc;
    struct ps_jget g;
    struct stream_conf defaults;
    *out = (struct streams_file){NULL, 0};
    int err = ps_jdoc_load(&doc, path, FILE_MAX, fault);
    if (err != 0)
        return err;
    err = stream_conf_copy(&defaults, base);
    if (err == 0) {
        ps_jget_init(&g, ps_jdoc_root(doc), fault);
        struct ps_jnode given = ps_jget_object(&g, "defaults"), array = ps_jneed_array(&g, "streams");
        err = ps_jget_end(&g);
        if (err == 0 && ps_jnode_there(given))
            err = read_object(given, &defaults, false, fault);
        if (err == 0)
            err = read_streams(out, array, &defaults, fault);
        stream_conf_free(&defaults);
    }
    ps_jdoc_free(doc);
    if (err != 0)
        streams_file_free(out);
    return err;
}

void streams_file_free(struct streams_file *f)
{
    for (size_t i = 0; i < f->n; i++)
        stream_conf_free(&f->confs[i]);
    free(f->confs);
    *f = (struct streams_file){NULL, 0};
}
