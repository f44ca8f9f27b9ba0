// SPDX-License-Identifier: Apache-2.0
// pScheduler's REST API at /pscheduler (fact sheet scheduler, section 1). Where an answer is late, the handler returns
// before.
#pragma once
#include "psched/reply.h"
#include "psched/site.h"
#include "psched/store.h"

struct sch_run;
struct task;

// All routes of the API. 0, -ENOMEM.
int rest_routes(struct site *s);

// rest_admin.c
void rest_root(void *site, struct ps_http_req *req);
void rest_api(void *site, struct ps_http_req *req);
void rest_hostname(void *site, struct ps_http_req *req);
void rest_horizon(void *site, struct ps_http_req *req);
void rest_clock(void *site, struct ps_http_req *req);
void rest_status(void *site, struct ps_http_req *req);
void rest_limits(void *site, struct ps_http_req *req);

// rest_free.c: free is of our own
void rest_free(void *site, struct ps_http_req *req);
void rest_mtu_safe(void *site, struct ps_http_req *req);

// rest_plugins.c
void rest_tests(void *site, struct ps_http_req *req);
void rest_test(void *site, struct ps_http_req *req);
void rest_test_spec(void *site, struct ps_http_req *req);
void rest_test_valid(void *site, struct ps_http_req *req);
void rest_test_participants(void *site, struct ps_http_req *req);
void rest_test_tools(void *site, struct ps_http_req *req);
void rest_tools(void *site, struct ps_http_req *req);
void rest_tool(void *site, struct ps_http_req *req);
void rest_archivers(void *site, struct ps_http_req *req);
void rest_archiver(void *site, struct ps_http_req *req);
void rest_archiver_valid(void *site, struct ps_http_req *req);
void rest_contexts(void *site, struct ps_http_req *req);
void rest_context(void *site, struct ps_http_req *req);
// Those of a class by their names, as a JSON array.
void rest_plugin_names(const struct site *s, enum tl_plugin_class c, struct ps_json *j);

// rest_tasks.c
void rest_tasks(void *site, struct ps_http_req *req);
void rest_task_add(void *site, struct ps_http_req *req); // admit.c
void rest_task(void *site, struct ps_http_req *req);
void rest_task_cli(void *site, struct ps_http_req *req);
void rest_task_cancel(void *site, struct ps_http_req *req);
void rest_task_skips(void *site, struct ps_http_req *req);

// rest_runs.c
void rest_runtimes(void *site, struct ps_http_req *req);
void rest_runs(void *site, struct ps_http_req *req);
void rest_run_add(void *site, struct ps_http_req *req);
void rest_run(void *site, struct ps_http_req *req);
void rest_run_put(void *site, struct ps_http_req *req);
void rest_run_delete(void *site, struct ps_http_req *req);
void rest_run_result(void *site, struct ps_http_req *req); // rest_result.c

// rest_schedule.c
void rest_schedule(void *site, struct ps_http_req *req);
void rest_monitor(void *site, struct ps_http_req *req);

// rest_stat.c
void rest_stat_pause(void *site, struct ps_http_req *req);
void rest_stat_archiving(void *site, struct ps_http_req *req);
void rest_stat_queue(void *site, struct ps_http_req *req);
void rest_stat_runs(void *site, struct ps_http_req *req);

// --- what they share

// The task of the path; NULL: 404 was answered.
struct task *rest_task_of(struct site *s, struct ps_http_req *req);
// The run that "first", "next" or a UUID means, if clients may see it; NULL: there is none.
const struct sch_run *rest_run_of(struct site *s, const struct task *t, const char *which);
// What the store has of a run, to be freed; nothing is as good as what there is. False: 500 was answered.
bool rest_texts(struct site *s, struct ps_http_req *req, const struct sch_run *run, struct store_texts *out);
// A time of the query: ISO 8601, or a signed duration from now. False: 400 was answered. Absent: otherwise.
bool rest_time(struct site *s, struct ps_http_req *req, const char *name, ps_ns otherwise, ps_ns *out);
// A whole number of the query. False: 400 was answered.
bool rest_count(struct ps_http_req *req, const char *name, uint64_t min, uint64_t max, uint64_t otherwise,
                uint64_t *out);
// A JSON document of the query; NULL: it is absent (400 was answered if need) or no JSON (400 was answered).
struct ps_jdoc *rest_document(struct ps_http_req *req, const char *name, bool need);
