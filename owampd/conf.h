// SPDX-License-Identifier: Apache-2.0
// owamp-server.conf as a value. Man page owamp-server.conf(5).
#pragma once
#include <limits.h>
#include "base/ps_addr.h"
#include "base/ps_conf.h"
#include "base/ps_log.h"
#include "owamp/ow_msg.h"

#define CONF_NAME 64             // of a user, a group, a facility, with the NUL
#define CONF_SOCKET 108          // octets of a Unix socket's path, with the NUL
#define CONF_FILE_MAX (1u << 20) // octets of the file
#define CONF_NOTES 16            // kept; further ones are counted alone

// What the daemon is held by.
enum sandbox {
    SANDBOX_CAPABILITIES = 1,
    SANDBOX_NO_NEW_PRIVS = 2,
    SANDBOX_LANDLOCK = 4,
    SANDBOX_SECCOMP = 8,
    SANDBOX_ALL = 15,
};

struct conf {
    char user[CONF_NAME], group[CONF_NAME]; // "" or a name or "-id"
    char facility[CONF_NAME];               // of syslog
    enum ps_log_level loglevel;
    bool verbose; // taken, no effect
    bool loglocation, rootfolly;
    bool precise;                             // see ps_pump_conf
    unsigned sandbox;                         // bits of enum sandbox
    char vardir[PATH_MAX], datadir[PATH_MAX]; // "." unless told
    char controlsocket[CONF_SOCKET];          // an absolute path; "": none
    uint32_t modes;                           // offered: bits of enum ow_mode
    struct ps_hostport srcnode;               // host "": every address
    struct ps_portrange testports;            // 0-0: the kernel's choice
    char hwtimestamps[CONF_NAME];             // an interface; "": none
    double diskfudge;
    unsigned dieby_s;
    unsigned controltimeout_s;
    uint32_t pbkdf2_count; // a power of two
    double enddelay_s;
    unsigned setuptimeout_s;
    unsigned maxcontrolsessions; // 0: unlimited
    unsigned maxcontrolperhost;  // of them from one address; 0: unlimited
    unsigned maxsessions;        // of a class at the same time; 0: unlimited
    unsigned maxpackets;         // in a session; 0: unlimited
    unsigned maxmemory_mib;      // 0: unlimited
    unsigned keepsessions_s;     // age at which session files are removed; 0: never

    struct ps_fault note[CONF_NOTES]; // worth a warning, "FILE:LINE: text"
    size_t nnotes, notes_dropped;
};

// Everything at its default.
void conf_init(struct conf *c);
#define CONF_SOCKET_WANTS "the absolute path of a socket, of 107 octets at most, or none"
// PS_ESYNTAX.
int conf_socket(const char *text, char out[CONF_SOCKET]);
#define CONF_SANDBOX_WANTS "all, none, or of capabilities,no_new_privs,landlock,seccomp those to hold"
// "all", "none", or names with commas between. PS_EUNKNOWN; PS_ESTATE when no_new_privs is missing for
// what needs it.
int conf_sandbox(const char *text, unsigned *sandbox);
// Takes over what the text says; what it does not name stays as it is. PS_EUNKNOWN, PS_ESYNTAX,
// PS_ERANGE, PS_ELIMIT... with the fault naming file, line and cause.
int conf_parse(struct conf *c, const char *file, const char *text, size_t len, struct ps_fault *fault);
#define CONF_CHANGES 512 // room for the names of all keys
// Which keys the file has changed since it said `was`, but those that the command line overrode when it made
// `used` of that. Their names with commas between; how many there are.
size_t conf_changes(const struct conf *was, const struct conf *is, const struct conf *used, char *out,
                    size_t size);
