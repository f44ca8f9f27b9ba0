// SPDX-License-Identifier: Apache-2.0
#include "owampd/conf.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_near.h"
#include "base/ps_num.h"

#define PBKDF2_MIN 1024u // RFC 4656 section 3.1
#define PBKDF2_MAX 1048576u
#define YEAR_S (366u * 86400u)
#define MEMORY_MAX (1u << 24) // MiB

enum key {
    KEY_USER,
    KEY_GROUP,
    KEY_VERBOSE,
    KEY_FACILITY,
    KEY_LOGLEVEL,
    KEY_LOGLOCATION,
    KEY_ROOTFOLLY,
    KEY_PRECISE,
    KEY_SANDBOX,
    KEY_VARDIR,
    KEY_DATADIR,
    KEY_CONTROLSOCKET,
    KEY_AUTHMODE,
    KEY_SRCNODE,
    KEY_TESTPORTS,
    KEY_HWTIMESTAMPS,
    KEY_DISKFUDGE,
    KEY_DIEBY,
    KEY_CONTROLTIMEOUT,
    KEY_SETUPTIMEOUT,
    KEY_PBKDF2_COUNT,
    KEY_ENDDELAY,
    KEY_MAXCONTROLSESSIONS,
    KEY_MAXCONTROLPERHOST,
    KEY_MAXSESSIONS,
    KEY_MAXPACKETS,
    KEY_MAXMEMORY,
    KEY_KEEPSESSIONS,
    KEY_TESTTIMEOUT,
    KEY_COUNT
};

static const char *const key_names[KEY_COUNT] = {
    [KEY_USER] = "user",
    [KEY_GROUP] = "group",
    [KEY_VERBOSE] = "verbose",
    [KEY_FACILITY] = "facility",
    [KEY_LOGLEVEL] = "loglevel",
    [KEY_LOGLOCATION] = "loglocation",
    [KEY_ROOTFOLLY] = "rootfolly",
    [KEY_PRECISE] = "precise",
    [KEY_SANDBOX] = "sandbox",
    [KEY_VARDIR] = "vardir",
    [KEY_DATADIR] = "datadir",
    [KEY_CONTROLSOCKET] = "controlsocket",
    [KEY_AUTHMODE] = "authmode",
    [KEY_SRCNODE] = "srcnode",
    [KEY_TESTPORTS] = "testports",
    [KEY_HWTIMESTAMPS] = "hwtimestamps",
    [KEY_DISKFUDGE] = "diskfudge",
    [KEY_DIEBY] = "dieby",
    [KEY_CONTROLTIMEOUT] = "controltimeout",
    [KEY_SETUPTIMEOUT] = "setuptimeout",
    [KEY_PBKDF2_COUNT] = "pbkdf2_count",
    [KEY_ENDDELAY] = "enddelay",
    [KEY_MAXCONTROLSESSIONS] = "maxcontrolsessions",
    [KEY_MAXCONTROLPERHOST] = "maxcontrolperhost",
    [KEY_MAXSESSIONS] = "maxsessions",
    [KEY_MAXPACKETS] = "maxpackets",
    [KEY_MAXMEMORY] = "maxmemory",
    [KEY_KEEPSESSIONS] = "keepsessions",
    [KEY_TESTTIMEOUT] = "testtimeout",
};

// One line being taken.
struct entry {
    const struct ps_conf *at;
    struct ps_fault *fault;
    enum key key;
    const char *value; // "" when there is none
};

#define FAULT(e, ...) ps_fault_set((e)->fault, (e)->at->file, (e)->at->line, __VA_ARGS__)

static unsigned half_of_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t mib = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size / 2 >> 20 : 0;
    return mib < MEMORY_MAX ? (unsigned)mib : MEMORY_MAX;
}

void conf_init(struct conf *c)
{
    memset(c, 0, sizeof(*c));
    strcpy(c->facility, "daemon");
    strcpy(c->vardir, ".");
    strcpy(c->datadir, ".");
    c->loglevel = PS_LOG_INFO;
    c->modes = OW_MODE_ALL;
    c->srcnode.port = OW_PORT;
    c->diskfudge = 1.0;
    c->dieby_s = 5;
    c->keepsessions_s = 86400;
    c->controltimeout_s = 1800;
    c->setuptimeout_s = 10;
    c->sandbox = SANDBOX_ALL;
    c->maxmemory_mib = half_of_memory();
    c->pbkdf2_count = 2048;
    c->enddelay_s = 1.0;
}

