// SPDX-License-Identifier: Apache-2.0
// pfstore(1): keeps the identities and pass-phrases of a .pfs file.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_conf.h"
#include "base/ps_err.h"
#include "base/ps_opt.h"
#include "crypto/ps_crypto.h"
#include "owamp/ow_pfs.h"
#include "owping/terminal.h"

#define LOCK_NAME ".pfstore.lock"
#define PASS_MAX 8192
#define FILE_MAX ((size_t)64 << 20)
#define LOCK_TRIES 100

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 4 };

struct job {
    const char *file, *identity;
    bool create, delete;
    char path[PATH_MAX]; // file behind its symbolic links
    char lock[PATH_MAX];
    struct stat was; // of the file that is replaced
    uint8_t pass[PASS_MAX];
    size_t pass_len;
};

static const struct ps_opt options[] = {
    {'f', "file", "FILE", "the pass-phrase file (required)", NULL},
    {'n', "new", NULL, "create the file; it must not exist yet", NULL},
    {'d', "delete", NULL, "remove the identity", NULL},
    {'h', "help", NULL, "print this help and exit", NULL},
    {'V', "version", NULL, "print the version and exit", NULL},
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog program = {
    .name = "pfstore",
    .synopsis = "-f FILE [-n | -d] IDENTITY",
    .about = "Sets the pass-phrase of an identity in a pass-phrase file, or removes the identity. The "
             "pass-phrase is asked for twice on the terminal; when standard input is not a terminal, its "
             "first line is the pass-phrase.",
    .notes = "Examples:\n"
             "  pfstore -n -f owamp-server.pfs alice\n"
             "  openssl rand -hex 16 | pfstore -f owamp-server.pfs bob\n"
             "  pfstore -d -f owamp-server.pfs alice",
    .opts = options,
};

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
    va_list ap;
    fputs("pfstore: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    putc('\n', stderr);
}

static int system_fault(const char *what, const char *path, int err)
{
    say("%s %s: %s", what, path, ps_strerror(err));
    return EXIT_SYSTEM;
}

// Command line. -1: go on.

static int usage(const char *text)
{
    say("%s; try 'pfstore --help'", text);
    return EXIT_USAGE;
}

static int take_options(struct job *job, struct ps_opt_iter *it)
{
    for (int c; (c = ps_opt_next(it)) != -1;) {
        switch (c) {
        case 'f':
            job->file = it->value;
            break;
        case 'n':
            job->create = true;
            break;
        case 'd':
            job->delete = true;
            break;
        case 'h':
            ps_opt_help(&program, stdout);
            return EXIT_DONE;
        case 'V':
            ps_opt_version(&program, stdout);
            return EXIT_DONE;
        default:
            return EXIT_USAGE;
        }
    }
    return -1;
}

static int check_identity(const char *identity)
{
    switch (ow_pfs_check_identity(identity)) {
    case 0:
        return -1;
    case PS_ELIMIT:
        say("the identity has %zu octets; at most %d can be used", strlen(identity), OW_KEYID_LEN);
        return EXIT_USAGE;
    default:
        say("an identity is printable, without blanks, and does not begin with '#'");
        return EXIT_USAGE;
    }
}

static int take_command_line(struct job *job, int argc, char **argv)
{
    struct ps_opt_iter it;
    int rc = ps_opt_begin(&it, &program, argc, argv, false);
    if (rc) {
        say("%s", ps_strerror(rc));
        return EXIT_SYSTEM;
    }
    rc = take_options(job, &it);
    int first = ps_opt_index(&it);
    ps_opt_end(&it);
    if (rc >= 0)
        return rc;
    if (!job->file || !*job->file)
        return usage("option -f FILE is missing");
    if (job->create && job->delete)
        return usage("options -n and -d exclude each other");
    if (argc - first != 1)
        return usage(argc == first ? "the identity is missing" : "there is more than one identity");
    job->identity = argv[first];
    return check_identity(job->identity);
}

// The file and its neighbours.

static int name_lock(struct job *job)
{
    const char *slash = strrchr(job->path, '/');
    size_t dir = slash ? (size_t)(slash - job->path) + 1 : 0;
    if (dir + sizeof(LOCK_NAME) > sizeof(job->lock))
        return system_fault("cannot use", job->file, -ENAMETOOLONG);
    memcpy(job->lock, job->path, dir);
    memcpy(job->lock + dir, LOCK_NAME, sizeof(LOCK_NAME));
    return -1;
}

static int find_new(struct job *job)
{
    struct stat st;
    if (lstat(job->file, &st) == 0) {
        say("%s exists already: leave -n out to change it", job->file);
        return EXIT_NO;
    }
    if (errno != ENOENT)
        return system_fault("cannot create", job->file, -errno);
    if (strlen(job->file) >= sizeof(job->path))
        return system_fault("cannot create", job->file, -ENAMETOOLONG);
    strcpy(job->path, job->file);
    return name_lock(job);
}

static int find_existing(struct job *job)
{
    if (!realpath(job->file, job->path) || stat(job->path, &job->was) != 0) {
        if (errno != ENOENT)
            return system_fault("cannot read", job->file, -errno);
        say("%s does not exist%s", job->file, job->delete ? "" : ": create it with -n");
        return EXIT_NO;
    }
    if (!S_ISREG(job->was.st_mode)) {
        say("%s is not a regular file", job->file);
        return EXIT_SYSTEM;
    }
    return name_lock(job);
}

static int find_file(struct job *job)
{
    return job->create ? find_new(job) : find_existing(job);
}

static int load(struct job *job, char **text, size_t *len)
{
    struct ps_fault fault;
    struct ow_pfs *parsed;
    *text = NULL;
    *len = 0;
    if (job->create)
        return -1;
    int rc = ps_conf_load(job->path, FILE_MAX, text, len);
    if (rc)
        return system_fault("cannot read", job->file, rc);
    rc = ow_pfs_parse(&parsed, job->file, *text, *len, &fault);
    if (rc) {
        say("%s", fault.text);
        return EXIT_NO;
    }
    const uint8_t *pass;
    size_t pass_len;
    bool found = ow_pfs_find(parsed, job->identity, &pass, &pass_len);
    ow_pfs_free(parsed);
    if (!job->delete || found)
        return -1;
    say("%s: identity '%s' not found", job->file, job->identity);
    return EXIT_NO;
}

static void drop_text(char *text, size_t len)
{
    if (text)
        ps_mem_wipe(text, len);
    free(text);
}

// Asks nobody for a pass-phrase that could not be stored afterwards.
static int check_file(struct job *job)
{
    char *text;
    size_t len;
    int rc = find_file(job);
    if (rc >= 0)
        return rc;
    rc = load(job, &text, &len);
    drop_text(text, len);
    return rc;
}

// The pass-phrase.

static int explain_line(int rc, size_t len)
{
    if (rc == 0 && len > 0)
        return -1;
    if (rc == PS_ELIMIT)
        say("the pass-phrase is longer than %d octets; nothing was changed", PASS_MAX);
    else if (rc == 0 || rc == PS_ECANCELLED)
        say("no pass-phrase was given; nothing was changed");
    else
        say("cannot read the pass-phrase: %s", ps_strerror(rc));
    return rc == 0 || rc == PS_ECANCELLED || rc == PS_ELIMIT ? EXIT_NO : EXIT_SYSTEM;
}

static int explain_terminal(int rc, size_t len)
{
    if (rc != -ENXIO)
        return explain_line(rc, len);
    return system_fault("cannot open", "/dev/tty", rc);
}

static int ask_twice(struct job *job)
{
    char prompt[160];
    uint8_t again[PASS_MAX];
    size_t len = 0;
    snprintf(prompt, sizeof(prompt), "Enter passphrase for identity '%s': ", job->identity);
    int rc = terminal_ask(prompt, job->pass, PASS_MAX, &job->pass_len);
    rc = explain_terminal(rc, job->pass_len);
    if (rc >= 0)
        return rc;
    snprintf(prompt, sizeof(prompt), "Again, for identity '%s': ", job->identity);
    rc = terminal_ask(prompt, again, PASS_MAX, &len);
    bool equal = rc == 0 && len == job->pass_len && ps_mem_equal(again, job->pass, len);
    ps_mem_wipe(again, sizeof(again));
    if (equal)
        return -1;
    say("the two pass-phrases differ; nothing was changed");
    return EXIT_NO;
}

static int take_pass(struct job *job)
{
    if (job->delete)
        return -1;
    if (isatty(STDIN_FILENO))
        return ask_twice(job);
    int rc = terminal_read_line(STDIN_FILENO, job->pass, PASS_MAX, &job->pass_len);
    return explain_line(rc, job->pass_len);
}

// The rewriting, under the lock.

static bool same_file(int fd, const char *path)
{
    struct stat a, b;
    return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// The descriptor of a lock file that is new and ours, -EAGAIN when another one is at work, or
// -EEXIST when it is to be tried again. A file that nobody holds is an interrupted run's: it goes,
// for its content and owner could be anyone's.
static int try_lock(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, flags | O_CREAT | O_EXCL, 0600);
    bool created = fd >= 0;
    if (!created && errno == EEXIST && (fd = open(path, flags)) < 0 && errno == ENOENT)
        return -EEXIST;
    if (fd < 0)
        return -errno;
    int rc = fcntl(fd, F_SETLK, &whole) == 0 ? 0 : -EAGAIN;
    if (rc == 0 && !same_file(fd, path))
        rc = -EEXIST;
    if (rc == 0 && created)
        return fd;
    if (rc == 0) {
        say("%s was left behind by an interrupted run and is removed", path);
        rc = unlink(path) == 0 ? -EEXIST : -errno;
    }
    close(fd);
    return rc;
}

static int take_lock(const char *path, int *fd)
{
    int rc = -EEXIST;
    for (int i = 0; i < LOCK_TRIES && rc == -EEXIST; i++)
        rc = try_lock(path);
    if (rc >= 0) {
        *fd = rc;
        return -1;
    }
    if (rc == -EAGAIN || rc == -EEXIST) {
        say("another pfstore is changing this directory: it holds the lock %s", path);
        return EXIT_NO;
    }
    return system_fault("cannot make the lock", path, rc);
}

static int write_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return -errno;
        p += w;
        n -= (size_t)w;
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

static int keep_owner_and_mode(const struct job *job, int fd)
{
    struct stat now;
    if (job->create)
        return fchmod(fd, 0600) == 0 ? 0 : -errno;
    if (fstat(fd, &now) != 0)
        return -errno;
    if ((now.st_uid != job->was.st_uid || now.st_gid != job->was.st_gid) &&
        fchown(fd, job->was.st_uid, job->was.st_gid) != 0)
        return -errno;
    return fchmod(fd, job->was.st_mode & 07777) == 0 ? 0 : -errno;
}

static void sync_directory(const char *lock)
{
    char dir[PATH_MAX];
    size_t n = strlen(lock) - strlen(LOCK_NAME);
    memcpy(dir, lock, n);
    strcpy(dir + n, n ? "" : ".");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    // Where a directory cannot be synchronised the rename is still whole, only perhaps late.
    (void)fsync(fd);
    close(fd);
}

static int replace(struct job *job, int fd, const char *text, size_t len)
{
    int rc = keep_owner_and_mode(job, fd);
    if (rc)
        return system_fault("cannot keep owner, group and mode of", job->file, rc);
    rc = write_all(fd, text, len);
    if (rc)
        return system_fault("cannot write", job->lock, rc);
    if (rename(job->lock, job->path) != 0)
        return system_fault("cannot replace", job->file, -errno);
    sync_directory(job->lock);
    return EXIT_DONE;
}

// Anew under the lock, since it may have changed while somebody was typing.
static int find_again(struct job *job)
{
    char held[PATH_MAX];
    strcpy(held, job->lock);
    int rc = find_file(job);
    if (rc < 0 && strcmp(held, job->lock) != 0) {
        say("%s leads elsewhere now; nothing was changed", job->file);
        rc = EXIT_NO;
    }
    strcpy(job->lock, held);
    return rc;
}

static int rewrite(struct job *job, int fd)
{
    char *text, *changed;
    size_t len, changed_len;
    int rc = find_again(job);
    if (rc >= 0)
        return rc;
    rc = load(job, &text, &len);
    if (rc < 0) {
        int err = ow_pfs_edit(text ? text : "", len, job->identity, job->delete ? NULL : job->pass,
                              job->pass_len, &changed, &changed_len);
        if (err) {
            rc = system_fault("cannot change", job->file, err);
        } else {
            rc = replace(job, fd, changed, changed_len);
            drop_text(changed, changed_len);
        }
    }
    drop_text(text, len);
    return rc;
}

static void warn_of_readers(const struct job *job)
{
    if (!job->create && (job->was.st_mode & 07))
        say("warning: everyone on this host may read or write %s; 'chmod o= %s' ends that", job->file,
            job->file);
}

static int store(struct job *job)
{
    sigset_t watched, before;
    int fd = -1;
    terminal_signals(&watched);
    sigprocmask(SIG_BLOCK, &watched, &before);
    int rc = take_lock(job->lock, &fd);
    if (rc < 0) {
        rc = rewrite(job, fd);
        if (rc != EXIT_DONE)
            unlink(job->lock);
        close(fd);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (rc == EXIT_DONE)
        warn_of_readers(job);
    return rc;
}

int main(int argc, char **argv)
{
    struct job job = {.file = NULL};
    int rc = take_command_line(&job, argc, argv);
    if (rc < 0)
        rc = check_file(&job);
    if (rc < 0)
        rc = take_pass(&job);
    if (rc < 0)
        rc = store(&job);
    ps_mem_wipe(job.pass, sizeof(job.pass));
    return rc;
}
