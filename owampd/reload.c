// SPDX-License-Identifier: Apache-2.0
#include "owampd/reload.h"
#include <errno.h>
#include <stdlib.h>
#include "base/ps_err.h"
#include "loop/ps_sd.h"

static int take_rules(struct daemon *d, const struct daemon_files *files, struct ps_fault *fault)
{
    struct ow_limits *limits;
    struct ow_pfs *pfs;
    int err = daemon_read_rules(files, &limits, &pfs, fault);
    if (err != 0)
        return err;
    err = ow_policy_set_limits(d->policy, limits, d->conf->diskfudge);
    if (err != 0) {
        ow_limits_free(limits);
        ow_pfs_free(pfs);
        return err;
    }
    ow_pfs_free(d->pfs);
    d->pfs = pfs;
    ps_log(d->log, PS_LOG_INFO, "reload", "limits and pass-phrases read anew: %zu classes, %zu identities",
           ow_limits_count(limits), pfs == NULL ? (size_t)0 : ow_pfs_count(pfs));
    return 0;
}

// What the file says now; defaults where it is gone.
static int read_conf(struct conf *c, const char *path, struct ps_fault *fault)
{
    char *text;
    size_t len;
    conf_init(c);
    int err = ps_conf_load(path, CONF_FILE_MAX, &text, &len);
    if (err == -ENOENT)
        return 0;
    if (err != 0) {
        ps_fault_set(fault, path, 0, "%s", ps_strerror(err));
        return err;
    }
    err = conf_parse(c, path, text, len, fault);
    free(text);
    return err;
}

static void tell_conf(struct daemon *d, const struct options *o)
{
    struct ps_fault fault = {""};
    char keys[CONF_CHANGES];
    struct conf *now = malloc(sizeof *now);
    if (now == NULL)
        return;
    int err = read_conf(now, o->files.conf, &fault);
    if (err == -EACCES) // it may be root's, who read it at the start
        ps_log(d->log, PS_LOG_INFO, "reload", "%s; whether it has changed is not known", fault.text);
    else if (err != 0)
        ps_log(d->log, PS_LOG_WARN, "reload", "%s; a restart would fail", fault.text);
    else if (conf_changes(&o->of_file, now, &o->conf, keys, sizeof keys) != 0)
        ps_log(d->log, PS_LOG_WARN, "reload", "%s has changed, which a restart alone makes effective: %s",
               o->files.conf, keys);
    free(now);
}

int reload(struct daemon *d, const struct options *o, struct ps_fault *fault)
{
    ps_sd_reloading();
    int err = take_rules(d, &o->files, fault);
    if (err != 0 && fault->text[0] == '\0')
        ps_fault_set(fault, NULL, 0, "%s", ps_strerror(err));
    if (err != 0)
        ps_log(d->log, PS_LOG_WARN, "reload", "the former limits and pass-phrases stay in force: %s",
               fault->text);
    tell_conf(d, o);
    (void)ps_sd_notify("READY=1");
    return err;
}