static void add_note(struct conf *c, const struct entry *e, const char *text)
{
    if (c->nnotes == CONF_NOTES) {
        c->notes_dropped++;
        return;
    }
    ps_fault_set(&c->note[c->nnotes++], e->at->file, e->at->line, "%s: %s", key_names[e->key], text);
}

static int bad_value(const struct entry *e, int rc, const char *expected)
{
    FAULT(e, "%s: \"%.80s\" is not %s", key_names[e->key], e->value, expected);
    return rc;
}

static int take_text(const struct entry *e, char *out, size_t size)
{
    size_t n = strlen(e->value);
    if (n >= size) {
        FAULT(e, "%s: the value has %zu octets, more than %zu", key_names[e->key], n, size - 1);
        return PS_ELIMIT;
    }
    memcpy(out, e->value, n + 1);
    return 0;
}

// A name, or '-' and a number.
static int take_account(const struct entry *e, char out[CONF_NAME])
{
    uint64_t id;
    if (e->value[0] == '-' && ps_num_u64(e->value + 1, 10, 0, UINT32_MAX - 1, &id))
        return bad_value(e, PS_ESYNTAX, "a name, nor a number behind a \"-\"");
    return take_text(e, out, CONF_NAME);
}

static int take_facility(const struct entry *e, char out[CONF_NAME])
{
    if (!ps_log_facility_known(e->value))
        return bad_value(e, PS_EUNKNOWN, "a facility of syslog; daemon and local0 to local7 are");
    return take_text(e, out, CONF_NAME);
}

static int take_loglevel(const struct entry *e, enum ps_log_level *out)
{
    static const char *const levels[] = {"none", "fatal", "warn", "warning", "info", "debug", "all"};
    if (ps_log_parse_level(e->value, out) == 0)
        return 0;
    char expected[PS_NEAR_HINT + 64], near[PS_NEAR_HINT];
    snprintf(expected, sizeof(expected), "none, fatal, warn, info, debug or all%s",
             ps_near_hint(e->value, levels, sizeof(levels) / sizeof(levels[0]), near));
    return bad_value(e, PS_EUNKNOWN, expected);
}

static int take_modes(const struct entry *e, uint32_t *out)
{
    uint32_t modes;
    if (ow_modes_parse(e->value, &modes) || modes == 0)
        return bad_value(e, PS_ESYNTAX, "made of the letters A (authenticated), E (encrypted) and O (open)");
    *out = modes;
    return 0;
}

static const char *const sandbox_names[] = {"capabilities", "no_new_privs", "landlock", "seccomp"};
#define SANDBOX_PARTS (sizeof(sandbox_names) / sizeof(sandbox_names[0]))

static int sandbox_part(const char *name, size_t n, unsigned *sandbox)
{
    for (size_t i = 0; i < SANDBOX_PARTS; i++) {
        if (strlen(sandbox_names[i]) == n && strncasecmp(name, sandbox_names[i], n) == 0) {
            *sandbox |= 1u << i;
            return 0;
        }
    }
    return PS_EUNKNOWN;
}

int conf_sandbox(const char *text, unsigned *sandbox)
{
    unsigned parts = 0;
    int rc = 0;
    if (strcasecmp(text, "all") == 0 || strcasecmp(text, "none") == 0) {
        *sandbox = strcasecmp(text, "all") == 0 ? SANDBOX_ALL : 0;
        return 0;
    }
    for (const char *p = text, *next; rc == 0 && p != NULL; p = next != NULL ? next + 1 : NULL) {
        next = strchr(p, ',');
        rc = sandbox_part(p, next != NULL ? (size_t)(next - p) : strlen(p), &parts);
    }
    if (rc == 0 && (parts & (SANDBOX_LANDLOCK | SANDBOX_SECCOMP)) && !(parts & SANDBOX_NO_NEW_PRIVS))
        rc = PS_ESTATE;
    if (rc == 0)
        *sandbox = parts;
    return rc;
}

