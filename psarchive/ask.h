// SPDX-License-Identifier: Apache-2.0
// What a request asks of the list of metadata, and which part of a list or series it wants. Pure: names are looked
// up by the caller. (Fact sheet of the archive, 1.4 and 1.6.)
#pragma once
#include "base/ps_addr.h"
#include "psarchive/catalog.h"
#include "psarchive/span.h"

#define ASK_LIMIT 1500 // metadata in an answer, where the request says nothing else

enum ask_rule { ASK_V4V6, ASK_ONLY_V4, ASK_ONLY_V6, ASK_PREFER_V4, ASK_PREFER_V6 };
enum ask_end { ASK_SOURCE, ASK_DESTINATION, ASK_AGENT, ASK_ENDS };

// A host by name or address. It matches any of its addresses.
struct ask_host {
    const char *text; // NULL: any host
    bool known;       // is in the filter: it was an address, or ask_found was called
    char addr[2][PS_ADDR_STRLEN];
};

// Not to be moved once it is parsed: the filter's texts are its own and the query's.
struct ask {
    struct filter filter;
    struct ask_host host[ASK_ENDS];
    enum ask_rule rule;
    bool nothing; // names an event type, a kind of summary or a window that cannot be: nothing matches
    size_t limit, offset;
};

// Of a name that comes more than once the last counts. PS_ESYNTAX, PS_ERANGE, PS_ELIMIT, PS_EUNKNOWN (the rule for
// names) or PS_ERESOLVE (an address that the rule excludes), with the fault told, fit for a client's eyes.
int ask_parse(struct ask *a, const struct ps_query *q, int64_t now, struct ps_fault *fault);
// The addresses of a host that is not known yet: the first of each family counts, by the rule. PS_ERESOLVE: none
// is left.
int ask_found(struct ask *a, enum ask_end end, const struct ps_addr *addrs, size_t n, struct ps_fault *fault);
const char *ask_end_name(enum ask_end end); // "source", "destination", "measurement-agent"

// Which part of a series a request asks for. Without a limit it is all of it.
struct ask_page {
    struct span time;
    size_t limit; // SIZE_MAX: none
    size_t offset;
};

// As ask_parse. A time that is open ends where results may be at the latest, a day from now.
int ask_page_parse(struct ask_page *p, const struct ps_query *q, int64_t now, struct ps_fault *fault);

// Whether the answer can be what "format" asks for: nothing, or JSON.
bool ask_format_known(const struct ps_query *q);
bool ask_format_csv(const struct ps_query *q); // format=csv: of series alone
