// SPDX-License-Identifier: Apache-2.0
#include "owampd/run.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "loop/ps_daemon.h"
#include "loop/ps_priv.h"
#include "loop/ps_sd.h"
#include "loop/ps_stdio.h"
#include "owampd/confine.h"
#include "owampd/control.h"
#include "owampd/reload.h"

struct server {
    struct daemon daemon;
    struct control control;
    struct conf conf; // with absolute directories
    const struct options *o;
    const struct daemon_files *files;
    struct ps_log log;
    FILE *terminal; // until it serves, a daemon tells faults there as well
    int ready_fd, pid_fd;
    int unlocked; // why memory is not locked; 0: it is
    char pid_path[PATH_MAX], info_path[PATH_MAX];
    char confined[CONFINE_TEXT]; // what holds
};

static void tell_notes(struct ps_log *log, const struct conf *c)
{
    for (size_t i = 0; i < c->nnotes; i++)
        ps_log(log, PS_LOG_WARN, "conf", "%s", c->note[i].text);
}

static int check_dir(const char *what, const char *dir)
{
    struct stat st;
    bool there = stat(dir, &st) == 0;
    if (there && S_ISDIR(st.st_mode))
        return 0;
    fprintf(stderr, "owampd: %s %s: %s\n", what, dir, there ? "not a directory" : strerror(errno));
    return 1;
}

// Whether whom the daemon becomes may use it in this way: tried out in a child that has become so.
static int check_access(const char *what, const char *path, int how, const struct conf *c)
{
    struct ps_fault fault;
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(confine_become(c, &fault) == 0 && access(path, how) != 0 && errno != ENOENT ? errno : 0);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 0)
        return 0;
    fprintf(stderr, "owampd: %s %s: %s for user '%s'\n", what, path, strerror(WEXITSTATUS(status)),
            c->user[0] != '\0' ? c->user : "this user");
    return 1;
}

static int check_ids(const struct conf *c)
{
    uid_t uid;
    gid_t gid;
    int bad = 0;
    if (c->user[0] != '\0' && ps_priv_user(c->user, &uid, &gid) != 0) {
        fprintf(stderr, "owampd: user %s: no such user\n", c->user);
        bad = 1;
    }
    if (c->group[0] != '\0' && ps_priv_group(c->group, &gid) != 0) {
        fprintf(stderr, "owampd: group %s: no such group\n", c->group);
        bad = 1;
    }
    return bad;
}

// Whether the rules for files can be made: in a child as well, for they would hold.
static int check_sandbox(const struct options *o)
{
    struct ps_fault fault;
    struct ps_log log;
    char text[CONFINE_TEXT];
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        ps_log_init(&log, "owampd");
        int err = confine_become(&o->conf, &fault);
        if (err == 0)
            err = confine_enter(&o->conf, &o->files, NULL, &log, text, &fault);
        if (err != 0)
            fprintf(stderr, "owampd: %s\n", fault.text[0] != '\0' ? fault.text : ps_strerror(err));
        _exit(err != 0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 0;
}

// Its folder may be made at the start, by owampd or by systemd.
static int check_control(const struct options *o)
{
    const char *path = o->conf.controlsocket;
    char dir[CONF_SOCKET];
    struct stat st;
    if (path[0] == '\0')
        return 0;
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
        fprintf(stderr, "owampd: controlsocket %s: is something else than a socket\n", path);
        return 1;
    }
    if (stat(control_folder(path, dir), &st) == 0)
        return check_dir("controlsocket", dir) | check_access("controlsocket", dir, W_OK | X_OK, &o->conf);
    fprintf(stderr,
            "owampd: note: controlsocket: %s has to be there, or possible to make, when it starts: %s\n", dir,
            strerror(errno));
    return 0;
}

static int tell_good(size_t classes, size_t identities)
{
    printf("configuration is good: %zu %s, %zu %s\n", classes, classes == 1 ? "class" : "classes", identities,
           identities == 1 ? "identity" : "identities");
    if (fflush(stdout) == 0)
        return 0;
    fprintf(stderr, "owampd: standard output: %s\n", strerror(errno));
    return 1;
}

