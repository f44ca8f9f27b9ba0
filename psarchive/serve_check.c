// SPDX-License-Identifier: Apache-2.0
// serve -n: what a start would meet, as far as it can be seen without starting.
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "crypto/ps_cert.h"
#include "loop/ps_daemon.h"
#include "psarchive/retention.h"
#include "psarchive/serve_impl.h"

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

// It is made, but not what it is to be in. 0, or why it is not there.
static int look_for_parent(const char *path, char parent[PATH_MAX])
{
    char copy[PATH_MAX];
    struct stat st;

    snprintf(copy, sizeof copy, "%s", path);
    snprintf(parent, PATH_MAX, "%s", dirname(copy));
    if (stat(parent, &st))
        return -errno;
    return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int check_folder(const char *key, const char *path, struct ps_fault *fault)
{
    char parent[PATH_MAX];
    int err = look_for_parent(path, parent);

    if (err)
        ps_fault_set(fault, NULL, 0, "%s: %.200s cannot be made in %.200s: %s", key, path, parent,
                     ps_strerror(err));
    return err;
}

static int check_folders(const struct settings *s, struct ps_fault *fault)
{
    int err = check_folder("data", s->data, fault);

    for (size_t i = 0; !err && i < s->nspools; i++)
        err = check_folder("spool", s->spools[i], fault);
    return err;
}

// systemd may make it for the service alone.
static void warn_of_socket(FILE *out, const char *key, const char *path)
{
    char parent[PATH_MAX];
    int err = path[0] ? look_for_parent(path, parent) : 0;

    if (err)
        fprintf(out, "psarchive serve: warning: %s: %s has to be there when it starts: %s\n", key, parent,
                ps_strerror(err));
}

static void warn_of_nets(FILE *out, const char *key, const struct ps_netset *nets)
{
    const struct ps_net *net;
    char text[PS_NET_STRLEN];

    for (size_t i = 0; (net = ps_netset_inexact(nets, i)); i++)
        fprintf(out, "psarchive serve: warning: %s: an address with a prefix is taken for all of %s\n", key,
                ps_net_text(net, text));
}

int serve_check(const struct settings *s, FILE *out, struct ps_fault *fault)
{
    struct retention *policy = NULL;
    int err = s->retention[0] ? retention_load(&policy, s->retention, fault) : 0;

    retention_free(policy);
    if (!err)
        err = ps_daemon_check_who(s->front.user, s->front.group, fault);
    if (!err)
        err = check_certificate(s, fault);
    if (!err)
        err = check_folders(s, fault);
    if (err)
        return err;
    warn_of_socket(out, "control", s->front.control);
    warn_of_socket(out, "listen-unix", s->front.unix_path);
    warn_of_nets(out, "write-from", s->writers);
    warn_of_nets(out, "read-from", s->readers);
    warn_of_nets(out, "proxy", s->front.proxies);
    return 0;
}
