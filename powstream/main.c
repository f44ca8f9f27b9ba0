// SPDX-License-Identifier: Apache-2.0
// powstream(1)
#include "powstream/run.h"

static int act(const struct options *o)
{
    if (o->tell != NULL)
        return run_tell(o);
    return o->check ? run_check(o) : run_streams(o);
}

int main(int argc, char **argv)
{
    struct options o;
    int status = 1;
    switch (options_read(&o, argc, argv)) {
    case OPTIONS_RUN:
        status = act(&o);
        break;
    case OPTIONS_DONE:
        status = 0;
        break;
    case OPTIONS_USAGE:
        break;
    }
    stream_conf_free(&o.stream);
    return status;
}
