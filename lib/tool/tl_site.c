// SPDX-License-Identifier: Apache-2.0
#include "tool/tl_site.h"
#include <ctype.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TL_BINDIR // told by the build
#define TL_BINDIR "/usr/local/bin"
#define TL_LIBEXECDIR "/usr/local/libexec"
#endif
#define VERSION_PATIENCE_MS 2000

static const struct {
    const char *name, *package, *variable;
} programs[TL_PROGRAMS] = {
    [TL_PING] = {"ping", "iputils-ping", "PSCHED_PING"},
    [TL_TRACEROUTE] = {"traceroute", "traceroute", "PSCHED_TRACEROUTE"},
    [TL_TRACEPATH] = {"tracepath", "iputils-tracepath", "PSCHED_TRACEPATH"},
    [TL_OWPING] = {"owping", "psuite-owamp-client", "PSCHED_OWPING"},
    [TL_POWSTREAM] = {"powstream", "psuite-powstream", "PSCHED_POWSTREAM"},
    [TL_IPERF3] = {"iperf3", "iperf3", "PSCHED_IPERF3"},
    [TL_NUTTCP] = {"nuttcp", "nuttcp", "PSCHED_NUTTCP"},
    [TL_PROBE] = {"ps-probe", "psuite-psched", "PSCHED_PROBE"},
};

const char *tl_program_name(enum tl_program p)
{
    return programs[p].name;
}

const char *tl_program_package(enum tl_program p)
{
    return programs[p].package;
}

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static void look_in(const char *folders, const char *name, char out[TL_PATH_MAX])
{
    while (*folders) {
        int len = (int)strcspn(folders, ":");

        if (len > 0 && snprintf(out, TL_PATH_MAX, "%.*s/%s", len, folders, name) < TL_PATH_MAX &&
            is_program(out))
            return;
        folders += len;
        folders += *folders == ':';
    }
    out[0] = '\0';
}

static void look_for(enum tl_program p, const char *search, char out[TL_PATH_MAX])
{
    const char *told = getenv(programs[p].variable);

    if (!told)
        look_in(search, programs[p].name, out);
    else if (snprintf(out, TL_PATH_MAX, "%s", told) >= TL_PATH_MAX || !is_program(out))
        out[0] = '\0';
}

// --- iperf3's version

// Standard output of the program, up to a bound and for a while.
static size_t read_for_a_while(int fd, char *out, size_t size)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    size_t n = 0;

    while (n < size - 1 && poll(&p, 1, VERSION_PATIENCE_MS) > 0) {
        ssize_t got = read(fd, out + n, size - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    out[n] = '\0';
    return n;
}

static pid_t spawn_version(const char *path, int fd)
{
    char name[] = "iperf3", option[] = "--version";
    char *argv[] = {name, option, NULL}, *none[] = {NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;

    if (posix_spawn_file_actions_init(&actions))
        return -1;
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, fd, 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid, path, &actions, NULL, argv, none))
        pid = -1;
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

// "iperf 3.12 (cJSON 1.7.15)"
static void take_version(const char *text, char out[TL_VERSION_MAX])
{
    size_t n = 0;

    if (strncmp(text, "iperf ", 6) != 0)
        return;
    for (text += 6; n < TL_VERSION_MAX - 1 && (isdigit((unsigned char)*text) || *text == '.'); text++)
        out[n++] = *text;
    out[n] = '\0';
}

static void ask_version(const char *path, char out[TL_VERSION_MAX])
{
    char text[512];
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return;
    pid = spawn_version(path, fds[1]);
    close(fds[1]);
    if (pid > 0) {
        read_for_a_while(fds[0], text, sizeof text);
        take_version(text, out);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    close(fds[0]);
}

void tl_site_look(struct tl_site *site, const char *search)
{
    static const char usual[] =
        TL_LIBEXECDIR ":" TL_BINDIR ":/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";

    memset(site, 0, sizeof *site);
    for (int p = 0; p < TL_PROGRAMS; p++)
        look_for((enum tl_program)p, search ? search : usual, site->path[p]);
    site->raw = geteuid() == 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_RAW, 0, 0) == 1;
    if (site->path[TL_IPERF3][0])
        ask_version(site->path[TL_IPERF3], site->iperf3_version);
}
