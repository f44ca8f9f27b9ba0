// SPDX-License-Identifier: Apache-2.0
// The page: lists paths and draws one series. Figures (pure) above, the document below.
"use strict";

const api = "esmond/perfsonar/archive/";
const DAY = 86400;

// What can be drawn of an event type, in a unit. every: seconds between its results, as is usual; 60 where it says nothing.
const kinds = {
    "throughput": { name: "throughput", unit: "bit/s", average: true, every: 3600 },
    "histogram-owdelay": { name: "one-way delay", unit: "s", bucket: true },
    "histogram-rtt": { name: "round trip time", unit: "s", scale: 0.001, every: 600 },
    "packet-loss-rate": { name: "loss", unit: "%", scale: 100 },
    "packet-loss-rate-bidir": { name: "loss both ways", unit: "%", scale: 100 },
    "packet-retransmits": { name: "retransmits", unit: "" },
    "path-mtu": { name: "path MTU", unit: "B" },
};
const ranges = [["1 day", DAY], ["3 days", 3 * DAY], ["1 week", 7 * DAY], ["1 month", 31 * DAY], ["1 year", 366 * DAY]];

// The series of an event type that has some 2,000 points at most over the range: {uri, window}.
function choose(event, range) {
    const histogram = event["event-type"].startsWith("histogram");
    const type = histogram ? "statistics" : kinds[event["event-type"]].average ? "average" : "aggregation";
    const fit = event.summaries.filter((s) => s["summary-type"] === type)
        .map((s) => ({ uri: s.uri, window: Number(s["summary-window"]) }))
        .sort((a, b) => a.window - b.window);
    const counts = /^packet-retransmits$|^path-mtu$/.test(event["event-type"]);
    if (!histogram) fit.unshift({ uri: event["base-uri"], window: 0 });
    if (counts) return fit[0];
    return fit.find((s) => range / (s.window || kinds[event["event-type"]].every || 60) <= 2000) || fit[fit.length - 1];
}

// Points as {ts, low, value, high}, in the kind's unit. bucket: seconds of a histogram's bucket.
function figures(points, kind, bucket) {
    const scale = kind.bucket ? bucket : kind.scale || 1;
    return points.map((p) => typeof p.val === "number"
        ? { ts: p.ts, low: p.val * scale, value: p.val * scale, high: p.val * scale }
        : p.val && typeof p.val.median === "number"
            ? { ts: p.ts, low: p.val.minimum * scale, value: p.val.median * scale, high: p.val["percentile-95"] * scale }
            : null).filter((p) => p);
}

// "12.3 M" with the unit behind it; seconds below one as ms and such.
function readable(v, unit) {
    const steps = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]];
    if (v === 0 || unit === "%" || unit === "") return `${Number(v.toPrecision(3))} ${unit}`.trim();
    const step = steps.find((s) => Math.abs(v) >= s[0]) || steps[steps.length - 1];
    return `${Number((v / step[0]).toPrecision(3))} ${step[1]}${unit}`;
}

// Round numbers from low to high, about n of them.
function ticks(low, high, n) {
    const raw = (high - low) / n, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
    const out = [];
    for (let v = Math.ceil(low / step) * step; v <= high + step / 1e6; v += step) out.push(Number(v.toPrecision(12)));
    return out;
}

// Stretches without a hole of more than three times what usually lies between points.
function stretches(points) {
    const gaps = points.slice(1).map((p, i) => p.ts - points[i].ts).sort((a, b) => a - b);
    const usual = gaps.length ? gaps[gaps.length >> 1] : 0;
    const out = [];
    points.forEach((p, i) => {
        if (i === 0 || p.ts - points[i - 1].ts > 3 * usual) out.push([]);
        out[out.length - 1].push(p);
    });
    return out;
}

if (typeof module !== "undefined") module.exports = { choose, figures, readable, ticks, stretches };

// --- the document

function element(name, attributes, text) {
    const svg = ["g", "line", "path", "text", "circle"].includes(name);
    const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [k, v] of Object.entries(attributes || {})) e.setAttribute(k, v);
    if (text !== undefined) e.textContent = text;
    return e;
}

function say(text) {
    document.getElementById("message").textContent = text;
}

async function ask(url) {
    const answer = await fetch(url);
    const body = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(body && body.detail || `status ${answer.status}`);
    return body;
}

// --- the list

const state = { offset: 0, total: 0, shown: null, range: DAY };

function end(meta, which) {
    const cell = element("td", {}, meta[`input-${which}`] || meta[which] || "");
    if (meta[`input-${which}`] && meta[which] && meta[`input-${which}`] !== meta[which])
        cell.append(element("small", {}, meta[which]));
    return cell;
}

function row(meta) {
    const tr = element("tr");
    const drawable = meta["event-types"].filter((e) => kinds[e["event-type"]]);
    const updated = Math.max(0, ...meta["event-types"].map((e) => e["time-updated"] || 0));
    const graphs = element("td");
    for (const event of drawable) {
        const button = element("button", { type: "button" }, kinds[event["event-type"]].name);
        button.addEventListener("click", () => show(meta, event));
        graphs.append(button, " ");
    }
    tr.append(end(meta, "source"), end(meta, "destination"), element("td", {}, meta["tool-name"] || ""),
        element("td", {}, updated ? new Date(updated * 1000).toLocaleString() : "never"), graphs);
    return tr;
}

