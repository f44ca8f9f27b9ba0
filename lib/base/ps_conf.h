// SPDX-License-Identifier: Apache-2.0
// Lines of the key/value files of the OWAMP family: '#' as the first non-blank starts a comment
// line, leading blanks are dropped, a backslash before the newline joins lines (any other
// backslash is an error). See man page owamp-server.conf(5).
#pragma once
#include <stdbool.h>
#include <stddef.h>

// Where a fault is and what it is: "FILE:LINE: text", "FILE: text", or the text alone.
struct ps_fault {
    char text[512];
};
void ps_fault_set(struct ps_fault *f, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// Reads a whole file of at most max octets into a NUL-terminated buffer that the caller frees.
// Octets of value 0 inside are PS_EMALFORMED; larger is PS_ELIMIT; a fifo or socket PS_ENOTFILE; else
// -errno.
int ps_conf_load(const char *path, size_t max, char **text, size_t *len);

struct ps_conf {
    const char *file; // for messages
    const char *p, *end;
    int next_line;
    int line;  // where the current logical line began
    char *buf; // the current logical line, owned
    size_t cap;
};

void ps_conf_init(struct ps_conf *c, const char *file, const char *text, size_t len);
void ps_conf_fini(struct ps_conf *c);
// The next logical line that is neither empty nor a comment, joined and without trailing blanks,
// in c->buf: 1, 0 at the end, or a negative error with the fault told.
int ps_conf_next(struct ps_conf *c, struct ps_fault *fault);
// Cuts the next blank-separated word off *rest; NULL when there is none.
char *ps_conf_word(char **rest);
