// SPDX-License-Identifier: Apache-2.0
#include "sched/sch_id.h"
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_rand.h"

#define TEXT (SCH_ID - 1)
#define GROUPS 5

static const size_t group_octets[GROUPS] = {4, 2, 2, 2, 6};

void sch_id_make(struct ps_rand *rand, struct sch_key *out)
{
    ps_rand_fill(rand, out->octets, sizeof out->octets);
    out->octets[6] = (uint8_t)((out->octets[6] & 0x0f) | 0x40);
    out->octets[8] = (uint8_t)((out->octets[8] & 0x3f) | 0x80);
}

char *sch_id_put(const struct sch_key *key, char out[SCH_ID])
{
    const uint8_t *in = key->octets;
    char *p = out;
    for (int i = 0; i < GROUPS; i++) {
        ps_num_to_hex(in, group_octets[i], p);
        in += group_octets[i];
        p += 2 * group_octets[i];
        *p++ = i < GROUPS - 1 ? '-' : '\0';
    }
    return out;
}

int sch_id_read(const char *text, struct sch_key *out)
{
    struct sch_key key;
    uint8_t *at = key.octets;
    if (strlen(text) != TEXT)
        return PS_ESYNTAX;
    for (int i = 0; i < GROUPS; i++) {
        char hex[13];
        const size_t n = 2 * group_octets[i];
        memcpy(hex, text, n);
        hex[n] = '\0';
        if (ps_num_hex(hex, at, group_octets[i]) != 0 || text[n] != (i < GROUPS - 1 ? '-' : '\0'))
            return PS_ESYNTAX;
        at += group_octets[i];
        text += n + 1;
    }
    *out = key;
    return 0;
}
