// SPDX-License-Identifier: Apache-2.0
// Lines as the head of a request: method, target, version, then names and values in turn.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "http/ps_http_head.h"

#define FIELDS 32

static const char *line(char **rest)
{
    const char *text = strsep(rest, "\n");

    return text ? text : "";
}

static void check(const struct ps_http_head *h)
{
    if (h->path < h->target && strcmp(h->path, "/") != 0)
        abort();
    if (h->path_len == 0 || h->path_len > strlen(h->path) || (h->chunked && h->length > 0))
        abort();
    for (size_t i = 0; i < h->nfields; i++) {
        if (!ps_http_head_field(h, h->fields[i].name, 0))
            abort();
        ps_http_list_has(h->fields[i].value, "gzip");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_http_field fields[FIELDS];
    struct ps_http_head h = {.fields = fields};
    char *text = malloc(size + 1), *rest = text;
    const char *why = NULL;

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    h.method = line(&rest);
    h.target = line(&rest);
    h.version = line(&rest);
    while (rest && h.nfields < FIELDS) {
        fields[h.nfields].name = line(&rest);
        fields[h.nfields++].value = line(&rest);
    }
    if (ps_http_head_check(&h, &why) == 0)
        check(&h);
    else if (!why)
        abort();
    free(text);
    return 0;
}
