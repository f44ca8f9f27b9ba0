// SPDX-License-Identifier: Apache-2.0
#include "owamp/ow_limits_impl.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/ps_err.h"
#include "base/ps_near.h"
#include "base/ps_num.h"

// One reading of a file.
struct reader {
    struct ps_conf conf;
    struct ow_limits *limits;
    const struct ow_pfs *users;
    struct ps_fault *fault;
    bool goes_on; // after a fault
    bool spoilt;  // the line at hand has one
    ow_limits_fault_cb told;
    void *ctx;
};

#define FAULT(r, ...) ps_fault_set((r)->fault, (r)->conf.file, (r)->conf.line, __VA_ARGS__)
// What a class was given on its line.
enum key { KEY_PARENT, KEY_BANDWIDTH, KEY_DISK, KEY_DELETE, KEY_OPEN, KEY_SESSIONS, KEY_COUNT };
static const char *const key_names[KEY_COUNT] = {"parent",          "bandwidth",       "disk",
                                                 "delete_on_fetch", "allow_open_mode", "test_sessions"};

// A fault of which a check is told, so that it can go on with the rest of the line; else it is handed back.
static int note(struct reader *r, int rc)
{
    if (rc == 0 || rc == -ENOMEM || !r->goes_on)
        return rc;
    r->told(r->ctx, r->conf.line, r->fault, false);
    r->spoilt = true;
    return 0;
}

static int out_of_memory(struct reader *r)
{
    FAULT(r, "%s", ps_strerror(-ENOMEM));
    return -ENOMEM;
}

static int make_room(void **array, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return 0;
    size_t wanted = *cap ? *cap * 2 : 16;
    void *p = realloc(*array, wanted * size);
    if (!p)
        return -ENOMEM;
    *array = p;
    *cap = wanted;
    return 0;
}

int ow_limits_add_class(struct ow_limits *l, const struct ow_class *c)
{
    void *array = l->class_;
    int rc = make_room(&array, l->nclasses, &l->classes_cap, sizeof(*l->class_));
    l->class_ = array;
    struct ow_class *copy = rc ? NULL : malloc(sizeof(*copy));
    if (!copy)
        return -ENOMEM;
    *copy = *c;
    copy->index = l->nclasses;
    l->class_[l->nclasses++] = copy;
    return 0;
}

static int add_assign(struct reader *r, const struct assign *a)
{
    struct ow_limits *l = r->limits;
    void *array = l->assign;
    int rc = make_room(&array, l->nassigns, &l->assigns_cap, sizeof(*l->assign));
    l->assign = array;
    if (rc)
        return out_of_memory(r);
    l->assign[l->nassigns++] = *a;
    return 0;
}

// Class names become directories.
static const char *fault_of_name(const char *name)
{
    if (strlen(name) > OW_CLASS_NAME)
        return "is longer than 80 octets";
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strchr(name, '/'))
        return "cannot be the name of a directory";
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return "has an octet that is not printable";
    }
    return NULL;
}

static int take_name(struct reader *r, const char *name, struct ow_class *c)
{
    if (!name) {
        FAULT(r, "the class has no name: limit NAME with KEY=VALUE, ...");
        return PS_ESYNTAX;
    }
    const char *wrong = fault_of_name(name);
    if (wrong) {
        FAULT(r, "class name \"%.90s\" %s", name, wrong);
        return PS_ESYNTAX;
    }
    const struct ow_class *same = ow_limits_by_name(r->limits, name);
    if (same) {
        FAULT(r, "class \"%s\" is defined on line %d already", name, same->line);
        return PS_EDUPLICATE;
    }
    memcpy(c->name, name, strlen(name) + 1);
    return 0;
}

static void unknown_class(struct reader *r, const char *what, const char *name)
{
    char near[PS_NEAR_HINT] = "";
    const char **names = calloc(r->limits->nclasses + 1, sizeof(*names));
    for (size_t i = 0; names && i < r->limits->nclasses; i++)
        names[i] = r->limits->class_[i]->name;
    if (names)
        ps_near_hint(name, names, r->limits->nclasses, near);
    FAULT(r, "%s \"%.90s\" is not defined above this line%s", what, name, near);
    free(names);
}

