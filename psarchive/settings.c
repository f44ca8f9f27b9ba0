// SPDX-License-Identifier: Apache-2.0
#include "psarchive/settings.h"
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include "base/ps_err.h"

void settings_init(struct settings *s)
{
    memset(s, 0, sizeof *s);
    memcpy(s->data, SETTINGS_DATA, sizeof SETTINGS_DATA);
    s->front.places.port = SETTINGS_PORT;
    s->front.unix_mode = 0660;
    s->documents = s->sandbox = true;
    s->floor = UINT64_C(200) * 1000 * 1000;
    s->front.connections = 1024;
    s->front.connections_per_net = 64;
    s->body = UINT64_C(8) << 20;
    s->bodies = UINT64_C(32) << 20;
}

void settings_fini(struct settings *s)
{
    ps_netset_free(s->writers);
    ps_netset_free(s->readers);
    s->writers = s->readers = NULL;
    ps_front_conf_fini(&s->front);
}

// --- keys with a form of their own

static int read_spool(struct ps_key_line *l)
{
    struct settings *s = l->into;
    int err;

    if (s->nspools == SETTINGS_SPOOLS)
        return ps_key_wants(l, PS_ELIMIT, "fewer lines: 16 at most");
    err = ps_key_path(l, s->spools[s->nspools]);
    if (!err)
        s->nspools++;
    return err;
}

#define AT(member) offsetof(struct settings, member)

static const struct ps_key keys[] = {
    {"data", PS_KEY_PATH, AT(data), 0, 0, NULL},
    {"listen", PS_KEY_OTHER, AT(front), 0, 0, ps_front_key_plain},
    {"listen-tls", PS_KEY_OTHER, AT(front), 0, 0, ps_front_key_tls},
    {"listen-unix", PS_KEY_OTHER, AT(front), 0, 0, ps_front_key_unix},
    {"certificate", PS_KEY_PATH, AT(front.certificate), 0, 0, NULL},
    {"key", PS_KEY_PATH, AT(front.key), 0, 0, NULL},
    {"control", PS_KEY_PATH, AT(front.control), 0, 0, NULL},
    {"spool", PS_KEY_OTHER, 0, 0, 0, read_spool},
    {"write-from", PS_KEY_NETS, AT(writers), 0, 0, NULL},
    {"read-from", PS_KEY_NETS, AT(readers), 0, 0, NULL},
    {"restrict-reading", PS_KEY_YES, AT(restricted), 0, 0, NULL},
    {"proxy", PS_KEY_NETS, AT(front.proxies), 0, 0, NULL},
    {"proxy-unix", PS_KEY_YES, AT(front.proxy_unix), 0, 0, NULL},
    {"retention", PS_KEY_PATH, AT(retention), 0, 0, NULL},
    {"documents", PS_KEY_YES, AT(documents), 0, 0, NULL},
    {"sandbox", PS_KEY_YES, AT(sandbox), 0, 0, NULL},
    {"free-floor", PS_KEY_SIZE, AT(floor), 0, UINT64_MAX / 4, NULL},
    {"user", PS_KEY_NAME, AT(front.user), 0, 0, NULL},
    {"group", PS_KEY_NAME, AT(front.group), 0, 0, NULL},
    {"connections", PS_KEY_COUNT, AT(front.connections), 1, 65536, NULL},
    {"connections-per-net", PS_KEY_COUNT, AT(front.connections_per_net), 0, 65536, NULL},
    {"request-rate", PS_KEY_COUNT, AT(front.rate), 0, 1000000, NULL},
    {"request-body", PS_KEY_SIZE, AT(body), 1024, 1 << 30, NULL},
    {"request-bodies", PS_KEY_SIZE, AT(bodies), 1024, UINT64_C(1) << 40, NULL},
};
#define KEYS (sizeof keys / sizeof keys[0])

int settings_parse(struct settings *s, const char *file, const char *text, size_t len, struct ps_fault *fault)
{
    return ps_keys_parse(keys, KEYS, s, file, text, len, fault);
}

int settings_load(struct settings *s, const char *path, struct ps_fault *fault)
{
    return ps_keys_load(keys, KEYS, s, path, SETTINGS_FILE_MAX, fault);
}

int settings_check(const struct settings *s, struct ps_fault *fault)
{
    int err = ps_front_conf_check(&s->front, fault);

    if (err)
        return err;
    if (!s->front.places.n && !s->front.unix_path[0] && !s->nspools)
        ps_fault_set(fault, NULL, 0,
                     "there is nothing to listen on: say listen, listen-tls, listen-unix or spool");
    else if (s->body > s->bodies)
        ps_fault_set(fault, NULL, 0, "request-body is larger than request-bodies");
    else
        return 0;
    return PS_ESTATE;
}

// --- a reload

#define SPAN(name, first, last) PS_KEY_SPAN(struct settings, name, first, last)

// Arrays with their counts behind them.
static const struct ps_key_span fixed[] = {
    SPAN("data", data, data),
    PS_FRONT_FIXED(struct settings),
    SPAN("spool", spools, nspools),
    SPAN("sandbox", sandbox, sandbox),
    SPAN("free-floor", floor, floor),
    SPAN("request-body", body, body),
    SPAN("request-bodies", bodies, bodies),
};

const char *settings_keep_fixed(struct settings *next, const struct settings *now, char *out, size_t size)
{
    return ps_keys_keep(fixed, sizeof fixed / sizeof fixed[0], next, now, out, size);
}
