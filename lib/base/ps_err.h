// SPDX-License-Identifier: Apache-2.0
// Error codes shared by the whole suite, and their words.
//
// A function that can fail returns int: 0, a negative PS_E... code, or a negated errno.
#pragma once

#define PS_ERR_LIST(X)                                     \
    X(PS_ESHORT, -1001, "input ends too early")            \
    X(PS_EMALFORMED, -1002, "malformed input")             \
    X(PS_EVERSION, -1003, "unknown version")               \
    X(PS_EUNSUPPORTED, -1004, "not supported")             \
    X(PS_ELIMIT, -1005, "limit exceeded")                  \
    X(PS_ERANGE, -1006, "value out of range")              \
    X(PS_ESYNTAX, -1007, "syntax error")                   \
    X(PS_EUNKNOWN, -1008, "unknown name")                  \
    X(PS_EDUPLICATE, -1009, "already defined")             \
    X(PS_ENOTFOUND, -1010, "not found")                    \
    X(PS_EAUTH, -1011, "authentication failed")            \
    X(PS_EPROTO, -1012, "protocol violation")              \
    X(PS_ESTATE, -1013, "not possible now")                \
    X(PS_EREFUSED, -1014, "refused by the peer")           \
    X(PS_ECLOSED, -1015, "connection closed by the peer")  \
    X(PS_ETIMEOUT, -1016, "timed out")                     \
    X(PS_ERESOLVE, -1017, "name does not resolve")         \
    X(PS_ECRYPTO, -1018, "cryptographic operation failed") \
    X(PS_ECANCELLED, -1019, "cancelled")                   \
    X(PS_ENOTFILE, -1020, "not a regular file")

enum ps_err {
    PS_OK = 0,
#define PS_ERR_ENUM(name, value, text) name = value,
    PS_ERR_LIST(PS_ERR_ENUM)
#undef PS_ERR_ENUM
};

// The words for a code: a PS_E... code, 0, or a negated errno. Never NULL; static storage or
// strerror's buffer.
const char *ps_strerror(int err);
