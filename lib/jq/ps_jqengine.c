// SPDX-License-Identifier: Apache-2.0
#include "jq/ps_jqengine.h"
#include <errno.h>
#include <jq.h>
#include <jv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_err.h"
#include "base/ps_num.h"
#include "jq/ps_jqtext.h"

struct slot {
    jq_state *jq; // NULL: free
    size_t nargs;
};

struct ps_jqengine {
    char *library;
    size_t output;
    void (*no_memory)(void *);
    struct slot slots[PS_JQFRAME_SLOTS];
};

int ps_jqengine_new(const char *library, size_t output, void (*no_memory)(void *), struct ps_jqengine **out)
{
    struct ps_jqengine *e = calloc(1, sizeof *e);

    if (!e)
        return -ENOMEM;
    e->library = strdup(library);
    if (!e->library) {
        free(e);
        return -ENOMEM;
    }
    e->output = output;
    e->no_memory = no_memory;
    jv_nomem_handler(no_memory, NULL);
    *out = e;
    return 0;
}

static void empty(struct slot *s)
{
    if (s->jq)
        jq_teardown(&s->jq);
    s->jq = NULL;
}

void ps_jqengine_free(struct ps_jqengine *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < PS_JQFRAME_SLOTS; i++)
        empty(&e->slots[i]);
    free(e->library);
    free(e);
}

// --- faults

// In one line.
static int put_fault(struct ps_buf *out, int err, unsigned line, const char *text, size_t len)
{
    char why[PS_JQ_WHY_MAX];
    struct ps_jqframe_fault fault = {err, line, {why, len < sizeof why ? len : sizeof why}};

    for (size_t i = 0; i < fault.why.len; i++)
        why[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? ' ' : text[i];
    return ps_jqframe_put_fault(out, &fault);
}

// What was given to error(), or what jq says. Takes the value.
static int put_failure(struct ps_buf *out, int err, jv message)
{
    jv text = jv_get_kind(message) == JV_KIND_STRING ? message : jv_dump_string(message, 0);
    int rc = put_fault(out, err, 0, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));

    jv_free(text);
    return rc;
}

// --- compiling

// The first of jq's messages; those that follow tell how many there were.
struct message {
    char text[PS_JQ_WHY_MAX];
};

static void note_message(void *ctx, jv value)
{
    struct message *m = ctx;

    if (m->text[0] == '\0' && jv_get_kind(value) == JV_KIND_STRING)
        strncpy(m->text, jv_string_value(value), sizeof m->text - 1);
    jv_free(value);
}

static void cut(char *text, const char *part)
{
    char *at = strstr(text, part);

    if (at)
        memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
}

// "jq: error: WHAT at <top-level>, line N:" with an excerpt below: cut down to WHAT, and N is returned; 0: it is
// not about a line of the program.
static unsigned split_message(char *text)
{
    static const char here[] = " at <top-level>, line ";
    uint64_t line = 0;
    char *at;

    cut(text, "jq: error: ");
    cut(text, " (Unix shell quoting issues?)");
    at = strstr(text, here);
    if (at) {
        *at = '\0';
        at += sizeof here - 1;
        at[strspn(at, "0123456789")] = '\0';
        (void)ps_num_u64(at, 10, 0, UINT32_MAX, &line);
    }
    text[strcspn(text, "\n")] = '\0';
    return (unsigned)line;
}

static jv no_input(jq_state *jq, void *ctx)
{
    (void)jq;
    (void)ctx;
    return jv_invalid();
}

static void ignore(void *ctx, jv value)
{
    (void)ctx;
    jv_free(value);
}

static jq_state *new_state(const struct ps_jqengine *e, struct message *m)
{
    jq_state *jq = jq_init();

    if (!jq)
        return NULL;
    m->text[0] = m->text[sizeof m->text - 1] = '\0';
    jq_set_error_cb(jq, note_message, m);
    jq_set_input_cb(jq, no_input, NULL);
    jq_set_debug_cb(jq, ignore, NULL);
    jq_set_nomem_handler(jq, e->no_memory, NULL); // while it runs this one counts
    // Without them an import ends the process.
    jq_set_attr(jq, jv_string("JQ_LIBRARY_PATH"), JV_ARRAY(jv_string(e->library)));
    jq_set_attr(jq, jv_string("JQ_ORIGIN"), jv_string(e->library));
    jq_set_attr(jq, jv_string("PROGRAM_ORIGIN"), jv_string(e->library));
    return jq;
}

static int compile_text(const struct ps_jqengine *e, struct slot *s, const char *text, struct ps_buf *out)
{
    struct message m;
    unsigned line;

    s->jq = new_state(e, &m);
    if (!s->jq)
        return -ENOMEM;
    if (jq_compile_args(s->jq, text, jv_object())) {
        jq_set_error_cb(s->jq, NULL, NULL);
        return ps_jqframe_put_compiled(out);
    }
    empty(s);
    line = split_message(m.text);
    return put_fault(out, PS_ESYNTAX, line, m.text, strlen(m.text));
}

