// SPDX-License-Identifier: Apache-2.0
#include "psarchive/confine.h"
#include <errno.h>
#include <sys/stat.h>
#include "base/ps_err.h"

#define ALL (PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_REMOVE)
#define SPOOL_MODE 0750 // as lib/spool makes them

static int make_spools(const struct settings *s, struct ps_fault *fault)
{
    for (size_t i = 0; i < s->nspools; i++) {
        if (mkdir(s->spools[i], SPOOL_MODE) != 0 && errno != EEXIST) {
            int err = -errno;
            ps_fault_set(fault, s->spools[i], 0, "cannot be made: %s", ps_strerror(err));
            return err;
        }
    }
    return 0;
}

static void collect(struct ps_hold *h, const struct settings *s, const char *file)
{
    ps_hold_path(h, s->data, ALL, false);
    for (size_t i = 0; i < s->nspools; i++)
        ps_hold_path(h, s->spools[i], ALL, false);
    ps_hold_file(h, file);
    ps_hold_file(h, s->retention);
    ps_hold_file(h, s->front.certificate);
    ps_hold_file(h, s->front.key);
    // Sockets are removed at the end, by whom locks their folder.
    ps_hold_folder(h, s->front.unix_path, PS_CONFINE_READ | PS_CONFINE_REMOVE);
    ps_hold_folder(h, s->front.control, PS_CONFINE_READ | PS_CONFINE_REMOVE);
    ps_hold_system(h);
}

int confine(const struct settings *s, const char *file, struct ps_log *log, char text[PS_HOLD_TEXT],
            struct ps_fault *fault)
{
    struct ps_hold h = {.also = PS_CONFINE_NOTICE};
    int err = make_spools(s, fault);

    if (err)
        return err;
    collect(&h, s, file);
    err = ps_hold_enter(&h, log, text, fault);
    if (!err)
        ps_log(log, PS_LOG_INFO, "sandbox", "confined: %s", text);
    return err;
}
