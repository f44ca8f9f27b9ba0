// SPDX-License-Identifier: Apache-2.0
// A command line in the making. Its words are copied; the first error sticks.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_buf.h"
#include "base/ps_conf.h"
#include "base/ps_time.h"
#include "json/ps_jdoc.h"

#define TL_ARGV_WORDS 80
#define TL_ARGV_TEXT 8192

struct tl_argv {
    const char *words[TL_ARGV_WORDS + 1]; // ends with NULL
    size_t n;
    char text[TL_ARGV_TEXT];
    size_t used;
    int err;
    char bad[80]; // the operand at fault
};

void tl_argv_init(struct tl_argv *a);
void tl_argv_add(struct tl_argv *a, const char *word);
// printf as one word.
void tl_argv_addf(struct tl_argv *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// An option and its value.
void tl_argv_opt(struct tl_argv *a, const char *option, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
// The same with seconds and as many decimals as are needed.
void tl_argv_seconds(struct tl_argv *a, const char *option, ps_ns t);
// A specification's whole number, if it has one.
void tl_argv_number(struct tl_argv *a, const char *option, struct ps_jnode spec, const char *key);
// What somebody else has chosen (a host, an address, an interface): refused when it could be taken for an option, is
// empty, or has blanks or controls in it.
void tl_argv_operand(struct tl_argv *a, const char *text);
// The same as "[HOST]:PORT".
void tl_argv_server(struct tl_argv *a, const char *host, unsigned port);
// 0, PS_ELIMIT or PS_EMALFORMED, the fault told.
int tl_argv_end(const struct tl_argv *a, struct ps_fault *fault);
// The command line as one would type it.
int tl_argv_show(const struct tl_argv *a, struct ps_buf *out);
