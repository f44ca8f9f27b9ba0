// SPDX-License-Identifier: Apache-2.0
// A JSON document that was read: configuration files and requests. (What writes JSON is base/ps_out.h.)
// Strict RFC 8259 in UTF-8. Faults name the place: "NAME:LINE: streams[3].interval: wants ...; got ...".
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/ps_conf.h"
#include "base/ps_out.h"

#define PS_JDOC_DEPTH 64 // arrays and objects inside each other
#define PS_JDOC_VALUES \
    (1u << 20)            // values in a document; one takes 28 octets of memory, the text is there twice
#define PS_JDOC_NUMBER 60 // characters of a number

struct ps_jdoc;

// Reads len octets, which need no NUL behind them and may go afterwards. Refused with a fault: syntax
// (PS_ESYNTAX), octets that are not UTF-8 and NUL, written out or as \u0000 (PS_EMALFORMED), a key given
// twice in one object (PS_EDUPLICATE), too much (PS_ELIMIT). name stands in messages and is copied; NULL:
// messages have neither name nor line. The caller bounds len; fault may be NULL here and everywhere below.
int ps_jdoc_parse(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                  struct ps_fault *fault);
// The same of what others wrote, where \u0000 is no reason to lose the rest: it is read as \ufffd, also in
// ps_jnode_raw.
int ps_jdoc_parse_foreign(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                          struct ps_fault *fault);
// The same of what was just written, and is closed by this; -ENOMEM.
int ps_jdoc_parse_text(struct ps_jdoc **out, struct ps_text *t, struct ps_fault *fault);
// The same of what a program wrote that gives a key twice in one object: the first one is found by its key.
int ps_jdoc_parse_careless(struct ps_jdoc **out, const char *name, const char *text, size_t len,
                           struct ps_fault *fault);
// The same as ps_jdoc_parse of a file of at most max octets.
int ps_jdoc_load(struct ps_jdoc **out, const char *path, size_t max, struct ps_fault *fault);
void ps_jdoc_free(struct ps_jdoc *doc); // NULL is fine

// nodes

// A value in a document, as long as the document lives. All zeros is the node that is not there, which
// every function takes.
struct ps_jnode {
    const struct ps_jdoc *doc;
    uint32_t at;
};

enum ps_jtype {
    PS_JTYPE_NONE, // not there
    PS_JTYPE_NULL,
    PS_JTYPE_BOOL,
    PS_JTYPE_NUMBER,
    PS_JTYPE_STRING,
    PS_JTYPE_ARRAY,
    PS_JTYPE_OBJECT,
};

