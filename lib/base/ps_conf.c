// SPDX-License-Identifier: Apache-2.0
#include "base/ps_conf.h"
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)16384)

void ps_fault_set(struct ps_fault *f, const char *file, int line, const char *fmt, ...)
{
    size_t used;
    va_list ap;

    f->text[0] = '\0';
    if (file && line > 0)
        snprintf(f->text, sizeof f->text, "%.300s:%d: ", file, line);
    else if (file)
        snprintf(f->text, sizeof f->text, "%.300s: ", file);
    used = strlen(f->text);
    va_start(ap, fmt);
    vsnprintf(f->text + used, sizeof f->text - used, fmt, ap);
    va_end(ap);
}

// The next octets of the file onto the end of the buffer: their number, 0 at the end.
static ssize_t read_some(int fd, struct ps_buf *b)
{
    uint8_t *p;
    ssize_t n;
    int err = ps_buf_reserve(b, CHUNK, &p);

    if (err)
        return err;
    do
        n = read(fd, p, CHUNK);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return -errno;
    ps_buf_commit(b, (size_t)n);
    return n;
}

static int read_all(int fd, size_t max, struct ps_buf *b)
{
    ssize_t n;

    while ((n = read_some(fd, b)) > 0)
        if (ps_buf_len(b) > max)
            return PS_ELIMIT;
    if (n < 0)
        return (int)n;
    if (ps_buf_len(b) && memchr(ps_buf_head(b), 0, ps_buf_len(b)))
        return PS_EMALFORMED;
    return ps_buf_append(b, "", 1);
}

static int readable(int fd)
{
    struct stat st;

    if (fstat(fd, &st))
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    return S_ISREG(st.st_mode) || S_ISCHR(st.st_mode) ? 0 : PS_ENOTFILE;
}

int ps_conf_load(const char *path, size_t max, char **text, size_t *len)
{
    struct ps_buf b;
    // Without a writer a fifo would hold us up for ever, and a daemon with us.
    int err, fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    ps_buf_init(&b, 0);
    err = readable(fd);
    if (!err)
        err = read_all(fd, max, &b);
    close(fd);
    if (err) {
        ps_buf_fini(&b);
        return err;
    }
    *text = (char *)b.data;
    *len = ps_buf_len(&b) - 1;
    return 0;
}

void ps_conf_init(struct ps_conf *c, const char *file, const char *text, size_t len)
{
    *c = (struct ps_conf){.file = file, .p = text, .end = len ? text + len : text, .next_line = 1};
}

void ps_conf_fini(struct ps_conf *c)
{
    free(c->buf);
    c->buf = NULL;
    c->cap = 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

// No logical line is longer than all the text, so one allocation serves them all.
static int make_room(struct ps_conf *c)
{
    size_t need = (size_t)(c->end - c->p) + 1;

    if (c->cap >= need)
        return 0;
    free(c->buf);
    c->buf = malloc(need);
    c->cap = c->buf ? need : 0;
    return c->buf ? 0 : -ENOMEM;
}

static void skip_comment(struct ps_conf *c)
{
    const char *eol = memchr(c->p, '\n', (size_t)(c->end - c->p));

    c->p = eol ? eol : c->end;
}

// Past blank lines, leading blanks and comments.
static void skip_idle(struct ps_conf *c)
{
    while (c->p < c->end) {
        if (*c->p == '#') {
            skip_comment(c);
            continue;
        }
        if (!is_blank(*c->p) && *c->p != '\n')
            return;
        if (*c->p++ == '\n')
            c->next_line++;
    }
}

// One octet of a logical line: 1 when it was taken, 0 at the end of the line.
static int take_octet(struct ps_conf *c, size_t *n, struct ps_fault *fault)
{
    char ch = *c->p++;

    if (ch == '\0') {
        ps_fault_set(fault, c->file, c->next_line, "an octet of value 0");
        return PS_EMALFORMED;
    }
    if (ch == '\\') {
        if (c->p == c->end || *c->p != '\n') {
            ps_fault_set(fault, c->file, c->next_line, "a backslash that is not at the end of the line");
            return PS_ESYNTAX;
        }
        c->p++;
        c->next_line++;
        return 1;
    }
    if (ch == '\n') {
        c->next_line++;
        return 0;
    }
    c->buf[(*n)++] = ch;
    return 1;
}

static int take_line(struct ps_conf *c, struct ps_fault *fault)
{
    size_t n = 0;
    int more = 1;

    c->line = c->next_line;
    while (more > 0 && c->p < c->end) {
        more = take_octet(c, &n, fault);
        // Lines joined before anything was said are still at their beginning.
        if (more > 0 && n == 0)
            break;
    }
    if (more < 0)
        return more;
    while (n > 0 && is_blank(c->buf[n - 1]))
        n--;
    c->buf[n] = '\0';
    return n > 0;
}

int ps_conf_next(struct ps_conf *c, struct ps_fault *fault)
{
    int got = 0;

    if (make_room(c) != 0) {
        ps_fault_set(fault, c->file, c->next_line, "out of memory");
        return -ENOMEM;
    }
    while (got == 0) {
        skip_idle(c);
        if (c->p >= c->end)
            return 0;
        got = take_line(c, fault);
    }
    return got;
}

char *ps_conf_word(char **rest)
{
    char *word = *rest, *end;

    while (is_blank(*word) || *word == '\n')
        word++;
    for (end = word; *end && !is_blank(*end) && *end != '\n'; end++)
        ;
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return end > word ? word : NULL;
}
