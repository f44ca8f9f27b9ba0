// SPDX-License-Identifier: Apache-2.0
// What a stream measures and where its results go: the options of the command line, or one object of the
// file of --streams.
#pragma once
#include <stdbool.h>
#include "base/ps_addr.h"
#include "base/ps_conf.h"
#include "owamp/ow_sched.h"

// Packets in a session at most: its end is reckoned from all their times when it is agreed.
#define STREAM_COUNT_MAX 1000000

struct stream_conf {
    char *name;   // "server" and a direction if nobody named it
    char *server; // host name or address
    uint16_t port;
    char *test_host; // the server's address for test packets; NULL: that of the control connection
    bool to;         // from here to the server; else from it to here
    uint32_t count;  // packets in a session
    struct ow_slot slot;
    double timeout;   // s
    uint32_t padding; // octets
    uint8_t dscp;
    uint32_t modes;      // OW_MODE_...
    char *identity;      // NULL: none
    char *pass_path;     // where its pass-phrase is
    char *source;        // address, name or interface; NULL: the kernel's choice
    int family;          // AF_...
    double retry;        // s, the longest pause between attempts
    double delay;        // s, before the first session
    double enddelay;     // s, with servers of another make
    uint32_t every;      // a summary for so many packets; 0: for the session alone
    double bucket_width; // s
    bool unix_times;     // also, in .sum files
    char *directory;     // for .owp and .sum files; NULL: none
    bool make_directory; // it is made when it is missing
    bool print;          // their names on standard output
    bool json;           // documents on standard output
    char *spool;         // documents into this spool; NULL: none
    bool raw;            // with every packet in them
};

void stream_conf_defaults(struct stream_conf *c);
void stream_conf_free(struct stream_conf *c); // what it points to, not c itself
// 0 or -ENOMEM; to is overwritten.
int stream_conf_copy(struct stream_conf *to, const struct stream_conf *from);
bool stream_conf_equal(const struct stream_conf *a, const struct stream_conf *b);
#define STREAM_NAME_WANTS "wants 1 to 200 characters, no blanks and no slash, and no dot at the beginning"
bool stream_conf_name_good(const char *name);
// Fills in the name, caps the retry. 0, -ENOMEM, or PS_ESYNTAX: the fault tells what is wrong with it as a
// whole, of keys as in a file or else of options.
int stream_conf_settle(struct stream_conf *c, bool keys, struct ps_fault *fault);
// Expected seconds of a session.
double stream_conf_duration(const struct stream_conf *c);
