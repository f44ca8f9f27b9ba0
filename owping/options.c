// SPDX-License-Identifier: Apache-2.0
#include "owping/options.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "base/ps_opt.h"
#include "owping/options_table.h"

static const char *const names[] = {[PROGRAM_OWPING] = "owping",
                                    [PROGRAM_OWFETCH] = "owfetch",
                                    [PROGRAM_OWUP] = "owup",
                                    [PROGRAM_OWSTATS] = "owstats"};

const char *options_name(const struct options *o)
{
    return names[o->program];
}

static int complain(const struct options *o, int letter, const char *value, const char *wants)
{
    char short_name[8] = "";
    if (letter < 256)
        snprintf(short_name, sizeof short_name, "-%c, ", letter);
    fprintf(stderr, "%s: %s--%s: '%s': %s\n", options_name(o), short_name, options_long_name(letter), value,
            wants);
    return PS_ESYNTAX;
}

static int set_u32(const struct options *o, int letter, const char *v, uint64_t min, uint64_t max,
                   uint32_t *out)
{
    uint64_t n;
    char wants[80];
    snprintf(wants, sizeof wants, "wants a whole number from %llu to %llu", (unsigned long long)min,
             (unsigned long long)max);
    if (ps_num_u64(v, 10, min, max, &n) != 0)
        return complain(o, letter, v, wants);
    *out = (uint32_t)n;
    return 0;
}

static int set_seconds(const struct options *o, int letter, const char *v, double min, double *out)
{
    if (ps_num_double(v, min, 1e9, out) == 0)
        return 0;
    return complain(o, letter, v,
                    min > 0 ? "wants seconds, from 1e-9 to 1e9" : "wants seconds, from 0 to 1e9");
}

static void tell(const struct options *o, const char *text)
{
    fprintf(stderr, "%s: %s\n", options_name(o), text);
}

static int set_family(struct options *o, int family)
{
    if (o->family != AF_UNSPEC && o->family != family) {
        tell(o, "-4 and -6 exclude each other");
        return PS_ESYNTAX;
    }
    o->family = family;
    return 0;
}

static int set_connection(struct options *o, int letter, const char *v)
{
    switch (letter) {
    case '4':
        return set_family(o, AF_INET);
    case '6':
        return set_family(o, AF_INET6);
    case 'A':
        o->modes_given = true;
        return ow_modes_parse(v, &o->modes) == 0
                   ? 0
                   : complain(o, letter, v, "wants letters of A, E and O, as in EO");
    case 'k':
        o->pfs_path = v;
        return 0;
    case 'u':
        o->identity = v;
        return strlen(v) <= OW_KEYID_LEN && v[0] != '\0' ? 0
                                                         : complain(o, letter, v, "wants 1 to 80 characters");
    case 'S':
        o->source = v;
        return 0;
    default:
        if (o->device != NULL)
            return complain(o, letter, v, "given twice");
        if (v[0] == '\0')
            return complain(o, letter, v, "wants the name of an interface");
        o->device = v;
        return 0;
    }
}

static int set_dscp(struct options *o, int letter, const char *v)
{
    if (o->dscp_given)
        return complain(o, letter, v, "given twice");
    o->dscp_given = true;
    return ow_dscp_parse(v, &o->dscp) == 0
               ? 0
               : complain(o, letter, v, "wants 0..63 or a name such as ef, cs1, af11");
}

static int set_slots(struct options *o, int letter, const char *v)
{
    int err = ow_slots_parse(v, o->slots, OPTIONS_SLOTS, &o->nslots);
    if (err == PS_ELIMIT)
        return complain(o, letter, v, "too many slots; at most 16");
    return err == 0 ? 0 : complain(o, letter, v, "wants SECONDS[e|f][,...]: e exponential, f fixed");
}

static int set_test(struct options *o, int letter, const char *v)
{
    switch (letter) {
    case OPTIONS_HW:
        o->hw = v;
        return v[0] != '\0' ? 0 : complain(o, letter, v, "wants the name of an interface");
    case 'c':
        return set_u32(o, letter, v, 1, UINT32_MAX, &o->count);
    case 'i':
        return set_slots(o, letter, v);
    case 'L':
        o->timeout_given = true;
        return set_seconds(o, letter, v, 0, &o->timeout);
    case 's':
        return set_u32(o, letter, v, 0, OW_PADDING_MAX, &o->padding);
    case 'D':
        return set_dscp(o, letter, v);
    case 'P':
        return ps_portrange_parse(v, &o->ports) == 0 ? 0
                                                     : complain(o, letter, v, "wants 0, PORT or LOW-HIGH");
    case 'z':
        return set_seconds(o, letter, v, 0, &o->delay);
    default:
        return set_seconds(o, letter, v, 0, &o->enddelay);
    }
}

