// SPDX-License-Identifier: Apache-2.0
// Rules of pScheduler's limits.conf (the scheduler's fact sheet, section 5) as they were read: who somebody is
// (identifiers), what groups that makes (classifiers), what a task is made into (rewrite), what may be (limits), for
// whom (applications), and how urgent it is (priority). Names and strings belong to the rules; all may be read by any
// thread.
#pragma once
#include "base/ps_iso8601.h"
#include "base/ps_netset.h"
#include "json/ps_jdoc.h"
#include "limits/lim_fault.h"
#include "regex/ps_regex.h"

#define LIM_FILE_MAX ((size_t)16 << 20) // octets of a file of rules

#define LIM_ARGS_MAX 14 // named arguments of a script

// What is asked of a jq program, and what it is given beside its input and its own arguments.
enum lim_script_kind {
    LIM_SCRIPT_PLAIN,    // its output is the answer
    LIM_SCRIPT_REWRITE,  // a task -> {task, changed, messages}; given the classifiers and the hints
    LIM_SCRIPT_PRIORITY, // a task -> {priority, notes}; given the classifiers
    LIM_SCRIPT_FETCH,    // its output is the answer; given the hints
};

struct lim_text {
    const char *text;
    size_t len;
};

// A jq program, ready to be compiled.
struct lim_program {
    size_t index; // in the rules' list
    enum lim_script_kind kind;
    char *of;   // "limit \"short\"", "rewrite": for messages
    char *path; // where the script stands
    int line;
    char *text;                           // the script, and behind it what gathers its result
    const char *prelude;                  // our definitions for it, one line; NULL: none
    const char *names[LIM_ARGS_MAX + 2];  // of its arguments: its own, then what it is given
    struct lim_text values[LIM_ARGS_MAX]; // of its own, JSON
    size_t nown, nnames;
    bool sound; // it could be read
};

#define LIM_NETS_NAMED \
    1000 // networks of a list that are kept as they were written; of a longer one the set alone

// Networks as they were written, and their set.
struct lim_nets {
    struct ps_net *net; // NULL: they are many
    size_t n;
    struct ps_netset *set;
};

enum lim_style { LIM_EXACT, LIM_CONTAINS, LIM_REGEX };

// A StringMatch.
struct lim_match {
    enum lim_style style;
    const char *text;
    bool caseless, invert;
    struct ps_regex *regex;
};

// A list of networks that is fetched.
struct lim_list {
    size_t index; // in the rules' list
    const char *source, *bind;
    ps_ns update, retry;
    struct lim_program *transform; // NULL: the document is the list
    bool fail_state, fail_said;    // said: by the rules
};

enum lim_id_type {
    LIM_ID_ALWAYS,
    LIM_ID_HINT,
    LIM_ID_CIDRS,
    LIM_ID_URL,
    LIM_ID_BOGON,
    LIM_ID_ASN,
    LIM_ID_REVERSE,
    LIM_ID_JQ,
    LIM_ID_LOCALIF,
    LIM_ID_LOCALNET,
    LIM_ID_TYPES
};

struct lim_identifier {
    const char *name, *description;
    struct ps_jnode node;
    enum lim_id_type type;
    bool invert;
    const char *hint;            // hint
    struct lim_match match;      // hint, ip-reverse-dns
    struct lim_nets nets;        // ip-cidr-list; of others what is excluded
    struct lim_list *list;       // ip-cidr-list-url
    uint32_t *asns;              // ip-cymru-asn
    size_t nasns;                //
    bool peers;                  //
    ps_ns timeout;               // ip-reverse-dns, ip-cymru-*
    bool fail_result;            // ip-cymru-*
    struct lim_program *program; // jq
};

enum lim_require { LIM_NONE, LIM_ONE, LIM_ANY, LIM_ALL };

struct lim_classifier {
    const char *name, *description;
    struct ps_jnode node;
    bool sound; // it could be read
    enum lim_require require;
    size_t *identifiers; // their indices
    size_t n;
};

// What may be of each field of a calendar; bit 0 is that of `low`.
enum lim_field {
    LIM_YEAR,
    LIM_MONTH,
    LIM_WEEK,
    LIM_DAY,
    LIM_WEEKDAY,
    LIM_HOUR,
    LIM_MINUTE,
    LIM_SECOND,
    LIM_FIELDS
};

struct lim_span {
    unsigned lower, upper;
};

struct lim_schedule {
    bool given[LIM_FIELDS];
    uint64_t bits[LIM_FIELDS]; // all but years
    struct lim_span *years;
    size_t nyears;
    bool overlap;
};

struct lim_fetch {
    const char *url, *bind;
    struct lim_program *url_transform, *headers_transform, *params_transform; // NULL: none
    struct ps_jnode headers, params;
    bool verify, follow, success_only, fail_result, has_fail_result;
    ps_ns timeout;
};

enum lim_limit_type {
    LIM_PASS_FAIL,
    LIM_TEST_TYPE,
    LIM_JQ,
    LIM_DATERANGE,
    LIM_SCHEDULE,
    LIM_FETCH,
    LIM_LIMIT_TYPES
};

struct lim_limit {
    const char *name, *description;
    struct ps_jnode node;
    enum lim_limit_type type;
    bool invert;
    struct ps_jnode data;   // in force: its own, or the merged one
    struct ps_jdoc *merged; // of a clone
    bool sound;             // its type and data could be read
    bool pass;              // pass-fail
    const char **types;     // test-type
    size_t ntypes;
    struct lim_program *program; // jq
    struct ps_when start, end;   // run-daterange
    bool overlap;
    struct lim_schedule schedule; // run-schedule
    struct lim_fetch fetch;       // url-fetch
};

struct lim_group {
    enum lim_require require;
    size_t *limits; // their indices
    size_t n;
};

#define LIM_EVERYBODY SIZE_MAX

struct lim_application {
    const char *description; // "": none
    struct ps_jnode node;
    bool sound;        // it could be read
    size_t classifier; // index, or LIM_EVERYBODY
    struct lim_group *groups;
    size_t ngroups;
    bool invert, stop;
};

struct lim_rules {
    struct ps_jdoc *doc;
    unsigned schema;
    struct lim_identifier *identifiers;
    struct lim_classifier *classifiers;
    struct lim_limit *limits;
    struct lim_application *applications;
    size_t nidentifiers, nclassifiers, nlimits, napplications;
    struct lim_program *rewrite, *priority; // NULL: none
    struct lim_program **programs;
    size_t nprograms, programs_cap;
    struct lim_list **lists;
    size_t nlists;
};

// Words of the language.
extern const char *const lim_id_types[LIM_ID_TYPES];
extern const char *const lim_limit_types[LIM_LIMIT_TYPES];
extern const char *const lim_requires[4];
extern const char *const lim_fields[LIM_FIELDS];

// Reads a file of rules of schema 1 to 4. Every fault and warning goes to faults (initialised by the caller). 0, or
// with *out NULL: PS_EMALFORMED (the faults say what), -ENOMEM.
int lim_parse(struct lim_rules **out, const char *text, size_t len, struct lim_faults *faults);
// The same for a look at all that is wrong: with PS_EMALFORMED, *out is what could be read of them (NULL: nothing), whose
// sound programs can be compiled. Nobody can be judged by it.
int lim_survey(struct lim_rules **out, const char *text, size_t len, struct lim_faults *faults);
void lim_rules_free(struct lim_rules *r); // NULL is fine
// A file may hold a URL, bare or as a JSON string, in place of the rules: copied to out; false: it does not.
bool lim_is_url(const char *text, size_t len, char *out, size_t size);
