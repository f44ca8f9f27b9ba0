// SPDX-License-Identifier: Apache-2.0
// pScheduler's tests: their names and classes, what a specification of each may say, and who takes part (fact
// sheet 2.3, 3.1, 3.2). What is known of a test is a table of keys; code is only where a test is special. Pure.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/ps_conf.h"
#include "base/ps_out.h"
#include "json/ps_jdoc.h"

#define SP_SPEC_DEPTH 16       // arrays and objects inside each other in a specification
#define SP_SPEC_STRING 4096    // octets of a string in one
#define SP_SPEC_ITEMS 64       // members of an array or object in one
#define SP_PARTICIPANTS_MAX 64 // of a task

enum sp_class { SP_EXCLUSIVE, SP_NORMAL, SP_BACKGROUND, SP_BACKGROUND_MULTI };
const char *sp_class_word(enum sp_class c);    // as in enumerations: "exclusive", "background-multi"
const char *sp_class_display(enum sp_class c); // "Exclusive", "Background Multi-Result"
bool sp_class_anytime(enum sp_class c);        // avoids nothing and is avoided by nothing
bool sp_class_multi(enum sp_class c);          // a run has many results

struct sp_test; // static, for as long as the process lives

const struct sp_test *sp_test_at(size_t i);           // in the order of names; NULL past the last one
const struct sp_test *sp_test_find(const char *name); // NULL: none of ours
const char *sp_test_name(const struct sp_test *t);
const char *sp_test_about(const struct sp_test *t); // a line
enum sp_class sp_test_class(const struct sp_test *t);
int sp_test_schema(const struct sp_test *t); // the newest one of specifications
// The enumeration of section 7 as an object: schema, name, description, version, maintainer, scheduling-class
// and, unless NULL, href.
void sp_test_enumerate(const struct sp_test *t, const char *href, struct ps_json *j);

// Whether the specification is one of that test. The fault has upstream's form: "At /count: 0 is less than the
// minimum of 1", "At /: 'dest' is a required property". Keys that begin with '#' are comments. PS_EMALFORMED (a
// value of another type or form), PS_ERANGE, PS_EUNKNOWN (a key or word that is none of those), PS_ENOTFOUND (a
// key that is missing, or no specification), PS_EVERSION (a schema that is not known), PS_ELIMIT.
int sp_validate(const struct sp_test *t, struct ps_jnode spec, struct ps_fault *fault);

// The rest takes specifications that are valid.

// How many hosts take part: 1 or 2, for idle as many as it names.
size_t sp_participants_count(const struct sp_test *t, struct ps_jnode spec);
// Who is the i-th: a host with or without a port, as long as the document lives. NULL: the system that is asked,
// which only the first one can be.
const char *sp_participant(const struct sp_test *t, struct ps_jnode spec, size_t i);
// {"participants":[HOST|null,...]}, and "null-reason" when the first one is null.
void sp_participants(const struct sp_test *t, struct ps_jnode spec, struct ps_json *j);
