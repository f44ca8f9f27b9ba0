// SPDX-License-Identifier: Apache-2.0
#include "psarchive/verb_options.h"
#include <stdio.h>
#include <time.h>
#include "psarchive/when.h"
#include "psarchive/workplace.h"

static int set_time(const struct verb_options *o, const struct ps_opt_prog *prog, const char *name,
                    const char *text, int64_t *out)
{
    if (when_parse(text, o->now, out) == 0)
        return -1;
    fprintf(stderr,
            "%s: %s: '%s': wants a time (2026-01-02T03:04:05Z, 2026-01-02, seconds since 1970) or how long "
            "ago (90s, 10m, 6h, 7d, 2w)\n",
            prog->name, name, text);
    return EXIT_USAGE;
}

static int take(struct verb_options *o, const struct ps_opt_prog *prog, int letter, const char *value)
{
    switch (letter) {
    case VERB_DATA:
        o->data = value;
        return -1;
    case VERB_JSON:
        o->json = true;
        return -1;
    case VERB_FROM:
        return set_time(o, prog, "--from", value, &o->from);
    case VERB_TO:
        return set_time(o, prog, "--to", value, &o->to);
    case 'h':
        ps_opt_help(prog, stdout);
        return EXIT_DONE;
    case 'V':
        ps_opt_version(prog, stdout);
        return EXIT_DONE;
    case '?':
        return EXIT_USAGE;
    default:
        return o->own != NULL && o->own(o->ctx, letter, value) != 0 ? EXIT_USAGE : -1;
    }
}

int verb_options_read(struct verb_options *o, const struct ps_opt_prog *prog, int argc, char **argv)
{
    struct ps_opt_iter it;
    int letter, status = ps_opt_begin(&it, prog, argc, argv, false) == 0 ? -1 : EXIT_SYSTEM;
    o->now = (int64_t)time(NULL);
    o->from = 0;
    o->to = INT64_MAX;
    while (status < 0 && (letter = ps_opt_next(&it)) != -1)
        status = take(o, prog, letter, it.value);
    int at = ps_opt_index(&it);
    o->argc = argc - at;
    o->argv = argv + at;
    ps_opt_end(&it);
    if (status < 0 && o->from > o->to) {
        fprintf(stderr, "%s: --from is later than --to\n", prog->name);
        status = EXIT_USAGE;
    }
    return status;
}
