// SPDX-License-Identifier: Apache-2.0
// Series as comma-separated values (RFC 4180, with newlines alone): a heading, and a line for each point. Pure.
#pragma once
#include "psarchive/jtext.h"
#include "psarchive/series.h"

// "ts,value", or the figures that statistics have.
void csv_heading(struct jtext *j, enum es_summary_type type);
// ts in seconds since 1970; a share as its quotient, a histogram as "KEY:COUNT KEY:COUNT", JSON as quoted text.
void csv_point(struct jtext *j, const struct point *p);
// A field, in quotes where it needs them.
void csv_text(struct jtext *j, const char *text, size_t len);