static char *trim(char *s)
{
    s += strspn(s, " \t\r\n\v\f");
    size_t n = strlen(s);
    while (n > 0 && strchr(" \t\r\n\v\f", s[n - 1]))
        s[--n] = '\0';
    return s;
}

static int take_number(struct reader *r, const char *key, const char *value, uint64_t *out)
{
    int rc = ps_num_scaled(value, UINT64_MAX, out);
    if (rc)
        FAULT(r, "%s: \"%.60s\" is not a number with an optional k, m, g, t, p, e or z%s", key, value,
              rc == PS_ERANGE ? " below 2^64" : "");
    return rc;
}

static int take_switch(struct reader *r, const char *key, const char *value, bool *out)
{
    *out = strcasecmp(value, "on") == 0;
    if (*out || strcasecmp(value, "off") == 0)
        return 0;
    FAULT(r, "%s: \"%.60s\" is neither on nor off", key, value);
    return PS_ESYNTAX;
}

static int take_value(struct reader *r, enum key key, const char *value, struct ow_class *c)
{
    const char *name = key_names[key];
    switch (key) {
    case KEY_BANDWIDTH:
        return take_number(r, name, value, &c->bandwidth);
    case KEY_DISK:
        return take_number(r, name, value, &c->disk);
    case KEY_SESSIONS:
        return take_number(r, name, value, &c->test_sessions);
    case KEY_DELETE:
        return take_switch(r, name, value, &c->delete_on_fetch);
    case KEY_OPEN:
        return take_switch(r, name, value, &c->allow_open_mode);
    case KEY_PARENT: // known before the others, which override what it hands down
    case KEY_COUNT:
        break;
    }
    return 0;
}

static int find_key(struct reader *r, const char *name, enum key *key)
{
    for (int i = 0; i < KEY_COUNT; i++) {
        if (strcasecmp(name, key_names[i]) == 0) {
            *key = (enum key)i;
            return 0;
        }
    }
    char near[PS_NEAR_HINT], known[200] = "; known are";
    for (int i = 0; i < KEY_COUNT; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s %s", i ? "," : "", key_names[i]);
    }
    const char *hint = ps_near_hint(name, key_names, KEY_COUNT, near);
    FAULT(r, "unknown limit \"%.60s\"%s", name, hint[0] ? hint : known);
    return PS_EUNKNOWN;
}

static int split_pair(struct reader *r, char *item, enum key *key, char **value)
{
    char *equals = strchr(item, '=');
    if (!equals) {
        FAULT(r, "\"%.60s\" is not KEY=VALUE", item);
        return PS_ESYNTAX;
    }
    *equals = '\0';
    *value = trim(equals + 1);
    int rc = find_key(r, trim(item), key);
    if (rc)
        return rc;
    if (**value == '\0') {
        FAULT(r, "%s: the value is missing", key_names[*key]);
        return PS_ESYNTAX;
    }
    if (strpbrk(*value, " \t\r\n\v\f=")) {
        FAULT(r, "%s: \"%.60s\" is more than one value; is a comma missing?", key_names[*key], *value);
        return PS_ESYNTAX;
    }
    return 0;
}

// Nothing stands before or behind a comma, which is let pass.
static void warn_of_nothing(struct reader *r, bool last)
{
    if (!r->goes_on)
        return;
    FAULT(r, "there is nothing %s",
          last ? "behind the last comma; a line that goes on ends with a backslash" : "before a comma");
    r->told(r->ctx, r->conf.line, r->fault, true);
}

static int take_pair(struct reader *r, char *item, char *given[KEY_COUNT])
{
    enum key key;
    char *value;
    int rc = split_pair(r, item, &key, &value);
    if (rc)
        return rc;
    if (given[key]) {
        FAULT(r, "%s is given twice", key_names[key]);
        return PS_EDUPLICATE;
    }
    given[key] = value;
    return 0;
}

