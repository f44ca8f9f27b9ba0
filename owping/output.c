// SPDX-License-Identifier: Apache-2.0
#include "owping/output.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include "base/ps_err.h"

void output_begin(struct output *out, const struct options *o)
{
    out->o = o;
    if (!o->report.json)
        return;
    ps_json_init(&out->json, stdout, true);
    ps_json_open(&out->json, '{');
    ps_json_put_str(&out->json, "program", options_name(o));
    ps_json_put_str(&out->json, "version", PACKAGE_VERSION);
}

void output_sessions(struct output *out)
{
    if (!out->o->report.json)
        return;
    ps_json_put_open(&out->json, "sessions", '[');
}

static void reverse(const struct ow_request *req, const uint8_t addr[16], char *name, size_t size)
{
    struct ps_addr a;
    char text[PS_ADDR_STRLEN];
    if (ps_addr_from_wire(req->ipvn, addr, 0, &a) != 0)
        snprintf(name, size, "-");
    else if (getnameinfo(&a.sa, a.len, name, (socklen_t)size, NULL, 0, NI_NAMEREQD) != 0)
        snprintf(name, size, "%s", ps_addr_host(&a, text));
}

static void names_of(const struct ow_file *file, char from[NI_MAXHOST], char to[NI_MAXHOST])
{
    const struct ow_file_head *head = ow_file_head(file);
    if (!head->has_request) {
        from[0] = to[0] = '\0';
        return;
    }
    reverse(&head->request, head->request.sender_addr, from, NI_MAXHOST);
    reverse(&head->request, head->request.receiver_addr, to, NI_MAXHOST);
}

int output_session(struct output *out, int fd, const char *file, const struct ow_report_names *names,
                   const struct ow_report_extra *extra)
{
    struct ps_fault fault = {""};
    struct ow_file *f = NULL;
    char from[NI_MAXHOST], to[NI_MAXHOST];
    struct ow_report_names own = {from, to};
    int err = ow_file_new(&f, fd, file != NULL ? file : "the session", &fault);
    if (err == 0) {
        if (names == NULL) {
            if (out->o->report.raw && !out->o->report.json)
                from[0] = to[0] = '\0'; // they are not printed: no look-up
            else
                names_of(f, from, to);
            names = &own;
        }
        err = ow_report(f, &out->o->report, names, extra, stdout, out->o->report.json ? &out->json : NULL,
                        &fault);
    }
    const char *prefix = f != NULL && file != NULL ? file : ""; // a fault of ow_file_new names it already
    if (err != 0 || fault.text[0] != '\0')
        fprintf(stderr, "%s: %s%s%s\n", options_name(out->o), prefix, prefix[0] != '\0' ? ": " : "",
                fault.text[0] != '\0' ? fault.text : ps_strerror(err));
    ow_file_free(f);
    return err;
}

int output_end(struct output *out)
{
    int err = 0;
    if (out->o->report.json) {
        ps_json_close(&out->json, ']');
        ps_json_close(&out->json, '}');
        err = ps_json_end(&out->json);
    }
    if (fflush(stdout) != 0 || ferror(stdout) || err != 0) {
        fprintf(stderr, "%s: standard output did not take all results\n", options_name(out->o));
        return -EIO;
    }
    return 0;
}
