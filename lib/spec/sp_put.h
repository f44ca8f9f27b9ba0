// SPDX-License-Identifier: Apache-2.0
// Writing texts of results. Values of others are made harmless for terminals: control characters become '?'. For
// lib/spec alone.
#pragma once
#include "base/ps_time.h"
#include "spec/sp_table.h"

void sp_put(struct sp_text_of *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sp_put_clean(struct sp_text_of *t, const char *text);
// With what HTML needs escaped.
void sp_put_html(struct sp_text_of *t, const char *text, size_t len);
// A heading with a line of dashes under it.
void sp_put_heading(struct sp_text_of *t, const char *heading);
// "Label ........ ", as wide as width and one blank more.
void sp_put_label(struct sp_text_of *t, const char *label, size_t width);
// "9.41 Gbps" of a value in bits per second and the unit "bps".
void sp_put_scaled(struct sp_text_of *t, double value, const char *unit);

// Members of results: false, and *out left alone, when they are not there or of another type.
bool sp_get_double(struct ps_jnode n, const char *key, double *out);
bool sp_get_count(struct ps_jnode n, const char *key, uint64_t *out);
bool sp_get_text(struct ps_jnode n, const char *key, const char **out);
// An ISO 8601 duration.
bool sp_get_duration(struct ps_jnode n, const char *key, ps_ns *out);