// The values of a line by their keys; NULL where it says nothing.
static int collect_pairs(struct reader *r, char *rest, char *given[KEY_COUNT])
{
    bool first = true;
    int rc = 0;
    for (char *item; rc == 0 && (item = strsep(&rest, ",")) != NULL; first = false) {
        item = trim(item);
        if (*item)
            rc = note(r, take_pair(r, item, given));
        else if (!first || rest)
            warn_of_nothing(r, !rest);
    }
    return rc;
}

static int inherit(struct reader *r, const char *parent, struct ow_class *c)
{
    if (!parent) {
        if (r->limits->nclasses == 0)
            return 0;
        FAULT(r, "class \"%s\" needs parent=CLASS: only the first class, the root, has none", c->name);
        return PS_ESYNTAX;
    }
    if (r->limits->nclasses == 0) {
        FAULT(r, "class \"%s\" is the first, the root, and cannot have a parent", c->name);
        return PS_ESYNTAX;
    }
    const struct ow_class *p = ow_limits_by_name(r->limits, parent);
    if (!p) {
        unknown_class(r, "parent", parent);
        return PS_ENOTFOUND;
    }
    c->parent = p;
    c->bandwidth = p->bandwidth;
    c->disk = p->disk;
    c->test_sessions = p->test_sessions;
    c->delete_on_fetch = p->delete_on_fetch;
    c->allow_open_mode = p->allow_open_mode;
    return 0;
}

static int take_with(struct reader *r, const char *with, const char *name)
{
    if (with && strcasecmp(with, "with") == 0)
        return 0;
    FAULT(r, "\"with\" is missing behind the class name: limit %.90s with KEY=VALUE, ...", name);
    return PS_ESYNTAX;
}

// What is used is charged to the classes above as well.
static void warn_of_more(struct reader *r, enum key key, uint64_t has, const struct ow_class *above,
                         uint64_t it_has)
{
    if (!r->goes_on || it_has == 0 || (has != 0 && has <= it_has))
        return;
    FAULT(r, "%s: is more than that of class \"%s\" above it, which holds all the same", key_names[key],
          above->name);
    r->told(r->ctx, r->conf.line, r->fault, true);
}

static int parse_limit(struct reader *r, char *rest)
{
    struct ow_class c = {.allow_open_mode = true, .line = r->conf.line};
    char *given[KEY_COUNT] = {NULL};
    const char *name = ps_conf_word(&rest);
    int rc = take_name(r, name, &c);
    if (rc && name)
        rc = note(r, rc);
    if (rc)
        return rc;
    bool named = c.name[0] != '\0';
    rc = note(r, take_with(r, ps_conf_word(&rest), name));
    if (rc == 0)
        rc = collect_pairs(r, rest, given);
    if (rc == 0)
        rc = note(r, inherit(r, given[KEY_PARENT], &c));
    for (int i = 0; rc == 0 && i < KEY_COUNT; i++) {
        if (given[i])
            rc = note(r, take_value(r, (enum key)i, given[i], &c));
    }
    if (rc == 0 && c.parent) {
        warn_of_more(r, KEY_BANDWIDTH, c.bandwidth, c.parent, c.parent->bandwidth);
        warn_of_more(r, KEY_DISK, c.disk, c.parent, c.parent->disk);
    }
    // After a fault the class is known all the same, so that what names it is no fault too.
    if (rc || !named)
        return rc;
    return ow_limits_add_class(r->limits, &c) ? out_of_memory(r) : 0;
}

static bool bit_set(const uint8_t *octets, unsigned bit)
{
    return octets[bit / 8] & (0x80u >> (bit % 8));
}

static int take_bits(struct reader *r, const char *text, struct assign *a)
{
    unsigned width = a->version == 4 ? 32 : 128;
    uint64_t bits = width;
    if (text && ps_num_u64(text, 10, 1, width, &bits)) {
        FAULT(r, "/%.20s is not a length of 1 to %u bits; for all addresses use \"assign default\"", text,
              width);
        return PS_ERANGE;
    }
    for (unsigned i = (unsigned)bits; i < width; i++) {
        if (bit_set(a->prefix, i)) {
            FAULT(r, "the address has bits set behind its first %u", (unsigned)bits);
            return PS_ESYNTAX;
        }
    }
    a->bits = (unsigned)bits;
    return 0;
}

