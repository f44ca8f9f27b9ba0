// SPDX-License-Identifier: Apache-2.0
#include "crypto/ps_cert.h"
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/ps_buf.h"
#include "base/ps_err.h"
#include "base/ps_replace.h"

#define DAY INT64_C(86400)
#define SUBJECT_MAX 64 // characters of a common name (RFC 5280, ub-common-name)

// --- looking at one

static int time_of(const ASN1_TIME *t, ps_ns *out)
{
    struct tm tm;

    if (!t || !ASN1_TIME_to_tm(t, &tm))
        return PS_EMALFORMED;
    *out = (ps_ns)timegm(&tm) * PS_SEC;
    return 0;
}

static int look(X509 *x, struct ps_cert *out)
{
    int err = time_of(X509_get0_notBefore(x), &out->from);

    if (!err)
        err = time_of(X509_get0_notAfter(x), &out->until);
    out->self_made = X509_check_issued(x, x) == X509_V_OK;
    return err;
}

int ps_cert_look(const char *path, struct ps_cert *out, struct ps_fault *fault)
{
    FILE *f = fopen(path, "re");
    X509 *x;
    int err;

    if (!f) {
        err = -errno;
        ps_fault_set(fault, path, 0, "cannot be read: %s", ps_strerror(err));
        return err;
    }
    x = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    err = x ? look(x, out) : PS_EMALFORMED;
    X509_free(x);
    if (err)
        ps_fault_set(fault, path, 0, "is no certificate in PEM");
    return err;
}

// --- making one

static bool is_address(const char *name)
{
    unsigned char raw[16];

    return inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
}

static int add_extension(X509 *x, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;
    int ok;

    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = e && X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
    return ok ? 0 : PS_ECRYPTO;
}

// "DNS:host,IP:192.0.2.1"
static int add_names(X509 *x, const char *const *names, size_t n)
{
    struct ps_buf b;
    int err = 0;

    ps_buf_init(&b, 0);
    for (size_t i = 0; !err && i < n; i++)
        err = strpbrk(names[i], ",;\n")
                  ? -EINVAL
                  : ps_buf_printf(&b, "%s%s:%s", i ? "," : "", is_address(names[i]) ? "IP" : "DNS", names[i]);
    if (!err)
        err = ps_buf_append(&b, "", 1);
    if (!err)
        err = add_extension(x, NID_subject_alt_name, (const char *)ps_buf_head(&b));
    ps_buf_fini(&b);
    return err;
}

static int set_subject(X509 *x, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(x);
    size_t len = strlen(name);

    len = len < SUBJECT_MAX ? len : SUBJECT_MAX;
    if (!X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, (int)len, -1,
                                    0))
        return PS_ECRYPTO;
    return X509_set_issuer_name(x, subject) ? 0 : PS_ECRYPTO;
}

static int set_serial(X509 *x)
{
    unsigned char raw[16];
    BIGNUM *n;
    int ok;

    if (RAND_bytes(raw, sizeof raw) != 1)
        return PS_ECRYPTO;
    raw[0] &= 0x7f;
    n = BN_bin2bn(raw, sizeof raw, NULL);
    ok = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));
    BN_free(n);
    return ok ? 0 : PS_ECRYPTO;
}

static int set_times(X509 *x, ps_ns now, unsigned days)
{
    time_t from = (time_t)(now / PS_SEC - DAY), until = (time_t)(now / PS_SEC + days * DAY);

    if (!ASN1_TIME_set(X509_getm_notBefore(x), from) || !ASN1_TIME_set(X509_getm_notAfter(x), until))
        return PS_ECRYPTO;
    return 0;
}

static int fill(X509 *x, EVP_PKEY *key, const char *const *names, size_t n, ps_ns now, unsigned days)
{
    int err = X509_set_version(x, X509_VERSION_3) && X509_set_pubkey(x, key) ? 0 : PS_ECRYPTO;

    if (!err)
        err = set_serial(x);
    if (!err)
        err = set_times(x, now, days);
    if (!err)
        err = set_subject(x, names[0]);
    if (!err)
        err = add_extension(x, NID_basic_constraints, "critical,CA:FALSE");
    if (!err)
        err = add_names(x, names, n);
    return err ? err : X509_sign(x, key, EVP_sha256()) ? 0 : PS_ECRYPTO;
}

// --- files

// x: the certificate to write, NULL: the key.
static int write_pem(const char *path, X509 *x, EVP_PKEY *key)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);
    int ok, err;

    if (!f)
        return -ENOMEM;
    ok = x ? PEM_write_X509(f, x) : PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
    err = fclose(f) != 0 ? -ENOMEM : ok ? ps_replace_file(path, text, len, x ? 0644 : 0600) : PS_ECRYPTO;
    OPENSSL_cleanse(text, len);
    free(text);
    return err;
}

// Without a certificate there is none beside a key that is another one's.
static int write_both(const char *cert_path, const char *key_path, X509 *x, EVP_PKEY *key)
{
    int err = unlink(cert_path) == 0 || errno == ENOENT ? 0 : -errno;

    if (!err)
        err = write_pem(key_path, NULL, key);
    return err ? err : write_pem(cert_path, x, key);
}

int ps_cert_make(const char *cert_path, const char *key_path, const char *const *names, size_t n, ps_ns now,
                 unsigned days, struct ps_fault *fault)
{
    EVP_PKEY *key = n && n <= PS_CERT_NAMES ? EVP_EC_gen("P-256") : NULL;
    X509 *x = key ? X509_new() : NULL;
    int err = x ? fill(x, key, names, n, now, days) : n && n <= PS_CERT_NAMES ? PS_ECRYPTO : PS_ELIMIT;

    if (!err)
        err = write_both(cert_path, key_path, x, key);
    X509_free(x);
    EVP_PKEY_free(key);
    if (err)
        ps_fault_set(fault, cert_path, 0, "cannot make a certificate there: %s", ps_strerror(err));
    return err;
}
