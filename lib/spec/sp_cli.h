// SPDX-License-Identifier: Apache-2.0
// Command lines of tests: "--count 5 --dest HOST" to a specification and back. Pure.
#pragma once
#include "base/ps_buf.h"
#include "spec/sp_test.h"

#define SP_CLI_ARGS_MAX 1024

#define SP_CLI_HELP 1 // not a specification, but help was asked for

// Reads the arguments behind the test's name and appends the specification in JSON, with the oldest schema that
// knows all of it; it is valid. Long names are the keys, "--no-KEY" is false; values may follow as "--KEY=VALUE"
// and letters be put together, as with getopt_long. Bare numbers are durations in seconds; sizes and rates take SI
// letters (1G, 64Ki). SP_CLI_HELP: out has the help text (-h, --help). Errors as of sp_validate, and PS_ESYNTAX;
// the fault is upstream's: "no such option: --bogus". out is then as it was. -ENOMEM, PS_ELIMIT (out is full).
int sp_from_cli(const struct sp_test *t, const char *const *args, size_t nargs, struct ps_buf *out,
                struct ps_fault *fault);
// The way back: an array of strings that sp_from_cli makes the same specification of, its schema aside. What an open
// test has beyond its keys is left out.
// with_type: the test's name comes first, as in GET /tasks/ID/cli.
void sp_to_cli(const struct sp_test *t, struct ps_jnode spec, bool with_type, struct ps_json *j);
// The help text.
int sp_cli_help(const struct sp_test *t, struct ps_buf *out);