// Peers of the form ::ffff:192.0.2.1 are matched as IPv4, so their networks are too.
static void unmap_net(struct assign *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (a->version != 6 || a->bits < 96 || memcmp(a->prefix, mapped, sizeof(mapped)) != 0)
        return;
    memmove(a->prefix, a->prefix + 12, 4);
    memset(a->prefix + 4, 0, 12);
    a->version = 4;
    a->bits -= 96;
}

static int take_net(struct reader *r, char *text, struct assign *a)
{
    struct ps_addr addr;
    if (!text) {
        FAULT(r, "the network is missing: assign net ADDRESS/BITS CLASS");
        return PS_ESYNTAX;
    }
    char *bits = strchr(text, '/');
    if (bits)
        *bits++ = '\0';
    if (strchr(text, '%') || ps_addr_parse(text, 0, &addr)) {
        FAULT(r, "\"%.90s\" is not an IPv4 or IPv6 address", text);
        return PS_ESYNTAX;
    }
    a->version = ps_addr_version(&addr);
    ps_addr_to_wire(&addr, a->prefix);
    int rc = take_bits(r, bits, a);
    if (rc == 0)
        unmap_net(a);
    return rc;
}

static int take_any_user(struct reader *r, const char *user, struct assign *a)
{
    if (strlen(user) > OW_KEYID_LEN) {
        FAULT(r, "user \"%.90s\" is longer than %d octets", user, OW_KEYID_LEN);
        return PS_ELIMIT;
    }
    memcpy(a->user, user, strlen(user) + 1);
    return 0;
}

static int take_user(struct reader *r, const char *user, struct assign *a)
{
    const uint8_t *pass;
    size_t len;
    if (!user) {
        FAULT(r, "the user is missing: assign user USER CLASS");
        return PS_ESYNTAX;
    }
    if (!r->users && r->goes_on)
        return take_any_user(r, user, a);
    if (!r->users) {
        FAULT(r, "user \"%.90s\" is unknown: there is no pass-phrase file", user);
        return PS_ENOTFOUND;
    }
    if (strlen(user) > OW_KEYID_LEN || !ow_pfs_find(r->users, user, &pass, &len)) {
        FAULT(r, "user \"%.90s\" is not in the pass-phrase file", user);
        return PS_ENOTFOUND;
    }
    memcpy(a->user, user, strlen(user) + 1);
    return 0;
}

static bool same_subject(const struct assign *a, const struct assign *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == ASSIGN_DEFAULT)
        return true;
    if (a->kind == ASSIGN_USER)
        return strcmp(a->user, b->user) == 0;
    return a->version == b->version && a->bits == b->bits && memcmp(a->prefix, b->prefix, 16) == 0;
}

static int take_class(struct reader *r, char **rest, struct assign *a)
{
    const char *name = ps_conf_word(rest);
    if (!name) {
        FAULT(r, "the class is missing at the end of the line");
        return PS_ESYNTAX;
    }
    a->class_ = ow_limits_by_name(r->limits, name);
    if (!a->class_) {
        unknown_class(r, "class", name);
        int rc = note(r, PS_ENOTFOUND);
        if (rc)
            return rc;
    }
    const char *more = ps_conf_word(rest);
    if (more) {
        FAULT(r, "\"%.60s\" behind the class means nothing", more);
        return PS_ESYNTAX;
    }
    // A subject that could not be read is like no other.
    for (size_t i = 0; i < r->limits->nassigns && !r->spoilt; i++) {
        if (!same_subject(&r->limits->assign[i], a))
            continue;
        FAULT(r, "the same is assigned on line %d already", r->limits->assign[i].line);
        return PS_EDUPLICATE;
    }
    return 0;
}

