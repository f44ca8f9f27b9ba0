// SPDX-License-Identifier: Apache-2.0
// What is written to an archive: registrations, points, result documents. The first octet says which of them it is.
#include <stdlib.h>
#include "fuzz.h"
#include "psarchive/map.h"
#include "psarchive/param.h"
#include "psarchive/points.h"

static struct ps_fault fault;

static void read_registration(struct ps_jnode root)
{
    struct registration r;

    registration_init(&r);
    if (param_registration(&r, root, &fault) == 0)
        (void)registration_check(&r, &fault);
    registration_fini(&r);
}

// For a put of all event types.
static void read_points(struct ps_jnode root)
{
    struct registration r;
    struct put *p;

    registration_init(&r);
    registration_set(&r, "subject-type", "network-element");
    registration_set(&r, "source", "192.0.2.1");
    for (int i = 0; i < EVENT_COUNT; i++)
        registration_event(&r, i);
    if (registration_check(&r, &fault) == 0 && (p = put_new(NULL))) {
        put_register(p, &r);
        (void)points_bulk(p, root, &fault);
        (void)points_single(p, 0, root, &fault);
        put_free(p);
    }
    registration_fini(&r);
}

static void read_document(struct ps_jnode root)
{
    struct ps_addr addr;
    struct put *p = NULL;
    struct map m;

    if (map_begin(&m, root, &fault))
        return;
    ps_addr_parse("192.0.2.1", 0, &addr);
    for (int i = 0; i < MAP_ROLES; i++)
        if (!m.hosts[i].known)
            map_found(&m.hosts[i], &addr, 1);
    if (map_make(&m, &p, &fault) == 0)
        put_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_jdoc *doc;

    if (size < 1 || ps_jdoc_parse(&doc, NULL, (const char *)data + 1, size - 1, &fault))
        return 0;
    if (data[0] == 'r')
        read_registration(ps_jdoc_root(doc));
    else if (data[0] == 'p')
        read_points(ps_jdoc_root(doc));
    else
        read_document(ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return 0;
}
