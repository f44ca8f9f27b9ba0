// SPDX-License-Identifier: Apache-2.0
// Configuration files of a key and its value a line (ps_conf.h), read by a table: "data /var/lib/psched". Each fault
// names the file, the line, the key, what it wants and what it got. Pure.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"

#define PS_KEY_NAME_MAX 64 // octets of a name, with the NUL

struct ps_key_line;

// What a value is, and what it is read into.
enum ps_key_form {
    PS_KEY_PATH,     // char[PATH_MAX]
    PS_KEY_NAME,     // char[PS_KEY_NAME_MAX]
    PS_KEY_COUNT,    // unsigned
    PS_KEY_SIZE,     // uint64_t: octets, "8m"
    PS_KEY_DURATION, // ps_ns: ISO 8601, "PT30S", min and max in seconds
    PS_KEY_YES,      // bool: yes or no
    PS_KEY_NETS,  // struct ps_netset *: networks, further words too, and those of further lines; NULL: made
    PS_KEY_OTHER, // whatever `read` makes of it
};

struct ps_key {
    const char *name;
    enum ps_key_form form;
    size_t at;         // offset of its place in what is read into
    uint64_t min, max; // of COUNT, SIZE and DURATION, both inclusive
    // Of PS_KEY_OTHER: reads value and takes further words by ps_key_more. 0, or an error that ps_key_wants told.
    int (*read)(struct ps_key_line *l);
};

// A line that is being read.
struct ps_key_line {
    void *into;
    const struct ps_key *key;
    const char *file;
    int number;
    const char *value; // the present word; NULL: no more
    char *rest;
    struct ps_fault *fault;
};

// The next word of the line, now in value; NULL: there is none.
const char *ps_key_more(struct ps_key_line *l);
// Tells "FILE:LINE: KEY wants WHAT; got 'VALUE'" and returns err.
int ps_key_wants(const struct ps_key_line *l, int err, const char *what);
// A path of fewer than PATH_MAX octets into out, which has that many places.
int ps_key_path(const struct ps_key_line *l, char *out);

// Reads len octets of text. A key that is not in the table is a fault, with the nearest one named. 0; PS_EUNKNOWN,
// PS_ESYNTAX, PS_ERANGE, PS_ELIMIT or what a `read` returned; -ENOMEM.
int ps_keys_parse(const struct ps_key *keys, size_t nkeys, void *into, const char *file, const char *text,
                  size_t len, struct ps_fault *fault);
// The same of a file of at most max octets.
int ps_keys_load(const struct ps_key *keys, size_t nkeys, void *into, const char *path, size_t max,
                 struct ps_fault *fault);

// --- a reload

// Members of a structure that a running daemon cannot change, from the first to the last one of a key. They own no memory.
struct ps_key_span {
    const char *key;
    size_t at, size;
};
#define PS_KEY_SPAN(type, name, first, last)                                         \
    {                                                                                \
        name, offsetof(type, first),                                                 \
            offsetof(type, last) + sizeof(((type *)0)->last) - offsetof(type, first) \
    }
// What is logged of those that a reload has changed all the same.
#define PS_KEYS_KEPT "changed, but a restart is needed for it: %s"
// What would have changed keeps its value: next gets it from now. out: its keys, separated by blanks; "": none. Returns out.
const char *ps_keys_keep(const struct ps_key_span *fixed, size_t n, void *next, const void *now, char *out,
                         size_t size);
