// SPDX-License-Identifier: Apache-2.0
// ps-jq-worker LIBRARY MEMORY OUTPUT: runs jq programs for the process at the other end of its standard input,
// a socket, and can do nothing else. Where the kernel has neither Landlock nor seccomp it says so when it is
// ready.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "jq/ps_jqengine.h"
#include "jq/ps_jqworker.h"
#include "loop/ps_confine.h"
#include "loop/ps_priv.h"

#define CHUNK ((size_t)65536)
#define PROGRAMS ((size_t)16 << 20) // memory for what it keeps between runs

#if PS_CONFINE_EASED
// Of a sanitizer that is built in: want of memory is libjq's to notice.
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:quarantine_size_mb=1:detect_leaks=0";
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}
#endif

struct worker {
    struct ps_jqengine *engine;
    const char *library;
    uint64_t memory, output;
    int statm; // this process's
    uint64_t pages;
    unsigned held;
};

__attribute__((noreturn)) static void no_memory(void *ctx)
{
    (void)ctx;
    _exit(PS_JQWORKER_NO_MEMORY);
}

// --- how large it is

static uint64_t pages_mapped(const struct worker *w)
{
    char text[128];
    ssize_t n = pread(w->statm, text, sizeof text - 1, 0);

    if (n <= 0)
        return 0;
    text[n] = '\0';
    return strtoull(text, NULL, 10);
}

// What it keeps is no longer there for the next run.
static bool is_worn(const struct worker *w)
{
    uint64_t now = pages_mapped(w), page = (uint64_t)sysconf(_SC_PAGESIZE);

    return now > w->pages && (now - w->pages) * page > PROGRAMS + w->memory / 4;
}

// --- confinement

static int hold_files(struct worker *w)
{
    const struct ps_confine_path paths[] = {{w->library, PS_CONFINE_READ, true},
                                            {"/etc/localtime", PS_CONFINE_READ, true},
                                            {"/usr/share/zoneinfo", PS_CONFINE_READ, true}};
    const struct ps_confine_files files = {.paths = paths, .npaths = sizeof paths / sizeof paths[0]};
    struct ps_fault fault;
    int err = ps_confine_to_files(&files, &fault);

    if (err == 0)
        w->held |= PS_JQFRAME_LANDLOCK;
    return err == -ENOSYS || err == -EOPNOTSUPP ? 0 : err;
}

static int hold_calls(struct worker *w)
{
    int err = ps_confine_to_computing(true);

    if (err == 0)
        w->held |= PS_JQFRAME_SECCOMP;
    return err == -EINVAL || err == -ENOSYS ? 0 : err;
}

static int confine(struct worker *w)
{
    int err = ps_priv_no_new();

    tzset(); // what it reads for that is read again when it has changed
    if (err == 0)
        err = ps_confine_memory((size_t)w->memory + PROGRAMS);
    if (err == 0)
        err = hold_files(w);
    if (err == 0)
        err = hold_calls(w);
    w->pages = pages_mapped(w);
    return err;
}

// --- frames

static int send_all(struct ps_buf *out)
{
    while (ps_buf_len(out) > 0) {
        ssize_t n = write(STDIN_FILENO, ps_buf_head(out), ps_buf_len(out));
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            ps_buf_consume(out, (size_t)n);
    }
    return 0;
}

static int serve_one(struct worker *w, const struct ps_jqframe *f)
{
    struct ps_buf out;
    int err;

    ps_buf_init(&out, 0);
    err = ps_jqengine_answer(w->engine, f, &out);
    if (err == 0 && is_worn(w))
        ps_buf_head(&out)[PS_JQFRAME_FLAGS] |= PS_JQFRAME_WORN;
    if (err == 0)
        err = send_all(&out);
    ps_buf_fini(&out);
    return err;
}

static int serve_what_came(struct worker *w, struct ps_buf *in)
{
    struct ps_jqframe f;
    int got, err = 0;

    while (!err && (got = ps_jqframe_next(in, PS_JQFRAME_ASK_MAX, &f)) != 0) {
        err = got < 0 ? got : serve_one(w, &f);
        if (!err)
            ps_buf_consume(in, f.whole);
    }
    return err;
}

// 1: there is no more to come.
static int read_some(struct ps_buf *in)
{
    uint8_t *p;
    int err = ps_buf_reserve(in, CHUNK, &p);
    ssize_t n;

    if (err)
        return err;
    n = read(STDIN_FILENO, p, CHUNK);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    ps_buf_commit(in, (size_t)n);
    return n == 0;
}

static int say_ready(const struct worker *w)
{
    struct ps_buf out;
    int err;

    ps_buf_init(&out, 0);
    err = ps_jqframe_put_ready(&out, w->held);
    if (!err)
        err = send_all(&out);
    ps_buf_fini(&out);
    return err;
}

static int serve(struct worker *w)
{
    struct ps_buf in;
    int err = say_ready(w);

    ps_buf_init(&in, PS_JQFRAME_ASK_MAX + PS_JQFRAME_HEAD + CHUNK);
    while (!err) {
        err = read_some(&in);
        if (!err)
            err = serve_what_came(w, &in);
    }
    ps_buf_fini(&in);
    return err == -ENOMEM ? PS_JQWORKER_NO_MEMORY : err == 1 ? 0 : PS_JQWORKER_PROTOCOL;
}

static bool is_socket(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

static int usage(void)
{
    fputs("ps-jq-worker: runs jq programs for other programs of psuite, which start it\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct worker w = {0};

    if (argc != 4 || !is_socket(STDIN_FILENO) || ps_num_u64(argv[2], 10, 1, SIZE_MAX / 4, &w.memory) ||
        ps_num_u64(argv[3], 10, 1, UINT32_MAX / 2, &w.output))
        return usage();
    w.library = argv[1];
    w.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (ps_jqengine_new(w.library, (size_t)w.output, no_memory, &w.engine))
        return PS_JQWORKER_NO_MEMORY;
    if (confine(&w))
        return PS_JQWORKER_UNCONFINED;
    return serve(&w);
}
