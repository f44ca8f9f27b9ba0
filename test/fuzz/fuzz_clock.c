// SPDX-License-Identifier: Apache-2.0
// What may come in answer to the questions to chronyd (first octet 0), ntpd (1) and ptp4l (2, which takes several
// datagrams, each behind its length). The requests' numbers are 77.
#include "clock/ps_chrony.h"
#include "clock/ps_ntpd.h"
#include "clock/ps_ptp4l.h"
#include "fuzz.h"

static void answers_of_ptp4l(const uint8_t *data, size_t size, struct ps_source *s)
{
    static const struct ps_ptp_query query = {.self = {1, 2, 3, 4, 5, 6, 7, 8}, .sequence = 77};
    struct ps_ptp_state st = {.told = 0};
    enum ps_ptp_data which;
    while (size > 0) {
        size_t len = data[0] < size - 1 ? data[0] : size - 1;
        (void)ps_ptp_reply(data + 1, len, &query, &st, &which);
        data += 1 + len;
        size -= 1 + len;
    }
    ps_ptp_source(&st, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_source s;
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0)
        (void)ps_chrony_reply(data + 1, size - 1, 77, &s);
    else if (data[0] % 3 == 1)
        (void)ps_ntpd_reply(data + 1, size - 1, 77, &s);
    else
        answers_of_ptp4l(data + 1, size - 1, &s);
    return 0;
}
