// SPDX-License-Identifier: Apache-2.0
#include "psarchive/import_url.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "psarchive/pull.h"
#include "psarchive/settings.h"
#include "psarchive/when.h"

#define TOKEN_MAX 4096
#define CONNECTIONS_MAX 64

struct import_url {
    struct choice choice;
    struct pull_conf conf;
    char *token;
    bool given;
};

int import_url_new(struct import_url **out)
{
    struct import_url *u = calloc(1, sizeof *u);
    if (u == NULL)
        return -ENOMEM;
    u->conf.remote = (struct remote_conf){.connections = 4, .timeout = 60 * PS_SEC, .patience = 600 * PS_SEC};
    *out = u;
    return 0;
}

void import_url_free(struct import_url *u)
{
    free(u->token);
    free(u);
}

bool import_url_given(const struct import_url *u)
{
    return u->given;
}

bool import_is_url(const char *operand)
{
    return strncasecmp(operand, "http://", 7) == 0 || strncasecmp(operand, "https://", 8) == 0;
}

// Its first word, so that a line's end does no harm.
static int read_token(struct import_url *u, const char *prog, const char *path)
{
    char *text, *rest, *word;
    size_t len;
    int err = ps_conf_load(path, TOKEN_MAX, &text, &len);
    if (err != 0) {
        fprintf(stderr, "%s: --token-file %s: %s\n", prog, path, ps_strerror(err));
        return err;
    }
    rest = text + strspn(text, " \t\r\n");
    rest[strcspn(rest, "\r\n")] = '\0';
    word = ps_conf_word(&rest);
    free(u->token);
    u->token = word != NULL ? strdup(word) : NULL;
    free(text);
    if (u->token != NULL)
        return 0;
    fprintf(stderr, "%s: --token-file %s: holds no token\n", prog, path);
    return PS_ESYNTAX;
}

static int set_connections(struct import_url *u, const char *prog, const char *value)
{
    uint64_t n;
    if (ps_num_u64(value, 10, 1, CONNECTIONS_MAX, &n) != 0) {
        fprintf(stderr, "%s: --connections '%s': wants a number from 1 to %d\n", prog, value,
                CONNECTIONS_MAX);
        return PS_ERANGE;
    }
    u->conf.remote.connections = (unsigned)n;
    return 0;
}

static int set_patience(struct import_url *u, const char *prog, const char *value)
{
    int64_t seconds;
    if (when_length(value, &seconds) != 0) {
        fprintf(stderr, "%s: --patience '%s': wants a time, as in 30s, 10m, 6h\n", prog, value);
        return PS_ESYNTAX;
    }
    u->conf.remote.patience = seconds * PS_SEC;
    return 0;
}

int import_url_set(struct import_url *u, const char *prog, int letter, const char *value)
{
    u->given = true;
    switch (letter) {
    case IMPORT_AGAIN:
        u->conf.again = true;
        return 0;
    case IMPORT_BIND:
        u->conf.remote.bind = value;
        return 0;
    case IMPORT_CA:
        u->conf.remote.ca_file = value;
        return 0;
    case IMPORT_CONNECTIONS:
        return set_connections(u, prog, value);
    case IMPORT_INSECURE:
        u->conf.remote.insecure = true;
        return 0;
    case IMPORT_PATIENCE:
        return set_patience(u, prog, value);
    case IMPORT_STATE:
        u->conf.state = value;
        return 0;
    case IMPORT_TOKEN:
        return read_token(u, prog, value);
    default:
        return choice_set(&u->choice, prog, letter, value);
    }
}

static int tell_tally(const struct pull_tally *t, int status)
{
    if (t->purged > 0)
        fprintf(stderr,
                "psarchive import: %llu values are older than what is kept, or were purged: they are not "
                "stored\n",
                (unsigned long long)t->purged);
    if (t->missing > 0)
        fprintf(stderr, "psarchive import: %llu series are in the list there and are not to be had\n",
                (unsigned long long)t->missing);
    printf("%llu metadata: %llu values stored, %llu known already, %llu refused\n",
           (unsigned long long)t->metas, (unsigned long long)t->stored, (unsigned long long)t->known,
           (unsigned long long)t->refused);
    return workplace_flush("import", status != 0 ? status : t->refused > 0 ? EXIT_NO : EXIT_DONE);
}

int import_url_run(struct import_url *u, const struct verb_options *v)
{
    struct pull_conf conf = u->conf;
    const char *data = v->data != NULL ? v->data : SETTINGS_DATA;
    struct pull_tally tally;
    struct workplace w;
    char state[4096];
    if (v->argc != 1)
        return workplace_fail("import", EXIT_USAGE, "wants one URL, or files; --help tells more");
    if (snprintf(state, sizeof state, "%s/import.state", data) >= (int)sizeof state)
        return workplace_fail("import", EXIT_USAGE, "%s: too long a path", data);
    conf.remote.url = v->argv[0];
    conf.remote.token = u->token;
    conf.filter = &u->choice.filter;
    conf.from = v->from;
    conf.to = v->to < v->now ? v->to : v->now; // what comes meanwhile is for the next time
    conf.state = conf.state != NULL ? conf.state : state;
    conf.progress = isatty(STDERR_FILENO) == 1;
    int status = workplace_open(&w, "import", v->data, WORKPLACE_WRITE);
    if (status != 0)
        return status;
    status = pull_run(&w, &conf, &tally);
    workplace_close(&w);
    return status == EXIT_USAGE ? status : tell_tally(&tally, status);
}
