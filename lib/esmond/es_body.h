// SPDX-License-Identifier: Apache-2.0
// What is sent to an archive that speaks esmond's API: the bodies of its requests. Pure.
#pragma once
#include "esmond/es_reg.h"
#include "esmond/es_value.h"

// The body that registers (POST); the caller frees it. -ENOMEM.
int es_body_registration(const struct es_reg *r, char **text, size_t *len);

// The values of one time, as they are sent.
struct es_body {
    int64_t ts;
    size_t n;
    struct es_body_value {
        int event;
        char *text; // JSON
        size_t len;
    } at[ES_EVENT_COUNT];
};

void es_body_init(struct es_body *b);
void es_body_fini(struct es_body *b);
// Of one time and of event types that are not there yet. An es_map_put: frees the value. PS_ELIMIT, -ENOMEM.
int es_body_take(void *body, int64_t ts, int event, struct es_value *v);
// The body that writes n of them from `first` on (PUT); the caller frees it. -ENOMEM.
int es_body_values(const struct es_body *b, size_t first, size_t n, char **text, size_t *len);

#define ES_BODY_KEY_MAX 64
// The metadata's key that an answer to a registration tells; what it has is letters, digits, '_', '.', '-', so that it
// can stand in a path. PS_EMALFORMED: it tells none.
int es_body_key(const char *text, size_t len, char out[ES_BODY_KEY_MAX + 1]);
// Whether an answer is an error in esmond's own words, {"detail"}, not those of somebody on the way.
bool es_body_is_error(const char *text, size_t len);
