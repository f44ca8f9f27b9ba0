// SPDX-License-Identifier: Apache-2.0
// Metadata and points on standard output: as text, CSV or JSON; and on a terminal a line of blocks beneath a series.
#pragma once
#include "psarchive/jtext.h"
#include "psarchive/series.h"

enum get_form { GET_TEXT, GET_CSV, GET_JSON };
int get_form_find(const char *name, enum get_form *out); // PS_EUNKNOWN

struct get_print {
    enum get_form form;
    bool begun;
    struct ps_buf text;
    double *values; // for the line of blocks; NULL: none
    size_t n, cap;
    bool draw;
};
void get_print_begin(struct get_print *g, enum get_form form);
// 0 or -ENOMEM.
int get_print_meta(struct get_print *g, const struct meta *m);
int get_print_point(struct get_print *g, enum es_summary_type type, const struct point *p);
void get_print_end(struct get_print *g);
