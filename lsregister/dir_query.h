// SPDX-License-Identifier: Apache-2.0
// A query of the lookup service, from the parameters of its URL. (Fact sheet of the lookup service, 1.3 and 7.) Pure.
//
//     type=service&service-type=owamp,twamp&service-type-operator=any&group-communities=LHC*
//
// A parameter is a key and the values to be found in it, separated by commas. All parameters have to be met, or one
// of them when operator=any; of the values of one all or one, as KEY-operator says, or operator. A value is compared
// as a whole, the case of ASCII letters does not count, and '*' stands for any octets. Of a key that is given again the
// first counts. skip and maxresults say which part of the answer is wanted.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_conf.h"
#include "http/ps_query.h"

#define DIR_QUERY_CLAUSES 64
#define DIR_QUERY_VALUES 256  // in all of them
#define DIR_QUERY_PATTERNS 8  // values with '*'
#define DIR_QUERY_PATTERN 128 // octets of one

struct dir_clause {
    const char *key;
    const char **values; // NULs stand in place of the commas
    size_t n;
    bool any; // one of the values is enough
};

struct dir_query {
    struct dir_clause clauses[DIR_QUERY_CLAUSES];
    size_t n;
    bool any; // one of the clauses is enough
    size_t skip, max;
    const char **values; // of all clauses
    size_t nvalues, npatterns;
    char *text; // what they point into
};

// Keys point into the parameters, which stay as long as q. q is to be given to dir_query_fini in any case. Without a
// clause it is met by every record. PS_ESYNTAX (an operator that is none, a number that is none), PS_ELIMIT: the fault
// says what; -ENOMEM.
int dir_query_read(struct dir_query *q, const struct ps_query *params, struct ps_fault *fault);
void dir_query_fini(struct dir_query *q);

// Whether a value has '*' in it.
bool dir_query_is_pattern(const char *value);
// Whether text is what the value stands for.
bool dir_query_fits(const char *value, const char *text);
// 'A' to 'Z' in lower case, every other octet as it is.
unsigned char dir_query_fold(unsigned char c);