static int take_sandbox(const struct entry *e, unsigned *out)
{
    int rc = conf_sandbox(e->value, out);
    if (rc == PS_ESTATE)
        FAULT(e, "sandbox: landlock and seccomp need no_new_privs as well");
    else if (rc)
        bad_value(e, rc, CONF_SANDBOX_WANTS);
    return rc;
}

int conf_socket(const char *text, char out[CONF_SOCKET])
{
    bool none = strcasecmp(text, "none") == 0;
    size_t n = none ? 0 : strlen(text);
    if ((!none && text[0] != '/') || n >= CONF_SOCKET)
        return PS_ESYNTAX;
    memcpy(out, text, n);
    out[n] = '\0';
    return 0;
}

static int take_socket(const struct entry *e, char out[CONF_SOCKET])
{
    int rc = conf_socket(e->value, out);
    return rc ? bad_value(e, rc, CONF_SOCKET_WANTS) : 0;
}

static int take_srcnode(const struct entry *e, struct ps_hostport *out)
{
    struct ps_hostport node;
    int rc = ps_hostport_parse(e->value, OW_PORT, true, &node);
    if (rc)
        return bad_value(e, rc, "HOST, HOST:PORT, [IPV6]:PORT or :PORT");
    *out = node;
    return 0;
}

static int take_testports(const struct entry *e, struct ps_portrange *out)
{
    struct ps_portrange range;
    int rc = ps_portrange_parse(e->value, &range);
    if (rc)
        return bad_value(e, rc, "0, PORT or LOW-HIGH with ports up to 65535");
    *out = range;
    return 0;
}

static int take_double(const struct entry *e, double min, double max, double *out)
{
    char expected[80];
    int rc = ps_num_double(e->value, min, max, out);
    if (rc == 0)
        return 0;
    snprintf(expected, sizeof(expected), "a number from %.1f to %.1f", min, max);
    return bad_value(e, rc, expected);
}

static int take_unsigned(const struct entry *e, unsigned min, unsigned max, unsigned *out)
{
    char expected[80];
    uint64_t v;
    int rc = ps_num_u64(e->value, 10, min, max, &v);
    if (rc) {
        snprintf(expected, sizeof(expected), "a whole number from %u to %u", min, max);
        return bad_value(e, rc, expected);
    }
    *out = (unsigned)v;
    return 0;
}

static int take_pbkdf2_count(struct conf *c, const struct entry *e)
{
    unsigned wanted, count = PBKDF2_MIN;
    int rc = take_unsigned(e, PBKDF2_MIN, PBKDF2_MAX, &wanted);
    if (rc)
        return rc;
    while (count < wanted)
        count *= 2;
    if (count != wanted)
        add_note(c, e, "not a power of two as RFC 4656 wants; the next one is used");
    c->pbkdf2_count = count;
    return 0;
}

static bool is_flag(enum key key)
{
    return key == KEY_VERBOSE || key == KEY_LOGLOCATION || key == KEY_ROOTFOLLY || key == KEY_PRECISE;
}

static void take_flag(struct conf *c, const struct entry *e)
{
    if (e->key == KEY_VERBOSE)
        c->verbose = true;
    else if (e->key == KEY_LOGLOCATION)
        c->loglocation = true;
    else if (e->key == KEY_PRECISE)
        c->precise = true;
    else
        c->rootfolly = true;
    // A key that is present is on: this surprises whoever wrote "off" behind it.
    if (*e->value)
        add_note(c, e, "a flag is on when it is there, whatever follows; remove the line to turn it off");
}

