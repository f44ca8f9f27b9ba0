// SPDX-License-Identifier: Apache-2.0
#include "limits/lim_script.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/ps_buf.h"

#define SCRIPT_MAX ((size_t)200 << 10)

static const struct frame {
    const char *prelude;
    const char *behind; // on a line of its own, for a script may end with a comment
    const char *given[2];
} frames[] = {
    [LIM_SCRIPT_PLAIN] = {NULL, "", {NULL}},
    [LIM_SCRIPT_REWRITE] = {"def classifiers: $__classifiers; "
                            "def classifiers_has($v): any($__classifiers[]; . == $v); "
                            "def hint($n): $__hints[$n]; "
                            "def change($m): ." LIM_PRIVATE ".changed = true "
                            "| if $m == null then . else ." LIM_PRIVATE ".messages += [$m | tostring] end; "
                            "def reject($m): error(\"rejected: \" + ($m | tostring));",
                            "\n| {task: del(." LIM_PRIVATE "), changed: ." LIM_PRIVATE
                            ".changed, messages: ." LIM_PRIVATE ".messages}",
                            {"__classifiers", "__hints"}},
    [LIM_SCRIPT_PRIORITY] = {"def classifiers: $__classifiers; "
                             "def classifiers_has($v): any($__classifiers[]; . == $v); "
                             "def default: 0; "
                             "def requested: $__requested; "
                             "def priority: ." LIM_PRIVATE ".priority; "
                             "def note($m): if $m == null then . else ." LIM_PRIVATE
                             ".notes += [$m | tostring] end; "
                             "def set($v; $m): ." LIM_PRIVATE
                             ".priority = $v | note(\"\\($m) (set to \\($v))\"); "
                             "def adjust($v; $m): ." LIM_PRIVATE ".priority += $v "
                             "| note(\"\\($m) (\\(if $v < 0 then \"\" else \"+\" end)\\($v))\");",
                             "\n| {priority: ." LIM_PRIVATE ".priority, notes: ." LIM_PRIVATE ".notes}",
                             {"__classifiers", "__requested"}},
    [LIM_SCRIPT_FETCH] = {"def hint($n): $__hints[$n];", "", {"__hints"}},
};

// the script's text

static void join_lines(struct ps_buf *out, struct ps_jnode node, struct lim_faults *faults)
{
    for (struct ps_jnode n = ps_jnode_first(node); ps_jnode_there(n); n = ps_jnode_next(n)) {
        struct ps_fault fault;
        const char *line = "";
        if (ps_jnode_str(n, 0, SIZE_MAX, &line, &fault) != 0)
            lim_fault_from(faults, n, &fault);
        else if (ps_buf_printf(out, "%s%s", ps_buf_len(out) ? "\n" : "", line) != 0)
            faults->err = -ENOMEM;
    }
}

static void script_text(struct ps_buf *out, struct ps_jnode node, struct lim_faults *faults)
{
    struct ps_fault fault;
    const char *text = "";
    size_t before = faults->faults;
    if (ps_jnode_type(node) == PS_JTYPE_ARRAY)
        join_lines(out, node, faults);
    else if (ps_jnode_str(node, 0, SIZE_MAX, &text, &fault) != 0)
        lim_fault_at(faults, LIM_FAULT, node, NULL, NULL, "wants a string, or an array of lines; got %s",
                     ps_jtype_words(ps_jnode_type(node)));
    else if (ps_buf_append(out, text, strlen(text)) != 0)
        faults->err = -ENOMEM;
    if (ps_buf_len(out) > SCRIPT_MAX)
        lim_fault_at(faults, LIM_FAULT, node, NULL, NULL, "has more than %zu octets", SCRIPT_MAX);
    else if (ps_buf_len(out) == 0 && faults->faults == before)
        lim_fault_at(faults, LIM_FAULT, node, NULL, "\".\" gives what it is given", "is empty");
}

// arguments

static bool is_name(const char *s)
{
    if (!isalpha((unsigned char)*s) && *s != '_')
        return false;
    while (isalnum((unsigned char)*s) || *s == '_')
        s++;
    return *s == '\0';
}

