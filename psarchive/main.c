// SPDX-License-Identifier: Apache-2.0
// psarchive(1): a verb, and what it does.
#include "base/ps_verbs.h"
#include "psarchive/serve.h"
#include "psarchive/verbs.h"

static const struct ps_verb verbs[] = {
    {"serve", serve_main, "serve the archive over HTTP, and take documents from spools"},
    {"get", get_main, "list metadata, print a series"},
    {"export", export_main, "print metadata and results as lines of JSON"},
    {"import", import_main, "store what such lines, or result documents, hold"},
    {"intake", intake_main, "take the documents of a spool into the archive, once"},
    {"token", token_main, "add, remove and list who may write"},
    {"status", status_main, "what there is, and how much room it takes"},
    {"size", size_main, "what a mesh would need a year"},
    {"verify", verify_main, "look through all of it"},
    {"purge", purge_main, "remove what a retention policy does not keep"},
    {"backup", backup_main, "copy the archive into a file, while it is in use"},
    {"restore", restore_main, "bring it back from such a file"},
};

int main(int argc, char **argv)
{
    static const struct ps_verbs program = {
        .program = "psarchive",
        .about = "Keeps what hosts measured, in one file, and answers as esmond does.",
        .at = verbs,
        .n = sizeof verbs / sizeof verbs[0],
        .see = "psarchive(1), psarchive-serve(1)",
    };

    return ps_verbs_main(&program, argc, argv);
}
