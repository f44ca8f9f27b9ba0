// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "http/ps_mirror_impl.h"

// --- the head

struct line {
    const char *at;
    size_t len;
};

// The value of a line with that name, or NULL.
static const char *value_of(const struct line *l, const char *name, size_t *len)
{
    size_t n = strlen(name);

    if (l->len < n + 2 || memcmp(l->at, name, n) != 0 || memcmp(l->at + n, ": ", 2) != 0)
        return NULL;
    *len = l->len - n - 2;
    return l->at + n + 2;
}

// A header's value that may be sent again.
static bool is_tag(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (value[i] < ' ' || value[i] > '~')
            return false;
    return len < PS_MIRROR_TAG_MAX;
}

static void take_tag(char out[PS_MIRROR_TAG_MAX], const char *value, size_t len)
{
    if (!is_tag(value, len))
        len = 0;
    memcpy(out, value, len);
    out[len] = '\0';
}

static void take_line(const struct line *l, const char *url, struct ps_mirror_head *out, bool *ours)
{
    const char *value;
    size_t len;

    if ((value = value_of(l, "url", &len)) != NULL)
        *ours = len == strlen(url) && memcmp(value, url, len) == 0;
    else if ((value = value_of(l, "etag", &len)) != NULL)
        take_tag(out->etag, value, len);
    else if ((value = value_of(l, "modified", &len)) != NULL)
        take_tag(out->modified, value, len);
}

// False: there is no whole line.
static bool next_line(const char *text, size_t len, size_t *at, struct line *out)
{
    const char *end = *at < len ? memchr(text + *at, '\n', len - *at) : NULL;

    if (!end)
        return false;
    *out = (struct line){text + *at, (size_t)(end - text) - *at};
    *at += out->len + 1;
    return true;
}

int ps_mirror_head_parse(const char *text, size_t len, const char *url, struct ps_mirror_head *out,
                         size_t *at)
{
    size_t head = len < PS_MIRROR_HEAD_MAX ? len : PS_MIRROR_HEAD_MAX;
    size_t magic = strlen(PS_MIRROR_MAGIC);
    struct line l;
    bool ours = false;

    *out = (struct ps_mirror_head){.etag = ""};
    if (head < magic || memcmp(text, PS_MIRROR_MAGIC, magic) != 0)
        return PS_EMALFORMED;
    *at = magic;
    while (next_line(text, head, at, &l)) {
        if (l.len == 0)
            return ours ? 0 : PS_ENOTFOUND;
        take_line(&l, url, out, &ours);
    }
    return PS_EMALFORMED;
}

int ps_mirror_head_put(struct ps_buf *out, const char *url, const struct ps_mirror_head *head)
{
    int err = ps_buf_printf(out, PS_MIRROR_MAGIC "url: %s\n", url);

    if (!err && is_tag(head->etag, strlen(head->etag)) && head->etag[0])
        err = ps_buf_printf(out, "etag: %s\n", head->etag);
    if (!err && is_tag(head->modified, strlen(head->modified)) && head->modified[0])
        err = ps_buf_printf(out, "modified: %s\n", head->modified);
    return err ? err : ps_buf_append(out, "\n", 1);
}

// --- the file

static int read_all(int fd, char *out, size_t len)
{
    size_t got = 0;

    while (got < len) {
        ssize_t n = read(fd, out + got, len - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : PS_ESHORT;
        got += (size_t)n;
    }
    out[len] = '\0';
    return 0;
}

static int load(int fd, size_t max, struct ps_mirror_copy *out)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return PS_ENOTFILE;
    if (st.st_size < 0 || (uintmax_t)st.st_size > (uintmax_t)max + PS_MIRROR_HEAD_MAX)
        return PS_ELIMIT;
    out->len = (size_t)st.st_size;
    out->fetched = st.st_mtim.tv_sec * PS_SEC + st.st_mtim.tv_nsec;
    out->text = malloc(out->len + 1);
    return out->text ? read_all(fd, out->text, out->len) : -ENOMEM;
}

int ps_mirror_copy_load(const char *path, const char *url, size_t max, struct ps_mirror_copy *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int err;

    *out = (struct ps_mirror_copy){.text = NULL};
    if (fd < 0)
        return -errno;
    err = load(fd, max, out);
    close(fd);
    if (!err)
        err = ps_mirror_head_parse(out->text, out->len, url, &out->head, &out->at);
    if (!err && out->len == out->at)
        err = PS_EMALFORMED; // as when it is fetched
    if (!err && out->len - out->at > max)
        err = PS_ELIMIT;
    if (err) {
        free(out->text);
        out->text = NULL;
    }
    return err;
}