static int set_direction(struct options *o, int letter, const char *v)
{
    switch (letter) {
    case 'F':
        o->from_file = v;
        o->from = true;
        break;
    case 'f':
        o->from = true;
        break;
    case 'T':
        o->to_file = v;
        o->to = true;
        break;
    default:
        o->to = true;
        break;
    }
    return 0;
}

static int set_unit(struct options *o, int letter, const char *v)
{
    if (strlen(v) != 1 || strchr("nums", v[0]) == NULL)
        return complain(o, letter, v, "wants n, u, m or s");
    o->report.unit = v[0];
    return 0;
}

static int set_verbose(struct options *o, int letter, const char *v)
{
    o->report.verbose = true;
    if (v != NULL && ps_num_u64(v, 10, 0, UINT64_MAX, &o->report.record_limit) != 0)
        return complain(o, letter, v, "wants a number of records, as in -v100");
    return 0;
}

static int set_bucket(struct options *o, int letter, const char *v)
{
    double width;
    int err = set_seconds(o, letter, v, 1e-9, &width);
    if (err == 0)
        o->report.bucket_width = (double)(float)width;
    return err;
}

static int set_flag(struct options *o, int letter)
{
    switch (letter) {
    case 'M':
        o->report.machine = true;
        break;
    case 'Q':
        o->report.quiet = true;
        break;
    case 'R':
        o->report.raw = o->report.quiet = true;
        break;
    case 'U':
        o->report.unix_times = true;
        break;
    case 'p':
        o->save = true;
        break;
    default:
        o->report.json = true;
        break;
    }
    return 0;
}

static int set_output(struct options *o, int letter, const char *v)
{
    switch (letter) {
    case 'a':
        return ow_report_percentiles(v, &o->report) == 0
                   ? 0
                   : complain(o, letter, v, "wants numbers from 0 to 100, at most 64, with commas");
    case 'b':
        return set_bucket(o, letter, v);
    case 'n':
        return set_unit(o, letter, v);
    case 'N':
        return set_u32(o, letter, v, 0, UINT32_MAX, &o->report.sub);
    case 'd':
        o->out_dir = v;
        return 0;
    case 'v':
        return set_verbose(o, letter, v);
    default:
        return set_flag(o, letter);
    }
}

static int set_option(struct options *o, int letter, const char *v)
{
    switch (options_group(letter)) {
    case GROUP_CONNECTION:
        return set_connection(o, letter, v);
    case GROUP_TEST:
        return set_test(o, letter, v);
    case GROUP_DIRECTION:
        return set_direction(o, letter, v);
    case GROUP_OUTPUT:
        return set_output(o, letter, v);
    case GROUP_NONE:
        break;
    }
    return complain(o, letter, "", "not possible here");
}

static void set_defaults(struct options *o, enum program program)
{
    memset(o, 0, sizeof *o);
    o->program = program;
    o->count = 100;
    o->slots[0] = (struct ow_slot){OW_SLOT_EXP, OW_SLOT_DEFAULT};
    o->nslots = 1;
    o->ports = (struct ps_portrange){8760, 9960};
    o->enddelay = 1.0;
    o->out_dir = ".";
    o->report.unit = 'm';
    o->report.bucket_width = (double)0.0001f;
}

static void overrule(const struct options *o, const char *winner, const char *loser, bool *given)
{
    if (*given)
        fprintf(stderr, "%s: %s given: %s is ignored\n", options_name(o), winner, loser);
    *given = false;
}

