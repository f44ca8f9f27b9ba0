// SPDX-License-Identifier: Apache-2.0
// Configurations of lsregister, ours and perfSONAR's, and the records they make of a host.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "lsregister/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan plan;
    struct ps_fault fault = {""};
    struct discovered found = {0};
    struct record names = {0};
    struct wishes wishes = {0};
    struct words notes = {0};
    char why[200];
    char *text = malloc(size + 1);
    if (!text || plan_init(&plan) != 0)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    int err = plan_read_any(&plan, "f", text, size, &fault);
    free(text);
    if (err != 0 && fault.text[0] == '\0')
        abort();
    struct discover_interface *i = discover_interface(&found, "eth0");
    if (i && ps_addr_parse("192.0.2.1", 0, &i->addrs[0]) == 0)
        i->naddrs = 1;
    record_set(&names, "192.0.2.1", "h.example.org");
    struct service_look *looks = calloc(PLAN_HOSTS * PLAN_SERVICES, sizeof *looks);
    for (size_t k = 0; looks && k < PLAN_HOSTS * PLAN_SERVICES; k++)
        looks[k].there = true;
    struct records_from from = {&plan, &found, &names, looks};
    if (err == 0 && records_make(&from, &wishes, &notes) != 0)
        abort();
    (void)plan_is_complete(&plan, why, sizeof why);
    // What points to something stands behind it.
    for (size_t w = 0; w < wishes.n; w++)
        for (size_t l = 0; l < wishes.at[w].nlinks; l++)
            for (size_t k = 0; k < wishes.at[w].links[l].ids.n; k++)
                if (wishes_find(&wishes, wishes.at[w].links[l].ids.at[k]) >= &wishes.at[w])
                    abort();
    free(looks);
    wishes_fini(&wishes);
    words_fini(&notes);
    record_fini(&names);
    discovered_fini(&found);
    plan_fini(&plan);
    return 0;
}