// No fault: it does without.
static void note_interface(const struct options *o)
{
    struct ps_fault why = {""};
    const char *iface = o->conf.hwtimestamps;
    if (iface[0] != '\0' && ps_hwstamp_check(iface, &why) != 0)
        fprintf(stderr, "owampd: note: hwtimestamps: %s; the kernel's arrival times will be used\n",
                why.text);
}

// What this process has now the daemon has at least.
static void note_memory(const struct options *o)
{
    struct memory m;
    memory_init(&m, o->conf.maxmemory_mib);
    if (memory_hopeless(&m))
        fprintf(stderr, "owampd: note: maxmemory: %u: owampd alone needs more: nobody will be served\n",
                o->conf.maxmemory_mib);
    memory_fini(&m);
}

int run_check(const struct options *o)
{
    struct ps_fault fault;
    struct ow_limits *limits;
    struct ow_pfs *pfs;
    int bad =
        check_dir("datadir", o->conf.datadir) | check_dir("vardir", o->conf.vardir) | check_ids(&o->conf);
    if (bad == 0)
        bad = check_access("datadir", o->conf.datadir, R_OK | W_OK | X_OK, &o->conf) |
              check_access("limits", o->files.limits, R_OK, &o->conf) |
              check_access("pass-phrases", o->files.pfs, R_OK, &o->conf) | check_control(o);
    if (bad == 0)
        bad = check_sandbox(o);
    for (size_t i = 0; i < o->conf.nnotes; i++)
        fprintf(stderr, "owampd: note: %s\n", o->conf.note[i].text);
    note_interface(o);
    note_memory(o);
    int err = daemon_read_rules(&o->files, &limits, &pfs, &fault);
    if (err != 0) {
        fprintf(stderr, "owampd: %s\n", fault.text[0] != '\0' ? fault.text : ps_strerror(err));
        return 1;
    }
    if ((o->conf.modes & OW_MODE_OPEN) == 0 && (pfs == NULL || ow_pfs_count(pfs) == 0))
        fprintf(stderr, "owampd: note: without open mode and without identities nobody can connect\n");
    if (bad == 0)
        bad = tell_good(ow_limits_count(limits), pfs == NULL ? 0 : ow_pfs_count(pfs));
    ow_limits_free(limits);
    ow_pfs_free(pfs);
    return bad;
}

static void on_signal(void *ctx, int signum)
{
    struct server *s = ctx;
    struct ps_fault fault = {""};
    if (signum == SIGHUP)
        (void)reload(&s->daemon, s->o, &fault);
    else
        daemon_stop(&s->daemon);
}

static int refuse_root(const struct conf *c)
{
    if (geteuid() != 0 || c->user[0] != '\0' || c->rootfolly)
        return 0;
    fprintf(stderr,
            "owampd: running as root needs a user to become (-U, or user in owamp-server.conf) or -f\n");
    return 1;
}

// The daemon leaves its directory: relative names would lose their meaning.
static int make_absolute(char path[PATH_MAX], const char *what)
{
    char *abs = realpath(path, NULL);
    if (abs == NULL) {
        fprintf(stderr, "owampd: %s %s: %s\n", what, path, strerror(errno));
        return -1;
    }
    snprintf(path, PATH_MAX, "%s", abs);
    free(abs);
    return 0;
}

static int write_info(const struct server *s)
{
    FILE *f = fopen(s->info_path, "we");
    if (f == NULL)
        return -errno;
    fprintf(f, "START=%020llu\nPID=%ld\nPORT=%u\n", (unsigned long long)s->daemon.start_time, (long)getpid(),
            (unsigned)daemon_port(&s->daemon));
    return fclose(f) == 0 ? 0 : -errno;
}