static int take_name(struct conf *c, const struct entry *e)
{
    switch ((int)e->key) {
    case KEY_USER:
        return take_account(e, c->user);
    case KEY_GROUP:
        return take_account(e, c->group);
    case KEY_FACILITY:
        return take_facility(e, c->facility);
    case KEY_LOGLEVEL:
        return take_loglevel(e, &c->loglevel);
    case KEY_VARDIR:
        return take_text(e, c->vardir, sizeof(c->vardir));
    case KEY_DATADIR:
        return take_text(e, c->datadir, sizeof(c->datadir));
    case KEY_CONTROLSOCKET:
        return take_socket(e, c->controlsocket);
    case KEY_AUTHMODE:
        return take_modes(e, &c->modes);
    case KEY_SANDBOX:
        return take_sandbox(e, &c->sandbox);
    case KEY_SRCNODE:
        return take_srcnode(e, &c->srcnode);
    case KEY_HWTIMESTAMPS:
        return take_text(e, c->hwtimestamps, sizeof(c->hwtimestamps));
    default:
        return take_testports(e, &c->testports);
    }
}

static int take_value(struct conf *c, const struct entry *e)
{
    switch ((int)e->key) {
    case KEY_DISKFUDGE:
        return take_double(e, 1.0, 10.0, &c->diskfudge);
    case KEY_ENDDELAY:
        return take_double(e, 0.0, 86400.0, &c->enddelay_s);
    case KEY_DIEBY:
        return take_unsigned(e, 0, 86400, &c->dieby_s);
    case KEY_CONTROLTIMEOUT:
        return take_unsigned(e, 1, YEAR_S, &c->controltimeout_s);
    case KEY_SETUPTIMEOUT:
        return take_unsigned(e, 1, 3600, &c->setuptimeout_s);
    case KEY_MAXCONTROLPERHOST:
        return take_unsigned(e, 0, 1000000, &c->maxcontrolperhost);
    case KEY_MAXSESSIONS:
        return take_unsigned(e, 0, 1000000000, &c->maxsessions);
    case KEY_MAXPACKETS:
        return take_unsigned(e, 0, UINT32_MAX, &c->maxpackets);
    case KEY_MAXMEMORY:
        return take_unsigned(e, 0, MEMORY_MAX, &c->maxmemory_mib);
    case KEY_MAXCONTROLSESSIONS:
        return take_unsigned(e, 0, 1000000, &c->maxcontrolsessions);
    case KEY_KEEPSESSIONS:
        return take_unsigned(e, 0, 10 * YEAR_S, &c->keepsessions_s);
    case KEY_PBKDF2_COUNT:
        return take_pbkdf2_count(c, e);
    case KEY_TESTTIMEOUT:
        add_note(c, e, "belongs to twampd and has no effect here");
        return 0;
    default:
        return take_name(c, e);
    }
}

static int find_key(const char *word, struct entry *e)
{
    for (int i = 0; i < KEY_COUNT; i++) {
        if (strcasecmp(word, key_names[i]) == 0) {
            e->key = (enum key)i;
            return 0;
        }
    }
    char near[PS_NEAR_HINT];
    FAULT(e, "unknown key \"%.80s\"%s", word, ps_near_hint(word, key_names, KEY_COUNT, near));
    return PS_EUNKNOWN;
}

static int find_value(char **rest, struct entry *e)
{
    const char *value = ps_conf_word(rest);
    if (!value || *value == '#') {
        e->value = "";
        return 0;
    }
    e->value = value;
    const char *more = ps_conf_word(rest);
    if (!more || *more == '#')
        return 0;
    FAULT(e, "%s: \"%.60s\" follows the value; a value is one word, a comment begins with #",
          key_names[e->key], more);
    return PS_ESYNTAX;
}

static int parse_line(struct conf *c, struct ps_conf *at, int seen[KEY_COUNT], struct ps_fault *fault)
{
    struct entry e = {.at = at, .fault = fault};
    char *rest = at->buf, again[64];
    const char *word = ps_conf_word(&rest);
    if (!word)
        return 0;
    int rc = find_key(word, &e);
    if (rc == 0)
        rc = find_value(&rest, &e);
    if (rc)
        return rc;
    if (seen[e.key]) {
        snprintf(again, sizeof(again), "overrides line %d", seen[e.key]);
        add_note(c, &e, again);
    }
    seen[e.key] = at->line;
    if (is_flag(e.key)) {
        take_flag(c, &e);
        return 0;
    }
    if (*e.value == '\0') {
        FAULT(&e, "%s: the value is missing", key_names[e.key]);
        return PS_ESYNTAX;
    }
    return take_value(c, &e);
}

