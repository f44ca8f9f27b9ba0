// SPDX-License-Identifier: Apache-2.0
#include "pslimits/ask.h"
#include "pslimits/check.h"
#include "pslimits/exits.h"
#include "pslimits/explain.h"
#include "pslimits/init.h"
#include "pslimits/owamp.h"
#include "pslimits/serve.h"
#include "pslimits/try.h"

static int act(const struct options *o)
{
    switch (o->verb) {
    case VERB_CHECK:
        return check_run(o);
    case VERB_OWAMP:
        return owamp_run(o);
    case VERB_INIT:
        return init_run(o);
    case VERB_EXPLAIN:
        return explain_run(o);
    case VERB_TRY:
        return try_run(o);
    case VERB_SERVE:
        return serve_run(o);
    case VERB_ASK:
        return ask_run(o);
    case VERBS:
        break;
    }
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    struct options o;
    switch (options_read(&o, argc, argv)) {
    case OPTIONS_RUN:
        return act(&o);
    case OPTIONS_DONE:
        return EXIT_YES;
    case OPTIONS_USAGE:
        break;
    }
    return EXIT_USAGE;
}
