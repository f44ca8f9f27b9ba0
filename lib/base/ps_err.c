// SPDX-License-Identifier: Apache-2.0
#include "base/ps_err.h"
#include <string.h>

#define ERRNO_MAX 4095

static const char *own_words(int err)
{
    switch ((enum ps_err)err) {
    case PS_OK:
        return "success";
#define PS_ERR_WORDS(name, value, text) \
    case name:                          \
        return text;
        PS_ERR_LIST(PS_ERR_WORDS)
#undef PS_ERR_WORDS
    }
    return NULL;
}

const char *ps_strerror(int err)
{
    const char *words = own_words(err);

    if (words)
        return words;
    if (err > 0 || err < -ERRNO_MAX)
        return "unknown error";
    return strerror(-err);
}
