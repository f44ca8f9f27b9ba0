// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server on the loop: plain and TLS, on TCP and Unix sockets. A request is taken in whole (bounded
// for each route), handed to its route's handler, and answered by it at once or later, with a buffer or with a
// stream that is asked for more when there is room. Everything happens on the loop's thread.
//
// Framing is what RFC 9112 says and nothing else: what it wants refused is answered 400, never handed on, and ends
// the connection. Errors of the server's own are JSON: {"detail": "..."}. What the library under it cannot read it
// refuses in words of its own (HTML), or by closing the connection: a request line that is none, another version
// of HTTP (505), a line without a colon, a length that is no number, broken chunks (400), too large a head (414, 431).
//
// Who goes while the answer is not there yet, or while a stream has nothing, is not noticed before the answer or
// the next piece comes.
#pragma once
#include "base/ps_addr.h"
#include "base/ps_buf.h"
#include "base/ps_conf.h"
#include "base/ps_log.h"
#include "base/ps_places.h"
#include "http/ps_query.h"
#include "http/ps_route.h"
#include "loop/ps_loop.h"

struct ps_httpd;
struct ps_http_req;

// --- the server

struct ps_httpd_access;

struct ps_httpd_conf {
    size_t head_max;        // octets of a request line and its headers; also what a connection costs at most
    size_t body_total;      // octets of request bodies held at once; past it: 503
    unsigned conns_max;     // past it the one idle for longest makes room; when none is idle: 503
    unsigned conns_per_net; // of an IPv4 address or IPv6 /64; past it: 503; 0: no bound
    unsigned rate;          // requests a second of an IPv4 address or IPv6 /64 in the long run; 0: no bound
    unsigned burst;         // how many it may make at once then; past it: 429; 0: as many as rate
    ps_ns head_timeout;     // from the connection, or from the request line, to the end of the headers
    ps_ns idle;             // from an answer's end to the end of the next request's headers
    ps_ns grace;            // a body or an answer may be slower than slow for so long
    unsigned slow;          // octets a second
    bool merge_slashes;     // several in a path mean one
    bool text_errors;       // what is refused in words is a line of text; false: {"detail": words}
    // Whether X-Forwarded-For is believed that comes from this peer (len 0: a Unix socket). NULL: never.
    bool (*trusts)(void *ctx, const struct ps_addr *peer);
    // Told of every request that was answered or given up. NULL: nobody.
    void (*access)(void *ctx, const struct ps_httpd_access *a);
    void *ctx; // of both
};

// 32 KiB heads, 64 MiB of bodies, 1,024 connections, 64 of a net, no rate, 10 s for a head, 60 s idle, 30 s of
// grace, 1,024 octets/s.
extern const struct ps_httpd_conf ps_httpd_defaults;

int ps_httpd_new(struct ps_loop *l, const struct ps_httpd_conf *conf, struct ps_httpd **out);
// Stops listening and closes every connection. Streams are ended; requests that were handed out and not answered
// yet stay valid, and still have to be answered, which then comes to nothing. NULL is fine; fine from inside a
// handler.
void ps_httpd_close(struct ps_httpd *h);

// Listens for plain HTTP, or for HTTPS when tls (after ps_httpd_tls). Port 0: a free one, told in bound (may be
// NULL). The fault names address and cause.
int ps_httpd_listen(struct ps_httpd *h, const struct ps_addr *addr, bool tls, struct ps_addr *bound,
                    struct ps_fault *fault);
// Listens at all of them, on IPv4 alone where "all addresses" are meant and there is no IPv6. bound: as many as there
// are places. On an error some may be listened on.
int ps_httpd_listen_all(struct ps_httpd *h, const struct ps_places *places, struct ps_addr *bound,
                        struct ps_fault *fault);
// Writes a line for each of them into the log.
void ps_httpd_tell(const struct ps_places *places, const struct ps_addr *bound, struct ps_log *log);
// Plain HTTP on a Unix socket; see ps_ctl_listen for the rules. Its connections are not bounded by net or rate.
int ps_httpd_listen_unix(struct ps_httpd *h, const char *path, unsigned mode, struct ps_fault *fault);
// Loads certificate (chain) and key (PEM), at first and again: new connections get the new ones, those that are
// open keep theirs. On an error nothing changes. The fault names the file and the cause.
int ps_httpd_tls(struct ps_httpd *h, const char *cert_file, const char *key_file, struct ps_fault *fault);

struct ps_httpd_stats {
    uint64_t conns;         // open now
    uint64_t conns_total;   // ever taken
    uint64_t conns_refused; // for want of room
    uint64_t conns_dropped; // too slow, or idle when room was needed
    uint64_t requests;      // answered or given up
    uint64_t status[6];     // answered with 1xx (never) to 5xx; 0: given up by the client or by us
    uint64_t octets_in;     // of bodies
    uint64_t octets_out;    // of bodies, before TLS and after gzip
    uint64_t body_octets;   // held now
};
void ps_httpd_stats(const struct ps_httpd *h, struct ps_httpd_stats *out);

struct ps_httpd_access {
    const struct ps_addr *client; // len 0: a Unix socket
    const char *method;
    const char *target; // as it came; may hold whatever a client sends
    int status;         // 0: none was sent
    uint64_t octets;    // of the answer's body that were handed to the kernel, about
    ps_ns took;         // from the request line to the end
};

// --- routes

