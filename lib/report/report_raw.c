// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include "base/ps_err.h"
#include "report/report_impl.h"

static void print_record(const struct ow_rec *rec, FILE *out)
{
    fprintf(out, "%" PRIu32 " %020" PRIu64 " %d %g %020" PRIu64 " %d %g %u\n", rec->seq, rec->send,
            ow_err_synced(rec->send_err), ow_err_seconds(rec->send_err), rec->recv,
            ow_err_synced(rec->recv_err), ow_err_seconds(rec->recv_err), rec->ttl);
}

int report_raw(struct report *r)
{
    struct ow_rec rec;
    int got = ow_file_seek(r->file, 0);
    if (!got)
        got = ow_file_next(r->file, &rec);
    for (; got == 1; got = ow_file_next(r->file, &rec))
        print_record(&rec, r->out);
    if (got < 0)
        return report_tell(r, got, "cannot read the records: %s", ps_strerror(got));
    return ferror(r->out) ? report_tell(r, -EIO, "cannot write the records") : 0;
}