struct ps_jnode ps_jdoc_root(const struct ps_jdoc *doc);
bool ps_jnode_there(struct ps_jnode n);
enum ps_jtype ps_jnode_type(struct ps_jnode n);
const char *ps_jtype_words(enum ps_jtype type); // "nothing", "null", "true or false", "a number", ...
// Members of an array or object, in their order: for (m = first(n); there(m); m = next(m)).
struct ps_jnode ps_jnode_first(struct ps_jnode n);
struct ps_jnode ps_jnode_next(struct ps_jnode n);
size_t ps_jnode_count(struct ps_jnode n);
struct ps_jnode ps_jnode_member(struct ps_jnode object, const char *key);
const char *ps_jnode_key(struct ps_jnode n); // of a member of an object, else NULL
// The value as it stands in the source, to be passed on as it is.
const char *ps_jnode_raw(struct ps_jnode n, size_t *len);
char *ps_jnode_copy(struct ps_jnode n); // the same, to be freed; NULL: no memory
// The same, written: as the member of that key; key NULL: by itself. What is not there is passed over.
void ps_jnode_put(struct ps_json *j, const char *key, struct ps_jnode n);
int ps_jnode_line(struct ps_jnode n); // from 1; 0: not there
// "streams[3].interval", "the document" for its root; its end if it is longer. Returns out.
const char *ps_jnode_path(struct ps_jnode n, char *out, size_t size);
// Tells what is wrong with a value: "NAME:LINE: PATH: ...".
void ps_jnode_fault(struct ps_jnode n, struct ps_fault *fault, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// Values: 0; PS_EMALFORMED for another type, PS_ERANGE out of range (both inclusive), PS_EUNKNOWN for a
// word that is none of those, PS_ENOTFOUND for no node. *out is left alone on failure.
// min and max are octets; min 1: not empty; max SIZE_MAX: as long as it likes.
int ps_jnode_str(struct ps_jnode n, size_t min, size_t max, const char **out, struct ps_fault *fault);
int ps_jnode_bool(struct ps_jnode n, bool *out, struct ps_fault *fault);
// Integers are exact: 1e3 and 5.0 are, 1.5 is not.
int ps_jnode_u64(struct ps_jnode n, uint64_t min, uint64_t max, uint64_t *out, struct ps_fault *fault);
int ps_jnode_i64(struct ps_jnode n, int64_t min, int64_t max, int64_t *out, struct ps_fault *fault);
int ps_jnode_double(struct ps_jnode n, double min, double max, double *out, struct ps_fault *fault);
int ps_jnode_word(struct ps_jnode n, const char *const *words, size_t nwords, size_t *out,
                  struct ps_fault *fault);
int ps_jnode_want(struct ps_jnode n, enum ps_jtype type, struct ps_fault *fault);
// A member that has to be there, of whatever type; PS_EMALFORMED also for what is no object.
int ps_jnode_need(struct ps_jnode object, const char *key, struct ps_jnode *out, struct ps_fault *fault);

// reading an object

#define PS_JGET_NAMES 64

// A cursor with a sticky error: a reader is a straight list of gets and one check, ps_jget_end. Only the
// first fault is told; after it every get gives its default (need: zero, "" or no node).
//
//     struct ps_jget g;
//     ps_jget_init(&g, node, fault);
//     stream->host = ps_jneed_str(&g, "host", 1, 255);
//     stream->interval = ps_jget_double(&g, "interval", 0.001, 3600, 0.1);
//     return ps_jget_end(&g);
struct ps_jget {
    struct ps_jnode node;
    struct ps_fault *fault;
    int err;
    size_t nnames; // what was asked for
    const char *names[PS_JGET_NAMES];
};

// A node that is no object is a fault. One that is not there sets err to PS_ENOTFOUND and leaves the
// fault as it is: when ps_jneed_object has failed, that is told already.
void ps_jget_init(struct ps_jget *g, struct ps_jnode object, struct ps_fault *fault);
// The member, of whatever type; counts as asked for.
struct ps_jnode ps_jget_node(struct ps_jget *g, const char *key);

// Optional members: the default when they are not there. null is a value of the wrong type.
const char *ps_jget_str(struct ps_jget *g, const char *key, size_t min, size_t max, const char *otherwise);
bool ps_jget_bool(struct ps_jget *g, const char *key, bool otherwise);
uint64_t ps_jget_u64(struct ps_jget *g, const char *key, uint64_t min, uint64_t max, uint64_t otherwise);
int64_t ps_jget_i64(struct ps_jget *g, const char *key, int64_t min, int64_t max, int64_t otherwise);
double ps_jget_double(struct ps_jget *g, const char *key, double min, double max, double otherwise);
size_t ps_jget_word(struct ps_jget *g, const char *key, const char *const *words, size_t nwords,
                    size_t otherwise);
struct ps_jnode ps_jget_array(struct ps_jget *g, const char *key);
struct ps_jnode ps_jget_object(struct ps_jget *g, const char *key);

// Members that have to be there.
const char *ps_jneed_str(struct ps_jget *g, const char *key, size_t min, size_t max);
bool ps_jneed_bool(struct ps_jget *g, const char *key);
uint64_t ps_jneed_u64(struct ps_jget *g, const char *key, uint64_t min, uint64_t max);
int64_t ps_jneed_i64(struct ps_jget *g, const char *key, int64_t min, int64_t max);
double ps_jneed_double(struct ps_jget *g, const char *key, double min, double max);
size_t ps_jneed_word(struct ps_jget *g, const char *key, const char *const *words, size_t nwords);
struct ps_jnode ps_jneed_array(struct ps_jget *g, const char *key);
struct ps_jnode ps_jneed_object(struct ps_jget *g, const char *key);

// A fault that the caller found in a member (key NULL: in the object); the first one stays.
void ps_jget_fail(struct ps_jget *g, const char *key, int err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
// For keys that are known without having been asked for.
void ps_jget_know(struct ps_jget *g, const char *key);
// The error, or PS_EUNKNOWN when there is a key nobody asked for. Keys that begin with '#' or '_' are
// comments. At most PS_JGET_NAMES different keys can be asked for.
int ps_jget_end(struct ps_jget *g);