static int take_subject(struct reader *r, const char *kind, char **rest, struct assign *a)
{
    static const char *const kinds[] = {"default", "net", "user"};
    if (kind && strcasecmp(kind, "default") == 0) {
        a->kind = ASSIGN_DEFAULT;
        return 0;
    }
    if (kind && strcasecmp(kind, "net") == 0) {
        a->kind = ASSIGN_NET;
        return take_net(r, ps_conf_word(rest), a);
    }
    if (kind && strcasecmp(kind, "user") == 0) {
        a->kind = ASSIGN_USER;
        return take_user(r, ps_conf_word(rest), a);
    }
    char near[PS_NEAR_HINT];
    FAULT(r, "\"assign\" is followed by default, net or user, not by \"%.60s\"%s", kind ? kind : "",
          ps_near_hint(kind ? kind : "", kinds, 3, near));
    return PS_EUNKNOWN;
}

static int parse_assign(struct reader *r, char *rest)
{
    struct assign a = {.line = r->conf.line};
    int rc = take_subject(r, ps_conf_word(&rest), &rest, &a);
    // What stands behind an unknown kind is unknown too.
    if (rc && rc != PS_EUNKNOWN && rest[strspn(rest, " \t")] != '\0')
        rc = note(r, rc);
    if (rc == 0)
        rc = take_class(r, &rest, &a);
    return rc || r->spoilt ? rc : add_assign(r, &a);
}

// A '#' behind a blank: the programs we stand in for ignored what follows a complete line.
static void cut_comment(char *line)
{
    for (char *p = line; *p; p++) {
        if (*p == '#' && p > line && strchr(" \t", p[-1])) {
            *p = '\0';
            return;
        }
    }
}

static int parse_line(struct reader *r)
{
    static const char *const words[] = {"limit", "assign"};
    char *rest = r->conf.buf;
    r->spoilt = false;
    cut_comment(rest);
    const char *word = ps_conf_word(&rest);
    if (!word)
        return 0;
    if (strcasecmp(word, "limit") == 0)
        return parse_limit(r, rest);
    if (strcasecmp(word, "assign") == 0)
        return parse_assign(r, rest);
    char near[PS_NEAR_HINT];
    FAULT(r, "a line begins with limit or assign, not with \"%.60s\"%s", word,
          ps_near_hint(word, words, 2, near));
    return PS_EUNKNOWN;
}

static void forget(struct reader *r)
{
    ps_conf_fini(&r->conf);
    ow_limits_free(r->limits);
}

int ow_limits_parse(struct ow_limits **out, const char *file, const char *text, size_t len,
                    const struct ow_pfs *users, struct ps_fault *fault)
{
    struct reader r = {.users = users, .fault = fault, .limits = calloc(1, sizeof(*r.limits))};
    ps_conf_init(&r.conf, file, text, len);
    int rc = r.limits ? 0 : out_of_memory(&r);
    while (rc == 0) {
        rc = ps_conf_next(&r.conf, fault);
        if (rc <= 0)
            break;
        rc = parse_line(&r);
    }
    if (rc == 0 && r.limits->nclasses == 0 && ow_limits_add_default(r.limits))
        rc = out_of_memory(&r);
    if (rc) {
        forget(&r);
        return rc;
    }
    ps_conf_fini(&r.conf);
    *out = r.limits;
    return 0;
}

int ow_limits_check(const char *file, const char *text, size_t len, const struct ow_pfs *users,
                    ow_limits_fault_cb told, void *ctx, size_t *classes)
{
    struct ps_fault fault;
    struct reader r = {.users = users,
                       .fault = &fault,
                       .goes_on = true,
                       .told = told,
                       .ctx = ctx,
                       .limits = calloc(1, sizeof(*r.limits))};
    int rc = r.limits ? 0 : -ENOMEM;
    ps_conf_init(&r.conf, file, text, len);
    while (rc == 0) {
        int line = ps_conf_next(&r.conf, &fault);
        if (line == 0)
            break;
        rc = line < 0 ? line : parse_line(&r);
        if (rc == 0 || rc == -ENOMEM)
            continue;
        told(ctx, r.conf.line, &fault, false);
        // A line that cannot be put together is the last that can be read.
        rc = line < 0 ? rc : 0;
    }
    *classes = r.limits ? r.limits->nclasses : 0;
    forget(&r);
    return rc == -ENOMEM ? rc : 0;
}
