// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex/ps_regex.h"
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"

struct ps_regex {
    pcre2_code *code;
    pcre2_match_context *bounds;
};

static void copy_as_perl(char *out, const char *pattern, size_t len)
{
    memcpy(out, pattern, len + 1);
    for (char *p = out; *p; p++) {
        if (*p != '\\' || !p[1])
            continue;
        p++;
        if (*p == 'Z')
            *p = 'z';
    }
}

static int compile(struct ps_regex *re, const char *pattern, size_t len, bool caseless,
                   struct ps_fault *fault)
{
    char copy[PS_REGEX_MAX + 1], words[200];
    uint32_t how = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | (caseless ? PCRE2_CASELESS : 0u);
    PCRE2_SIZE at = 0;
    int err = 0;
    copy_as_perl(copy, pattern, len);
    re->code = pcre2_compile((PCRE2_SPTR)copy, len, how, &err, &at, NULL);
    if (re->code)
        return 0;
    pcre2_get_error_message(err, (PCRE2_UCHAR *)words, sizeof words);
    ps_fault_set(fault, NULL, 0, "%s at character %zu", words, (size_t)at + 1);
    return PS_ESYNTAX;
}

static int bound(struct ps_regex *re)
{
    re->bounds = pcre2_match_context_create(NULL);
    if (!re->bounds)
        return -ENOMEM;
    pcre2_set_match_limit(re->bounds, PS_REGEX_EFFORT);
    pcre2_set_heap_limit(re->bounds, PS_REGEX_MEMORY_KIB);
    return 0;
}

int ps_regex_new(const char *pattern, bool caseless, struct ps_regex **out, struct ps_fault *fault)
{
    size_t len = strlen(pattern);
    if (len > PS_REGEX_MAX) {
        ps_fault_set(fault, NULL, 0, "is longer than %d octets", PS_REGEX_MAX);
        return PS_ELIMIT;
    }
    struct ps_regex *re = calloc(1, sizeof *re);
    int err = re ? bound(re) : -ENOMEM;
    if (err)
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
    else
        err = compile(re, pattern, len, caseless, fault);
    if (err)
        ps_regex_free(re);
    else
        *out = re;
    return err;
}

void ps_regex_free(struct ps_regex *re)
{
    if (!re)
        return;
    pcre2_code_free(re->code);
    pcre2_match_context_free(re->bounds);
    free(re);
}

static int meaning(int got)
{
    if (got >= 0)
        return 1;
    if (got == PCRE2_ERROR_NOMATCH)
        return 0;
    if (got == PCRE2_ERROR_NOMEMORY)
        return -ENOMEM;
    return got <= PCRE2_ERROR_UTF8_ERR1 && got >= PCRE2_ERROR_UTF8_ERR21 ? PS_EMALFORMED : PS_ELIMIT;
}

int ps_regex_search(const struct ps_regex *re, const char *text, size_t len)
{
    // What was found is not asked for: one pair of offsets will do.
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    if (!found)
        return -ENOMEM;
    int got = pcre2_match(re->code, (PCRE2_SPTR)text, len, 0, 0, found, re->bounds);
    pcre2_match_data_free(found);
    return meaning(got);
}
