// SPDX-License-Identifier: Apache-2.0
// The archiver "snmptrap": a trap for each result (SNMPv2-Trap-PDU, RFC 3416, 4.2.6), by SNMPv2c or SNMPv3. Nobody
// answers a trap: success is that it has left this host.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "archivers/archiver.h"
#include "base/ps_err.h"
// The library's heading has these names for itself.
#undef PACKAGE_BUGREPORT
#undef PACKAGE_NAME
#undef PACKAGE_STRING
#undef PACKAGE_TARNAME
#undef PACKAGE_URL
#undef PACKAGE_VERSION
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#define DOC_MAX 60000  // octets: with the rest it has to fit into a datagram
#define ENGINE_TEXT 27 // octets of the text in an engine's identity (RFC 3411, SnmpEngineID, format 4)
#define BINDS_MAX 64
#define OID_MAX 120 // arcs, so that an instance has room
#define TEXT_MAX 4096
#define KEY_MIN 8 // characters of a passphrase (RFC 3414, 11.2)

static const oid up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};       // SNMPv2-MIB::sysUpTime.0
static const oid trap_id[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}; // SNMPv2-MIB::snmpTrapOID.0

struct name {
    oid arcs[OID_MAX + 1];
    size_t n;
};

struct bind {
    struct name name;
    char *text; // NULL: a number
    long number;
};

struct target {
    char *dest;
    struct name trap;
    char *community; // version 2c; NULL: version 3
    char *user;      // of version 3
    int level;       // SNMP_SEC_LEVEL_...
    int auth, priv;  // the library's numbers of protocols
    char *auth_key, *priv_key;
    size_t nbinds;
    struct bind binds[BINDS_MAX];
    oid instance;
};

// --- data

static void drop(void *target)
{
    struct target *t = target;

    free(t->dest);
    free(t->community);
    free(t->user);
    free(t->auth_key);
    free(t->priv_key);
    for (size_t i = 0; i < t->nbinds; i++)
        free(t->binds[i].text);
}

static int keep(char **out, const char *text)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? -ENOMEM : 0;
}

// "1.3.6.1.4" or ".1.3.6.1.4": no names, so that no MIB has to be there.
static void take_oid(struct ps_jget *g, const char *key, struct name *out)
{
    const char *text = ps_jneed_str(g, key, 1, 1024), *p = text;

    out->n = 0;
    for (p += *p == '.'; !g->err; p++) {
        size_t n = strspn(p, "0123456789");
        unsigned long arc = n && n <= 10 ? strtoul(p, NULL, 10) : ULONG_MAX;

        if (arc > UINT32_MAX || out->n == OID_MAX)
            break;
        out->arcs[out->n++] = arc;
        p += n;
        if (*p == '\0' && out->n >= 2 && out->arcs[0] <= 2)
            return;
        if (*p != '.')
            break;
    }
    ps_jget_fail(g, key, PS_ESYNTAX, "wants an OID in numbers, as in 1.3.6.1.4.1; got \"%.64s\"", text);
}

static int read_bind(struct ps_jget *of, struct ps_jnode n, struct bind *out)
{
    struct ps_jget g;
    struct ps_jnode value;
    int64_t number = 0;
    int err = 0;

    ps_jget_init(&g, n, of->fault);
    take_oid(&g, "oid", &out->name);
    value = ps_jget_node(&g, "value");
    if (ps_jnode_type(value) == PS_JTYPE_NUMBER)
        number = ps_jneed_i64(&g, "value", INT32_MIN, INT32_MAX);
    else
        err = keep(&out->text, ps_jneed_str(&g, "value", 0, TEXT_MAX));
    out->number = (long)number;
    of->err = ps_deliver_data_end(&g, NULL, 0);
    return err;
}

static int read_binds(struct ps_jget *g, struct target *t)
{
    struct ps_jnode list = ps_jget_array(g, "trap-varbinds");
    int err = 0;

    for (struct ps_jnode n = ps_jnode_first(list); !err && !g->err && ps_jnode_there(n);
         n = ps_jnode_next(n)) {
        if (t->nbinds == BINDS_MAX)
            ps_jget_fail(g, "trap-varbinds", PS_ELIMIT, "has more than %d of them", BINDS_MAX);
        else
            err = read_bind(g, n, &t->binds[t->nbinds++]);
    }
    return err;
}

// A word that the library knows, in any case: "SHA", "sha-256".
static int take_protocol(struct ps_jget *g, const char *key, int (*known)(const char *), int otherwise)
{
    const char *word = ps_jget_str(g, key, 1, 32, NULL);
    int type = word ? known(word) : otherwise;

    if (type < 0)
        ps_jget_fail(g, key, PS_EUNKNOWN, "is none that is known here; got \"%.32s\"", word);
    return type;
}