static void read_args(struct lim_program *p, struct ps_jnode args, struct lim_faults *faults)
{
    for (struct ps_jnode n = ps_jnode_first(args); ps_jnode_there(n); n = ps_jnode_next(n)) {
        const char *name = ps_jnode_key(n);
        if (name[0] == '#')
            continue;
        if (!is_name(name)) {
            lim_fault_at(faults, LIM_FAULT, n, NULL, "letters, digits and underscores",
                         "cannot be a variable of jq");
        } else if (p->nown == LIM_ARGS_MAX) {
            lim_fault_at(faults, LIM_FAULT, args, NULL, "put some into one object",
                         "has more than %d arguments", LIM_ARGS_MAX);
            return;
        } else {
            p->names[p->nown] = name;
            p->values[p->nown].text = ps_jnode_raw(n, &p->values[p->nown].len);
            p->nown++;
        }
    }
}

static void name_given(struct lim_program *p, enum lim_script_kind kind)
{
    p->nnames = p->nown;
    for (size_t i = 0; i < 2 && frames[kind].given[i]; i++)
        p->names[p->nnames++] = frames[kind].given[i];
}

// the program

static struct lim_program *enter(struct lim_rules *rules)
{
    if (rules->nprograms == rules->programs_cap) {
        size_t wanted = rules->programs_cap ? rules->programs_cap * 2 : 8;
        struct lim_program **list = realloc(rules->programs, wanted * sizeof(struct lim_program *));
        if (!list)
            return NULL;
        rules->programs = list;
        rules->programs_cap = wanted;
    }
    struct lim_program *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->index = rules->nprograms;
    rules->programs[rules->nprograms++] = p;
    return p;
}

void lim_program_free(struct lim_program *p)
{
    free(p->of);
    free(p->path);
    free(p->text);
    free(p);
}

// Where the script stands, for what jq has against it later.
static void note_place(struct lim_program *p, struct ps_jnode script, const struct lim_faults *faults)
{
    struct ps_buf path;
    char inner[160];
    ps_jnode_path(script, inner, sizeof inner);
    p->line = faults->site ? faults->site_line : ps_jnode_line(script);
    ps_buf_init(&path, 0);
    if (ps_buf_printf(&path, "%s%s%s", faults->site ? faults->site : "", faults->site ? "." : "", inner) == 0)
        p->path = strndup((char *)ps_buf_head(&path), ps_buf_len(&path));
    ps_buf_fini(&path);
}

// The buffer is void afterwards.
static char *finish_text(struct ps_buf *script, enum lim_script_kind kind)
{
    const char *behind = frames[kind].behind;
    char *text = NULL;
    if (ps_buf_append(script, behind, strlen(behind) + 1) == 0)
        text = strdup((char *)ps_buf_head(script));
    return text;
}

struct lim_program *lim_script_read(struct lim_rules *rules, struct ps_jnode object,
                                    enum lim_script_kind kind, const char *of, struct lim_faults *faults)
{
    struct lim_read r;
    struct ps_buf text;
    struct lim_program *p = enter(rules);
    if (!p) {
        faults->err = -ENOMEM;
        return NULL;
    }
    ps_buf_init(&text, 0);
    lim_read_begin(&r, object, faults);
    struct ps_jnode script = lim_get(&r, "script", LIM_NEEDED);
    struct ps_jnode args = lim_get_object(&r, "args", LIM_OPTIONAL);
    (void)lim_get_bool(&r, "output-raw", LIM_OPTIONAL, false); // what is wanted is the value, not its quotes
    if (ps_jnode_there(script))
        script_text(&text, script, faults);
    read_args(p, args, faults);
    name_given(p, kind);
    note_place(p, script, faults);
    p->kind = kind;
    p->prelude = frames[kind].prelude;
    p->of = strdup(of);
    p->text = finish_text(&text, kind);
    ps_buf_fini(&text);
    if (!p->of || !p->path || !p->text)
        faults->err = -ENOMEM;
    p->sound = lim_read_end(&r);
    return p->sound ? p : NULL;
}
