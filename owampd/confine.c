// SPDX-License-Identifier: Apache-2.0
#include "owampd/confine.h"
#include <errno.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "crypto/ps_crypto.h"
#include "loop/ps_confine.h"
#include "loop/ps_priv.h"

#define PRIVILEGED_PORTS 1024
#define PATHS_MAX 32

// What was to be had, what is, and what it says of itself.
struct held {
    const struct conf *conf;
    struct ps_log *log;
    unsigned parts;
    int abi;
};

// --- who

static unsigned wanted_caps(const struct conf *c)
{
    if (!(c->sandbox & SANDBOX_CAPABILITIES))
        return PS_KEEP_USUAL;
    // The control port is bound by now.
    bool low_ports = c->testports.low != 0 && c->testports.low < PRIVILEGED_PORTS;
    return PS_KEEP_NICE | (low_ports ? PS_KEEP_BIND : 0u);
}

static int find_ids(const struct conf *c, uid_t *uid, gid_t *gid)
{
    *uid = geteuid();
    *gid = getegid();
    if (*uid != 0)
        return 0;
    int err = c->user[0] != '\0' ? ps_priv_user(c->user, uid, gid) : 0;
    return err == 0 && c->group[0] != '\0' ? ps_priv_group(c->group, gid) : err;
}

int confine_become(const struct conf *c, struct ps_fault *fault)
{
    uid_t uid;
    gid_t gid;
    int err = find_ids(c, &uid, &gid);
    if (err == 0)
        err = ps_priv_drop(uid, gid, wanted_caps(c));
    if (err != 0)
        ps_fault_set(fault, NULL, 0, "cannot become user '%s' group '%s': %s", c->user, c->group,
                     ps_strerror(err));
    return err;
}

// --- which files

struct places {
    struct ps_confine_path path[PATHS_MAX];
    size_t n;
    char folder[2][PATH_MAX]; // of the limits and the pass-phrases, where links lead
    char confdir[PATH_MAX];
    glob_t clocks;
};

static void add(struct places *p, const char *path, unsigned rights, bool optional)
{
    if (p->n < PATHS_MAX)
        p->path[p->n++] = (struct ps_confine_path){path, rights, optional};
}

static bool folder_of(const char *path, char out[PATH_MAX])
{
    const char *end = strrchr(path, '/');
    if (end == NULL || end - path >= PATH_MAX)
        return false;
    int n = end == path ? 1 : (int)(end - path);
    snprintf(out, PATH_MAX, "%.*s", n, path);
    return true;
}

// The folder, not the file: what replaces the file has to be readable too.
static void add_rules_file(struct places *p, const char *file, char out[PATH_MAX])
{
    char *target = realpath(file, NULL);
    if (target != NULL && folder_of(target, out) && strcmp(out, p->confdir) != 0)
        add(p, out, PS_CONFINE_READ, false);
    free(target);
}

// Hardware clocks, where there are some and the user may open them.
static void add_clocks(struct places *p)
{
    if (glob("/dev/ptp*", 0, NULL, &p->clocks) != 0)
        return;
    for (size_t i = 0; i < p->clocks.gl_pathc; i++)
        add(p, p->clocks.gl_pathv[i], PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_DEVICE, true);
}

static void collect(struct places *p, const struct conf *c, const struct daemon_files *files,
                    const char *info_path)
{
    memset(p, 0, sizeof *p);
    add(p, c->datadir, PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_REMOVE, false);
    add(p, c->vardir, PS_CONFINE_REMOVE, false);
    if (info_path != NULL)
        add(p, info_path, PS_CONFINE_WRITE, false);
    if (folder_of(files->conf, p->confdir))
        add(p, p->confdir, PS_CONFINE_READ, false);
    add_rules_file(p, files->limits, p->folder[0]);
    add_rules_file(p, files->pfs, p->folder[1]);
    // The C library's: times in the system log.
    add(p, "/etc/localtime", PS_CONFINE_READ, true);
    add(p, "/usr/share/zoneinfo", PS_CONFINE_READ, true);
    add_clocks(p);
}

// --- one thing after the other

static void miss(const struct held *h, enum sandbox part, const char *why)
{
    ps_log(h->log, PS_LOG_WARN, "sandbox", "%s could not be had: %s", conf_sandbox_name(part), why);
}

