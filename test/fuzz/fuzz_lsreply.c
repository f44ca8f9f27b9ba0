// SPDX-License-Identifier: Apache-2.0
// Answers of lookup servers, which a registrar takes one after the other: the first octet of each picks its status, a
// newline ends it. Lists of servers and notes of a registrar are tried on the same text.
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"
#include "lsregister/choice.h"
#include "lsregister/ledger.h"

static const char uuid[] = "aaaaaaaa-0000-4000-8000-000000000001";

static void add_wishes(struct wishes *w)
{
    struct wish *p;
    if (wishes_add(w, "person/A", &p) != 0)
        abort();
    record_set(&p->record, "type", "person");
    if (wishes_add(w, "host/0", &p) != 0)
        abort();
    record_set(&p->record, "type", "host");
    wish_link(p, "host-administrators", "person/A");
}

static void answer(struct registrar *r, const struct registrar_now *now, const struct lswire_ask *ask,
                   const uint8_t *text, size_t len)
{
    static const int statuses[] = {200, 200, 200, 403, 404, 400, 500, 302};
    struct lswire_reply reply;
    if (len == 0)
        lswire_none(true, "nothing", &reply);
    else if (lswire_read(ask->verb, statuses[text[0] & 7], (const char *)text + 1, len - 1, &reply) != 0)
        abort();
    if (reply.outcome != LS_OK && reply.why[0] == '\0')
        abort();
    if (registrar_answer(r, now, &reply) != 0)
        abort();
    lswire_reply_fini(&reply);
}

static void drive(const uint8_t *data, size_t size)
{
    static const struct registrar_conf conf = {.interval = 3600 * PS_SEC, .seed = 1};
    struct registrar_now now = {PS_SEC, PS_SEC};
    struct wishes wishes = {0};
    struct registrar *r;
    const struct lswire_ask *ask;
    ps_ns until;
    add_wishes(&wishes);
    if (registrar_new(&conf, uuid, &r) != 0 || registrar_use(r, "http://ls/") != 0 ||
        registrar_want(r, &wishes) != 0)
        abort();
    while (size > 0) {
        const uint8_t *nl = memchr(data, '\n', size);
        size_t len = nl ? (size_t)(nl - data) : size;
        for (int tries = 0; !registrar_next(r, &now, &ask, &until); tries++) {
            if (tries > 2)
                abort(); // waiting for the time that was told has to be enough
            now.mono = until;
        }
        answer(r, &now, ask, data, len);
        size -= nl ? len + 1 : len;
        data += nl ? len + 1 : len;
    }
    registrar_free(r);
    wishes_fini(&wishes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct registrar_conf conf = {.interval = PS_SEC};
    struct choice_list list = {0};
    struct ledger l = {.lock = -1};
    struct registrar *r;
    struct ps_fault fault = {""};
    if (choice_read(&list, (const char *)data, size, &fault) != 0 && fault.text[0] == '\0')
        abort();
    choice_fini(&list);
    fault.text[0] = '\0';
    if (registrar_new(&conf, uuid, &r) != 0)
        abort();
    if (ledger_parse(&l, r, (const char *)data, size, &fault) != 0 && fault.text[0] == '\0')
        abort();
    registrar_free(r);
    ledger_close(&l);
    drive(data, size);
    return 0;
}
