// SPDX-License-Identifier: Apache-2.0
// The server's certificate: the configured one, or one that is made at the first start. It is looked at each minute:
// another one is loaded, a self-made one that runs out is made anew, and of one that others have to renew it is told.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/ps_err.h"
#include "crypto/ps_cert.h"
#include "psched/health.h"
#include "psched/serve_impl.h"

#define LOOK (60 * PS_SEC)
#define DAY (86400 * PS_SEC)
#define DAYS 3650
#define RENEW (30 * DAY) // before it runs out

static uint64_t stamp_of(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return 0;
    return (uint64_t)st.st_ino * 31 + (uint64_t)st.st_mtim.tv_sec * UINT64_C(1000000007) +
           (uint64_t)st.st_mtim.tv_nsec + (uint64_t)st.st_size;
}

static uint64_t stamp(const struct serve *s)
{
    return stamp_of(s->cert_file) * 3 + stamp_of(s->key_file);
}

// For the names and addresses by which it may be called.
static int make(struct serve *s, struct ps_fault *fault)
{
    const char *names[PS_CERT_NAMES] = {s->site.name, "localhost", "127.0.0.1", "::1"};

    return ps_cert_make(s->cert_file, s->key_file, names, 4, site_now(&s->site), DAYS, fault);
}

static int make_if_needed(struct serve *s, struct ps_fault *fault)
{
    struct ps_cert c;
    struct ps_fault ignored;

    if (ps_cert_look(s->cert_file, &c, &ignored) == 0 && c.until > site_now(&s->site) + RENEW &&
        access(s->key_file, R_OK) == 0)
        return 0;
    return make(s, fault);
}

static int load(struct serve *s, struct ps_fault *fault)
{
    struct ps_cert c;
    int err = s->self_made ? make_if_needed(s, fault) : 0;

    if (!err)
        err = ps_cert_look(s->cert_file, &c, fault);
    if (!err)
        err = ps_httpd_tls(s->site.httpd, s->cert_file, s->key_file, fault);
    if (err)
        return err;
    s->expires = c.until;
    health_certificate(s->site.health, s->cert_file, c.until);
    s->cert_stamp = stamp(s);
    if (c.until < site_now(&s->site))
        ps_log(&s->log, PS_LOG_WARN, "certificate", "%s has run out: clients that verify it will refuse",
               s->cert_file);
    return 0;
}

static void look(void *ctx)
{
    struct serve *s = ctx;
    struct ps_fault fault = {""};
    ps_ns left = s->expires - site_now(&s->site);

    if (stamp(s) == s->cert_stamp && !(s->self_made && left < RENEW)) {
        if (left < RENEW)
            ps_log(&s->log, PS_LOG_WARN, "certificate", "%s runs out in %lld days", s->cert_file,
                   (long long)(left / DAY));
        return;
    }
    if (load(s, &fault))
        ps_log(&s->log, PS_LOG_WARN, "certificate", "%s; the one before stays", fault.text);
    else
        ps_log(&s->log, PS_LOG_INFO, "certificate", "%s was loaded", s->cert_file);
}

int serve_certificate(struct serve *s, struct ps_fault *fault)
{
    const struct settings *c = &s->now;
    bool configured = c->front.certificate[0];
    int err;

    s->self_made = !configured;
    if (configured) {
        snprintf(s->cert_file, sizeof s->cert_file, "%s", c->front.certificate);
        snprintf(s->key_file, sizeof s->key_file, "%s", c->front.key);
    } else {
        snprintf(s->cert_file, sizeof s->cert_file, "%s/cert.pem", c->data);
        snprintf(s->key_file, sizeof s->key_file, "%s/key.pem", c->data);
    }
    err = load(s, fault);
    if (!err && !s->certificate)
        err = ps_timer_new(s->site.loop, &s->certificate, look, s);
    if (!err)
        ps_timer_repeat(s->certificate, LOOK);
    return err;
}