static int compile(struct ps_jqengine *e, const struct ps_jqframe *f, struct ps_buf *out)
{
    struct ps_jqframe_program p;
    struct ps_jqtext_parts parts;
    struct ps_jqtext_fault fault;
    struct ps_buf text;
    int err = ps_jqframe_get_program(f, &p);

    if (err)
        return err;
    parts = (struct ps_jqtext_parts){p.text, p.prelude, p.names, p.nnames};
    empty(&e->slots[p.slot]);
    e->slots[p.slot].nargs = p.nnames;
    ps_buf_init(&text, 0);
    err = ps_jqtext_compose(&parts, &text, &fault);
    if (err == PS_ESYNTAX)
        err = put_fault(out, PS_ESYNTAX, fault.line, fault.why, strlen(fault.why));
    else if (!err)
        err = compile_text(e, &e->slots[p.slot], (char *)ps_buf_head(&text), out);
    ps_buf_fini(&text);
    return err;
}

// --- running

static jv parse(const struct ps_jq_value *v)
{
    return jv_parse_sized(v->text, (int)v->len);
}

static int not_json(struct ps_buf *out, const char *what, jv invalid)
{
    jv text = jv_invalid_get_msg(invalid), whole;
    const char *why = jv_get_kind(text) == JV_KIND_STRING ? jv_string_value(text) : "there is nothing";
    const char *excerpt = strstr(why, " (while parsing");

    whole = jv_string_fmt("%s is not JSON: %.*s", what,
                          (int)(excerpt ? (size_t)(excerpt - why) : strlen(why)), why);
    jv_free(text);
    return put_failure(out, PS_ESYNTAX, whole);
}

// What the program is given: the input, or with arguments an array of them and it. *told: it is not to be had,
// and that was answered.
static jv make_input(const struct ps_jqframe_run *r, struct ps_buf *out, int *err, bool *told)
{
    jv all = jv_array(), value = jv_invalid();

    for (size_t i = 0; i <= r->nargs; i++) {
        value = parse(i < r->nargs ? &r->args[i] : &r->input);
        if (!jv_is_valid(value)) {
            *told = true;
            *err = not_json(out, i < r->nargs ? "an argument" : "the input", value);
            return all;
        }
        if (r->nargs > 0)
            all = jv_array_append(all, value);
    }
    if (r->nargs > 0)
        return all;
    jv_free(all);
    return value;
}

static int put_output(jv value, struct ps_buf *out, size_t *left)
{
    jv text = jv_dump_string(value, 0);
    size_t len = (size_t)jv_string_length_bytes(jv_copy(text));
    int err = PS_ELIMIT;

    if (len + PS_JQFRAME_TEXT <= *left) {
        *left -= len + PS_JQFRAME_TEXT;
        err = ps_jqframe_text(out, jv_string_value(text), len);
    }
    jv_free(text);
    return err;
}

// How a run ended: 0 as it should; 1, the message stands in *message.
static int ending(jq_state *jq, jv last, jv *message)
{
    jv code;
    bool failed;

    if (!jq_halted(jq)) {
        failed = jv_invalid_has_msg(jv_copy(last));
        *message = failed ? jv_invalid_get_msg(jv_copy(last)) : jv_null();
        return failed;
    }
    code = jq_get_exit_code(jq);
    failed = jv_get_kind(code) == JV_KIND_NUMBER && jv_number_value(code) != 0;
    jv_free(code);
    *message = failed ? jq_get_error_message(jq) : jv_null();
    return failed;
}

// Appends outputs until there are no more of them.
static int collect(const struct ps_jqengine *e, jq_state *jq, struct ps_buf *out, jv *message)
{
    size_t left = e->output;
    jv value = jq_next(jq);
    int rc = 0;

    while (rc == 0 && jv_is_valid(value)) {
        rc = put_output(value, out, &left);
        value = rc == 0 ? jq_next(jq) : jv_invalid();
    }
    if (rc == 0)
        rc = ending(jq, value, message);
    jv_free(value);
    return rc;
}

static int too_much(const struct ps_jqengine *e, struct ps_buf *out)
{
    char why[64];

    snprintf(why, sizeof why, "made more than %zu KiB of output", e->output >> 10);
    return put_fault(out, PS_ELIMIT, 0, why, strlen(why));
}

static int run_on(const struct ps_jqengine *e, jq_state *jq, jv input, struct ps_buf *out)
{
    size_t start;
    jv message = jv_null();
    int rc = ps_jqframe_begin(out, PS_JQFRAME_DONE, &start);

    jq_start(jq, input, 0);
    if (rc == 0)
        rc = collect(e, jq, out, &message);
    if (rc == 0)
        ps_jqframe_end(out, start);
    else
        ps_buf_cut(out, start); // a fault stands in its place
    if (rc == PS_ELIMIT)
        rc = too_much(e, out);
    if (rc == 1)
        return put_failure(out, PS_EREFUSED, message);
    jv_free(message);
    return rc;
}

static int run(const struct ps_jqengine *e, const struct ps_jqframe *f, struct ps_buf *out)
{
    struct ps_jqframe_run r;
    const struct slot *s;
    jv input;
    bool told = false;
    int err = ps_jqframe_get_run(f, &r);

    if (err)
        return err;
    s = &e->slots[r.slot];
    if (!s->jq || s->nargs != r.nargs)
        return PS_EPROTO;
    input = make_input(&r, out, &err, &told);
    if (!told)
        return run_on(e, s->jq, input, out);
    jv_free(input);
    return err;
}

int ps_jqengine_answer(struct ps_jqengine *e, const struct ps_jqframe *f, struct ps_buf *out)
{
    if (f->type == PS_JQFRAME_COMPILE)
        return compile(e, f, out);
    return f->type == PS_JQFRAME_RUN ? run(e, f, out) : PS_EPROTO;
}
