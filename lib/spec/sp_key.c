// SPDX-License-Identifier: Apache-2.0
// Looking things up in a test's table.
#include <string.h>
#include "spec/sp_table.h"

#define SCHEMA_MAX 100 // of anything; more is nonsense

const struct sp_key *sp_key_find(const struct sp_test *t, const char *name, int schema)
{
    for (size_t i = 0; i < t->nkeys; i++) {
        const struct sp_key *k = &t->keys[i];
        if (strcmp(k->name, name) == 0 && schema >= k->since && (!k->until || schema <= k->until))
            return k;
    }
    return NULL;
}

bool sp_key_has_word(const struct sp_key *k, const char *word)
{
    size_t i = 0;

    while (k->words[i] && strcmp(k->words[i], word) != 0)
        i++;
    return k->words[i] != NULL;
}

int sp_key_since(const struct sp_key *k, const char *value)
{
    int since = k->since ? k->since : 1;

    if (value && k->type == SP_T_WORD && k->words_until && !sp_key_has_word(k, value))
        since = k->words_until + 1;
    return since;
}

int sp_spec_schema(struct ps_jnode spec)
{
    int64_t schema;

    return ps_jnode_i64(ps_jnode_member(spec, "schema"), 1, SCHEMA_MAX, &schema, NULL) == 0 ? (int)schema : 1;
}