static void hold_no_new_privs(struct held *h)
{
    int err = ps_priv_no_new();
    if (err == 0)
        h->parts |= SANDBOX_NO_NEW_PRIVS;
    else
        miss(h, SANDBOX_NO_NEW_PRIVS, ps_strerror(err));
}

static void warn_of_root(const struct held *h, const struct places *p)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->path[i].path, "/") == 0)
            ps_log(h->log, PS_LOG_WARN, "sandbox",
                   "landlock keeps few files from this process: / is one of its folders (see -c, -d, -R)");
    }
}

static int hold_files(struct held *h, const struct daemon_files *files, const char *info_path,
                      struct ps_fault *fault)
{
    struct places *p = malloc(sizeof *p);
    const char *manager = getenv("NOTIFY_SOCKET");
    if (p == NULL)
        return -ENOMEM;
    collect(p, h->conf, files, info_path);
    warn_of_root(h, p);
    struct ps_confine_files f = {p->path, p->n, manager != NULL && manager[0] == '@'};
    int err = ps_confine_to_files(&f, fault);
    globfree(&p->clocks);
    free(p);
    if (err == 0)
        h->parts |= SANDBOX_LANDLOCK;
    else if (err == -ENOSYS || err == -EOPNOTSUPP)
        miss(h, SANDBOX_LANDLOCK, "this kernel has none, or does not use it (lsm=)");
    else if (fault->text[0] == '\0')
        miss(h, SANDBOX_LANDLOCK, ps_strerror(err));
    return fault->text[0] != '\0' ? err : 0;
}

static void hold_calls(struct held *h)
{
    int err = ps_confine_calls();
    if (err == 0)
        h->parts |= SANDBOX_SECCOMP;
    else
        miss(h, SANDBOX_SECCOMP, err == -EINVAL ? "this kernel has none" : ps_strerror(err));
}

// What is read at its first use and would not be found later.
static void warm_up(void)
{
    static const uint8_t nothing[16];
    uint8_t key[16];
    tzset();
    (void)ps_pbkdf2(nothing, sizeof nothing, nothing, sizeof nothing, 1, key, sizeof key);
}

static const char *user_name(char *out, size_t size)
{
    struct passwd *pw = getpwuid(geteuid());
    if (pw != NULL)
        snprintf(out, size, "%s", pw->pw_name);
    else
        snprintf(out, size, "%u", (unsigned)geteuid());
    return out;
}

static const char *caps_text(char *out, size_t size)
{
    char caps[1024];
    ps_priv_caps(caps, sizeof caps);
    if (geteuid() == 0)
        snprintf(out, size, "root's capabilities");
    else
        snprintf(out, size, "%s%s", caps[0] != '\0' ? "capabilities " : "no capabilities", caps);
    return out;
}

static void describe(const struct held *h, const char *user, char text[CONFINE_TEXT])
{
    static const char *const seccomp = PS_CONFINE_EASED ? ", seccomp (eased for a sanitizer)" : ", seccomp";
    char caps[1100], landlock[40] = "";
    if (h->parts & SANDBOX_LANDLOCK)
        snprintf(landlock, sizeof landlock, ", landlock ABI %d", h->abi);
    snprintf(text, CONFINE_TEXT, "confined: user %s, %s%s%s%s", user, caps_text(caps, sizeof caps),
             h->parts & SANDBOX_NO_NEW_PRIVS ? ", no_new_privs" : "", landlock,
             h->parts & SANDBOX_SECCOMP ? seccomp : "");
}

int confine_enter(const struct conf *c, const struct daemon_files *files, const char *info_path,
                  struct ps_log *log, char text[CONFINE_TEXT], struct ps_fault *fault)
{
    struct held h = {.conf = c, .log = log, .abi = ps_confine_abi()};
    char user[CONF_NAME];
    int err = 0;
    fault->text[0] = '\0';
    user_name(user, sizeof user);
    warm_up();
    if (c->sandbox & SANDBOX_NO_NEW_PRIVS)
        hold_no_new_privs(&h);
    if (c->sandbox & SANDBOX_LANDLOCK)
        err = hold_files(&h, files, info_path, fault);
    if (err == 0 && (c->sandbox & SANDBOX_SECCOMP))
        hold_calls(&h);
    if (err == 0)
        describe(&h, user, text);
    return err;
}