async function list(first) {
    const form = new FormData(document.getElementById("search"));
    const query = new URLSearchParams([...form].filter(([, v]) => v !== ""));
    if (first) {
        state.offset = 0;
        document.querySelector("#paths tbody").replaceChildren();
    }
    query.set("limit", 100);
    query.set("offset", state.offset);
    say("Asking ...");
    try {
        const metas = await ask(`${api}?${query}`);
        state.offset += metas.length;
        if (metas.length) state.total = metas[0]["metadata-count-total"];
        else if (first) state.total = 0;
        document.querySelector("#paths tbody").append(...metas.map(row));
        document.getElementById("paths").hidden = state.total === 0;
        document.getElementById("more").hidden = state.offset >= state.total;
        say(state.total ? `${state.offset} of ${state.total} paths` : "Nothing was measured between these hosts in that time.");
    } catch (e) {
        say(`The archive does not answer: ${e.message}`);
    }
}

// --- the graph

const W = 900, H = 300, LEFT = 80, RIGHT = 10, TOP = 10, BOTTOM = 30;

function axes(svg, x, y, from, to, low, high, unit) {
    for (const v of ticks(low, high, 5)) {
        svg.append(element("line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: y(v), y2: y(v) }));
        svg.append(element("text", { x: LEFT - 6, y: y(v) + 4, "text-anchor": "end" }, readable(v, unit)));
    }
    for (let i = 0; i <= 5; i++) {
        const ts = from + (to - from) * i / 5, date = new Date(ts * 1000);
        const label = to - from > 3 * DAY ? date.toLocaleDateString() : date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
        svg.append(element("text", { x: x(ts), y: H - 8, "text-anchor": i === 0 ? "start" : i === 5 ? "end" : "middle" }, label));
    }
}

function lines(svg, points, x, y) {
    for (const part of stretches(points)) {
        const to = (f) => part.map((p) => `${x(p.ts).toFixed(1)},${y(f(p)).toFixed(1)}`);
        const band = [...to((p) => p.high), ...to((p) => p.low).reverse()];
        if (part.some((p) => p.high > p.low)) svg.append(element("path", { class: "band", d: `M${band.join("L")}Z` }));
        if (part.length > 1) svg.append(element("path", { class: "line", d: `M${to((p) => p.value).join("L")}` }));
        else svg.append(element("circle", { class: "line", cx: x(part[0].ts), cy: y(part[0].value), r: 2 }));
    }
}

function draw(points, from, to, unit) {
    const svg = document.querySelector("#graph svg");
    const high = Math.max(...points.map((p) => p.high)) || 1, low = Math.min(0, ...points.map((p) => p.low));
    const x = (ts) => LEFT + (W - LEFT - RIGHT) * (ts - from) / (to - from);
    const y = (v) => H - BOTTOM - (H - BOTTOM - TOP) * (v - low) / (high - low);
    svg.replaceChildren();
    axes(svg, x, y, from, to, low, high, unit);
    lines(svg, points, x, y);
    const mark = element("line", { class: "mark", y1: TOP, y2: H - BOTTOM, visibility: "hidden" });
    svg.append(mark);
    svg.onpointermove = (e) => {
        const box = svg.getBoundingClientRect();
        const ts = from + ((e.clientX - box.left) / box.width * W - LEFT) / (W - LEFT - RIGHT) * (to - from);
        const near = points.reduce((a, b) => Math.abs(b.ts - ts) < Math.abs(a.ts - ts) ? b : a);
        mark.setAttribute("x1", x(near.ts));
        mark.setAttribute("x2", x(near.ts));
        mark.setAttribute("visibility", "visible");
        legend(`${new Date(near.ts * 1000).toLocaleString()}: ${tell(near, unit)}`);
    };
}

function tell(p, unit) {
    if (p.high === p.low) return readable(p.value, unit);
    return `median ${readable(p.value, unit)}, minimum ${readable(p.low, unit)}, 95 % below ${readable(p.high, unit)}`;
}

function legend(text) {
    document.getElementById("legend").textContent = text;
}

async function show(meta, event) {
    const kind = kinds[event["event-type"]], now = Math.floor(Date.now() / 1000);
    const series = choose(event, state.range), from = now - state.range;
    state.shown = [meta, event];
    document.getElementById("graph").hidden = false;
    document.querySelector("#graph h2").textContent =
        `${meta["input-source"] || meta.source} → ${meta["input-destination"] || meta.destination || ""}: ${kind.name}`;
    rangeButtons();
    if (!series) return legend("The archive keeps no series of this that can be drawn.");
    legend("Asking ...");
    try {
        // The API's paths are absolute; the archive may be behind a proxy's folder.
        const uri = series.uri.replace(/^.*\/archive\//, api);
        const points = await ask(`${uri}?time-start=${from - (series.window || 0)}&time-end=${now}`);
        const drawn = figures(points, kind, Number(meta["sample-bucket-width"]) || 0.001);
        document.querySelector("#graph svg").replaceChildren();
        if (!drawn.length) return legend("Nothing was measured in this time.");
        draw(drawn, from, now, kind.unit);
        legend(`${drawn.length} ${series.window ? `intervals of ${series.window} s` : "results"}; point at the graph for figures`);
    } catch (e) {
        legend(`The archive does not answer: ${e.message}`);
    }
}

function rangeButtons() {
    document.getElementById("ranges").replaceChildren(...ranges.map(([name, seconds]) => {
        const button = element("button", { type: "button", "aria-pressed": seconds === state.range }, name);
        button.addEventListener("click", () => {
            state.range = seconds;
            show(...state.shown);
        });
        return button;
    }));
}

if (typeof document !== "undefined") {
    document.getElementById("search").addEventListener("submit", (e) => {
        e.preventDefault();
        list(true);
    });
    document.getElementById("more").addEventListener("click", () => list(false));
    list(true);
}
