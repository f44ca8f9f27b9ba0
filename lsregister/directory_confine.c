// SPDX-License-Identifier: Apache-2.0
// What keeps a directory from what it does not need, should a request or another server get the better of it.
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "lsregister/directory_impl.h"

#define ALL (PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_REMOVE)

static void collect(struct ps_hold *h, const struct dir_settings *c, const char *file)
{
    // SQLite has files beside its own, and so has a snapshot that is being written.
    ps_hold_folder(h, c->data, ALL);
    ps_hold_folder(h, c->snapshot, ALL);
    ps_hold_file(h, file);
    ps_hold_file(h, c->front.certificate);
    ps_hold_file(h, c->front.key);
    // Sockets are removed at the end, by whom locks their folder.
    ps_hold_folder(h, c->front.unix_path, PS_CONFINE_READ | PS_CONFINE_REMOVE);
    ps_hold_folder(h, c->front.control, PS_CONFINE_READ | PS_CONFINE_REMOVE);
    ps_hold_system(h);
    ps_hold_authorities(h);
}

int directory_confine(struct directory *d, struct ps_fault *fault)
{
    struct ps_hold h = {.also = PS_CONFINE_TCP};
    int err;

    if (!d->now.sandbox)
        return 0;
    collect(&h, &d->now, d->o->file);
    err = ps_hold_enter(&h, &d->log, d->front.confined, fault);
    if (!err)
        ps_log(&d->log, PS_LOG_INFO, "sandbox", "confined: %s", d->front.confined);
    return err;
}

int directory_confine_reload(const struct directory *d, const struct dir_settings *next,
                             struct ps_fault *fault)
{
    char copy[PATH_MAX];
    int fd;

    if (!d->front.confined[0] || !next->snapshot[0])
        return 0;
    snprintf(copy, sizeof copy, "%s", next->snapshot);
    // A file without a name: nobody sees it, and it goes as it is closed.
    fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return 0;
    }
    if (errno != EACCES)
        return 0; // what it is shows when the snapshot is written
    ps_fault_set(fault, next->snapshot, 0, "cannot be written: %s", ps_strerror(-EACCES));
    return -EACCES;
}
