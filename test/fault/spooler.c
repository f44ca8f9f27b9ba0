// SPDX-License-Identifier: Apache-2.0
// A writer and a reader of spools for the fault tests. What it prints is written out line by line, so that
// it has said what it did when it is killed.
//   spooler write DIR FROM COUNT [max=OCTETS] [batch=N] [full]   numbered documents; each number when it is
//                                                                in the spool (COUNT 0: on and on)
//   spooler read DIR [follow|hold]    "doc NUMBER ID", "tomb COUNT ID", "damaged COUNT"; then removes it.
//                                     follow: on and on; hold: the first, for ever
//   spooler stat DIR                  "RECORDS OCTETS UNTOLD BAD"
//   spooler lines DIR                 each line of standard input becomes a document
//   spooler cost DIR COUNT            how long COUNT documents of 4,000 octets take
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "spool/ps_spool.h"

#define BATCH_MAX 100
#define DOC_SIZE 4200

static ps_ns clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return t.tv_sec * PS_SEC + t.tv_nsec;
}

__attribute__((noreturn)) static void hold_for_ever(void)
{
    for (;;)
        pause();
}

static int complain(const char *what)
{
    fprintf(stderr, "spooler: %s\n", what);
    return 1;
}

static uint64_t number_of(const char *text)
{
    uint64_t v = 0;
    if (text == NULL || ps_num_u64(text, 10, 0, UINT32_MAX * UINT64_C(1000), &v) != 0)
        exit(complain("not a number"));
    return v;
}

// A number makes the whole of its document.
static size_t make_doc(uint64_t number, char out[DOC_SIZE])
{
    int n = snprintf(out, DOC_SIZE, "{\"number\":%" PRIu64 ",\"fill\":\"", number);
    size_t fill = number * 7919 % 4000;
    memset(out + n, (int)('a' + number % 26), fill);
    memcpy(out + n + fill, "\"}", 2);
    return (size_t)n + fill + 2;
}

// --- writing

struct job {
    struct ps_spool *s;
    struct ps_spool_doc docs[BATCH_MAX];
    char text[BATCH_MAX][DOC_SIZE];
    size_t batch;
};

static int write_batch(struct job *j, uint64_t from, size_t n)
{
    size_t written = 0;
    for (size_t i = 0; i < n; i++)
        j->docs[i] = (struct ps_spool_doc){.data = j->text[i], .len = make_doc(from + i, j->text[i])};
    int err = ps_spool_write(j->s, j->docs, n, clock_ns(CLOCK_REALTIME), &written);
    for (size_t i = 0; i < written; i++)
        printf("%" PRIu64 "\n", from + i);
    fflush(stdout);
    return err;
}

static int do_write(const char *dir, char **arg)
{
    static struct job j = {.batch = 1};
    struct ps_spool_conf conf = {0};
    struct ps_fault fault;
    uint64_t from = number_of(arg[0]), count = number_of(arg[1]);
    for (arg += 2; *arg != NULL; arg++) {
        if (strncmp(*arg, "max=", 4) == 0)
            conf.max_bytes = number_of(*arg + 4);
        else if (strncmp(*arg, "batch=", 6) == 0)
            j.batch = number_of(*arg + 6) % (BATCH_MAX + 1);
        else
            conf.drop_when_full = true;
    }
    if (ps_spool_open(&j.s, dir, &conf, clock_ns(CLOCK_REALTIME), &fault) != 0)
        return complain(fault.text);
    int err = 0;
    for (uint64_t i = 0; err == 0 && (count == 0 || i < count); i += j.batch)
        err = write_batch(&j, from + i, count > 0 && count - i < j.batch ? count - i : j.batch);
    ps_spool_close(j.s);
    return err == 0 ? 0 : complain(ps_strerror(err));
}

// --- reading

static void say(const struct ps_spool_record *rec)
{
    char id[2 * PS_SPOOL_ID_LEN + 1], text[DOC_SIZE];
    uint64_t number = 0;
    ps_num_to_hex(rec->id, PS_SPOOL_ID_LEN, id);
    if (rec->kind == PS_SPOOL_TOMBSTONE) {
        printf("tomb %" PRIu64 " %s\n", rec->loss.dropped, id);
        return;
    }
    snprintf(text, sizeof text, "%.*s", rec->len < 40 ? (int)rec->len : 40, (const char *)rec->data);
    bool good = sscanf(text, "{\"number\":%" SCNu64, &number) == 1;
    good = good && rec->len == make_doc(number, text) && memcmp(text, rec->data, rec->len) == 0;
    printf("%s %" PRIu64 " %s\n", good ? "doc" : "wrong", number, id);
}