static int take_pidfile(struct server *s, struct ps_fault *fault)
{
    pid_t holder = 0;
    int err = ps_priv_pidfile(s->pid_path, &s->pid_fd, &holder);
    if (err == -EAGAIN)
        ps_fault_set(fault, s->pid_path, 0, "another owampd (pid %ld) runs with this vardir", (long)holder);
    else if (err != 0)
        ps_fault_set(fault, s->pid_path, 0, "%s", ps_strerror(err));
    return err;
}

// The files in vardir belong to whoever the daemon becomes, so that it can remove them.
static void give_files(const struct server *s)
{
    uid_t uid;
    gid_t gid;
    if (geteuid() != 0 || s->conf.user[0] == '\0' || ps_priv_user(s->conf.user, &uid, &gid) != 0)
        return;
    if (chown(s->info_path, uid, gid) != 0 || chown(s->pid_path, uid, gid) != 0)
        return; // then they stay behind, harmless: the lock is what counts
}

// While we may; written when all is known.
static int make_info(const struct server *s, struct ps_fault *fault)
{
    FILE *f = fopen(s->info_path, "we");
    int err = f != NULL ? 0 : -errno;
    if (f != NULL)
        fclose(f);
    else
        ps_fault_set(fault, s->info_path, 0, "%s", ps_strerror(err));
    return err;
}

static int bring_up(struct server *s, struct ps_fault *fault)
{
    int err = take_pidfile(s, fault);
    if (err == 0)
        err = daemon_bind(&s->daemon, &s->conf, &s->log, fault);
    if (err != 0)
        return err;
    err = make_info(s, fault);
    if (err != 0)
        return err;
    give_files(s);
    (void)ps_daemon_make_folder(s->conf.controlsocket, s->conf.user, s->conf.group);
    s->unlocked = ps_priv_lock_memory();
    err = confine_become(&s->conf, fault);
    if (err == 0)
        err = control_open(&s->control, &s->daemon, s->o, s->confined, fault);
    if (err == 0)
        err = confine_enter(&s->conf, s->files, s->info_path, &s->log, s->confined, fault);
    if (err == 0)
        err = daemon_start(&s->daemon, s->files, fault);
    if (err == 0 && (err = write_info(s)) != 0)
        ps_fault_set(fault, s->info_path, 0, "%s", ps_strerror(err));
    return err;
}

// What keeps other work from delaying packets; what is missing is worth a warning.
static void tell_timing(struct server *s)
{
    int fifo = ps_pump_realtime(s->daemon.pump);
    bool all = fifo == 0 && s->unlocked == 0;
    ps_log(&s->log, all ? PS_LOG_INFO : PS_LOG_WARN, NULL, "timing: %s, %s%s",
           fifo == 0 ? "real-time priority" : "no real-time priority (needs CAP_SYS_NICE or LimitRTPRIO)",
           s->unlocked == 0 ? "memory locked"
                            : "memory not locked (needs CAP_SYS_RESOURCE or LimitMEMLOCK=infinity)",
           s->conf.precise ? ", precise sends" : "");
}

static void tell_memory(struct server *s)
{
    const struct memory *m = &s->daemon.memory;
    if (memory_hopeless(m))
        ps_log(&s->log, PS_LOG_WARN, "conf",
               "maxmemory: %u: owampd alone has %.1f MiB: nobody will be served; raise it",
               s->conf.maxmemory_mib, (double)memory_used(m) / (1 << 20));
}

static int hook_signals(struct server *s)
{
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGUSR1, SIGUSR2};
    int err = 0;
    for (size_t i = 0; err == 0 && i < sizeof signals / sizeof *signals; i++)
        err = ps_signal_add(s->daemon.loop, signals[i], on_signal, s);
    return err;
}

static void tell_terminal(void *ctx, enum ps_log_level level, const char *line)
{
    struct server *s = ctx;
    if (level <= PS_LOG_WARN)
        fprintf(s->terminal, "owampd: %s\n", line);
    fflush(s->terminal);
}

static void leave_terminal(struct server *s)
{
    s->log.hook = NULL;
    if (s->terminal != NULL)
        fclose(s->terminal);
    s->terminal = NULL;
}

