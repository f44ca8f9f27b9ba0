// SPDX-License-Identifier: Apache-2.0
#include "pslimits/confine.h"
#include <link.h>
#include <stdio.h>

static int note_loader(struct dl_phdr_info *info, size_t size, void *ctx)
{
    const char **loader = ctx;
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_INTERP)
            *loader = (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return 1; // the first is the program itself
}

// A worker is started by what starts us.
static void add_worker(struct ps_hold *h, const struct ps_jq *jq)
{
    const char *worker, *library, *loader = NULL;
    ps_jq_paths(jq, &worker, &library);
    (void)dl_iterate_phdr(note_loader, &loader);
    ps_hold_path(h, worker, PS_CONFINE_RUN, true);
    ps_hold_path(h, loader, PS_CONFINE_RUN, true);
    ps_hold_path(h, library, PS_CONFINE_READ, true);
    ps_hold_path(h, "/proc", PS_CONFINE_READ, true); // how large it is
    // Libraries that are loaded when they are needed.
    ps_hold_path(h, "/usr", PS_CONFINE_READ, true);
    ps_hold_path(h, "/lib", PS_CONFINE_READ, true);
    ps_hold_path(h, "/lib64", PS_CONFINE_READ, true);
}

int confine(const struct options *o, const struct ps_jq *jq, struct ps_log *log, char text[PS_HOLD_TEXT])
{
    struct ps_hold h = {.also = PS_CONFINE_TCP | PS_CONFINE_PROGRAMS | PS_CONFINE_NOTICE | PS_CONFINE_LISTEN};
    struct ps_fault fault;
    ps_hold_file(&h, o->file);
    ps_hold_folder(&h, o->socket, PS_CONFINE_READ | PS_CONFINE_REMOVE | PS_CONFINE_SOCKET);
    ps_hold_path(&h, o->cache, PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_REMOVE, true);
    add_worker(&h, jq);
    ps_hold_system(&h);
    ps_hold_authorities(&h);
    int err = ps_hold_enter(&h, log, text, &fault);
    if (err)
        fprintf(stderr, "pslimits: %s\n", fault.text);
    else
        ps_log(log, PS_LOG_INFO, "sandbox", "confined: %s", text);
    return err;
}
