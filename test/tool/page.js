// SPDX-License-Identifier: Apache-2.0
// The figures of psarchive's page, for psarchive_page.t: prints what they make of some cases.
"use strict";
const page = require(process.argv[2]);
const summaries = (types) => types.flatMap((type) => [0, 300, 3600, 86400].map((w) =>
    ({ "summary-type": type, "summary-window": String(w), uri: `/${type}/${w}` })));
const delay = { "event-type": "histogram-owdelay", "base-uri": "/base", summaries: summaries(["aggregation", "statistics"]) };
const bare = { "event-type": "throughput", "base-uri": "/base", summaries: [] };
const DAY = 86400;

console.log("delay", [DAY, 3 * DAY, 31 * DAY, 366 * DAY].map((r) => page.choose(delay, r).uri).join(" "));
console.log("bare", page.choose(bare, 366 * DAY).uri);
console.log("none", page.choose({ "event-type": "histogram-rtt", summaries: [] }, DAY));
console.log("figures", JSON.stringify(page.figures([{ ts: 1, val: { minimum: 1, median: 2, "percentile-95": 3 } },
    { ts: 2, val: {} }, { ts: 3, val: 5 }], { bucket: true }, 0.5)));
console.log("readable", [9.35e9, 0, 1].map((v) => page.readable(v, "bit/s")).join(", "), page.readable(0.00034, "s"),
    page.readable(12.345, "%"));
console.log("ticks", page.ticks(0, 9.5, 5).join(" "), page.ticks(0, 0.0012, 5).join(" "));
console.log("stretches", page.stretches([0, 60, 120, 600, 660].map((ts) => ({ ts }))).map((s) => s.length).join(" "));
