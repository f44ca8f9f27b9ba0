// SPDX-License-Identifier: Apache-2.0
// Plug-ins in upstream's form: DIR/{test,tool,archiver,context}/NAME/METHOD are programs that take JSON on their
// standard input and answer with JSON and exit status 0, or with words on standard error and another one. The
// scheduler's fact sheet, section 7. Used from the loop's thread; nothing blocks, but the reading of the folders.
#pragma once
#include "base/ps_conf.h"
#include "json/ps_jdoc.h"
#include "loop/ps_loop.h"

enum tl_plugin_class {
    TL_PLUGIN_TEST,
    TL_PLUGIN_TOOL,
    TL_PLUGIN_ARCHIVER,
    TL_PLUGIN_CONTEXT,
    TL_PLUGIN_CLASSES
};

// "test", "tool", "archiver", "context"
const char *tl_plugin_class_word(enum tl_plugin_class c);

#define TL_PLUGIN_DIRS 4                      // folders
#define TL_PLUGIN_MAX 500                     // plug-ins in all; more are told and left out
#define TL_PLUGIN_OUTPUT ((size_t)16 << 20)   // octets of an answer
#define TL_PLUGIN_PATIENCE (15 * PS_SEC)      // for enumerate, duration, participant-data, ...
#define TL_PLUGIN_PATIENCE_SHORT (5 * PS_SEC) // for can-run, cli-to-spec, merged-results, participants

struct tl_plugins;
struct tl_plugin; // as long as tl_plugins

// All have been enumerated; those that could not be are told one by one (`bad`, may be NULL) and left out.
typedef void (*tl_plugins_cb)(void *ctx);
typedef void (*tl_plugins_bad_cb)(void *ctx, const char *path, const char *why);

// Where the plug-ins are that are installed with the suite: its archivers that want a library of their own.
const char *tl_plugin_own(void);

// Reads the folders, up to TL_PLUGIN_DIRS of them ("" is none), and asks each plug-in for its enumeration, a few at a
// time. A folder that is not there has none. Of two plug-ins of one class and name that of the earlier folder counts.
int tl_plugins_load(struct ps_loop *l, const char *const *dirs, size_t ndirs, tl_plugins_cb done,
                    tl_plugins_bad_cb bad, void *ctx, struct tl_plugins **out, struct ps_fault *fault);
void tl_plugins_free(struct tl_plugins *p); // kills what runs, calls nothing. NULL is fine
size_t tl_plugins_count(const struct tl_plugins *p, enum tl_plugin_class c);
const struct tl_plugin *tl_plugins_at(const struct tl_plugins *p, enum tl_plugin_class c, size_t i);
const struct tl_plugin *tl_plugins_find(const struct tl_plugins *p, enum tl_plugin_class c, const char *name);
const char *tl_plugin_name(const struct tl_plugin *p);
// The object that it answered to enumerate.
struct ps_jnode tl_plugin_enumeration(const struct tl_plugin *p);
// Of a tool: whether its "tests" has the type; its "preference", 0 if it has none.
bool tl_plugin_does(const struct tl_plugin *p, const char *test_type);
int tl_plugin_preference(const struct tl_plugin *p);
// Whether it has a method, and where ("DIR/CLASS/NAME/METHOD"). PS_ENOTFOUND, -ENAMETOOLONG.
int tl_plugin_path(const struct tl_plugins *all, const struct tl_plugin *p, const char *method, char *out,
                   size_t size);

struct tl_plugin_answer {
    int err;          // 0; PS_ETIMEOUT, PS_ELIMIT, PS_EREFUSED (it failed), -errno (it could not be started)
    const char *why;  // of an error, in words: what it wrote on standard error, if it did
    const char *text; // what it wrote on standard output, NUL behind
    size_t len;
};
typedef void (*tl_plugin_cb)(void *ctx, const struct tl_plugin_answer *a);

struct tl_plugin_call;
// Calls a method. arg: an argument for its command line, NULL: none. What it gets on standard input is copied. cb is
// called once, not from inside, unless the call is cancelled before. 0, -ENOMEM, PS_ENOTFOUND (no such method).
int tl_plugin_call(struct tl_plugins *all, const struct tl_plugin *p, const char *method, const char *arg,
                   const char *input, size_t len, ps_ns patience, tl_plugin_cb cb, void *ctx,
                   struct tl_plugin_call **out);
void tl_plugin_cancel(struct tl_plugin_call *c); // NULL is fine
