// SPDX-License-Identifier: Apache-2.0
#include "psched/settings.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "base/ps_err.h"

#define DAY 86400u
#define YEAR (366u * DAY)

void settings_init(struct settings *s)
{
    memset(s, 0, sizeof *s);
    memcpy(s->data, SETTINGS_DATA, sizeof SETTINGS_DATA);
    memcpy(s->front.unix_path, SETTINGS_UNIX, sizeof SETTINGS_UNIX);
    memcpy(s->front.control, SETTINGS_CONTROL, sizeof SETTINGS_CONTROL);
    memcpy(s->limits, SETTINGS_LIMITS, sizeof SETTINGS_LIMITS);
    s->front.unix_mode = 0660;
    s->front.places.port = SETTINGS_PORT;
    s->horizon = DAY * PS_SEC;
    s->keep = 2 * DAY * PS_SEC;
    s->straggle = 30 * PS_SEC;
    s->margin = 3 * PS_SEC;
    s->tasks = 10000;
    s->tasks_per_requester = 2000;
    s->runs = 100000;
    s->children = 200;
    s->children_per_requester = 100;
    s->front.connections = 512;
    s->front.connections_per_net = 64;
    s->backlog = UINT64_C(256) << 20;
    s->backlog_age = 7 * DAY * PS_SEC;
}

void settings_fini(struct settings *s)
{
    ps_front_conf_fini(&s->front);
}

// --- keys with a form of their own

// A path, or none.
static int read_socket(struct ps_key_line *l, char *out)
{
    if (strcmp(l->value, "none") != 0)
        return ps_key_path(l, out);
    out[0] = '\0';
    return 0;
}

static int read_unix(struct ps_key_line *l)
{
    return strcmp(l->value, "none") == 0 ? read_socket(l, ((struct settings *)l->into)->front.unix_path)
                                         : ps_front_key_unix(l);
}

static int read_limits(struct ps_key_line *l)
{
    return read_socket(l, ((struct settings *)l->into)->limits);
}

static int read_control(struct ps_key_line *l)
{
    return read_socket(l, ((struct settings *)l->into)->front.control);
}

static int read_spool(struct ps_key_line *l)
{
    struct settings *s = l->into;
    int err;

    if (s->nspools == SETTINGS_SPOOLS)
        return ps_key_wants(l, PS_ELIMIT, "fewer lines: 16 at most");
    if (l->value[0] != '/')
        return ps_key_wants(l, PS_ESYNTAX, "a folder by its whole path");
    err = ps_key_path(l, s->spools[s->nspools]);
    s->nspools += !err;
    return err;
}

static int read_host(struct ps_key_line *l)
{
    struct settings *s = l->into;
    size_t len = strlen(l->value);

    if (len >= SETTINGS_HOST || strspn(l->value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                 "0123456789.-:") != len)
        return ps_key_wants(l, PS_ESYNTAX, "the name or address by which others reach this host");
    memcpy(s->name, l->value, len + 1);
    return 0;
}

static int read_exclusive(struct ps_key_line *l)
{
    struct settings *s = l->into;

    s->per_interface = strcmp(l->value, "interface") == 0;
    if (s->per_interface || strcmp(l->value, "host") == 0)
        return 0;
    return ps_key_wants(l, PS_ESYNTAX, "host or interface");
}

#define AT(member) offsetof(struct settings, member)

static const struct ps_key keys[] = {
    {"data", PS_KEY_PATH, AT(data), 0, 0, NULL},
    {"name", PS_KEY_OTHER, 0, 0, 0, read_host},
    {"listen", PS_KEY_OTHER, AT(front), 0, 0, ps_front_key_tls},
    {"listen-plain", PS_KEY_OTHER, AT(front), 0, 0, ps_front_key_plain},
    {"listen-unix", PS_KEY_OTHER, AT(front), 0, 0, read_unix},
    {"certificate", PS_KEY_PATH, AT(front.certificate), 0, 0, NULL},
    {"key", PS_KEY_PATH, AT(front.key), 0, 0, NULL},
    {"control", PS_KEY_OTHER, 0, 0, 0, read_control},
    {"limits", PS_KEY_OTHER, 0, 0, 0, read_limits},
    {"archives", PS_KEY_PATH, AT(archives), 0, 0, NULL},
    {"spool", PS_KEY_OTHER, 0, 0, 0, read_spool},
    {"plugins", PS_KEY_PATH, AT(plugins), 0, 0, NULL},
    {"user", PS_KEY_NAME, AT(front.user), 0, 0, NULL},
    {"group", PS_KEY_NAME, AT(front.group), 0, 0, NULL},
    {"horizon", PS_KEY_DURATION, AT(horizon), 60, 31 * DAY, NULL},
    {"keep", PS_KEY_DURATION, AT(keep), 60, 10 * YEAR, NULL},
    {"straggle", PS_KEY_DURATION, AT(straggle), 5, DAY, NULL},
    {"margin", PS_KEY_DURATION, AT(margin), 0, 60, NULL},
    {"tasks", PS_KEY_COUNT, AT(tasks), 1, 1000000, NULL},
    {"tasks-per-requester", PS_KEY_COUNT, AT(tasks_per_requester), 1, 1000000, NULL},
    {"runs", PS_KEY_COUNT, AT(runs), 100, 10000000, NULL},
    {"children", PS_KEY_COUNT, AT(children), 1, 10000, NULL},
    {"children-per-requester", PS_KEY_COUNT, AT(children_per_requester), 1, 10000, NULL},
    {"exclusive-per", PS_KEY_OTHER, 0, 0, 0, read_exclusive},
    {"connections", PS_KEY_COUNT, AT(front.connections), 1, 65536, NULL},
    {"connections-per-net", PS_KEY_COUNT, AT(front.connections_per_net), 0, 65536, NULL},
    {"request-rate", PS_KEY_COUNT, AT(front.rate), 0, 1000000, NULL},
    {"backlog", PS_KEY_SIZE, AT(backlog), 1 << 20, UINT64_C(1) << 44, NULL},
    {"backlog-age", PS_KEY_DURATION, AT(backlog_age), 60, 10 * YEAR, NULL},
    {"proxy", PS_KEY_NETS, AT(front.proxies), 0, 0, NULL},
    {"proxy-unix", PS_KEY_YES, AT(front.proxy_unix), 0, 0, NULL},
};

int settings_load(struct settings *s, const char *path, struct ps_fault *fault)
{
    return ps_keys_load(keys, sizeof keys / sizeof keys[0], s, path, SETTINGS_FILE_MAX, fault);
}

int settings_check(const struct settings *s, struct ps_fault *fault)
{
    if (!s->front.certificate[0] != !s->front.key[0])
        ps_fault_set(fault, NULL, 0,
                     "certificate and key belong together: say both, or none for a self-made one");
    else if (!s->front.places.n && !s->front.unix_path[0])
        ps_fault_set(fault, NULL, 0,
                     "there is nothing to listen on: say listen, listen-plain or listen-unix");
    else
        return 0;
    return PS_ESTATE;
}

// --- a reload

#define SPAN(name, first, last) PS_KEY_SPAN(struct settings, name, first, last)

// Arrays with their counts behind them.
static const struct ps_key_span fixed[] = {
    SPAN("data", data, data),       SPAN("name", name, name),          PS_FRONT_FIXED(struct settings),
    SPAN("limits", limits, limits), SPAN("plugins", plugins, plugins),
};

const char *settings_keep_fixed(struct settings *next, const struct settings *now, char *out, size_t size)
{
    return ps_keys_keep(fixed, sizeof fixed / sizeof fixed[0], next, now, out, size);
}
