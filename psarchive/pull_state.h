// SPDX-License-Identifier: Apache-2.0
// How far the import from another archive has come: of each series up to when all is here. A file of lines, one for
// each page that was stored, so that whatever ends an import, the next one goes on behind the last page.
#pragma once
#include <stdint.h>
#include "base/ps_conf.h"
#include "esmond/es_event.h"
#include "psarchive/meta.h"

struct pull_state;

struct pull_series {
    uint8_t key[ES_REG_KEY_LEN]; // there
    uint8_t event, type;         // enum es_summary_type
    uint32_t window;
};

// Reads the file if there is one, leaving out what is no line of it, and writes it anew with the last word of each
// series. again: what it says does not count. -errno with the fault told.
int pull_state_open(struct pull_state **out, const char *path, bool again, struct ps_fault *fault);
int pull_state_close(struct pull_state *s); // NULL is fine. -errno: the last lines are not there
// Everything of the series from `from` up to this ts is here; -1: nothing is known.
int64_t pull_state_get(const struct pull_state *s, const struct pull_series *series, int64_t from);
int pull_state_note(struct pull_state *s, const struct pull_series *series, int64_t from, int64_t to);
