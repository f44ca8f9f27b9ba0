// SPDX-License-Identifier: Apache-2.0
#include "lsregister/serve_confine.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"

// Of this host. As wholes: the kernel may make a file of /proc anew, and a rule for that file alone would end then.
static void add_facts(struct ps_hold *h, const char *root)
{
    static const char *const paths[] = {"/proc", "/sys", "/etc", "/usr/lib/os-release"};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (snprintf(path, sizeof path, "%s%s", root, paths[i]) < PATH_MAX)
            ps_hold_path(h, path, PS_CONFINE_READ, true);
}

int serve_confine(const struct plan *p, const char *file, const char *root, struct ps_log *log,
                  char text[PS_HOLD_TEXT], struct ps_fault *fault)
{
    struct ps_hold h = {.also = PS_CONFINE_TCP | PS_CONFINE_NOTICE | PS_CONFINE_MODES};
    ps_hold_path(&h, p->state_dir, PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_REMOVE, false);
    ps_hold_file(&h, strcmp(file, "-") == 0 ? NULL : file);
    ps_hold_file(&h, p->ca_file);
    // The socket is removed at the end, by whom locks its folder. Those of others need no leave.
    ps_hold_folder(&h, p->socket, PS_CONFINE_READ | PS_CONFINE_REMOVE);
    add_facts(&h, root);
    ps_hold_system(&h);
    ps_hold_authorities(&h);
    int err = ps_hold_enter(&h, log, text, fault);
    if (!err)
        ps_log(log, PS_LOG_INFO, "sandbox", "confined: %s", text);
    return err;
}

int serve_confine_reload(const struct plan *next, const char *text, struct ps_fault *fault)
{
    int fd = text[0] && next->ca_file ? open(next->ca_file, O_RDONLY | O_CLOEXEC) : -1;
    bool lost = text[0] && next->ca_file && fd < 0 && errno == EACCES;
    if (fd >= 0)
        close(fd);
    if (lost)
        ps_fault_set(fault, next->ca_file, 0, "%s", ps_strerror(-EACCES));
    return lost ? -EACCES : 0;
}
