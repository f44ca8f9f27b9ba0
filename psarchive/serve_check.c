// SPDX-License-Identifier: Apache-2.0
// serve -n: what a start would meet, as far as it can be seen without starting.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "crypto/ps_cert.h"
#include "loop/ps_access.h"
#include "psarchive/retention.h"
#include "psarchive/serve_impl.h"
#include "psarchive/store.h"

static int check_certificate(const struct settings *s, struct ps_fault *fault)
{
    struct ps_cert cert;
    int err = s->front.certificate[0] ? ps_cert_look(s->front.certificate, &cert, fault) : 0;
    int fd = err || !s->front.key[0] ? -1 : open(s->front.key, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (err || !s->front.key[0])
        return err;
    if (fd < 0) {
        err = -errno;
        ps_fault_set(fault, s->front.key, 0, "key: %s", ps_strerror(err));
        return err;
    }
    close(fd);
    return 0;
}

static int check_folders(const struct settings *s, struct ps_fault *fault)
{
    static const char *const names[] = {STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm", "lock", NULL};
    int err = ps_access_kept("data", s->data, names, fault);

    for (size_t i = 0; !err && i < s->nspools; i++)
        err = ps_access_folder("spool", s->spools[i], fault);
    return err;
}

// systemd may make it for the service alone.
static void warn_of_socket(const char *key, const char *path)
{
    char parent[PATH_MAX];
    int err;

    ps_access_parent(path, parent);
    err = path[0] ? ps_access_look(parent, F_OK) : 0;
    if (err)
        fprintf(stderr, "psarchive serve: warning: %s: %s has to be there when it starts: %s\n", key, parent,
                ps_strerror(err));
}

static void warn_of_nets(const char *key, const struct ps_netset *nets)
{
    const struct ps_net *net;
    char text[PS_NET_STRLEN];

    for (size_t i = 0; (net = ps_netset_inexact(nets, i)); i++)
        fprintf(stderr, "psarchive serve: warning: %s: an address with a prefix is taken for all of %s\n",
                key, ps_net_text(net, text));
}

static int check_retention(const struct settings *s, struct ps_fault *fault)
{
    struct retention *policy = NULL;
    int err = s->retention[0] ? ps_access_read("retention", s->retention, fault) : 0;

    if (!err && s->retention[0])
        err = retention_load(&policy, s->retention, fault);

    retention_free(policy);
    return err;
}

// In the order of a start: what root does, and then what the user does.
int serve_check(const struct settings *s, const struct ps_front_options *o, struct ps_fault *fault)
{
    int err = check_certificate(s, fault);

    if (!err)
        err = ps_front_check_user(&s->front, fault);
    if (!err)
        err = check_folders(s, fault);
    if (!err)
        err = check_retention(s, fault);
    if (err)
        return err;
    ps_front_warn_of_reload(&s->front, o);
    warn_of_socket("control", s->front.control);
    warn_of_socket("listen-unix", s->front.unix_path);
    warn_of_nets("write-from", s->writers);
    warn_of_nets("read-from", s->readers);
    warn_of_nets("proxy", s->front.proxies);
    return 0;
}