static int take_key(struct ps_jget *g, const char *key, bool wanted, char **out)
{
    const char *text = ps_jget_str(g, key, KEY_MIN, 255, NULL);

    if (wanted && !text)
        ps_jget_fail(g, key, PS_ENOTFOUND, "is missing: the security level wants it");
    return keep(out, text);
}

static int read_user(struct ps_jget *g, struct target *t)
{
    static const char *const levels[] = {"noAuthNoPriv", "authNoPriv", "authPriv"};
    static const int numbers[] = {SNMP_SEC_LEVEL_NOAUTH, SNMP_SEC_LEVEL_AUTHNOPRIV, SNMP_SEC_LEVEL_AUTHPRIV};
    int err = keep(&t->user, ps_jneed_str(g, "security-name", 1, 32));

    t->level = numbers[ps_jget_word(g, "security-level", levels, 3, 0)];
    t->auth = take_protocol(g, "auth-protocol", usm_lookup_auth_type, usm_lookup_auth_type("SHA"));
    t->priv = take_protocol(g, "priv-protocol", usm_lookup_priv_type, usm_lookup_priv_type("AES"));
    if (!err)
        err = take_key(g, "_auth-key", t->level >= SNMP_SEC_LEVEL_AUTHNOPRIV, &t->auth_key);
    if (!err)
        err = take_key(g, "_priv-key", t->level >= SNMP_SEC_LEVEL_AUTHPRIV, &t->priv_key);
    return err;
}

static int read_data(struct ps_jget *g, void *target, struct ps_deliver_retry *retry)
{
    struct target *t = target;
    static const char *const secret[] = {"_community", "_auth-key", "_priv-key"};
    const char *community = ps_jget_str(g, "_community", 1, 255, NULL);
    int err = keep(&t->dest, ps_jneed_str(g, "dest", 1, 255));

    (void)ps_deliver_schema(g, 1);
    retry->n = 0;
    take_oid(g, "trap-oid", &t->trap);
    if (!err)
        err = keep(&t->community, community);
    if (!err && !community)
        err = read_user(g, t);
    if (!err)
        err = read_binds(g, t);
    t->instance = (oid)ps_jget_u64(g, "instance-index", 0, UINT32_MAX, 0);
    return err ? err : ps_deliver_data_end(g, secret, 3);
}

// --- a session

// The identity that receivers of version 3 know this host by, the same each time: the machine's own. Returns octets.
static size_t engine_of(unsigned char out[5 + ENGINE_TEXT])
{
    static const unsigned char head[] = {0x80, 0, 0x1f, 0x88, 4}; // net-snmp's number; what follows is text
    const char *id = "psuite";
    char *text = NULL;
    size_t len = 0;

    if (ps_conf_load("/etc/machine-id", 4096, &text, &len) == 0 && text[0] != '\n')
        id = text;
    len = strcspn(id, "\n");
    len = len < ENGINE_TEXT ? len : ENGINE_TEXT;
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, id, len);
    free(text);
    return sizeof head + len;
}

// Key from passphrase (RFC 3414, A.2). 0 or PS_ECRYPTO.
static int make_key(oid *proto, size_t proto_len, const char *pass, unsigned char *key, size_t *len)
{
    size_t n = strlen(pass);
    char copy[256]; // the library's type is not const

    memcpy(copy, pass, n + 1);
    *len = USM_AUTH_KU_LEN;
    return generate_Ku(proto, (unsigned)proto_len, (unsigned char *)copy, n, key, len) == SNMPERR_SUCCESS
               ? 0
               : PS_ECRYPTO;
}

static int set_user(netsnmp_session *s, const struct target *t)
{
    int err = 0;

    s->version = SNMP_VERSION_3;
    s->securityModel = USM_SEC_MODEL_NUMBER;
    s->securityLevel = t->level;
    s->securityName = t->user;
    s->securityNameLen = strlen(t->user);
    if (t->level >= SNMP_SEC_LEVEL_AUTHNOPRIV) {
        s->securityAuthProto = sc_get_auth_oid(t->auth, &s->securityAuthProtoLen);
        err = make_key(s->securityAuthProto, s->securityAuthProtoLen, t->auth_key, s->securityAuthKey,
                       &s->securityAuthKeyLen);
    }
    if (!err && t->level >= SNMP_SEC_LEVEL_AUTHPRIV) {
        s->securityPrivProto = sc_get_priv_oid(t->priv, &s->securityPrivProtoLen);
        err = make_key(s->securityAuthProto, s->securityAuthProtoLen, t->priv_key, s->securityPrivKey,
                       &s->securityPrivKeyLen);
    }
    return err;
}

