// SPDX-License-Identifier: Apache-2.0
#include "owampd/confine.h"
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>
#include "crypto/ps_crypto.h"
#include "loop/ps_daemon.h"
#include "loop/ps_hold.h"
#include "loop/ps_priv.h"

#define PRIVILEGED_PORTS 1024

// --- who

static unsigned wanted_caps(const struct conf *c)
{
    if (!(c->sandbox & SANDBOX_CAPABILITIES))
        return PS_KEEP_USUAL;
    // The control port is bound by now.
    bool low_ports = c->testports.low != 0 && c->testports.low < PRIVILEGED_PORTS;
    return PS_KEEP_NICE | (low_ports ? PS_KEEP_BIND : 0u);
}

int confine_become(const struct conf *c, struct ps_fault *fault)
{
    return ps_daemon_become(c->user, c->group, wanted_caps(c), fault);
}

// --- what it still opens

// Hardware clocks, where there are some and the user may open them.
static void add_clocks(struct ps_hold *h)
{
    glob_t clocks;
    if (glob("/dev/ptp*", 0, NULL, &clocks) != 0)
        return;
    for (size_t i = 0; i < clocks.gl_pathc; i++)
        ps_hold_path(h, clocks.gl_pathv[i], PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_DEVICE, true);
    globfree(&clocks);
}

static void collect(struct ps_hold *h, const struct conf *c, const struct daemon_files *files,
                    const char *info_path)
{
    ps_hold_path(h, c->datadir, PS_CONFINE_READ | PS_CONFINE_WRITE | PS_CONFINE_REMOVE, false);
    ps_hold_path(h, c->vardir, PS_CONFINE_REMOVE, false);
    // The socket is there by now, and goes at the end.
    ps_hold_folder(h, c->controlsocket, PS_CONFINE_REMOVE);
    ps_hold_path(h, info_path, PS_CONFINE_WRITE, false);
    ps_hold_folder(h, files->conf, PS_CONFINE_READ);
    ps_hold_file(h, files->limits);
    ps_hold_file(h, files->pfs);
    // The C library's: times in the system log.
    ps_hold_path(h, "/etc/localtime", PS_CONFINE_READ, true);
    ps_hold_path(h, "/usr/share/zoneinfo", PS_CONFINE_READ, true);
    add_clocks(h);
}

// --- entering it

static unsigned parts_without(unsigned sandbox)
{
    return (sandbox & SANDBOX_NO_NEW_PRIVS ? 0 : PS_HOLD_NO_NEW_PRIVS) |
           (sandbox & SANDBOX_LANDLOCK ? 0 : PS_HOLD_LANDLOCK) |
           (sandbox & SANDBOX_SECCOMP ? 0 : PS_HOLD_SECCOMP);
}

// What the library of cryptography reads at its first use and would not find later.
static void warm_up(void)
{
    static const uint8_t nothing[16];
    uint8_t key[16];
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

int confine_enter(const struct conf *c, const struct daemon_files *files, const char *info_path,
                  struct ps_log *log, char text[CONFINE_TEXT], struct ps_fault *fault)
{
    struct ps_hold h = {.without = parts_without(c->sandbox)};
    char user[CONF_NAME], caps[1100], holds[PS_HOLD_TEXT];
    user_name(user, sizeof user);
    warm_up();
    collect(&h, c, files, info_path);
    int err = ps_hold_enter(&h, log, holds, fault);
    if (err == 0)
        snprintf(text, CONFINE_TEXT, "user %s, %s%s%s", user, caps_text(caps, sizeof caps),
                 holds[0] != '\0' ? ", " : "", holds);
    return err;
}