// Gets a whole request. Exactly one of the answering functions has to be called for it, from inside or later.
typedef void (*ps_http_handler)(void *ctx, struct ps_http_req *req);
// Looks at a request before its body is read: true to go on, or false after having answered it at once.
typedef bool (*ps_http_gate)(void *ctx, struct ps_http_req *req);

enum {
    PS_HTTP_ANY_ORIGIN = 1, // scripts of other sites may read the answers (CORS)
    PS_HTTP_GZIP = 2,       // answers to those who accept it are compressed when that is worth while
};

struct ps_http_route {
    unsigned methods;    // PS_HTTP_GET | ...
    const char *pattern; // see ps_route.h
    ps_http_handler handler;
    ps_http_gate gate; // NULL: none
    void *ctx;
    size_t body_max; // octets of a request body, after decompression; 0: none is taken. Past it: 413
    unsigned flags;
};

// Before the first request or later. PS_ESYNTAX, PS_EDUPLICATE, -ENOMEM.
int ps_httpd_route(struct ps_httpd *h, const struct ps_http_route *route);

// --- a request: all that it gives is good until the handler has answered

const char *ps_http_method_of(const struct ps_http_req *req); // "GET"; a HEAD is told as one
const char *ps_http_path(const struct ps_http_req *req);      // as it came, still encoded, without the query
// What stands for a name of the pattern, decoded; NULL: there is no such name.
const char *ps_http_arg(const struct ps_http_req *req, const char *name);
const struct ps_query *ps_http_query(const struct ps_http_req *req);
// The first of that name (any case); NULL: none. i counts those of the same name.
const char *ps_http_header(const struct ps_http_req *req, const char *name);
const char *ps_http_header_at(const struct ps_http_req *req, const char *name, size_t i);
// The body, decompressed; never NULL, with a NUL behind its len octets.
const char *ps_http_body(const struct ps_http_req *req, size_t *len);
// Where the request comes from: the connection's other end, or what a trusted proxy says. len 0: a Unix socket.
const struct ps_addr *ps_http_client(const struct ps_http_req *req);
// The address of this host at which it arrived; len 0: a Unix socket, or the client has gone.
void ps_http_server(const struct ps_http_req *req, struct ps_addr *out);
bool ps_http_is_tls(const struct ps_http_req *req);
// "https://host:port" as the client named this server (a trusted proxy's X-Forwarded-Proto and -Host count).
int ps_http_origin(const struct ps_http_req *req, struct ps_buf *out);

// --- answers

// Adds a header to the answer, before it is given. Both are copied. A value with a control character is not added.
void ps_http_add(struct ps_http_req *req, const char *name, const char *value);
// type: the Content-Type, NULL for none. data is copied.
void ps_http_reply(struct ps_http_req *req, int status, const char *type, const void *data, size_t len);
// The same; data came from malloc (or is NULL) and is freed here.
void ps_http_reply_own(struct ps_http_req *req, int status, const char *type, void *data, size_t len);
// {"detail": "..."} as application/json.
void ps_http_reply_error(struct ps_http_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

enum ps_http_pull {
    PS_HTTP_MORE, // something was appended, and there is more
    PS_HTTP_WAIT, // nothing for now: ps_http_wake will tell
    PS_HTTP_DONE, // that was all
};

struct ps_http_source {
    // Appends what comes next to out, some PS_HTTP_PIECE octets or less, whatever stands there already; called when
    // nearly all before has left, and, for a client that takes it promptly, some more times at once. A negative error
    // cuts the connection, so that the client does not take a part for the whole.
    int (*pull)(void *ctx, struct ps_buf *out);
    // Called once when the stream has ended, for whatever reason; no call to pull comes after it. NULL is fine.
    void (*end)(void *ctx);
};
#define PS_HTTP_PIECE 32768
#define PS_HTTP_PIECE_MAX ((size_t)8 << 20) // a pull that appends more fails with PS_ELIMIT

#define PS_HTTP_SIZE_UNKNOWN UINT64_MAX

// Streams size octets, or as many as come (chunked) when that is not known. Returns at once; end may be called from
// inside (the client has gone). A HEAD is not pulled from. The request is good until end.
void ps_http_reply_stream(struct ps_http_req *req, int status, const char *type, uint64_t size,
                          const struct ps_http_source *source, void *ctx);
// After PS_HTTP_WAIT and before end: there is more now.
void ps_http_wake(struct ps_http_req *req);

// For what changes seldom: adds the ETag (with its quotes), and answers 304 when the client has just that. True: it
// was answered.
bool ps_http_unchanged(struct ps_http_req *req, const char *etag);

// --- files

// One that is part of the program.
struct ps_http_asset {
    const char *path; // below the prefix: "" (the prefix itself), "app.js", "lib/u.css"
    const char *type; // Content-Type; NULL: by the path's ending
    const void *data; // stays the caller's, as long as the server
    size_t len;
    bool gzip;      // data is compressed
    bool immutable; // what this path gives never changes: it need not be asked for again
};

// Serves them at "/prefix/...". Errors as ps_httpd_route.
int ps_httpd_assets(struct ps_httpd *h, const char *prefix, const struct ps_http_asset *assets, size_t n);
// Serves the files in a folder, and index.html for a folder inside. Names that begin with a dot are not there; links
// are followed; reading blocks on the disk. 0, -errno of the folder with the fault told, or as ps_httpd_route.
int ps_httpd_files(struct ps_httpd *h, const char *prefix, const char *dir, struct ps_fault *fault);
