// SPDX-License-Identifier: Apache-2.0
// psarchive import URL: its options, and the run of pull.h.
#pragma once
#include "psarchive/choice.h"

enum {
    IMPORT_AGAIN = VERB_OWN + 100,
    IMPORT_BIND,
    IMPORT_CA,
    IMPORT_CONNECTIONS,
    IMPORT_INSECURE,
    IMPORT_PATIENCE,
    IMPORT_STATE,
    IMPORT_TOKEN
};

// Lines of import's table of options.
#define IMPORT_URL_OPTIONS                                                                                 \
    CHOICE_OPTIONS, {VERB_FROM, "from", "TIME", "only from this time on", "Of a URL"},                     \
        {VERB_TO, "to", "TIME", "and up to this one, both included", NULL},                                \
        {IMPORT_CONNECTIONS, "connections", "N", "requests at a time (4)", NULL},                          \
        {IMPORT_PATIENCE, "patience", "TIME", "how long a request that fails is tried again (10m)", NULL}, \
        {IMPORT_STATE, "state", "FILE",                                                                    \
         "where it is kept how far it has come (import.state in the data's directory)", NULL},             \
        {IMPORT_AGAIN, "again", NULL, "ask for everything, whatever that file says", NULL},                \
        {IMPORT_TOKEN, "token-file", "FILE", "a token, if reading there needs one", NULL},                 \
        {IMPORT_CA, "ca-file", "FILE", "certificates to trust (the system's)", NULL},                      \
        {IMPORT_INSECURE, "insecure", NULL, "do not look at the server's certificate", NULL},              \
    {                                                                                                      \
        IMPORT_BIND, "bind", "ADDR", "address or interface to ask from", NULL                              \
    }

struct import_url;
int import_url_new(struct import_url **out);
void import_url_free(struct import_url *u);
// As verb_options' own. What is wrong is told.
int import_url_set(struct import_url *u, const char *prog, int letter, const char *value);
bool import_url_given(const struct import_url *u); // some option of it was
bool import_is_url(const char *operand);
int import_url_run(struct import_url *u, const struct verb_options *v); // the exit status
