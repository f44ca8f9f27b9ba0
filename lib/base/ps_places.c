// SPDX-License-Identifier: Apache-2.0
#include "base/ps_places.h"
#include "base/ps_err.h"

int ps_places_add(struct ps_places *p, const char *text, bool tls)
{
    struct ps_hostport hp;
    struct ps_place place = {.tls = tls};

    if (ps_hostport_parse(text, p->port, true, &hp) ||
        ps_addr_parse(hp.host[0] ? hp.host : "::", hp.port, &place.addr))
        return PS_ESYNTAX;
    if (p->n == PS_PLACES_MAX)
        return PS_ELIMIT;
    p->at[p->n++] = place;
    return 0;
}

int ps_places_replace(struct ps_places *p, const char *const *texts, size_t n, bool tls,
                      struct ps_fault *fault)
{
    int err = 0;

    if (n)
        p->n = 0;
    for (size_t i = 0; !err && i < n; i++) {
        err = ps_places_add(p, texts[i], tls);
        if (err == PS_ELIMIT)
            ps_fault_set(fault, NULL, 0, "--listen: '%.100s': is too much: %d at most", texts[i],
                         PS_PLACES_MAX);
        else if (err)
            ps_fault_set(fault, NULL, 0, "--listen: '%.100s': wants " PS_PLACES_FORM, texts[i]);
    }
    return err;
}

bool ps_places_tls(const struct ps_places *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->at[i].tls)
            return true;
    return false;
}
