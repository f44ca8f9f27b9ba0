// SPDX-License-Identifier: Apache-2.0
// What the files behind ps_httpd.h share. For lib/http alone.
#pragma once
#include "base/ps_list.h"
#include "base/ps_map.h"
#include "http/ps_http_head.h"
#include "http/ps_httpd.h"
#include "loop/ps_watch.h"

struct MHD_Daemon;
struct MHD_Connection;
struct MHD_Response;
struct ps_listener;

// One of the library's servers: one for plain connections, one for TLS with the certificate of now, and those of
// former certificates as long as they have connections.
struct httpd_engine {
    struct ps_list link;
    struct ps_httpd *h;
    struct MHD_Daemon *mhd;
    struct ps_watch *watch;
    struct ps_timer *again; // runs it after a pause
    bool kicked;            // it will be run in the next turn
    uint64_t acts;          // what it has called of ours
    unsigned vain;          // runs in a row that called nothing
    bool tls;
    bool retired; // takes no new connections
    size_t conns;
    char words[256]; // the library's first complaint
};

struct httpd_door {
    struct ps_list link;
    struct ps_httpd *h;
    struct ps_listener *listener;
    bool tls;
};

// Connections and requests of an IPv4 address or IPv6 /64.
struct httpd_net {
    uint8_t key[16];
    unsigned conns;
    double tokens; // requests it may make at once
    ps_ns filled;  // when that was so
};

struct ps_httpd {
    struct ps_loop *loop;
    struct ps_httpd_conf conf;
    struct ps_routes *routes;
    struct ps_list kept;  // httpd_kept: what the routes point to
    struct ps_list files; // httpd_files
    struct ps_list engines, doors;
    struct httpd_engine *plain, *secure; // NULL: not there yet
    struct ps_list idle, busy;   // connections without and with the head of a request, the oldest first
    size_t conns, going;         // going: of them, those that are being closed
    size_t gzips;                // streams that are compressed
    size_t ahead;                // octets that streams may make at a time beyond what they must
    struct httpd_conn *arriving; // while the library is told of it
    struct ps_map nets;
    struct ps_timer *sweep;
    bool running; // the library is at work: it must not be called again
    bool closed;
    struct ps_httpd_stats stats;
};

struct httpd_kept {
    struct ps_list link;
    struct ps_http_route route;
};

struct httpd_conn {
    struct ps_list link;
    struct httpd_engine *e;
    struct MHD_Connection *mhd;
    int fd; // the library's
    struct ps_addr peer;
    struct httpd_net *net; // NULL: not counted
    struct ps_http_req *req;
    ps_ns since; // when it came, or its last answer ended
    bool fresh;  // no request yet
    bool going;
};

enum httpd_phase {
    HTTPD_HEAD,
    HTTPD_BODY,
    HTTPD_HANDED,   // to the handler
    HTTPD_ANSWERED, // by the handler, or by us
    HTTPD_OVER,     // the library is done with it
};

#define HTTPD_GIVE_UP (-1)

struct httpd_header {
    struct httpd_header *next;
    char *value; // in the same allocation
    char name[];
};

struct httpd_gzip;

struct ps_http_req {
    unsigned refs; // the library's request, the library's response, the handler's debt
    struct ps_httpd *h;
    struct httpd_conn *conn; // NULL: gone
    enum httpd_phase phase;
    bool suspended;      // the library leaves the connection alone
    ps_ns began, turned; // turned: when the phase began
    char *target;
    const char *target_at; // where the library has it; not to be read

    // Of the request.
    struct ps_http_head head;
    void *head_memory;
    struct ps_query query;
    char *path; // without the query; the arguments' values behind it
    struct ps_route_hit hit;
    const struct ps_http_route *route;
    struct ps_addr client;
    bool tls;
    bool proxied; // by one whose words count
    bool broken;  // where it ends is not known
    bool gzipped;
    struct ps_buf body;
    size_t charged; // of it to the server's bound
    uint64_t received;
    bool owed;   // the handler has not answered
    int verdict; // a status: the request is refused; HTTPD_GIVE_UP: and not even answered
    const char *why;
    bool cut; // answered past the library, or past its time: the connection ends

