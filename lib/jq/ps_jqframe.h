// SPDX-License-Identifier: Apache-2.0
// What a process and its workers say to each other on a stream socket: frames of a length (32 bits, of what
// follows it), a type and flags (8 bits each), and what the type says. Integers are big-endian, texts have a
// length before and a NUL behind them. Both ends check all of it: a worker may have been taken over by what it
// ran, and who asks may be faulty.
#pragma once
#include "base/ps_buf.h"
#include "base/ps_wire.h"
#include "jq/ps_jq.h"

#define PS_JQFRAME_VERSION 1
#define PS_JQFRAME_HEAD 6    // octets before the rest
#define PS_JQFRAME_FLAGS 5   // where the flags stand
#define PS_JQFRAME_TEXT 5    // octets of a text beside its own
#define PS_JQFRAME_SLOTS 128 // programs that a worker keeps
#define PS_JQFRAME_ASK_MAX (PS_JQ_INPUT_MAX + 4096)

enum ps_jqframe_type {
    // to the worker; it answers each before it reads the next
    PS_JQFRAME_COMPILE = 1, // answered by COMPILED or FAULT
    PS_JQFRAME_RUN,         // by DONE or FAULT
    // from it
    PS_JQFRAME_READY, // at its beginning
    PS_JQFRAME_COMPILED,
    PS_JQFRAME_DONE,
    PS_JQFRAME_FAULT,
};

enum {
    PS_JQFRAME_WORN = 1, // the worker has grown, and should be replaced
};

struct ps_jqframe {
    enum ps_jqframe_type type;
    unsigned flags;
    const uint8_t *data; // behind the flags, in the buffer
    size_t len;
    size_t whole; // octets to be consumed with it
};

// The first frame in a buffer: 1; 0: not all of it is there. PS_ELIMIT: it is longer than max; PS_EMALFORMED: it
// is none.
int ps_jqframe_next(const struct ps_buf *in, size_t max, struct ps_jqframe *out);

// Writing. Where a frame begins is given to its end, which writes the length.
int ps_jqframe_begin(struct ps_buf *out, enum ps_jqframe_type type, size_t *start);
int ps_jqframe_text(struct ps_buf *out, const char *text, size_t len);
void ps_jqframe_end(const struct ps_buf *out, size_t start);

// A program for a slot, in place of what it held.
struct ps_jqframe_program {
    unsigned slot;
    struct ps_jq_value text, prelude, names[PS_JQ_ARGS_MAX];
    size_t nnames;
};

struct ps_jqframe_run {
    unsigned slot;
    struct ps_jq_value input, args[PS_JQ_ARGS_MAX];
    size_t nargs;
};

// What holds of the confinement of a worker.
enum { PS_JQFRAME_LANDLOCK = 1, PS_JQFRAME_SECCOMP = 2 };

// err is one of the codes that ps_jq.h names.
struct ps_jqframe_fault {
    int err;
    unsigned line;
    struct ps_jq_value why;
};

// Each writes a whole frame: 0, -ENOMEM, PS_ELIMIT; and reads what is behind the flags of one: 0, PS_EMALFORMED.
// Texts that were read stand in the frame.
int ps_jqframe_put_program(struct ps_buf *out, const struct ps_jqframe_program *p);
int ps_jqframe_get_program(const struct ps_jqframe *f, struct ps_jqframe_program *out);
int ps_jqframe_put_run(struct ps_buf *out, const struct ps_jqframe_run *r);
int ps_jqframe_get_run(const struct ps_jqframe *f, struct ps_jqframe_run *out);
int ps_jqframe_put_ready(struct ps_buf *out, unsigned held);
int ps_jqframe_get_ready(const struct ps_jqframe *f, unsigned *held); // PS_EVERSION: not ours
int ps_jqframe_put_fault(struct ps_buf *out, const struct ps_jqframe_fault *fault);
int ps_jqframe_get_fault(const struct ps_jqframe *f, struct ps_jqframe_fault *out);
int ps_jqframe_put_compiled(struct ps_buf *out);
int ps_jqframe_get_compiled(const struct ps_jqframe *f);
// The texts of a DONE: how many there are, then the first n of them.
int ps_jqframe_get_done(const struct ps_jqframe *f, size_t *count);
void ps_jqframe_outputs(const struct ps_jqframe *f, struct ps_jq_output *out, size_t n);
// Where the slot stands in a frame that ps_jqframe_put_program or ps_jqframe_put_run has written.
void ps_jqframe_set_slot(uint8_t *frame, unsigned slot);
