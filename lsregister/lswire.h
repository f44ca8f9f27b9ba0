// SPDX-License-Identifier: Apache-2.0
// The protocol of the lookup service: requests as HTTP, and answers as values (fact sheet 1.1 to 1.5). Pure.
#pragma once
#include "base/ps_buf.h"
#include "base/ps_time.h"
#include "lsregister/record.h"

#define LSWIRE_RECORDS 200000 // of an answer that are read
#define LSWIRE_BULK 100       // uris that are renewed with one request

enum lswire_verb {
    LS_REGISTER,  // POST lookup/records
    LS_RENEW_ALL, // PUT lookup/records
    LS_RENEW,     // POST lookup/TYPE/UUID
    LS_DELETE,    // DELETE lookup/TYPE/UUID
    LS_QUERY,     // GET lookup/records?...
};

struct lswire_ask {
    enum lswire_verb verb;
    const char *server;          // "http://HOST:PORT/", see lswire_server
    const struct record *record; // to be registered
    const struct words *uris;    // to be renewed; the first alone, or to be deleted
    ps_ns ttl;                   // to be asked for; 0: none
    const char *query;           // behind the "?"; escaped; "": everything
    // Whose the record is that LS_RENEW or LS_DELETE means: a directory may want to know, upstream's server takes no
    // notice. NULL: is not said.
    const char *client;
};

struct lswire_http {
    const char *method;
    struct ps_buf url, body; // end with a NUL, which does not count as body
};

enum lswire_outcome {
    LS_OK,
    LS_UNREACHED, // nothing was done: there was no connection
    LS_LOST,      // it may have been done or not: the answer did not come, or is unreadable
    LS_FORBIDDEN, // 403: a duplicate, a lease that is over
    LS_ABSENT,    // 404
    LS_INVALID,   // another refusal: 4xx
    LS_FAILING,   // 5xx, 429, or what no lookup server answers, as 3xx, or 404 to a registration
};

// Of a uri that was not renewed with others.
struct lswire_failed {
    char *uri;
    char code[8]; // "21": it is expired; "22": it is not there
};

struct lswire_reply {
    enum lswire_outcome outcome;
    int status;             // of HTTP; 0: none came
    char why[400];          // an outcome that is no LS_OK, in words, with what the server said
    struct record *records; // registered, renewed, deleted: one; found: any number
    size_t n;
    size_t left_out; // found, but no records, or more than are read
    struct lswire_failed *failed;
    size_t nfailed;
    ps_ns date; // when the server says that it answered; 0: not
};

// The beginning of a server's uris, "http://HOST:PORT/", from what names it: that, or with "lookup", or with
// "lookup/records" behind it. PS_ESYNTAX, PS_EUNSUPPORTED (neither http nor https), PS_ELIMIT, -ENOMEM. The text is
// the caller's to free.
int lswire_server(const char *text, char **out);

// 0 or -ENOMEM. out has to be freed either way.
int lswire_write(const struct lswire_ask *ask, struct lswire_http *out);
void lswire_http_fini(struct lswire_http *h);

// What an answer with a status means. 0 or -ENOMEM; reply has to be freed either way.
int lswire_read(enum lswire_verb verb, int status, const char *body, size_t len, struct lswire_reply *reply);
// No answer came.
void lswire_none(bool reached, const char *why, struct lswire_reply *reply);
void lswire_reply_fini(struct lswire_reply *reply);

// When a record expires (seconds since 1970 in nanoseconds); 0: it does not say, or not in a way that can be read,
// or before 1970.
ps_ns lswire_expires(const struct record *r);
// "lookup/TYPE/UUID" without anything that would lead elsewhere.
bool lswire_is_uri(const char *uri);
