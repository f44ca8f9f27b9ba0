// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_spec.h"
#include <float.h>
#include "base/ps_iso8601.h"
#include "tool/tl_tool.h"

bool tl_spec_has(struct ps_jnode spec, const char *key)
{
    return ps_jnode_there(ps_jnode_member(spec, key));
}

const char *tl_spec_str(struct ps_jnode spec, const char *key)
{
    const char *text = NULL;

    (void)ps_jnode_str(ps_jnode_member(spec, key), 0, SIZE_MAX, &text, NULL);
    return text;
}

bool tl_spec_flag(struct ps_jnode spec, const char *key, bool otherwise)
{
    (void)ps_jnode_bool(ps_jnode_member(spec, key), &otherwise, NULL);
    return otherwise;
}

bool tl_spec_u64(struct ps_jnode spec, const char *key, uint64_t *out)
{
    return ps_jnode_u64(ps_jnode_member(spec, key), 0, UINT64_MAX, out, NULL) == 0;
}

uint64_t tl_spec_count(struct ps_jnode spec, const char *key, uint64_t otherwise)
{
    (void)tl_spec_u64(spec, key, &otherwise);
    return otherwise;
}

double tl_spec_double(struct ps_jnode spec, const char *key, double otherwise)
{
    (void)ps_jnode_double(ps_jnode_member(spec, key), -DBL_MAX, DBL_MAX, &otherwise, NULL);
    return otherwise;
}

ps_ns tl_spec_duration(struct ps_jnode spec, const char *key, ps_ns otherwise)
{
    const char *text = tl_spec_str(spec, key);
    ps_ns d;

    if (!text || ps_iso8601_duration(text, &d))
        return otherwise;
    return d < TL_SPEC_LONGEST ? d : TL_SPEC_LONGEST;
}

int tl_spec_family(struct ps_jnode spec)
{
    uint64_t version = tl_spec_count(spec, "ip-version", 0);

    return version == 4 || version == 6 ? (int)version : 0;
}

const char *tl_spec_far(struct ps_jnode spec)
{
    return tl_spec_str(spec, tl_spec_flag(spec, "flip", false) ? "source" : "dest");
}

const char *tl_spec_near(struct ps_jnode spec)
{
    return tl_spec_str(spec, tl_spec_flag(spec, "flip", false) ? "dest" : "source");
}

ps_ns tl_round_up(ps_ns t)
{
    ps_ns rest = t % PS_SEC;

    return rest > 0 ? t - rest + PS_SEC : t;
}

void tl_put_test(struct ps_json *j, const struct tl_test *test)
{
    ps_json_put_open(j, "test", '{');
    ps_json_put_str(j, "type", test->type);
    ps_jnode_put(j, "spec", test->spec);
    ps_json_close(j, '}');
}

void tl_put_duration(struct ps_json *j, const char *key, ps_ns d)
{
    char text[PS_ISO8601_DURATION];

    ps_json_put_str(j, key, ps_iso8601_put_duration(d > 0 ? d : 0, text));
}