static int serve(struct server *s)
{
    struct ps_fault fault = {""};
    char addr[PS_ADDR_STRLEN];
    int err = bring_up(s, &fault);
    if (err == 0)
        err = hook_signals(s);
    if (err != 0) {
        ps_log(&s->log, PS_LOG_FATAL, NULL, "%s", fault.text[0] != '\0' ? fault.text : ps_strerror(err));
        return 1;
    }
    tell_notes(&s->log, &s->conf);
    tell_memory(s);
    tell_timing(s);
    ps_log(&s->log, PS_LOG_INFO, NULL, "confined: %s", s->confined);
    ps_log(&s->log, PS_LOG_INFO, NULL, "listening on %s",
           ps_addr_text(ps_listener_addr(s->daemon.listener), addr));
    if (s->control.ctl != NULL)
        ps_log(&s->log, PS_LOG_INFO, NULL, "requests about this daemon on %s", s->conf.controlsocket);
    leave_terminal(s);
    ps_priv_ready(s->ready_fd, 0);
    s->ready_fd = -1;
    (void)ps_sd_notify("READY=1");
    err = ps_loop_run(s->daemon.loop);
    ps_log(&s->log, PS_LOG_INFO, NULL, "ended");
    return err == 0 ? 0 : 1;
}

static void clean_up(struct server *s)
{
    control_close(&s->control);
    daemon_free(&s->daemon);
    if (s->pid_fd >= 0) {
        unlink(s->info_path);
        unlink(s->pid_path);
        close(s->pid_fd);
    }
    ps_log_flush(&s->log);
    leave_terminal(s);
}

// A daemon loses its standard error; this one it keeps for as long as somebody waits for it.
static void keep_terminal(struct server *s)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    s->terminal = fd < 0 ? NULL : fdopen(fd, "w");
    s->log.file = NULL;
    s->log.hook = s->terminal == NULL ? NULL : tell_terminal;
    s->log.hook_ctx = s;
}

static int open_log(struct server *s, bool foreground)
{
    ps_log_init(&s->log, "owampd");
    s->log.level = s->conf.loglevel;
    s->log.location = s->conf.loglocation;
    if (!foreground)
        keep_terminal(s);
    return ps_log_open_syslog(&s->log, s->conf.facility);
}

static int prepare(struct server *s, const struct options *o)
{
    if (refuse_root(&s->conf) != 0 || check_ids(&s->conf) != 0)
        return -1;
    if (make_absolute(s->conf.datadir, "datadir") != 0 || make_absolute(s->conf.vardir, "vardir") != 0)
        return -1;
    if (snprintf(s->pid_path, PATH_MAX, "%s/owamp-server.pid", s->conf.vardir) >= PATH_MAX ||
        snprintf(s->info_path, PATH_MAX, "%s/owamp-server.info", s->conf.vardir) >= PATH_MAX) {
        fprintf(stderr, "owampd: vardir %s: name too long\n", s->conf.vardir);
        return -1;
    }
    if (open_log(s, o->foreground) != 0) {
        fprintf(stderr, "owampd: facility '%s': no such syslog facility\n", s->conf.facility);
        return -1;
    }
    return 0;
}

int run_serve(const struct options *o)
{
    ps_stdio_hold();
    struct server *s = calloc(1, sizeof *s);
    if (s == NULL)
        return 1;
    s->conf = o->conf;
    s->o = o;
    s->files = &o->files;
    s->ready_fd = s->pid_fd = -1;
    int status = 1;
    if (prepare(s, o) == 0) {
        int err = o->foreground ? 0 : ps_priv_daemonise(&s->ready_fd);
        if (err != 0) {
            fprintf(stderr, "owampd: cannot become a daemon: %s\n", ps_strerror(err));
        } else {
            status = serve(s);
            clean_up(s); // before the starter goes on: it may start the next one
            ps_priv_ready(s->ready_fd, status);
        }
    }
    free(s);
    return status;
}