// Who sends a trap is its authority (RFC 3412, 1.1): its clock counts. That never goes back, so that no receiver
// takes this host for one that repeats what it heard: it is the time of day.
static void set_authority(netsnmp_session *s, unsigned char *engine, size_t len)
{
    s->securityEngineID = s->contextEngineID = engine;
    s->securityEngineIDLen = s->contextEngineIDLen = len;
    s->engineBoots = 1;
    s->engineTime = (unsigned)(time(NULL) & 0x7fffffff);
    set_enginetime(engine, (unsigned)len, s->engineBoots, s->engineTime, TRUE);
}

static void begin_library(void)
{
    (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
    (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
    (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
    (void)netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
    // Names of things are in numbers, and what the library would keep in folders is not used.
    (void)setenv("MIBS", "", 1);
    (void)setenv("MIBDIRS", "/dev/null", 1);
    (void)setenv("SNMP_PERSISTENT_DIR", "/dev/null", 1);
    (void)netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
    init_snmp("psuite");
}

static void tell(const struct target *t, netsnmp_session *s, struct ps_fault *fault)
{
    char *why = NULL;

    snmp_error(s, NULL, NULL, &why);
    ps_fault_set(fault, NULL, 0, "%s: %s", t->dest, why ? why : "cannot be sent to");
    free(why);
}

static void hang_up(void *link)
{
    (void)snmp_close(link);
}

static int open_link(const void *target, void **link, struct ps_fault *fault)
{
    const struct target *t = target;
    unsigned char engine[5 + ENGINE_TEXT];
    netsnmp_session s, *opened = NULL;
    int err = 0;

    snmp_sess_init(&s);
    s.peername = t->dest;
    s.version = SNMP_VERSION_2c;
    if (t->community) {
        s.community = (unsigned char *)t->community;
        s.community_len = strlen(t->community);
    } else {
        set_authority(&s, engine, engine_of(engine));
        err = set_user(&s, t);
    }
    if (!err) // 162: where traps are sent if dest names no port
        opened = snmp_add(&s, netsnmp_transport_open_client("snmptrap", s.peername), NULL, NULL);
    if (opened) {
        *link = opened;
        return 0;
    }
    if (err)
        ps_fault_set(fault, NULL, 0, "%s: no key can be made of a passphrase", t->dest);
    else
        tell(t, &s, fault);
    return err ? err : PS_ERESOLVE;
}

// --- a trap

static bool add(netsnmp_pdu *pdu, const struct name *name, unsigned char type, const void *value, size_t len)
{
    return snmp_pdu_add_variable(pdu, name->arcs, name->n, type, value, len) != NULL;
}

static bool add_bind(netsnmp_pdu *pdu, const struct bind *b, oid instance)
{
    struct name name = b->name;

    name.arcs[name.n++] = instance;
    return b->text ? add(pdu, &name, ASN_OCTET_STR, b->text, strlen(b->text))
                   : add(pdu, &name, ASN_INTEGER, &b->number, sizeof b->number);
}

// What is bound: the two of every trap, those of the data, and the result itself under the trap's name.
static bool fill(netsnmp_pdu *pdu, const struct target *t, const struct archiver_doc *doc)
{
    const unsigned long ticks = (unsigned long)get_uptime();
    struct name name = t->trap;
    bool ok = snmp_pdu_add_variable(pdu, up_time, OID_LENGTH(up_time), ASN_TIMETICKS, &ticks, sizeof ticks) &&
              snmp_pdu_add_variable(pdu, trap_id, OID_LENGTH(trap_id), ASN_OBJECT_ID, t->trap.arcs,
                                    t->trap.n * sizeof t->trap.arcs[0]);

    for (size_t i = 0; ok && i < t->nbinds; i++)
        ok = add_bind(pdu, &t->binds[i], t->instance);
    name.arcs[name.n++] = t->instance;
    return ok && add(pdu, &name, ASN_OCTET_STR, doc->text, doc->len);
}

static int send_doc(void *link, const void *target, const struct archiver_doc *doc, struct ps_fault *fault)
{
    const struct target *t = target;
    netsnmp_pdu *pdu;

    if (doc->len > DOC_MAX) {
        ps_fault_set(fault, NULL, 0,
                     "%s: the result has %zu octets, a trap at most %d: a transform can make it shorter",
                     t->dest, doc->len, DOC_MAX);
        return PS_ELIMIT;
    }
    pdu = snmp_pdu_create(SNMP_MSG_TRAP2);
    if (!pdu)
        return -ENOMEM;
    if (fill(pdu, t, doc) && snmp_send(link, pdu))
        return 0;
    tell(t, link, fault);
    snmp_free_pdu(pdu);
    return PS_EREFUSED;
}

int main(int argc, char **argv)
{
    static const struct archiver snmptrap = {
        .name = "snmptrap",
        .about = "Sends results as SNMP traps.",
        .target_size = sizeof(struct target),
        .read = read_data,
        .drop = drop,
        .open = open_link,
        .send = send_doc,
        .close = hang_up,
    };

    begin_library();
    return archiver_main(&snmptrap, argc, argv);
}