// Which output wins when several are asked for.
static void settle_output(struct options *o)
{
    struct ow_report_opts *r = &o->report;
    bool quiet = r->quiet && !r->raw;
    const char *winner = r->json ? "--json" : r->raw ? "-R" : quiet ? "-Q" : "-M";
    if (r->json)
        overrule(o, winner, "-Q", &quiet);
    if (r->json || r->quiet) {
        overrule(o, winner, "-M", &r->machine);
        overrule(o, winner, "-p", &o->save);
    }
    if (!r->json && (r->quiet || r->machine))
        overrule(o, winner, "-v", &r->verbose);
    r->quiet = r->quiet && !r->json;
    r->out_dir = o->save ? o->out_dir : NULL;
}

static int settle_modes(struct options *o)
{
    if (!o->modes_given)
        o->modes = o->identity != NULL ? OW_MODE_ALL : OW_MODE_OPEN;
    if (o->identity == NULL && o->pfs_path != NULL) {
        tell(o, "-k needs -u: whose pass-phrase in the file is it?");
        return PS_ESYNTAX;
    }
    if (o->identity == NULL && (o->modes & OW_MODE_OPEN) == 0) {
        tell(o, "-A without O needs an identity: add -u NAME (and -k FILE)");
        return PS_ESYNTAX;
    }
    if (o->identity == NULL)
        o->modes = OW_MODE_OPEN;
    return 0;
}

// A folder that cannot take the summaries must be known before the test, not after it.
static int settle_folder(const struct options *o)
{
    if (!o->save)
        return 0;
    int fd = open(o->out_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int err = fd < 0 || faccessat(fd, ".", W_OK | X_OK, 0) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return err == 0 ? 0 : complain(o, 'd', o->out_dir, strerror(err));
}

static int settle_files(const struct options *o)
{
    if (o->to_file == NULL || o->from_file == NULL || strcmp(o->to_file, o->from_file) != 0)
        return 0;
    tell(o, "-F and -T name the same file: each session needs its own");
    return PS_ESYNTAX;
}

static int settle(struct options *o)
{
    if (!o->to && !o->from)
        o->to = o->from = true;
    if (o->timeout_given && o->timeout < o->report.bucket_width) {
        tell(o, "-L is shorter than a histogram bucket (-b)");
        return PS_ESYNTAX;
    }
    settle_output(o);
    if (settle_folder(o) != 0 || settle_files(o) != 0)
        return PS_ESYNTAX;
    return settle_modes(o);
}

static bool operands_good(const struct options *o)
{
    switch (o->program) {
    case PROGRAM_OWPING:
    case PROGRAM_OWUP:
        return o->noperands == 1;
    case PROGRAM_OWFETCH:
        return o->noperands >= 3 && o->noperands % 2 == 1;
    case PROGRAM_OWSTATS:
        break;
    }
    return o->noperands >= 1;
}

static enum options_next printed(const struct options *o)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return OPTIONS_DONE;
    tell(o, "standard output did not take the text");
    return OPTIONS_USAGE;
}

static enum options_next take_all(struct options *o, struct ps_opt_iter *it, const struct ps_opt_prog *prog)
{
    int letter;
    while ((letter = ps_opt_next(it)) != -1) {
        if (letter == 'h' || letter == 'V') {
            letter == 'h' ? ps_opt_help(prog, stdout) : ps_opt_version(prog, stdout);
            return printed(o);
        }
        if (letter == '?' || set_option(o, letter, it->value) != 0)
            return OPTIONS_USAGE;
    }
    o->noperands = it->argc - ps_opt_index(it);
    o->operands = it->argv + ps_opt_index(it);
    return OPTIONS_RUN;
}

enum options_next options_read(struct options *o, enum program program, int argc, char **argv)
{
    struct ps_opt table[OPTIONS_MAX];
    struct ps_opt_prog prog;
    struct ps_opt_iter it;
    set_defaults(o, program);
    options_program(program, table, &prog);
    if (ps_opt_begin(&it, &prog, argc, argv, false) != 0)
        return OPTIONS_USAGE;
    enum options_next next = take_all(o, &it, &prog);
    ps_opt_end(&it);
    if (next == OPTIONS_RUN && !operands_good(o)) {
        fprintf(stderr, "%s: usage: %s %s\n%s: try '%s --help'\n", prog.name, prog.name, prog.synopsis,
                prog.name, prog.name);
        return OPTIONS_USAGE;
    }
    return next == OPTIONS_RUN && settle(o) != 0 ? OPTIONS_USAGE : next;
}

bool options_silent(const struct options *o)
{
    return o->report.quiet || o->report.json;
}