// What single lines cannot tell.
static void note_timeouts(struct conf *c, const char *file, const int seen[KEY_COUNT])
{
    const struct ps_conf at = {.file = file, .line = seen[KEY_SETUPTIMEOUT]};
    const struct entry e = {.at = &at, .key = KEY_SETUPTIMEOUT};
    if (seen[KEY_SETUPTIMEOUT] && c->setuptimeout_s > c->controltimeout_s)
        add_note(c, &e, "longer than controltimeout, which counts for the set-up too");
}

int conf_parse(struct conf *c, const char *file, const char *text, size_t len, struct ps_fault *fault)
{
    struct ps_conf at;
    int seen[KEY_COUNT] = {0};
    ps_conf_init(&at, file, text, len);
    int rc;
    while ((rc = ps_conf_next(&at, fault)) > 0) {
        rc = parse_line(c, &at, seen, fault);
        if (rc)
            break;
    }
    ps_conf_fini(&at);
    if (rc == 0)
        note_timeouts(c, file, seen);
    return rc;
}

// --- what differs

struct field {
    enum key key;
    size_t at, size;
    bool text; // what is behind the NUL is of no meaning
};

#define FIELD(key, member)                                                            \
    {                                                                                 \
        key, offsetof(struct conf, member), sizeof(((struct conf *)0)->member), false \
    }
#define TEXT(key, member)                                                            \
    {                                                                                \
        key, offsetof(struct conf, member), sizeof(((struct conf *)0)->member), true \
    }

// In the order of the keys; verbose and testtimeout have no effect.
static const struct field fields[] = {
    TEXT(KEY_USER, user),
    TEXT(KEY_GROUP, group),
    TEXT(KEY_FACILITY, facility),
    FIELD(KEY_LOGLEVEL, loglevel),
    FIELD(KEY_LOGLOCATION, loglocation),
    FIELD(KEY_ROOTFOLLY, rootfolly),
    FIELD(KEY_PRECISE, precise),
    FIELD(KEY_SANDBOX, sandbox),
    TEXT(KEY_VARDIR, vardir),
    TEXT(KEY_DATADIR, datadir),
    TEXT(KEY_CONTROLSOCKET, controlsocket),
    FIELD(KEY_AUTHMODE, modes),
    TEXT(KEY_SRCNODE, srcnode.host),
    FIELD(KEY_SRCNODE, srcnode.port),
    FIELD(KEY_TESTPORTS, testports),
    TEXT(KEY_HWTIMESTAMPS, hwtimestamps),
    FIELD(KEY_DISKFUDGE, diskfudge),
    FIELD(KEY_DIEBY, dieby_s),
    FIELD(KEY_CONTROLTIMEOUT, controltimeout_s),
    FIELD(KEY_SETUPTIMEOUT, setuptimeout_s),
    FIELD(KEY_PBKDF2_COUNT, pbkdf2_count),
    FIELD(KEY_ENDDELAY, enddelay_s),
    FIELD(KEY_MAXCONTROLSESSIONS, maxcontrolsessions),
    FIELD(KEY_MAXCONTROLPERHOST, maxcontrolperhost),
    FIELD(KEY_MAXSESSIONS, maxsessions),
    FIELD(KEY_MAXPACKETS, maxpackets),
    FIELD(KEY_MAXMEMORY, maxmemory_mib),
    FIELD(KEY_KEEPSESSIONS, keepsessions_s),
};

static bool differs(const struct field *f, const struct conf *a, const struct conf *b)
{
    const char *x = (const char *)a + f->at, *y = (const char *)b + f->at;
    return f->text ? strcmp(x, y) != 0 : memcmp(x, y, f->size) != 0;
}

size_t conf_changes(const struct conf *was, const struct conf *is, const struct conf *used, char *out,
                    size_t size)
{
    size_t n = 0, len = 0;
    const char *last = "";
    out[0] = '\0';
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        const char *name = key_names[fields[i].key];
        if (name == last || !differs(&fields[i], was, is) || differs(&fields[i], was, used))
            continue;
        if (len < size)
            len += (size_t)snprintf(out + len, size - len, "%s%s", n > 0 ? ", " : "", name);
        last = name;
        n++;
    }
    return n;
}
