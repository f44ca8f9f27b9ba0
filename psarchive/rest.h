// SPDX-License-Identifier: Apache-2.0
// esmond's REST API. (Fact sheet of the archive, 1 and 10.) What it answers:
//
//   GET, POST ROOT                                        list and search metadata; register one
//   GET, PUT  ROOT/KEY                                    one; write points of it
//   GET, POST ROOT/KEY/EVENT                              its event type; (accepted, and nothing comes of it)
//   GET, POST ROOT/KEY/EVENT/base[/0]                     points; write one
//   GET       ROOT/KEY/EVENT/{aggregations,averages,statistics}            which there are
//   GET       ROOT/KEY/EVENT/{aggregations,averages,statistics}/WINDOW     points
// Points are CSV where format=csv is asked for.
//
// ROOT is /esmond/perfsonar/archive or /perfsonar/archive. A slash at the end means nothing, and so does ".json"
// behind ROOT and KEY.
#pragma once
#include "psarchive/answer.h"
#include "psarchive/site.h"

#define REST_JSON "application/json" // exactly: a client compares it
#define REST_CSV "text/csv; charset=utf-8"

// Enters the routes. Errors as ps_httpd_route.
int rest_routes(struct site *s);

// --- for the files behind it

// Where this client finds the archive, for links in answers. To be freed.
struct rest_place {
    struct answer_place at;
    struct ps_buf origin;
};
int rest_place(const struct ps_http_req *req, struct rest_place *p);
void rest_place_fini(struct rest_place *p);
// The meta that the path names, with a reference; NULL: there is none, and 404 was answered.
struct meta *rest_meta(struct site *s, struct ps_http_req *req);
// The event type that the path names; -1: there is none of that name.
int rest_event(const struct ps_http_req *req);
// True: the request wants a format that there is not, and 404 was answered.
bool rest_refuses_format(struct ps_http_req *req);
void rest_no_memory(struct ps_http_req *req);
// Gives what was written, or 500 when writing failed.
void rest_reply(struct ps_http_req *req, int status, struct jtext *j);

void rest_list(void *site, struct ps_http_req *req);
void rest_one(void *site, struct ps_http_req *req);
void rest_event_type(void *site, struct ps_http_req *req);
void rest_summaries(void *site, struct ps_http_req *req);
void rest_series(void *site, struct ps_http_req *req);
void rest_register(void *site, struct ps_http_req *req);
void rest_bulk(void *site, struct ps_http_req *req);
void rest_single(void *site, struct ps_http_req *req);
void rest_ignored(void *site, struct ps_http_req *req);
