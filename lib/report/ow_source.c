// SPDX-License-Identifier: Apache-2.0
#include "report/ow_source.h"
#include "report/report_put.h"

void ow_source_json(struct ps_json *json, const struct ow_clock_source *source)
{
    bool answered = source->name != NULL && strcmp(source->name, "unknown") != 0;
    ps_json_open(json, '{');
    ps_json_put_str(json, "name", source->name);
    ps_json_put_str(json, "reference", answered && source->reference[0] != '\0' ? source->reference : NULL);
    put_count(json, "stratum", answered ? source->stratum : -1);
    ps_json_key(json, "synced");
    if (answered)
        ps_json_bool(json, source->synced);
    else
        ps_json_null(json);
    ps_json_put_str(json, "leap", source->leap);
    put_double(json, "error", answered && source->error >= 0, source->error);
    put_double(json, "bound", answered && source->bound >= 0, source->bound);
    ps_json_close(json, '}');
}
