// SPDX-License-Identifier: Apache-2.0
// The results of one run on standard output, whatever the form asked for.
#pragma once
#include "owping/options.h"

struct output {
    const struct options *o;
    struct ps_json json;
};

// --json: opens the document; members may be added to out->json before output_sessions.
void output_begin(struct output *out, const struct options *o);
// Behind this come the sessions.
void output_sessions(struct output *out);
// One session from its file, whose name is for complaints (NULL: none). Says itself what is wrong with it
// or odd about it. names NULL: from the addresses in
// the file by reverse look-up.
int output_session(struct output *out, int fd, const char *file, const struct ow_report_names *names,
                   const struct ow_report_extra *extra);
// Ends the document. An error when standard output did not take everything; told.
int output_end(struct output *out);
