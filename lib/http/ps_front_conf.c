// SPDX-License-Identifier: Apache-2.0
// What the front of a daemon is told: lines of its configuration, and its command line.
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "http/ps_front.h"

void ps_front_conf_fini(struct ps_front_conf *c)
{
    ps_netset_free(c->proxies);
    c->proxies = NULL;
}

bool ps_front_trusts(const struct ps_front_conf *c, const struct ps_addr *peer)
{
    return peer->len ? ps_netset_has(c->proxies, peer) : c->proxy_unix;
}

int ps_front_conf_check(const struct ps_front_conf *c, struct ps_fault *fault)
{
    bool both = c->certificate[0] && c->key[0], one = c->certificate[0] || c->key[0];

    if (!both && ps_places_tls(&c->places))
        ps_fault_set(fault, NULL, 0, "listen-tls needs a certificate and a key");
    else if (!both && one)
        ps_fault_set(fault, NULL, 0, "certificate and key belong together: say both, or none");
    else if (c->unix_path[0] && strcmp(c->unix_path, c->control) == 0)
        ps_fault_set(fault, NULL, 0, "listen-unix and control are the same socket: %.200s", c->control);
    else
        return 0;
    return PS_ESTATE;
}

// --- keys

static struct ps_front_conf *conf_of(const struct ps_key_line *l)
{
    return (struct ps_front_conf *)((char *)l->into + l->key->at);
}

static int read_place(struct ps_key_line *l, bool tls)
{
    int err = ps_places_add(&conf_of(l)->places, l->value, tls);

    if (err == PS_ELIMIT)
        return ps_key_wants(l, err, "fewer lines: 32 at most");
    return err ? ps_key_wants(l, err, PS_PLACES_FORM) : 0;
}

int ps_front_key_plain(struct ps_key_line *l)
{
    return read_place(l, false);
}

int ps_front_key_tls(struct ps_key_line *l)
{
    return read_place(l, true);
}

int ps_front_key_unix(struct ps_key_line *l)
{
    struct ps_front_conf *c = conf_of(l);
    uint64_t mode;
    int err = ps_key_path(l, c->unix_path);

    if (err || !ps_key_more(l))
        return err;
    if (ps_num_u64(l->value, 8, 0, 0777, &mode))
        return ps_key_wants(l, PS_ESYNTAX, "a path and perhaps an octal mode, as in 0660");
    c->unix_mode = (unsigned)mode;
    return 0;
}

// --- the command line

int ps_front_complain(const struct ps_front_options *o, const char *option, const char *value,
                      const char *wrong)
{
    fprintf(stderr, "%s: %s: '%s': %s\n", o->prog->name, option, value, wrong);
    return PS_ESYNTAX;
}

int ps_front_take_path(const struct ps_front_options *o, const char **place, const char *option,
                       const char *value, const char *wrong)
{
    *place = value;
    return *value && strlen(value) < PATH_MAX ? 0 : ps_front_complain(o, option, value, wrong);
}

static int set_listen(struct ps_front_options *o, const char *v)
{
    struct ps_places one = {.port = 1};

    if (o->nlisten == PS_PLACES_MAX)
        return ps_front_complain(o, "--listen", v, "too many");
    if (ps_places_add(&one, v, false))
        return ps_front_complain(o, "--listen", v, "wants " PS_PLACES_FORM);
    o->listen[o->nlisten++] = v;
    return 0;
}

static int set_option(void *options, int letter, const char *v)
{
    struct ps_front_options *o = options;

    switch (letter) {
    case 'c':
        return ps_front_take_path(o, &o->file, "-c, --config", v, "wants a path");
    case PS_FRONT_OPT_DATA:
        return ps_front_take_path(o, &o->data, "--data", v, o->data_wants);
    case PS_FRONT_OPT_LISTEN:
        return set_listen(o, v);
    case 'n':
        o->check = true;
        return 0;
    case 'g':
        if (ps_log_parse_level(v, &o->level) == 0)
            return 0;
        return ps_front_complain(o, "-g, --loglevel", v, "wants none, fatal, warning, info, debug or all");
    default:
        return o->own(o, letter, v);
    }
}

enum ps_opt_next ps_front_options_read(struct ps_front_options *o, int argc, char **argv)
{
    o->level = PS_LOG_INFO;
    return ps_opt_read(o->prog, argc, argv, set_option, o);
}
