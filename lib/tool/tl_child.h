// SPDX-License-Identifier: Apache-2.0
// A program that is given something to read and whose output is collected, up to bounds of size and time. For lib/tool
// alone.
#pragma once
#include "base/ps_conf.h"
#include "loop/ps_proc.h"

struct tl_child;

struct tl_child_end {
    int err; // 0: it ended by itself; PS_ETIMEOUT; PS_ELIMIT: it wrote too much; PS_ECANCELLED: tl_child_stop
    struct ps_proc_end proc;
    const char *out, *err_text; // NUL behind; NULs inside are blanks
    size_t out_len, err_len;
};

struct tl_child_conf {
    const char *path;
    const char *const *argv;
    const char *const *env;
    const char *dir;   // NULL: ours
    const char *input; // copied; NULL: /dev/null
    size_t input_len;
    size_t output_max; // of standard output; of standard error the first 64 KiB are kept
    ps_ns patience;    // then it is asked to go
    ps_ns grace;       // and after that it is killed
    // A record of RFC 7464: what stands between 0x1e and a newline. It is not collected, and what was collected before
    // it is dropped. NULL: none are told apart, but 0x1e is left out. tl_child_free is not allowed from inside, tl_child_stop is.
    void (*record)(void *ctx, const char *text, size_t len);
};

// Comes from the loop, once, when the program and its group are gone; tl_child_free is fine from inside.
typedef void (*tl_child_cb)(void *ctx, const struct tl_child_end *end);

int tl_child_start(struct ps_loop *l, const struct tl_child_conf *conf, tl_child_cb cb, void *ctx,
                   struct tl_child **out, struct ps_fault *fault);
// Asks it to go, and kills it after the grace.
void tl_child_stop(struct tl_child *c);
// Kills it; calls nothing. NULL is fine.
void tl_child_free(struct tl_child *c);
// "killed by signal 9 (Killed)", or the last line that it wrote on standard error, or "exit status 1".
const char *tl_child_why(const struct tl_child_end *end, char *out, size_t size);
