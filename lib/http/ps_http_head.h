// SPDX-License-Identifier: Apache-2.0
// The head of a request, judged: what RFC 9112 wants refused, and how its body is framed. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ps_http_field {
    const char *name;
    const char *value;
};

struct ps_http_head {
    // As they came.
    const char *method;
    const char *target;
    const char *version;
    const struct ps_http_field *fields;
    size_t nfields;
    // Found by ps_http_head_check.
    const char *path; // in target; "*" of OPTIONS
    size_t path_len;
    const char *query; // in target; NULL: none
    const char *host;  // NULL: none, which HTTP/1.0 may do without
    bool chunked;
    uint64_t length; // of a body that is not chunked
    bool expects;    // 100 (Continue) before it sends the body
};

// 0, or the status of the answer and in *why its words. After an answer the connection has to be closed: where
// the body ends is not known.
int ps_http_head_check(struct ps_http_head *h, const char **why);
// The value of the i-th field of that name (any case); NULL: none.
const char *ps_http_head_field(const struct ps_http_head *h, const char *name, size_t i);
// Whether the text can be what a Host header says: a name or an address, and a port; blanks may stand behind it.
bool ps_http_is_host(const char *text);
// Whether a list of names ("gzip;q=0.5, br") has the name, without a quality of 0.
bool ps_http_list_has(const char *list, const char *name);
