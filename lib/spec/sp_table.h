// SPDX-License-Identifier: Apache-2.0
// What a test is: a table of its keys, and functions for what no table says. For lib/spec alone.
#pragma once
#include <stdint.h>
#include "base/ps_buf.h"
#include "spec/sp_check.h"
#include "spec/sp_test.h"

enum sp_type {
    SP_T_STRING,
    SP_T_HOST,     // a name or an address
    SP_T_HOSTPORT, // host[:port] of a node
    SP_T_URL,      // http or https
    SP_T_BOOL,
    SP_T_INT,
    SP_T_SI,     // an integer; on command lines with K, M, G, Ki, ...
    SP_T_NUMBER, // a floating-point one
    SP_T_IP_VERSION,
    SP_T_DURATION,
    SP_T_WORD,    // one of some strings
    SP_T_PORTS,   // {"lower":n,"upper":n}; on command lines "lower-upper"
    SP_T_HOSTS,   // an array; on command lines the option again and again
    SP_T_HEADERS, // an object of strings; on command lines "Name: value" again and again
    SP_T_ANY,     // any JSON
};

struct sp_key {
    const char *name;
    enum sp_type type;
    uint8_t since, until; // schemas that know it; 0: the first one, all
    bool required;
    bool open;                // min and max are excluded
    double min, max;          // of a number; both 0: no bounds
    const char *const *words; // of SP_T_WORD, up to a NULL
    uint8_t words_until;      // the last schema that knows no other words; 0: all
    char letter;              // on command lines; 0: none
    const char *also;         // another long name; NULL: none
    const char *arg, *help;   // on command lines
};

enum sp_who {
    SP_WHO_SOURCE, // source-node, source or the system that is asked
    SP_WHO_HOST,   // the same of host-node and host
    SP_WHO_FLIP,   // source; with "flip" the destination
    SP_WHO_PAIR,   // source and destination; with "single-ended" or "loopback" the source alone
    SP_WHO_LIST,   // host, or each of an array
};

// A text in the making.
struct sp_text_of {
    struct ps_jnode spec, result;
    struct ps_buf *out;
    int err; // the first one; nothing is written after it
};

struct sp_test {
    const char *name, *about;
    enum sp_class cls;
    enum sp_who who;
    int schema; // the newest
    bool open;  // keys that are not known do no harm
    const struct sp_key *keys;
    size_t nkeys;
    int (*more)(struct sp_check *c, struct ps_jnode spec); // what holds beyond the keys; NULL: nothing
    void (*text)(struct sp_text_of *t);                    // a result that succeeded; NULL: by lines
    const struct sp_line *lines;                           // labels of members of the result, up to a NULL
};

// A line of a simple result: "label ... value unit".
enum sp_value { SP_V_TEXT, SP_V_NUMBER, SP_V_DURATION, SP_V_BOOL, SP_V_JSON };
struct sp_line {
    const char *label;
    const char *path[3]; // keys on the way from the result, the rest NULL
    enum sp_value form;
    const char *unit; // behind the value; NULL: none
};

extern const struct sp_test sp_clock, sp_dns, sp_http, sp_idle, sp_idlebgm, sp_idleex, sp_latency,
    sp_latencybg, sp_mtu, sp_noop, sp_psresponse, sp_rtt, sp_simplestream, sp_throughput, sp_trace;

#define SP_KEYS(table) .keys = table, .nkeys = sizeof table / sizeof table[0]

// The key of that name that a schema knows; NULL: none.
const struct sp_key *sp_key_find(const struct sp_test *t, const char *name, int schema);
// The oldest schema that knows the key, and with value (NULL: whatever) that value.
int sp_key_since(const struct sp_key *k, const char *value);
bool sp_key_has_word(const struct sp_key *k, const char *word);
// The schema that a specification says it has; 1 if it says none or nonsense.
int sp_spec_schema(struct ps_jnode spec);
