// SPDX-License-Identifier: Apache-2.0
// Files of a spool: their names, their first lines, their octets.
#include "spool/ps_spool_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"

#define HEX_ID (2 * PS_SPOOL_ID_LEN)
#define LEN_BITS 25 // of a name's length; how many documents there are besides the first is above
#define LEN_MASK ((UINT32_C(1) << LEN_BITS) - 1)

// --- names

void spool_name_put(const struct spool_name *n, const char *suffix, char out[SPOOL_NAME_SIZE])
{
    char id[HEX_ID + 1];
    ps_num_to_hex(n->id, PS_SPOOL_ID_LEN, id);
    uint32_t len = n->len | (n->count - 1) << LEN_BITS;
    snprintf(out, SPOOL_NAME_SIZE, "%016" PRIx64 "-%016" PRIx64 "-%08" PRIx32 "-%s%.4s", n->seq,
             (uint64_t)n->time, len, id, suffix);
}

static uint64_t hex_field(const char *text, size_t digits)
{
    char field[17];
    uint64_t v = 0;
    snprintf(field, sizeof field, "%.*s", (int)digits, text);
    (void)ps_num_u64(field, 16, 0, UINT64_MAX, &v);
    return v;
}

// What is not a digit makes some number or other, from which the same text will not come again.
bool spool_name_get(const char *text, const char *suffix, struct spool_name *out)
{
    char again[SPOOL_NAME_SIZE], id[HEX_ID + 1];
    struct spool_name n = {0};
    if (strlen(text) != SPOOL_NAME_SIZE - 1)
        return false;
    n.seq = hex_field(text, 16);
    uint64_t time = hex_field(text + 17, 16);
    uint32_t len = (uint32_t)hex_field(text + 34, 8);
    n.len = len & LEN_MASK;
    n.count = (len >> LEN_BITS) + 1;
    snprintf(id, sizeof id, "%.*s", HEX_ID, text + 43);
    if (ps_num_hex(id, n.id, PS_SPOOL_ID_LEN) != 0 || n.len > PS_SPOOL_DOC_MAX || n.count > SPOOL_DOCS_MAX ||
        time > INT64_MAX)
        return false;
    n.time = (ps_ns)time;
    spool_name_put(&n, suffix, again);
    *out = n;
    return strcmp(again, text) == 0;
}

// --- headings

void spool_head_make(const struct spool_name *n, const void *data, char out[SPOOL_HEAD_LEN])
{
    char line[SPOOL_HEAD_LEN + 1], id[HEX_ID + 1];
    ps_num_to_hex(n->id, PS_SPOOL_ID_LEN, id);
    int at = snprintf(line, sizeof line, "psspool %d %s %020" PRId64 " %010" PRIu32 " ", n->count > 1 ? 2 : 1,
                      id, n->time, n->len);
    uint32_t crc = spool_crc(spool_crc(0, line, (size_t)at), data, n->len);
    snprintf(line + at, sizeof line - (size_t)at, "%08" PRIx32 "\n", crc);
    memcpy(out, line, SPOOL_HEAD_LEN);
}

bool spool_head_get(const char *head, struct spool_name *out)
{
    char id[HEX_ID + 1], time[21], len[11];
    uint64_t l;
    snprintf(id, sizeof id, "%.*s", HEX_ID, head + 10);
    snprintf(time, sizeof time, "%.20s", head + 43);
    snprintf(len, sizeof len, "%.10s", head + 64);
    *out = (struct spool_name){0};
    if (ps_num_hex(id, out->id, PS_SPOOL_ID_LEN) != 0 ||
        ps_num_i64(time, 10, 0, INT64_MAX, &out->time) != 0 ||
        ps_num_u64(len, 10, 0, PS_SPOOL_DOC_MAX, &l) != 0)
        return false;
    out->len = (uint32_t)l;
    out->count = 1;
    return true;
}

void spool_line_make(const uint8_t id[PS_SPOOL_ID_LEN], size_t len, char out[SPOOL_LINE_LEN])
{
    char line[SPOOL_LINE_LEN + 1], text[HEX_ID + 1];
    ps_num_to_hex(id, PS_SPOOL_ID_LEN, text);
    snprintf(line, sizeof line, "%s %010zu\n", text, len);
    memcpy(out, line, SPOOL_LINE_LEN);
}

bool spool_line_get(const uint8_t **at, const uint8_t *end, uint8_t id[PS_SPOOL_ID_LEN], size_t *len)
{
    char text[HEX_ID + 1] = "", number[11] = "";
    uint64_t n;
    if ((size_t)(end - *at) < SPOOL_LINE_LEN)
        return false;
    memcpy(text, *at, HEX_ID);
    memcpy(number, *at + HEX_ID + 1, sizeof number - 1);
    if ((*at)[HEX_ID] != ' ' || (*at)[SPOOL_LINE_LEN - 1] != '\n' || strlen(number) != sizeof number - 1 ||
        ps_num_hex(text, id, PS_SPOOL_ID_LEN) != 0 ||
        ps_num_u64(number, 10, 0, (uint64_t)(end - *at) - SPOOL_LINE_LEN, &n) != 0)
        return false;
    *len = (size_t)n;
    *at += SPOOL_LINE_LEN + n;
    return true;
}

// --- octets

int spool_write_all(int fd, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int spool_read_all(int fd, void *data, size_t len)
{
    uint8_t *p = data;
    while (len > 0) {
        ssize_t n = read(fd, p, len);
        if (n == 0)
            return PS_ESHORT;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int spool_fsync(int fd)
{
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int spool_open_file(int dir, const char *name, int flags, mode_t mode)
{
    struct stat st;
    int fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
    if (fd < 0) // a socket is ENXIO, a directory opened for writing EISDIR
        return errno == ENXIO || errno == EISDIR || errno == ENODEV ? -ELOOP : -errno;
    int err = fstat(fd, &st) != 0 ? -errno : 0;
    if (err == 0 && (!S_ISREG(st.st_mode) || ((flags & O_ACCMODE) != O_RDONLY && st.st_nlink > 1)))
        err = -ELOOP;
    if (err == 0)
        return fd;
    close(fd);
    return err;
}

static int file_length(int fd, size_t *len)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return -errno;
    if (st.st_size < SPOOL_HEAD_LEN || st.st_size > SPOOL_HEAD_LEN + (off_t)PS_SPOOL_DOC_MAX)
        return PS_EMALFORMED;
    *len = (size_t)st.st_size;
    return 0;
}

static int check_file(const uint8_t *file, size_t len, const struct spool_name *n, struct spool_name *found)
{
    char head[SPOOL_HEAD_LEN];
    memcpy(head, file, sizeof head);
    if (n == NULL && !spool_head_get(head, found))
        return PS_EMALFORMED;
    n = n == NULL ? found : n;
    if (len - SPOOL_HEAD_LEN != n->len)
        return PS_EMALFORMED;
    spool_head_make(n, file + SPOOL_HEAD_LEN, head);
    return memcmp(head, file, sizeof head) == 0 ? 0 : PS_EMALFORMED;
}

int spool_load(int fd, const struct spool_name *n, struct spool_name *found, uint8_t **file)
{
    size_t len = 0;
    int err = file_length(fd, &len);
    uint8_t *data = err == 0 ? malloc(len) : NULL;
    if (err == 0 && data == NULL)
        err = -ENOMEM;
    if (err == 0)
        err = spool_read_all(fd, data, len);
    if (err == 0)
        err = check_file(data, len, n, found);
    if (err != 0) {
        free(data);
        return err == PS_ESHORT ? PS_EMALFORMED : err;
    }
    *file = data;
    return 0;
}
