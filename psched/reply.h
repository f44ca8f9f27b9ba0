// SPDX-License-Identifier: Apache-2.0
// How psched answers: JSON documents and texts of one line, as pScheduler does (fact sheet scheduler, 1.1).
#pragma once
#include "base/ps_out.h"
#include "http/ps_httpd.h"
#include "json/ps_jdoc.h"

// A JSON answer that is being written. It is not moved before it is sent.
struct reply {
    struct ps_http_req *req;
    struct ps_text text;
    struct ps_json *json;
    struct ps_buf origin;
    bool bad; // no memory
};

// Returns its json.
struct ps_json *reply_open(struct reply *r, struct ps_http_req *req);
// reply_origin for what is written; good until it is sent.
const char *reply_here(struct reply *r);
// Sends what was written as 200, or that there was no memory for it. With "pretty" in the query it is indented, its
// keys sorted.
void reply_send(struct reply *r);

// A JSON text that is there already.
void reply_json(struct ps_http_req *req, const char *text, size_t len);
// A JSON string.
void reply_json_string(struct ps_http_req *req, const char *text);
// One message; a newline is put behind it.
void reply_text(struct ps_http_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void reply_ok(struct ps_http_req *req);        // 200 "OK"
void reply_not_found(struct ps_http_req *req); // 404
void reply_no_memory(struct ps_http_req *req); // 500
// 303 to a place, which is a path and a query.
void reply_see(struct ps_http_req *req, const char *origin, const char *target);

// "https://host:port", as the client named this server, with a NUL. 0 or -ENOMEM.
int reply_origin(const struct ps_http_req *req, struct ps_buf *out);
// A parameter that says yes or no; otherwise: when it is absent.
bool reply_flag(const struct ps_http_req *req, const char *name, bool otherwise);
// The API level the client asks for (absent: 1) is one that is there; else 501 was answered.
#define REPLY_API 6
bool reply_level(struct ps_http_req *req);
