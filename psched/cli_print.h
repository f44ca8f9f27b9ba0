// SPDX-License-Identifier: Apache-2.0
// What verbs print. Texts of servers are made harmless for terminals on their way.
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include "base/ps_time.h"
#include "json/ps_jdoc.h"

// The text with control characters other than newline and tab as '?'.
void cli_put(FILE *out, const char *text);
void cli_put_len(FILE *out, const char *text, size_t len);
// A string of an object; otherwise when it is not there, null or something else.
const char *cli_str(struct ps_jnode object, const char *key, const char *otherwise);
bool cli_bool(struct ps_jnode object, const char *key);
// A time of an object; false: there is none.
bool cli_time(struct ps_jnode object, const char *key, ps_ns *out);
// The value as indented JSON and a newline.
void cli_put_json(FILE *out, struct ps_jnode n);
// Strings of an array as the words of a command line, quoted for a shell where that needs it.
void cli_put_words(FILE *out, struct ps_jnode array);
// "LABEL: ARCHIVER to PLACE" of an object with label, spec and place.
void cli_put_archive(FILE *out, struct ps_jnode archive);
// "a", "a and b", "a, b and c" of an array of strings; null is otherwise.
void cli_put_names(FILE *out, struct ps_jnode array, const char *otherwise);
// "5 s", "2 min 5 s", "3 h 4 min", "2 d 3 h"; not negative.
#define CLI_SPAN 48
const char *cli_span(ps_ns d, char out[CLI_SPAN]);
// Nanoseconds since 1970.
ps_ns cli_now(void);
