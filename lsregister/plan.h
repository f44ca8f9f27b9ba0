// SPDX-License-Identifier: Apache-2.0
// What is to be registered and how, as a configuration says it: lsregister.conf (plan_file.c) or perfSONAR's
// lsregistrationdaemon.conf (upstream_plan.c). What the configuration leaves open is found out later. Pure.
#pragma once
#include <limits.h>
#include "base/ps_conf.h"
#include "base/ps_time.h"
#include "lsregister/record.h"

#define PLAN_FILE_MAX ((size_t)1 << 20)
#define PLAN_BOOTSTRAP "http://ps1.es.net:8096/lookup/activehosts.json"
#define PLAN_STATE_DIR "/var/lib/lsregister"
#define PLAN_SOCKET "/run/lsregister/lsregister.sock"
#define PLAN_SOCKET_MAX 108 // octets of the path of a socket, with the NUL
#define PLAN_HOSTS 64       // of a configuration
#define PLAN_SERVICES 64    // of a host
#define PLAN_INTERFACES 256 // of a host
#define PLAN_PERSONS 16     // of a host

// Which addresses are registered, and used to reach servers.
enum plan_family { PLAN_ANY, PLAN_IPV4, PLAN_IPV6 };

// How a kind of service is found and told of (fact sheet 2.2, 2.3).
enum plan_kind { PLAN_OWAMP, PLAN_TWAMP, PLAN_PSCHEDULER, PLAN_MA, PLAN_GRIDFTP, PLAN_DASHBOARD, PLAN_KINDS };

struct plan_service {
    enum plan_kind kind;
    struct record attrs;            // what the configuration says of it: service-..., location-..., group-...
    struct words addresses;         // empty: those of the host
    uint16_t port;                  // 0: the kind's default
    uint16_t http_port, https_port; // of a kind that speaks HTTP; 0: not offered
    char *path;                     // of its URL; NULL: the kind's
    char *socket;                   // the Unix socket of a daemon of this suite; NULL: it is asked by TCP
    bool optional;       // nobody has named it: without an answer it is not there, rather than down
    bool force_up;       // registered whether it answers or not
    bool here_addresses; // those of the host beside the named
};

struct plan_interface {
    struct record attrs; // interface-..., psinterface-...
};

struct plan_host {
    struct record attrs; // host-..., pshost-..., location-..., group-...
    char *site_name;     // NULL: none
    struct record *persons;
    size_t npersons;
    struct plan_interface *interfaces;
    size_t ninterfaces;
    struct plan_service *services;
    size_t nservices;
    char *primary;          // name of the interface whose addresses stand first; NULL: found out
    bool here;              // it is this host: what is left open is read from the system
    bool find_interfaces;   // interfaces are those of the system, and those of the configuration
    bool private_addresses; // those that the internet does not route are registered, too
    bool names4, names6;    // addresses are looked up in the DNS
};

struct plan {
    struct plan_host *hosts;
    size_t nhosts;
    struct words servers; // URLs ".../lookup/records" of servers to choose from; empty: those of bootstrap
    char *bootstrap;      // URL of a list of servers
    char *ca_file;        // NULL: the system's certificates
    char *token;          // told to servers that are named when something is changed there; NULL: none
    char *uuid_file;      // holds the client-uuid of perfSONAR's registrar, which is taken over; NULL: none
    char state_dir[PATH_MAX];
    char socket[PLAN_SOCKET_MAX];
    ps_ns interval; // from one renewal to the next
    ps_ns look;     // from one look at this host to the next
    ps_ns lease;    // asked for; 0: the server's default
    enum plan_family family;
    double better; // by how much of the time to the present server another must be nearer to be changed to
    unsigned better_times; // and how often in a row
    bool sandbox;          // the daemon confines itself
    struct words warnings;
};

// Everything at its default, no host.
int plan_init(struct plan *p);
void plan_fini(struct plan *p);
// What a running registrar cannot change it keeps: as ps_keys_keep.
const char *plan_keep_fixed(struct plan *next, const struct plan *now, char *out, size_t size);
// New ones at their defaults, bound as above: PS_ELIMIT, -ENOMEM.
int plan_add_host(struct plan *p, struct plan_host **out);
int plan_add_service(struct plan_host *h, enum plan_kind kind, struct plan_service **out);
int plan_add_interface(struct plan_host *h, struct plan_interface **out);
int plan_add_person(struct plan_host *h, struct record **out);
// Where the daemon of this suite for such services has its control socket; NULL: there is none.
const char *plan_usual_socket(enum plan_kind kind);
// The daemons of this suite on a host whose configuration names no services.
int plan_add_usual_services(struct plan_host *h);
int plan_warn(struct plan *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Names as they stand in configurations, any case; PS_EUNKNOWN.
int plan_kind_read(const char *text, enum plan_kind *out);
const char *plan_kind_name(enum plan_kind kind); // "owamp", ...; what service-type says
extern const char *const plan_kind_names[PLAN_KINDS];

// Whether enough is said for others to know who is responsible: each host has an administrator with a name and an
// e-mail address, and a site. false: why has it in words.
bool plan_is_complete(const struct plan *p, char *why, size_t size);
// Checks values that records may not have otherwise: names of sites, the two letters of a country, latitude and
// longitude, roles, access policy, e-mail addresses, names and addresses of hosts, what interfaces are like, amounts. Says what is wrong with a value of a key, or NULL.
const char *plan_value_fault(const char *key, const char *value);

// text has a NUL behind its len octets in all three. Reads our JSON. PS_ESYNTAX and such, with the fault told; -ENOMEM. p is initialised, and has to be freed either way.
int plan_read(struct plan *p, const char *name, const char *text, size_t len, struct ps_fault *fault);
// Reads perfSONAR's. As above.
int plan_read_upstream(struct plan *p, const char *name, const char *text, size_t len,
                       struct ps_fault *fault);
// Either, by what the text begins with: "{" is JSON; nothing at all is PS_EMALFORMED.
int plan_read_any(struct plan *p, const char *name, const char *text, size_t len, struct ps_fault *fault);
