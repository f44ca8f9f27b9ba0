// SPDX-License-Identifier: Apache-2.0
// Regular expressions by Perl's rules, which are Python's but for details: \Z is the very end, as Python has it.
// Text is UTF-8. The only includer of PCRE2. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_conf.h"

#define PS_REGEX_MAX 4096        // octets of a pattern
#define PS_REGEX_EFFORT 100000   // steps that a search may take
#define PS_REGEX_MEMORY_KIB 1024 // and memory

struct ps_regex;

// The fault tells what is wrong and at which character. PS_ESYNTAX, PS_ELIMIT (too long), -ENOMEM.
int ps_regex_new(const char *pattern, bool caseless, struct ps_regex **out, struct ps_fault *fault);
void ps_regex_free(struct ps_regex *re); // NULL is fine
// 1: somewhere in the text, 0: nowhere. PS_EMALFORMED: the text is not UTF-8, PS_ELIMIT: it would take too long,
// -ENOMEM. Any thread.
int ps_regex_search(const struct ps_regex *re, const char *text, size_t len);