static int do_read(const char *dir, const char *how)
{
    struct ps_spool_reader *r;
    const struct ps_spool_record *rec;
    struct ps_fault fault;
    bool follow = how != NULL && strcmp(how, "follow") == 0, hold = how != NULL && !follow;
    int got;
    if (ps_spool_reader_open(&r, dir, &fault) != 0)
        return complain(fault.text);
    while ((got = ps_spool_next(r, &rec)) == 1 || (got == 0 && follow)) {
        if (got == 0) {
            usleep(1000);
            continue;
        }
        say(rec);
        fflush(stdout);
        if (hold)
            hold_for_ever();
        got = ps_spool_done(r, rec);
        if (got != 0)
            break;
    }
    printf("damaged %" PRIu64 "\n", ps_spool_damaged(r));
    ps_spool_reader_close(r);
    return got == 0 ? 0 : complain(ps_strerror(got));
}

// --- counters, cost

static struct ps_spool *open_unbounded(const char *dir)
{
    static const struct ps_spool_conf conf;
    struct ps_spool *s = NULL;
    struct ps_fault fault;
    if (ps_spool_open(&s, dir, &conf, clock_ns(CLOCK_REALTIME), &fault) != 0)
        exit(complain(fault.text));
    return s;
}

static int do_stat(const char *dir)
{
    struct ps_spool *s = open_unbounded(dir);
    struct ps_spool_stat st;
    int err = ps_spool_stat(s, &st);
    ps_spool_close(s);
    if (err != 0)
        return complain(ps_strerror(err));
    printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", st.records, st.octets, st.untold, st.bad);
    return 0;
}

static ps_ns time_writes(struct ps_spool *s, uint64_t count, size_t batch)
{
    static char text[4000];
    struct ps_spool_doc docs[BATCH_MAX];
    ps_ns start = clock_ns(CLOCK_MONOTONIC);
    memset(text, 'x', sizeof text);
    for (uint64_t i = 0; i < count; i += batch) {
        for (size_t k = 0; k < batch; k++)
            docs[k] = (struct ps_spool_doc){.data = text, .len = sizeof text};
        int err = ps_spool_write(s, docs, batch, clock_ns(CLOCK_REALTIME), NULL);
        if (err != 0)
            exit(complain(ps_strerror(err)));
    }
    return clock_ns(CLOCK_MONOTONIC) - start;
}

static int do_cost(const char *dir, uint64_t count)
{
    struct ps_spool *s = open_unbounded(dir);
    ps_ns each = time_writes(s, count, 1), together = time_writes(s, count, BATCH_MAX);
    ps_spool_close(s);
    printf("a document in a call %.3f ms, %d in a call %.3f ms each\n", (double)each / 1e6 / (double)count,
           BATCH_MAX, (double)together / 1e6 / (double)count);
    return 0;
}

static int do_lines(const char *dir)
{
    static const struct ps_spool_conf unbounded;
    struct ps_spool *s;
    struct ps_fault fault;
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    int err = ps_spool_open(&s, dir, &unbounded, clock_ns(CLOCK_REALTIME), &fault);
    if (err != 0)
        return complain(fault.text);
    while (err == 0 && (len = getline(&line, &cap, stdin)) >= 0) {
        struct ps_spool_doc doc = {.data = line, .len = (size_t)len};
        err = ps_spool_write(s, &doc, 1, clock_ns(CLOCK_REALTIME), NULL);
    }
    free(line);
    ps_spool_close(s);
    return err == 0 ? 0 : complain(ps_strerror(err));
}

int main(int argc, char **argv)
{
    if (argc >= 5 && strcmp(argv[1], "write") == 0)
        return do_write(argv[2], argv + 3);
    if (argc >= 3 && strcmp(argv[1], "read") == 0)
        return do_read(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "stat") == 0)
        return do_stat(argv[2]);
    if (argc == 3 && strcmp(argv[1], "lines") == 0)
        return do_lines(argv[2]);
    if (argc == 4 && strcmp(argv[1], "cost") == 0)
        return do_cost(argv[2], number_of(argv[3]));
    return complain("write DIR FROM COUNT [...], read DIR [...], stat DIR, lines DIR, cost DIR COUNT");
}
