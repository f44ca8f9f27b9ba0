// SPDX-License-Identifier: Apache-2.0
// The lookup service's protocol (sLS). (Fact sheet of the lookup service, 1.) What is answered:
//
//   POST   /lookup/records            registers one record
//   PUT    /lookup/records            renews many: {"record-uris": [...], "ttl": ["PT2H"]}
//   GET    /lookup/records[?QUERY]    those that are met, as an array
//   GET    /lookup/TYPE/UUID[/KEY]    one; one key of it
//   POST   /lookup/TYPE/UUID          renews it
//   DELETE /lookup/TYPE/UUID          removes it
//   GET    /lookup/activehosts.json   which servers there are
//
// Errors are a sentence, text/plain, as clients of this protocol expect.
#pragma once
#include "lsregister/dir_site.h"

#define DIR_BULK_MAX 10000              // uris in a request
#define DIR_BULK_BODY ((size_t)1 << 20) // octets of it
#define DIR_JSON "application/json"

// Enters the routes. Errors as ps_httpd_route.
int dir_rest_routes(struct dir_site *s);

// --- for the files behind it

void dir_refuse(struct ps_http_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// When the store could not write: 507, 503 or 500; the log is told of what is not the client's business.
void dir_refuse_store(struct dir_site *s, struct ps_http_req *req, int err);

void dir_answer(struct ps_http_req *req, struct ps_text *t); // which is closed: 200, or 503
// A record as an object. state: see dir_index_write.
void dir_answer_record(struct dir_site *s, struct ps_http_req *req, const struct dir_rec *rec,
                       const char *state);

// Who sends a request, as far as the records' owners go.
struct dir_claim {
    bool all; // by the Unix socket: everything is allowed
    bool has_token;
    uint8_t token[DIR_TOKEN]; // hash
    const char *client;       // client-uuid that the request says; NULL: none
};
// body: what the request holds, or no node. Its strings are the body's. PS_ESYNTAX (an Authorization that is none of
// "Bearer TOKEN") with the fault told.
int dir_claim_read(struct dir_claim *c, const struct ps_http_req *req, struct ps_jnode body,
                   struct ps_fault *fault);
// NULL: the record may be changed; else the reason why not.
const char *dir_claim_refuses(const struct dir_site *s, const struct dir_claim *c, const struct dir_rec *rec);
// The body as a document; *doc NULL: it is empty. 415 or 400 with the fault told.
int dir_body_read(const struct ps_http_req *req, struct ps_jdoc **doc, struct ps_fault *fault);

bool dir_may_write(void *site, struct ps_http_req *req); // a gate

// The way of what a directory passes on with this request (dir_way.h), a copy; NULL: it comes from a host. -ENOMEM.
int dir_way_of(const struct ps_http_req *req, char **way);
// Whether a host keeps the record up here itself: what else comes with a way leaves it as it is.
bool dir_way_idle(const struct dir_rec *rec, const char *way);
// The row is what the record is to be.
void dir_lease_take(struct dir_rec *rec, struct dir_lease_row *row);

void dir_rest_register(void *site, struct ps_http_req *req);
void dir_rest_renew(void *site, struct ps_http_req *req);
void dir_rest_delete(void *site, struct ps_http_req *req);
void dir_rest_bulk(void *site, struct ps_http_req *req);
void dir_rest_query(void *site, struct ps_http_req *req);
void dir_rest_get(void *site, struct ps_http_req *req);
void dir_rest_key(void *site, struct ps_http_req *req);
