// SPDX-License-Identifier: Apache-2.0
#include "powstream/stream_conf.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_time.h"

// The strings, by their places: copied, freed and compared alike.
static const size_t strings[] = {
    offsetof(struct stream_conf, name),     offsetof(struct stream_conf, server),
    offsetof(struct stream_conf, identity), offsetof(struct stream_conf, pass_path),
    offsetof(struct stream_conf, source),   offsetof(struct stream_conf, directory),
    offsetof(struct stream_conf, spool),    offsetof(struct stream_conf, test_host),
};
#define NSTRINGS (sizeof strings / sizeof *strings)

static char **string_at(struct stream_conf *c, size_t i)
{
    return (char **)(void *)((char *)c + strings[i]);
}

static const char *const_string_at(const struct stream_conf *c, size_t i)
{
    return *(char *const *)(const void *)((const char *)c + strings[i]);
}

void stream_conf_defaults(struct stream_conf *c)
{
    memset(c, 0, sizeof *c);
    c->port = OW_PORT;
    c->count = 300;
    c->slot = (struct ow_slot){OW_SLOT_EXP, ps_ntpdur_from_double(0.1)};
    c->timeout = 10;
    c->modes = OW_MODE_ALL;
    c->family = AF_UNSPEC;
    c->retry = 60;
    c->enddelay = 1;
    c->bucket_width = 0.0001;
}

void stream_conf_free(struct stream_conf *c)
{
    for (size_t i = 0; i < NSTRINGS; i++) {
        free(*string_at(c, i));
        *string_at(c, i) = NULL;
    }
}

int stream_conf_copy(struct stream_conf *to, const struct stream_conf *from)
{
    *to = *from;
    for (size_t i = 0; i < NSTRINGS; i++)
        *string_at(to, i) = NULL;
    for (size_t i = 0; i < NSTRINGS; i++) {
        const char *s = const_string_at(from, i);
        if (s != NULL && (*string_at(to, i) = strdup(s)) == NULL) {
            stream_conf_free(to);
            return -ENOMEM;
        }
    }
    return 0;
}

static bool same_strings(const struct stream_conf *a, const struct stream_conf *b)
{
    for (size_t i = 0; i < NSTRINGS; i++) {
        const char *s = const_string_at(a, i), *t = const_string_at(b, i);
        if (s != t && (s == NULL || t == NULL || strcmp(s, t) != 0))
            return false;
    }
    return true;
}

static bool same_test(const struct stream_conf *a, const struct stream_conf *b)
{
    return a->port == b->port && a->to == b->to && a->count == b->count && a->slot.type == b->slot.type &&
           a->slot.value == b->slot.value && a->timeout == b->timeout && a->padding == b->padding &&
           a->dscp == b->dscp && a->modes == b->modes && a->family == b->family;
}

static bool same_output(const struct stream_conf *a, const struct stream_conf *b)
{
    return a->retry == b->retry && a->delay == b->delay && a->enddelay == b->enddelay &&
           a->every == b->every && a->bucket_width == b->bucket_width && a->unix_times == b->unix_times &&
           a->make_directory == b->make_directory && a->print == b->print && a->json == b->json &&
           a->raw == b->raw;
}

bool stream_conf_equal(const struct stream_conf *a, const struct stream_conf *b)
{
    return same_strings(a, b) && same_test(a, b) && same_output(a, b);
}

double stream_conf_duration(const struct stream_conf *c)
{
    return ps_ntpdur_to_double(ow_slots_duration(&c->slot, 1, c->count));
}

bool stream_conf_name_good(const char *name)
{
    size_t n = strlen(name);
    for (const char *p = name; *p != '\0'; p++)
        if ((unsigned char)*p <= ' ' || *p == '/' || *p == 127)
            return false;
    return n > 0 && n <= 200 && name[0] != '.';
}

static int wrong(struct ps_fault *fault, bool keys, const char *by_keys, const char *by_options)
{
    ps_fault_set(fault, NULL, 0, "%s", keys ? by_keys : by_options);
    return PS_ESYNTAX;
}

static int settle_name(struct stream_conf *c, struct ps_fault *fault)
{
    if (c->name == NULL && asprintf(&c->name, "%s-%s", c->server, c->to ? "to" : "from") < 0) {
        c->name = NULL;
        ps_fault_set(fault, NULL, 0, "out of memory");
        return -ENOMEM;
    }
    if (stream_conf_name_good(c->name))
        return 0;
    ps_fault_set(fault, NULL, 0, "the name \"%.200s\": " STREAM_NAME_WANTS, c->name);
    return PS_ESYNTAX;
}

static int settle_modes(struct stream_conf *c, bool keys, struct ps_fault *fault)
{
    if (c->identity == NULL)
        c->modes &= OW_MODE_OPEN;
    if (c->modes == 0)
        return wrong(fault, keys, "\"modes\" other than O (open) need an \"identity\"",
                     "modes other than open (O) need an identity (-u)");
    if (c->identity != NULL && c->pass_path == NULL)
        return wrong(fault, keys, "\"identity\" needs \"pass-phrases\", the file with its pass-phrase",
                     "-u needs -k, the file with the identity's pass-phrase");
    return 0;
}

int stream_conf_settle(struct stream_conf *c, bool keys, struct ps_fault *fault)
{
    double duration = stream_conf_duration(c);
    int err = settle_name(c, fault);
    if (err != 0)
        return err;
    if (c->print && c->json)
        return wrong(
            fault, keys,
            "\"print-names\" and \"json-lines\" both want standard output: use one, or \"spool\"",
            "file names (-p) and documents (--json-lines) both want standard output: use one, or --spool");
    if (c->every != 0 && c->count % c->every != 0)
        return wrong(fault, keys, "\"every\" must divide \"count\"",
                     "the packets for a summary (-N) must divide the packets of a session (-c)");
    if (duration < 0.0999999) // 0.1 is a little less in 2^-32 s
        return wrong(fault, keys, "a session, \"count\" times \"interval\", lasts at least 0.1 s",
                     "a session (-c times -i) lasts at least 0.1 s");
    if (c->retry > duration)
        c->retry = duration;
    return settle_modes(c, keys, fault);
}
