// SPDX-License-Identifier: Apache-2.0
#include "loop/ps_hold.h"
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_priv.h"

// --- the list

void ps_hold_path(struct ps_hold *h, const char *path, unsigned rights, bool optional)
{
    struct ps_confine_path *more;
    char *copy;

    if (!path || !path[0] || h->err)
        return;
    more = realloc(h->paths, (h->n + 1) * sizeof *more);
    if (more)
        h->paths = more;
    copy = more ? strdup(path) : NULL;
    if (copy)
        more[h->n++] = (struct ps_confine_path){copy, rights, optional};
    else
        h->err = -ENOMEM;
}

// Leaves of path the folder that it is in. False: there is none.
static bool climb(char *path)
{
    char *end = strrchr(path, '/');

    if (!end || !path[1])
        return false;
    end[end == path] = '\0';
    return true;
}

static bool folder_of(const char *file, char out[PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s%s", file[0] == '/' ? "" : "./", file);

    return file[0] && n < PATH_MAX && climb(out);
}

void ps_hold_folder(struct ps_hold *h, const char *file, unsigned rights)
{
    char folder[PATH_MAX];

    if (file && folder_of(file, folder))
        ps_hold_path(h, folder, rights, true);
}

static void add_readable(struct ps_hold *h, const char *file)
{
    char folder[PATH_MAX];
    bool inside = folder_of(file, folder);

    while (inside && access(folder, F_OK) != 0)
        inside = climb(folder);
    ps_hold_path(h, inside && strcmp(folder, "/") != 0 ? folder : file, PS_CONFINE_READ, true);
}

void ps_hold_file(struct ps_hold *h, const char *file)
{
    char *target = file ? realpath(file, NULL) : NULL;

    if (file)
        add_readable(h, file);
    if (target && strcmp(target, file) != 0)
        add_readable(h, target);
    free(target);
}

static void add_all(struct ps_hold *h, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ps_hold_path(h, paths[i], PS_CONFINE_READ, true);
}

void ps_hold_system(struct ps_hold *h)
{
    static const char *const folders[] = {"/etc", "/usr/share/zoneinfo", "/run/systemd/resolve",
                                          "/run/resolvconf", "/run/NetworkManager"};
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM}, *list = NULL;

    add_all(h, folders, sizeof folders / sizeof *folders);
    ps_hold_path(h, "/dev/null", PS_CONFINE_READ | PS_CONFINE_WRITE, true);
    if (getaddrinfo("localhost", NULL, &hints, &list) == 0)
        freeaddrinfo(list);
}

void ps_hold_authorities(struct ps_hold *h)
{
    static const char *const folders[] = {"/etc/ssl",
                                          "/etc/pki",
                                          "/usr/share/ca-certificates",
                                          "/usr/local/share/ca-certificates",
                                          "/usr/share/pki",
                                          "/usr/share/crypto-policies",
                                          "/var/lib/ca-certificates"};

    add_all(h, folders, sizeof folders / sizeof *folders);
}

// --- entering it

struct entry {
    const struct ps_hold *h;
    struct ps_log *log;
    char *text;
};

static void say(const struct entry *e, const char *what)
{
    size_t n = strlen(e->text);

    snprintf(e->text + n, PS_HOLD_TEXT - n, "%s%s", n ? ", " : "", what);
}

static void miss(const struct entry *e, const char *part, const char *why)
{
    ps_log(e->log, PS_LOG_WARN, "sandbox", "%s could not be had: %s", part, why);
}

static void hold_privs(const struct entry *e)
{
    int err = ps_priv_no_new();

    if (err)
        miss(e, "no_new_privs", ps_strerror(err));
    else
        say(e, "no_new_privs");
}

static void warn_of_root(const struct entry *e)
{
    for (size_t i = 0; i < e->h->n; i++)
        if (strcmp(e->h->paths[i].path, "/") == 0)
            ps_log(e->log, PS_LOG_WARN, "sandbox",
                   "landlock keeps few files from this process: / is one of its folders");
}

static int hold_files(const struct entry *e, struct ps_fault *fault)
{
    const char *manager = getenv("NOTIFY_SOCKET");
    const struct ps_confine_files f = {.paths = e->h->paths,
                                       .npaths = e->h->n,
                                       .abstract_sockets = manager && manager[0] == '@',
                                       .tcp = e->h->also & PS_CONFINE_TCP};
    int abi = ps_confine_abi(), err = e->h->err;
    char what[40];

    if (abi < 0) {
        miss(e, "landlock",
             abi == -ENOSYS || abi == -EOPNOTSUPP ? "this kernel has none, or does not use it (lsm=)"
                                                  : ps_strerror(abi));
        return 0;
    }
    warn_of_root(e);
    if (!err)
        err = ps_confine_to_files(&f, fault);
    if (err && !fault->text[0])
        ps_fault_set(fault, NULL, 0, "landlock: %s", ps_strerror(err));
    snprintf(what, sizeof what, "landlock ABI %d", abi);
    if (!err)
        say(e, what);
    return err;
}

static void hold_calls(const struct entry *e)
{
    int err = ps_confine_calls(e->h->also);

    if (err)
        miss(e, "seccomp", err == -EINVAL ? "this kernel has none" : ps_strerror(err));
    else
        say(e, PS_CONFINE_EASED ? "seccomp (eased for a sanitizer)" : "seccomp");
}

static void list_free(struct ps_hold *h)
{
    for (size_t i = 0; i < h->n; i++)
        free((char *)(uintptr_t)h->paths[i].path);
    free(h->paths);
    h->paths = NULL;
    h->n = 0;
}

int ps_hold_enter(struct ps_hold *h, struct ps_log *log, char text[PS_HOLD_TEXT], struct ps_fault *fault)
{
    const struct entry e = {h, log, text};
    int err = 0;

    text[0] = fault->text[0] = '\0';
    tzset();
    if (!(h->without & PS_HOLD_NO_NEW_PRIVS))
        hold_privs(&e);
    if (!(h->without & PS_HOLD_LANDLOCK))
        err = hold_files(&e, fault);
    if (!err && !(h->without & PS_HOLD_SECCOMP))
        hold_calls(&e);
    list_free(h);
    return err;
}

void ps_hold_explain(const char *text, int err, struct ps_fault *fault)
{
    char why[sizeof fault->text];

    if (err != -EACCES || !strstr(text, "landlock"))
        return;
    memcpy(why, fault->text, sizeof why);
    ps_fault_set(fault, NULL, 0, "%.380s; a folder that was not in use at the start wants a restart", why);
}
