// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <unistd.h>
#include "loop/ps_confine.h"
#include "loop/ps_seccomp_impl.h"

scmp_filter_ctx ps_seccomp_new(void)
{
    return seccomp_init(SCMP_ACT_ERRNO(EPERM));
}

static int allow_name(scmp_filter_ctx f, const char *name)
{
    int nr = seccomp_syscall_resolve_name(name);

    return nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 0);
}

static int allow_rule(scmp_filter_ctx f, const struct ps_seccomp_rule *r)
{
    int nr = seccomp_syscall_resolve_name(r->name);

    if (nr == __NR_SCMP_ERROR)
        return 0;
    return seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 1,
                            SCMP_CMP64(r->argument, SCMP_CMP_MASKED_EQ, r->mask, r->value));
}

int ps_seccomp_names(scmp_filter_ctx f, const char *const *names, size_t n)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = allow_name(f, names[i]);
    return rc;
}

int ps_seccomp_rules(scmp_filter_ctx f, const struct ps_seccomp_rule *rules, size_t n)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = allow_rule(f, &rules[i]);
    return rc;
}

// Where a sanitizer is built in, the names that it needs hold any already.
int ps_seccomp_own_signals(scmp_filter_ctx f)
{
    scmp_datum_t self = (scmp_datum_t)getpid();
    int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
                              SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, PS_SECCOMP_INT, self));

    if (rc == 0 && !PS_CONFINE_EASED)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, PS_SECCOMP_INT, self));
    return rc;
}

int ps_seccomp_load(scmp_filter_ctx f, int rc)
{
    // Whoever calls has seen to it (ps_priv_no_new), or has turned it off.
    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0);
    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_API_SYSRAWRC, 1); // the kernel's own error
    if (rc == 0)
        rc = seccomp_load(f);
    seccomp_release(f);
    return rc;
}