    // Of the answer.
    int status;
    bool queued;
    struct httpd_header *headers;
    struct MHD_Response *response;
    struct ps_http_source source;
    void *source_ctx;
    bool waiting; // for ps_http_wake: the source has nothing for now
    bool woken, done;
    size_t ahead;            // octets that the stream makes at a time beyond what it must
    ps_ns filled;            // when it has done so
    ps_ns paused;            // when it began to wait
    bool sourced;            // source.end was not called yet
    struct ps_buf out;       // what was pulled and has not left
    struct httpd_gzip *gzip; // NULL: as it is
    uint64_t sent;
    uint64_t fixed; // octets of an answer that the library has as a whole
};

// ps_httpd_engine.c: the library
// cert and key: PEM, or NULL for plain HTTP. The fault says what is wrong with them.
int httpd_engine_start(struct ps_httpd *h, const char *cert, const char *key, struct ps_fault *fault,
                       struct httpd_engine **out);
int httpd_engine_add(struct httpd_engine *e, struct httpd_conn *c);
void httpd_engine_kick(struct httpd_engine *e);
// Lets the library close what was shut down, now; what comes of it otherwise waits for the next run. The server
// may be closed meanwhile, but is not freed.
void httpd_engine_reap(struct httpd_engine *e);
void httpd_engine_stop(struct httpd_engine *e);
// The library goes on with a request that it was told to leave alone.
void httpd_resume(struct ps_http_req *req);

// ps_httpd.c
// Stops engines that are retired and at rest, and frees a server that was closed; not while the library is at
// work.
void httpd_tidy(struct ps_httpd *h);

// ps_httpd_conn.c: connections
void httpd_arrive(struct ps_httpd *h, bool tls, int fd, const struct ps_addr *peer);
void httpd_conn_ended(struct httpd_conn *c);
// The head of a request is there: from now until its answer's end it does not make room for others.
void httpd_conn_busy(struct httpd_conn *c);
void httpd_conn_idle(struct httpd_conn *c);
void httpd_sweep(void *ctx);

// ps_httpd_net.c: bounds by where they come from
struct httpd_net *httpd_net_of(struct ps_httpd *h, const struct ps_addr *addr);
void httpd_net_leave(struct ps_httpd *h, struct httpd_net *net);
// Whether one more request is within the rate.
bool httpd_net_pass(struct ps_httpd *h, const struct ps_addr *client, ps_ns now);
void httpd_net_forget(struct ps_httpd *h);
void httpd_net_fini(struct ps_httpd *h);

// ps_httpd_req.c: from the head to the handler
struct ps_http_req *httpd_req_new(struct httpd_conn *c, const char *target);
void httpd_req_unref(struct ps_http_req *req);
// The head is there.
void httpd_req_head(struct ps_http_req *req);
void httpd_req_data(struct ps_http_req *req, const char *data, size_t len);
// The whole request is there.
void httpd_req_whole(struct ps_http_req *req);
// The library is done with it.
void httpd_req_over(struct ps_http_req *req, bool complete);
// Whether to answer before the body has come.
bool httpd_req_is_early(const struct ps_http_req *req);

// ps_httpd_reply.c: answers
// Gives the answer to the library. false: it has to close the connection.
bool httpd_reply_queue(struct ps_http_req *req);
// The answer never came to the library: the connection ended first.
void httpd_reply_drop(struct ps_http_req *req);
void httpd_reply_verdict(struct ps_http_req *req);
// {"detail": ...}, the caller's to free; NULL: no memory.
char *httpd_reply_text(const char *detail, size_t *len);
// What is refused in words, as the server gives it (text_errors), and its Content-Type. NULL: no memory.
char *httpd_reply_words(const struct ps_httpd *h, const char *words, size_t *len);
const char *httpd_words_type(const struct ps_httpd *h);
void httpd_reply_fini(struct ps_http_req *req);

// ps_httpd_gzip.c
int httpd_gzip_new(struct httpd_gzip **out);
void httpd_gzip_free(struct httpd_gzip *z); // NULL is fine
// Compresses what in holds and consumes it.
enum httpd_flush { HTTPD_GO_ON, HTTPD_FLUSH, HTTPD_FINISH };
int httpd_gzip_put(struct httpd_gzip *z, struct ps_buf *in, enum httpd_flush flush, struct ps_buf *out);
// A whole gzip body; PS_ELIMIT: more than out takes, PS_EMALFORMED.
int httpd_gunzip(const void *data, size_t len, struct ps_buf *out);

// ps_httpd_files.c
void httpd_files_fini(struct ps_httpd *h);
