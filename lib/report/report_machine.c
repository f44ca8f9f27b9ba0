// SPDX-License-Identifier: Apache-2.0
#include "report/report_impl.h"

static void print_end(const char *which, const char *host, const struct ps_addr *a, FILE *out)
{
    char text[PS_ADDR_STRLEN];
    fprintf(out, "%s_HOST\t%s\n", which, host);
    fprintf(out, "%s_ADDR\t%s\n", which, report_address(a, text));
    if (a->len)
        fprintf(out, "%s_PORT\t%u\n", which, ps_addr_port(a));
    else
        fprintf(out, "%s_PORT\t\n", which);
}

static void print_session(const struct report *r, FILE *out)
{
    const struct ow_request *q = &r->head->request;
    const struct ow_summary *s = &r->sum;
    uint8_t dscp;
    fprintf(out, "SUMMARY\t3.00\nSID\t%s\n", r->sid);
    print_end("FROM", r->from_host, &r->from, out);
    print_end("TO", r->to_host, &r->to, out);
    fprintf(out, "START_TIME\t%020" PRIu64 "\nEND_TIME\t%020" PRIu64 "\n", s->first_time, s->last_time);
    if (r->opts->unix_times) {
        fprintf(out, "UNIX_START_TIME\t%f\n", report_unix(s->first_time));
        fprintf(out, "UNIX_END_TIME\t%f\n", report_unix(s->last_time));
    }
    if (!ow_typep_dscp(q->typep, &dscp))
        fprintf(out, "DSCP\t0x%2.2x\n", dscp);
    fprintf(out, "LOSS_TIMEOUT\t%" PRIu64 "\n", q->timeout);
    fprintf(out, "PACKET_PADDING\t%" PRIu32 "\n", q->padding);
    fprintf(out, "SESSION_PACKET_COUNT\t%" PRIu32 "\n", q->npackets);
    fprintf(out, "SAMPLE_PACKET_COUNT\t%" PRIu32 "\n", s->end_seq - s->first_seq);
    fprintf(out, "BUCKET_WIDTH\t%g\n", r->opts->bucket_width);
    fprintf(out, "SESSION_FINISHED\t%d\n", r->head->finished == OW_FIN_NORMAL);
}

static void print_delays(const struct report *r, FILE *out)
{
    const struct ow_summary *s = &r->sum;
    double width = r->opts->bucket_width, p50, p95;
    bool median = ow_summary_percentile(s, width, 0.5, &p50);
    if (s->have_delay)
        fprintf(out, "MIN\t%g\n", ps_ntpdiff_to_double(s->min));
    if (median)
        fprintf(out, "MEDIAN\t%g\n", p50);
    if (s->have_delay)
        fprintf(out, "MAX\t%g\n", ps_ntpdiff_to_double(s->max));
    if (median && ow_summary_percentile(s, width, 0.95, &p95))
        fprintf(out, "PDV\t%g\n", p95 - p50);
}

static void print_buckets(const struct ow_summary *s, FILE *out)
{
    if (s->sent <= s->lost)
        return;
    fprintf(out, "<BUCKETS>\n");
    for (size_t i = 0; i < s->nbuckets; i++)
        fprintf(out, "\t%" PRId64 "\t%" PRIu64 "\n", s->buckets[i].index, s->buckets[i].count);
    fprintf(out, "</BUCKETS>\n");
}

static void print_ttls(const struct ow_summary *s, FILE *out)
{
    int low = 255, high = 0;
    for (int ttl = 0; ttl < 256; ttl++) {
        if (s->ttl[ttl]) {
            low = ttl < low ? ttl : low;
            high = ttl;
        }
    }
    fprintf(out, "MINTTL\t%d\nMAXTTL\t%d\n", low, high);
    if (!s->ttl_reports)
        return;
    fprintf(out, "<TTLBUCKETS>\n");
    for (int ttl = 0; ttl < 256; ttl++)
        if (s->ttl[ttl])
            fprintf(out, "\t%d\t%" PRIu64 "\n", ttl, s->ttl[ttl]);
    fprintf(out, "</TTLBUCKETS>\n");
}

static void print_reordering(const struct ow_summary *s, FILE *out)
{
    int n = 0;
    fprintf(out, "<NREORDERING>\n");
    for (; n < OW_REORDER_MAX && s->reorder[n]; n++)
        fprintf(out, "\t%d\t%" PRIu64 "\n", n + 1, s->reorder[n]);
    if (n == 0 || n == OW_REORDER_MAX)
        fprintf(out, "\t%d\t0\n", n + 1);
    fprintf(out, "</NREORDERING>\n");
}

void report_machine(const struct report *r, FILE *out)
{
    const struct ow_summary *s = &r->sum;
    print_session(r, out);
    fprintf(out, "SENT\t%" PRIu64 "\nSYNC\t%d\nMAXERR\t%g\n", s->sent, s->synced, s->max_error);
    fprintf(out, "DUPS\t%" PRIu64 "\nLOST\t%" PRIu64 "\n", s->dups, s->lost);
    print_delays(r, out);
    print_buckets(s, out);
    print_ttls(s, out);
    fprintf(out, "\n");
    print_reordering(s, out);
}
