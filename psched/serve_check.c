// SPDX-License-Identifier: Apache-2.0
// serve -n: what a start would meet, as far as it can be seen without starting. A start warns of folders that it can go
// on without.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_access.h"
#include "loop/ps_daemon.h"
#include "loop/ps_priv.h"
#include "psched/serve_impl.h"
#include "psched/store_schema.h"

// --- folders

static int check_socket(const char *key, const char *path, struct ps_fault *fault)
{
    struct sockaddr_un sa;
    char folder[PATH_MAX];

    if (!path[0])
        return 0;
    if (strlen(path) >= sizeof sa.sun_path) {
        ps_fault_set(fault, NULL, 0, "%s: a socket's path has at most %zu octets; this one has %zu", key,
                     sizeof sa.sun_path - 1, strlen(path));
        return -ENAMETOOLONG;
    }
    ps_access_parent(path, folder);
    return ps_access_folder(key, folder, fault);
}

static int check_sockets(const struct settings *s, struct ps_fault *fault)
{
    int err = check_socket("listen-unix", s->front.unix_path, fault);

    return err ? err : check_socket("control", s->front.control, fault);
}

// A missing folder of a socket is made by root: before it becomes somebody. One that is there has to be his.
static int check_socket_then(const char *key, const char *path, struct ps_fault *fault)
{
    char folder[PATH_MAX];

    ps_access_parent(path, folder);
    return path[0] && access(folder, F_OK) == 0 ? ps_access_folder(key, folder, fault) : 0;
}

static int check_sockets_then(const struct settings *s, struct ps_fault *fault)
{
    int err = check_socket_then("listen-unix", s->front.unix_path, fault);

    return err ? err : check_socket_then("control", s->front.control, fault);
}

static int check_data(const struct settings *s, struct ps_fault *fault)
{
    static const char *const names[] = {STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm", "lock", NULL};

    return ps_access_kept("data", s->data, names, fault);
}

static int check_read(const char *key, const char *folder, const char *then, struct ps_fault *fault)
{
    int err = folder[0] ? ps_access_look(folder, R_OK | X_OK) : 0;

    if (err)
        ps_fault_set(fault, NULL, 0, "%s: %.200s cannot be read: %s: %s", key, folder, ps_strerror(err),
                     then);
    return err;
}

static int check_archives(const struct settings *s, struct ps_fault *fault)
{
    return check_read("archives", s->archives, "results go where their tasks say, and nowhere else", fault);
}

static int check_plugins(const struct settings *s, struct ps_fault *fault)
{
    return check_read("plugins", s->plugins, "only plug-ins that are installed with psched are known", fault);
}

void serve_warn(struct serve *s)
{
    struct ps_fault fault = {""};

    if (check_archives(&s->now, &fault))
        ps_log(&s->log, PS_LOG_WARN, NULL, "%s", fault.text);
    if (check_plugins(&s->now, &fault))
        ps_log(&s->log, PS_LOG_WARN, NULL, "%s", fault.text);
}

// --- the certificate

// By whom a start has it loaded: whether the key is the certificate's, he says.
static int check_certificate(const struct settings *s, struct ps_fault *fault)
{
    struct ps_loop *loop = NULL;
    struct ps_httpd *httpd = NULL;
    int err = s->front.certificate[0] ? ps_loop_new(&loop) : 0;

    if (!s->front.certificate[0] || err)
        return err;
    err = ps_httpd_new(loop, &ps_httpd_defaults, &httpd);
    if (!err) {
        err = ps_httpd_tls(httpd, s->front.certificate, s->front.key, fault);
        ps_httpd_close(httpd);
    }
    ps_loop_free(loop);
    return err;
}

int serve_check(const struct settings *s, struct ps_fault *fault)
{
    int err = ps_daemon_check_who(s->front.user, s->front.group, fault);

    if (!err)
        err = check_sockets(s, fault);
    if (!err && s->front.user[0] && geteuid() == 0)
        err = ps_daemon_become(s->front.user, s->front.group, PS_KEEP_BIND, fault);
    if (!err)
        err = check_sockets_then(s, fault);
    if (!err)
        err = check_data(s, fault);
    if (!err)
        err = check_certificate(s, fault);
    if (!err)
        err = check_archives(s, fault);
    if (!err)
        err = check_plugins(s, fault);
    if (err && !fault->text[0])
        ps_fault_set(fault, NULL, 0, "cannot be checked: %s", ps_strerror(err));
    return err;
}
