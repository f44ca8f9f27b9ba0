// SPDX-License-Identifier: Apache-2.0
// Session files of any origin, read and summed up as owstats does.
#include <sys/mman.h>
#include <unistd.h>
#include "data/ow_file.h"
#include "fuzz.h"
#include "owamp/ow_stats.h"

// The schedule is generated packet by packet: a longer one takes time and shows nothing new.
#define RANGE_MAX 4096u

static void sum_up(struct ow_file *f, struct ow_stats *s, uint32_t npackets)
{
    struct ow_rec rec;
    struct ow_summary sum;
    double seconds;
    int64_t delay;
    uint64_t n = 0;
    if (ow_stats_range(s, 0, npackets < RANGE_MAX ? npackets : RANGE_MAX) < 0)
        return;
    while (ow_file_next(f, &rec) == 1 && ow_stats_add(s, &rec) == 0)
        n++;
    if (ow_stats_get(s, &sum) == 0 && n > 0) {
        ow_summary_percentile(&sum, 0.0001, 0.5, &seconds);
        ow_stats_exact_percentile(s, 0.95, &delay);
    }
}

static void read_session(struct ow_file *f)
{
    const struct ow_file_head *head = ow_file_head(f);
    const struct ow_request *req = &head->request;
    struct ow_stats_conf conf = {.slots = ow_file_slots(f),
                                 .nslots = req->nslots,
                                 .npackets = req->npackets,
                                 .start = req->start,
                                 .bucket_width = 0.0001,
                                 .keep_delays = true};
    struct ow_stats *s = NULL;
    conf.skips = ow_file_skips(f, &conf.nskips);
    if (head->has_request && ow_stats_new(&s, &conf) == 0)
        sum_up(f, s, req->npackets);
    ow_stats_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_fault fault;
    struct ow_file *f = NULL;
    int fd = memfd_create("session", MFD_CLOEXEC);
    if (fd < 0)
        return 0;
    if (write(fd, data, size) == (ssize_t)size && ow_file_new(&f, fd, "session", &fault) == 0)
        read_session(f);
    ow_file_free(f);
    close(fd);
    return 0;
}
