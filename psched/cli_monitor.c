// SPDX-License-Identifier: Apache-2.0
// psched monitor: what ran, what runs and what will, as it changes.
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/ps_num.h"
#include "psched/cli.h"
#include "psched/cli_print.h"
#include "psched/cli_verb.h"

#define REFRESH 3
#define REFRESH_MAX 3600
#define WINDOW 20
#define WINDOW_MAX 1000
#define HEADING_ROWS 3
#define COLUMNS 100 // where there is no terminal

enum { OPT_REFRESH = 940, OPT_WINDOW, OPT_ONCE, OPT_JSON };

static const struct ps_opt table[] = {
    {OPT_REFRESH, "refresh", "SECONDS", "how often to look (3)", NULL},
    {OPT_WINDOW, "window", "N", "so many past and so many future runs (what the screen has room for)", NULL},
    {OPT_ONCE, "once", NULL, "print it once; so it is without a terminal", NULL},
    {OPT_JSON, "json", NULL, "once, as the API's document", NULL},
    CLI_HOST_ROW,
    {'h', "help", NULL, "this text", NULL},
    CLI_WHERE_ROWS,
    {0, NULL, NULL, NULL, NULL},
};

static const struct ps_opt_prog prog = {
    "psched monitor",
    "[options]",
    "Shows the last, the present and the next runs on a scheduler, until it is interrupted.",
    NULL,
    table,
};

struct monitor {
    uint64_t refresh, window; // window 0: as the screen is
    bool once, json;
    size_t rows, columns; // of the screen
};

static int read_number(const char *option, const char *value, uint64_t max, uint64_t *out)
{
    if (ps_num_u64(value, 10, 1, max, out) == 0)
        return -1;
    fprintf(stderr, "psched monitor: --%s: wants a number from 1 to %llu; got '%s'\n", option,
            (unsigned long long)max, value);
    return CLI_USAGE;
}

static int read_option(void *ctx, int letter, const char *value)
{
    struct monitor *m = ctx;

    if (letter == OPT_REFRESH)
        return read_number("refresh", value, REFRESH_MAX, &m->refresh);
    if (letter == OPT_WINDOW)
        return read_number("window", value, WINDOW_MAX, &m->window);
    if (letter == OPT_ONCE)
        m->once = true;
    if (letter == OPT_JSON)
        m->once = m->json = true;
    return -1;
}

static const struct cli_verb verb = {"monitor", &prog, read_option, false, 0, 0, "no operands"};

static void look_at_screen(struct monitor *m)
{
    struct winsize size;

    m->rows = 2 * WINDOW + HEADING_ROWS;
    m->columns = COLUMNS;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > HEADING_ROWS && size.ws_col > 0) {
        m->rows = size.ws_row;
        m->columns = size.ws_col;
    }
}

// A line that fits the screen, with the words of the command line at its end.
static void put_run(const struct monitor *m, struct ps_jnode run)
{
    char *line = NULL;
    size_t len;
    FILE *f = open_memstream(&line, &len);

    if (!f)
        return;
    fprintf(f, "%-25.25s %-12.12s %-14.14s ", cli_str(run, "start-time", "?"),
            cli_str(run, "state-display", "?"), cli_str(ps_jnode_member(run, "tool"), "name", "?"));
    fprintf(f, "%s ", cli_str(ps_jnode_member(run, "test"), "name", "?"));
    cli_put_words(f, ps_jnode_member(run, "cli"));
    if (fclose(f) == 0)
        cli_put_len(stdout, line, len < m->columns || m->once ? len : m->columns - 1);
    free(line);
    putchar('\n');
}

static void put_screen(const struct monitor *m, const struct cli_link *l, struct ps_jnode runs)
{
    size_t left = m->once ? SIZE_MAX : m->rows - HEADING_ROWS;

    if (!m->once)
        printf("\033[H\033[2J");
    printf("%s\n\n", cli_link_root(l));
    for (struct ps_jnode n = ps_jnode_first(runs); ps_jnode_there(n) && left > 0;
         n = ps_jnode_next(n), left--)
        put_run(m, n);
    if (ps_jnode_count(runs) == 0)
        printf("There are no runs.\n");
    fflush(stdout);
}

static int look(struct cli_link *l, struct monitor *m)
{
    struct ps_jdoc *doc;
    char url[60];

    look_at_screen(m);
    uint64_t window = m->window ? m->window : m->once ? WINDOW : (m->rows - HEADING_ROWS) / 2;
    snprintf(url, sizeof url, "/monitor?window=%llu", (unsigned long long)(window ? window : 1));
    int status = cli_get(l, url, 0, &doc);
    if (status)
        return status;
    if (m->json)
        cli_put_json(stdout, ps_jdoc_root(doc));
    else
        put_screen(m, l, ps_jdoc_root(doc));
    ps_jdoc_free(doc);
    return 0;
}

static int watch(struct cli_link *l, void *monitor, int n, char **operands)
{
    struct monitor *m = monitor;
    int status;

    (void)n;
    (void)operands;
    m->once = m->once || !isatty(STDOUT_FILENO);
    while ((status = look(l, m)) == 0 && !m->once)
        cli_link_wait(l, (ps_ns)m->refresh * PS_SEC);
    return status;
}

int cli_monitor_main(int argc, char **argv)
{
    struct monitor m = {.refresh = REFRESH};

    return cli_verb_main(&verb, argc, argv, &m, watch);
}
