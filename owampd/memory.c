// SPDX-License-Identifier: Apache-2.0
#include "owampd/memory.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void memory_init(struct memory *m, unsigned max_mib)
{
    long page = sysconf(_SC_PAGESIZE);
    *m = (struct memory){.max = (uint64_t)max_mib << 20, .page = page > 0 ? (uint64_t)page : 4096};
    m->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

void memory_fini(struct memory *m)
{
    if (m->statm >= 0)
        close(m->statm);
    m->statm = -1;
}

// The second number: pages that are resident.
static uint64_t resident(const struct memory *m)
{
    char text[128], *second;
    ssize_t n = m->statm < 0 ? -1 : pread(m->statm, text, sizeof text - 1, 0);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    second = strchr(text, ' ');
    return second == NULL ? 0 : strtoull(second, NULL, 10) * m->page;
}

uint64_t memory_used(const struct memory *m)
{
    uint64_t now = resident(m);
    return now > m->promised ? now : m->promised;
}

bool memory_hopeless(const struct memory *m)
{
    return m->max != 0 && memory_used(m) + MEMORY_CONNECTION + MEMORY_SESSION > m->max;
}

bool memory_take(struct memory *m, uint64_t octets)
{
    if (m->max != 0) {
        uint64_t used = memory_used(m);
        if (used > m->max || octets > m->max - used)
            return false;
    }
    m->promised += octets;
    return true;
}

void memory_give(struct memory *m, uint64_t octets)
{
    m->promised -= octets < m->promised ? octets : m->promised;
}
