// The status page: asks the daemon what it knows, and shows it. Nothing that comes from there is ever taken for
// markup: it becomes text or an attribute's value. What is absent is not measured, and is not shown.

const REFRESH_MS = 10_000;
const PATIENCE_MS = 8_000;
const STALE_SECONDS = 120;

const ACTIVITIES = {
  __proto__: null,
  unknown: "not known", p2p: "file sharing", cloud_gaming: "cloud gaming", realtime: "game or voice",
  audio: "music or radio", mixed: "several things",
};
const RULES = {
  __proto__: null,
  spike: "sudden burst", leak: "never closes its connections", half_open: "half-open connections",
  scan: "searching the network", buffering: "video is stalling", churn: "opens and closes all the time",
  retransmissions: "packets are lost", listen_drops: "refuses connections",
};
const TYPES = {
  __proto__: null,
  iot: "appliance", mobile: "phone, tablet", workstation: "computer", streaming: "TV, audio, games",
};
const PEOPLE = { __proto__: null, router: "the router itself", other: "belongs to no device" };
const OPEN = "open", CLOSING = "closing", UNANSWERED = "unanswered";
const GROUP_OF = {
  __proto__: null,
  ESTABLISHED: OPEN, ACTIVE: OPEN,
  FIN_WAIT: CLOSING, CLOSE_WAIT: CLOSING, LAST_ACK: CLOSING, TIME_WAIT: CLOSING, CLOSE: CLOSING,
};
const ruleWord = ({ rule }) => RULES[rule] ?? rule.replaceAll("_", " ");
const gravity = (alerts) => (alerts.some((alert) => alert.severity === "critical") ? "critical" : "warning");
const typeWord = ({ type }) => TYPES[type] ?? type;
const groupOf = (state) => GROUP_OF[state] ?? UNANSWERED;

const ORDER = new Intl.Collator("en", { numeric: true });
const NUMBER = new Intl.NumberFormat("en");
const count = (number) => NUMBER.format(number);
const sinceWhen = (unix) => (isKnown(unix) ? small(` since ${clock(unix)}`) : undefined);
const percent = (ratio) => `${(100 * ratio).toFixed(ratio < 0.1 ? 1 : 0)} %`;
const isKnown = (value) => value !== undefined && value !== null;

function scaled(value, units) {
  let place = 0;
  while (value >= 999.5 && place < units.length - 1) {
    value /= 1000;
    place += 1;
  }
  const digits = place > 0 && value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[place]}`;
}
const bits = (value) => scaled(value, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s"]);
const bytes = (value) => scaled(value, ["B", "kB", "MB", "GB", "TB"]);
const perSecond = (value) => (value === 0 ? "0" : value.toFixed(value < 0.1 ? 2 : value < 10 ? 1 : 0));

const SPANS = [[100, 1, "s"], [6_000, 60, "min"], [172_800, 3_600, "h"], [Infinity, 86_400, "days"]];

function duration(seconds) {
  const [, size, unit] = SPANS.find(([below]) => seconds < below);
  return `${Math.round(seconds / size)} ${unit}`;
}

function clock(unix) {
  const time = new Date(unix * 1000), today = new Date().toDateString() === time.toDateString();
  const hour = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return time.toLocaleString("en-GB", today ? hour : { day: "numeric", month: "short", year: "numeric", ...hour });
}

const byId = (id) => document.getElementById(id);

/** What parts of a table are even where the stylesheet makes cards of them. */
const ROLES = { table: "table", thead: "rowgroup", tbody: "rowgroup", tr: "row", th: "columnheader", td: "cell" };

/** An element with its class, attributes and children. Those without a value are left out. */
function make(what, ...parts) {
  const [tag, name] = what.split(".");
  return fill(document.createElement(tag), { class: name, role: ROLES[tag] }, ...parts);
}

function draw(tag, ...parts) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), ...parts);
}

function fill(element, ...parts) {
  for (const part of parts.filter(isKnown)) {
    if (part instanceof Node || typeof part === "string") element.append(part);
    else for (const [name, value] of Object.entries(part)) if (isKnown(value)) element.setAttribute(name, value);
  }
  return element;
}

function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

const small = (text) => make("small", text);
const remark = (text) => make("p.empty", text);
const named = (name) => make("bdi", name);
const linked = (name) => make("a", { href: `#device=${encodeURIComponent(name)}` }, named(name));

/** A line over time for each list of values, from the oldest on; where one is not known it is broken. */
function lines(series, ago, label) {
  const known = series.flatMap(({ values }) => values.filter(isKnown));
  const most = Math.max(1, ...known), [width, height, room] = [300, 60, 2];
  const x = (place) => width * (1 - ago[place] / (ago[0] || 1));
  const y = (value) => height - room - (height - 2 * room) * (value / most);
  const svg = draw("svg", {
    role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none",
  });
  for (const { values, className } of series) {
    for (const run of runs(values)) {
      const points = run.map((place) => [x(place), y(values[place])]);
      // One alone is a short stroke.
      if (points.length === 1) points.unshift([points[0][0] - 2, points[0][1]]);
      const line = points.map((point) => point.map((part) => part.toFixed(1)).join(" ")).join("L");
      const [from, to] = [points[0][0], points.at(-1)[0]].map((part) => part.toFixed(1));
      const path = (kind, d) => svg.append(draw("path", { class: `${kind} ${className}`, d }));
      path("area", `M${from} ${height}L${line}L${to} ${height}Z`);
      path("line", `M${line}`);
    }
  }
  return svg;
}

/** The places of values that are known, in runs without a gap. */
function runs(values) {
  const found = [];
  values.forEach((value, place) => {
    if (!isKnown(value)) return;
    if (place > 0 && isKnown(values[place - 1])) found.at(-1).push(place);
    else found.push([place]);
  });
  return found;
}

function sparkline(values) {
  const known = (values ?? []).filter(isKnown);
  if (known.length < 2) return undefined;
  // Evenly apart.
  const ago = values.map((_, place) => values.length - 1 - place);
  const label = `in the last hour from ${count(Math.min(...known))} to ${count(Math.max(...known))}`;
  return lines([{ values, className: "connections" }], ago, label);
}

/** How many entries are open, closing, unanswered: a bar, and the same in words. */
function breakdown(states) {
  const groups = new Map([OPEN, CLOSING, UNANSWERED].map((group) => [group, { sum: 0, kernel: [] }]));
  for (const [protocol, counts] of Object.entries(states)) {
    for (const [state, number] of Object.entries(counts)) {
      const group = groups.get(groupOf(state));
      group.sum += number;
      if (number > 0) group.kernel.push(`${protocol} ${state} ${count(number)}`);
    }
  }
  const bar = make("span.stack", { "aria-hidden": "true" }), words = make("span.words");
  for (const [group, { sum, kernel }] of groups) {
    if (sum === 0) continue;
    const part = make(`i.${group}`);
    part.style.flexGrow = sum;
    bar.append(part);
    words.append(make(`span.${group}`, { title: kernel.join(", ") }, `${count(sum)} ${group}`), " ");
  }
  return make("span.states", bar, words);
}

// ---- What is shown

const view = { sort: { key: "connections", descending: true }, rows: new Map(), columns: "" };
const fresh = { ageThen: 0, at: 0, sequenceAt: 0 };

function tile(label, value, note, extra, className = "") {
  return make(`li.${className}`, make("span.label", label), make("strong", value), extra, note && small(note));
}

function fillTile({ fill_ratio: ratio, entries, entries_limit: limit, seconds_to_full: full }) {
  const meter = make("span.meter", { "aria-hidden": "true" }, make("i"));
  meter.firstChild.style.width = `${Math.min(100, 100 * ratio)}%`;
  const note = full < 86_400 ? `full in ${duration(full)}` : limit && `${count(entries)} of ${count(limit)}`;
  return tile("Table fill", percent(ratio), note, meter, ratio >= 0.75 ? "warning" : undefined);
}

function showTiles({ status, alerts }) {
  const tiles = [];
  const add = (value, of) => isKnown(value) && tiles.push(of(value));
  add(status.devices_online, (value) => tile("Devices online", count(value), "in the last 5 minutes"));
  add(status.connections, (value) => tile("Connections", count(value), "open now"));
  add(status.fill_ratio, () => fillTile(status));
  add(status.rx_bits_per_second, (value) => tile("Down now", bits(value), "all devices"));
  add(status.tx_bits_per_second, (value) => tile("Up now", bits(value), "all devices"));
  add(status.alerts, (value) => tile("Alerts", count(value), value === 0 ? "nothing is wrong" : "see below", undefined,
    value === 0 ? "good" : gravity(alerts)));
  byId("tiles").replaceChildren(...tiles);
}

function alertItem(alert, whose) {
  return make(`li.${gravity([alert])}`, make("span.badge", alert.severity), make("strong", whose),
    make("span", { title: alert.rule }, ruleWord(alert)), sinceWhen(alert.since),
    alert.message && make("p", alert.message));
}

function showAlerts({ alerts }) {
  const list = byId("alerts").querySelector("ul"), told = JSON.stringify(alerts);
  byId("alerts").hidden = alerts.length === 0;
  // What is the same stays: somebody may be on one of the links.
  if (list.told === told) return;
  list.told = told;
  list.replaceChildren(...alerts.map((alert) => alertItem(alert, linked(alert.device))));
}

const activityWord = ({ activity }) => activity && (ACTIVITIES[activity.activity] ?? activity.activity);

function doing(device) {
  const { activity } = device;
  if (!activity) return [];
  const sure = activity.confidence > 0 ? small(` ${percent(activity.confidence)} sure`) : undefined;
  const why = activity.why && make("small.why", { title: activity.why }, activity.why);
  return [make("span", { title: activity.activity }, activityWord(device)), sure, why];
}

const of = (field) => (device) => device[field];

/** A column of figures, which a click sorts with the largest on top. */
const figure = (key, label, value, show) =>
  ({ key, label, value, isNumber: true, show: (device) => [show(value(device), device)].flat() });

const COLUMNS = [
  { key: "name", label: "Device", value: of("name") },
  { key: "type", label: "Type", value: typeWord, show: (device) => [typeWord(device)] },
  { key: "doing", label: "Doing", value: activityWord, show: doing },
  figure("connections", "Connections", of("connections"), (value, device) =>
    [sparkline(device.sparkline), make("b", count(value))]),
  figure("down", "Down", of("rx_bits_per_second"), bits),
  figure("up", "Up", of("tx_bits_per_second"), bits),
  figure("opened", "Opened/s", of("opened_per_second"), perSecond),
  figure("states", "In the table", (device) => device.states && device.entries, (_, { states }) => breakdown(states)),
];

/** A device's row, which stays as long as the device does, with its link. */
function newRow(name) {
  const link = linked(name), row = make("tr");
  row.link = link;
  row.addEventListener("click", (event) => {
    if (!event.target.closest("a") && getSelection().isCollapsed) link.click();
  });
  return row;
}

function nameCell(row, device, alerts) {
  const own = alerts.filter((alert) => alert.device === device.name);
  const words = `${own.length} ${own.length === 1 ? "alert" : "alerts"}`;
  const mark = own.length > 0
    ? make(`span.mark ${gravity(own)}`, { title: own.map(ruleWord).join(", ") }, words) : undefined;
  const note = device.ip ?? (device.mac ? undefined : PEOPLE[device.name]);
  const cell = row.firstChild ?? row.appendChild(make("td.name", { role: "rowheader" }, row.link));
  while (row.link.nextSibling) row.link.nextSibling.remove();
  fill(cell, " ", mark, note && small(note));
}

function fillRow(row, device, columns, alerts) {
  nameCell(row, device, alerts);
  while (row.firstChild.nextSibling) row.firstChild.nextSibling.remove();
  fill(row, ...columns.slice(1).map(({ key, label, value, show }) =>
    make(`td.${key}`, { "data-label": label }, ...(isKnown(value(device)) ? show(device) : []))));
}

function compare(one, other) {
  const { key, descending } = view.sort, { value } = COLUMNS.find((column) => column.key === key);
  const [first, second] = [value(one), value(other)];
  const byName = ORDER.compare(one.name, other.name);
  // What isn't known comes last, whichever way.
  if (!isKnown(first) || !isKnown(second)) return isKnown(second) - isKnown(first) || byName;
  const order = typeof first === "string" ? ORDER.compare(first, second) : first - second;
  return (descending ? -order : order) || byName;
}

/** Moves as little as can be, and not the focus. */
function arrange(body, rows) {
  const focused = document.activeElement;
  rows.forEach((row, place) => {
    if (body.children[place] !== row) body.insertBefore(row, body.children[place] ?? null);
  });
  while (body.children.length > rows.length) body.lastChild.remove();
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}

function showHead(columns) {
  const shown = columns.map((column) => column.key).join();
  const head = byId("devices").querySelector("thead tr");
  if (view.columns !== shown) {
    view.columns = shown;
    head.replaceChildren(...columns.map((column) => {
      const button = make("button", { type: "button" }, column.label);
      button.addEventListener("click", () => sortBy(column));
      return make("th", { scope: "col", class: column.key }, button);
    }));
  }
  columns.forEach((column, place) => {
    const direction = view.sort.descending ? "descending" : "ascending";
    head.children[place].setAttribute("aria-sort", column.key === view.sort.key ? direction : "none");
  });
}

function sortBy({ key, isNumber }) {
  view.sort = { key, descending: view.sort.key === key ? !view.sort.descending : Boolean(isNumber) };
  showDevices(view.overview);
}

function isWanted(device) {
  const wanted = byId("filter").value.trim().toLowerCase();
  const texts = [device.name, device.type, typeWord(device), device.ip, device.mac, activityWord(device)];
  return texts.some((text) => text?.toLowerCase().includes(wanted));
}

function showDevices({ devices, alerts }) {
  const columns = COLUMNS.filter((column) => devices.some((device) => isKnown(column.value(device))));
  if (!columns.some((column) => column.key === view.sort.key)) view.sort = { key: "name", descending: false };
  const wanted = devices.filter(isWanted).sort(compare), names = new Set(devices.map((device) => device.name));
  for (const name of view.rows.keys()) if (!names.has(name)) view.rows.delete(name);
  const rows = wanted.map((device) => {
    if (!view.rows.has(device.name)) view.rows.set(device.name, newRow(device.name));
    const row = view.rows.get(device.name);
    fillRow(row, device, columns, alerts);
    return row;
  });
  byId("devices").querySelector("table").hidden = devices.length === 0;
  if (devices.length > 0) showHead(columns);
  arrange(byId("devices").querySelector("tbody"), rows);
  byId("empty").hidden = rows.length > 0;
  setText("empty", devices.length === 0 ? "No devices yet." : "No device matches.");
  setText("shown", rows.length === devices.length ? "" : `${count(rows.length)} of ${count(devices.length)}`);
}

function showOverview(overview) {
  const { host = "", version, alerts } = overview.status;
  setText("host", host);
  setText("version", version);
  document.title = `${alerts > 0 ? `(${alerts}) ` : ""}Connections ${host}`;
  showTiles(overview);
  showAlerts(overview);
  showDevices(overview);
}

// ---- One device

const dialog = byId("device");
/** Whether there is something in the browser's history to go back to. */
let cameFromTable = false;

function chosen() {
  const [, name] = /^#device=(.+)$/.exec(location.hash) ?? [];
  try {
    return name && decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

const section = (title, ...children) => make("section", make("h3", title), ...children);

/** A list of what is known of `of`. Lines are [label, field, how it is shown]. */
function facts(of, lines) {
  const known = lines.filter(([, field]) => isKnown(of[field]));
  return make("dl", ...known.map(([label, field, show]) =>
    make("div", make("dt", label), make("dd", show(of[field])))));
}

/** What the kernel calls the states of its entries. */
function kernelStates({ states }) {
  const fact = (protocol, state) => [`${protocol} ${state}`, state, (number) => `${count(number)} ${groupOf(state)}`];
  return states && section("In the table", breakdown(states), ...Object.entries(states).map(([protocol, counts]) =>
    facts(counts, Object.keys(counts).map((state) => fact(protocol, state)))));
}

const figures = (device) => section("Now", facts({ ...device.trend, ...device }, [
  ["Open connections", "connections", count],
  ["Entries in the table", "entries", count],
  ["Down now", "rx_bits_per_second", bits],
  ["Up now", "tx_bits_per_second", bits],
  ["Per connection", "bits_per_second_per_connection", bits],
  ["Opened per second", "opened_per_second", perSecond],
  ["Closed per second", "closed_per_second", perSecond],
  ["Hosts", "remote_hosts", count],
  ["With the busiest host", "top_host_share", percent],
  ["Most in an hour", "peak_1h", count],
  ["Most in 24 hours", "peak_24h", count],
  ["Normal at this hour", "normal_peak", (value) => `up to ${count(value)}`],
  ["More every hour", "growth_per_hour", (value) => value.toFixed(1)],
  ["Silent for 10 min", "idle_entries", count],
]));

function chart(title, hour, series, show) {
  const known = series.flatMap(({ values }) => values.filter(isKnown));
  if (known.length === 0) return undefined;
  const legend = series.map(({ className, word }) => word && make(`span.key ${className}`, word));
  const most = `at most ${show(Math.max(...known))}`;
  return make("figure", make("figcaption", make("span", title, " ", ...legend), small(most)),
    lines(series, hour.seconds_ago, `${title} in the last hour, ${most}`),
    make("p.axis", { "aria-hidden": "true" }, ...[`${duration(hour.seconds_ago[0])} ago`, "now"].map(small)));
}

function lastHour(hour) {
  if (!hour) return undefined;
  const charts = [
    chart("Connections", hour, [{ values: hour.connections, className: "connections" }], count),
    chart("Traffic", hour, [
      { values: hour.rx_bits_per_second, className: "down", word: "down" },
      { values: hour.tx_bits_per_second, className: "up", word: "up" },
    ], bits),
  ].filter(isKnown);
  return charts.length > 0 ? section("The last hour", make("div.charts", ...charts)) : undefined;
}

/** A table of what is known of any of `rows`. Columns are [label, field, how it is shown]. */
function list(rows, columns) {
  const shown = columns.filter(([, field]) => rows.some((row) => isKnown(row[field])));
  const cell = (row, [label, field, show]) =>
    make("td", { "data-label": label }, ...(isKnown(row[field]) ? [show(row[field], row)].flat() : []));
  return make("table.list",
    make("thead", make("tr", ...shown.map(([label]) => make("th", { scope: "col" }, label)))),
    make("tbody", ...rows.map((row) => make("tr", ...shown.map((column) => cell(row, column))))));
}

const MOVED = [["Down", "rx_bytes", bytes], ["Up", "tx_bytes", bytes]];

function destinations(rows = []) {
  return rows.length === 0 ? undefined : section("Where to", list(rows, [
    ["Destination", "destination", (value) => named(value === "*" ? "not told" : value)],
    ["For", "service", named],
    ["Connections", "connections", count],
    ...MOVED,
  ]));
}

function otherEnd(address, { remote_port: port, direction }) {
  const whole = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return [make("code", whole), direction === "inbound" ? small(" began it") : undefined];
}

function connections({ flows, left_out: left = 0 }) {
  if (flows.length === 0) return section("Connections", remark("It has none now."));
  const moved = (flow) => (flow.rx_bytes ?? 0) + (flow.tx_bytes ?? 0);
  flows.sort((one, other) => moved(other) - moved(one));
  return section(`Connections (${count(flows.length + left)})`, list(flows, [
    ["With", "remote_address", otherEnd],
    ["For", "service", (value) => (value === "unlisted" ? "" : named(value))],
    ["State", "state", (value, { protocol }) =>
      [make(`span.${groupOf(value)}`, groupOf(value)), small(` ${protocol} ${value}`)]],
    ...MOVED,
    ["Silent for", "idle_seconds", duration],
  ]), left > 0 ? remark(`${count(left)} more are not listed.`) : undefined);
}

function about(device) {
  const parts = [typeWord(device), device.ip, device.mac, device.named_by && `named by ${device.named_by}`,
    device.first_seen && `first seen ${clock(device.first_seen)}`, PEOPLE[device.name]];
  const { since } = device.activity ?? {}, [word, sure, why] = doing(device);
  return [
    make("p.about", parts.filter(isKnown).join(" · ")),
    word && make("p.doing", word, sure, sinceWhen(since), why),
  ];
}

function showDevice(name, device, flows) {
  // Somebody may be marking an address.
  if (!getSelection().isCollapsed && dialog.contains(getSelection().anchorNode)) return;
  const alerts = (view.overview?.alerts ?? []).filter((alert) => alert.device === name);
  const parts = device ? [
    ...about(device), make("ul.alerts", ...alerts.map((alert) => alertItem(alert, named(name)))),
    lastHour(device.hour), figures(device), kernelStates(device), destinations(device.destinations),
  ] : [remark("It has nothing in the table now.")];
  byId("detail").replaceChildren(...[...parts, flows && connections(flows)].filter(isKnown));
}

async function askDevice() {
  const name = chosen(), query = `device=${encodeURIComponent(name)}`;
  const [device, flows] = await Promise.all([ask(`devices?${query}`), ask(`flows?${query}&limit=200`)]);
  // Another may be chosen by now.
  if (chosen() === name && (device.body || device.isGone)) showDevice(name, device.body, flows.body);
}

/** The address says which device is shown: so the browser's back and forward work. */
function follow() {
  const name = chosen();
  if (!name) return dialog.close();
  byId("device-title").replaceChildren(named(name));
  byId("detail").replaceChildren(remark("One moment …"));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  askDevice();
}

function leave() {
  if (!chosen()) return;
  if (cameFromTable) history.back();
  else history.replaceState(null, "", location.pathname + location.search);
  cameFromTable = false;
}

// ---- Keeping up

/** What the daemon answers, or what the trouble is. */
async function ask(what) {
  try {
    const response = await fetch(`api/v1/${what}`, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    const { ok, status, headers } = response, trouble = status === 503 ? "no figures yet" : `answer ${status}`;
    if (!ok) return { trouble, isGone: status === 404 };
    return { body: await response.json(), date: Date.parse(headers.get("date")) / 1000 };
  } catch {
    return { trouble: "no answer from the router" };
  }
}

/** How old the figures are, by the router's clock alone: this one may go wrong. */
function noteAge({ time, sequence }, date) {
  const now = performance.now();
  if (fresh.sequence !== sequence) Object.assign(fresh, { sequence, sequenceAt: now });
  const isTimed = isKnown(time) && Number.isFinite(date);
  Object.assign(fresh, { at: now, ageThen: isTimed ? Math.max(0, date - time) : (now - fresh.sequenceAt) / 1000 });
}

function showAge() {
  const { trouble } = fresh, age = fresh.ageThen + (performance.now() - fresh.at) / 1000, is = Boolean(view.overview);
  const isStale = Boolean(trouble) || age > STALE_SECONDS;
  document.body.classList.toggle("stale", isStale);
  const words = isStale ? [is ? "no longer updated" : "nothing to show", trouble] : [is ? "live" : "starting"];
  setText("state", words.filter(isKnown).join(": "));
  setText("age", is ? `figures of ${duration(age)} ago` : "");
}

async function refresh() {
  clearTimeout(refresh.timer);
  if (document.hidden) return;
  const { body, date, trouble } = await ask("overview");
  clearTimeout(refresh.timer);
  refresh.timer = setTimeout(refresh, REFRESH_MS);
  fresh.trouble = trouble;
  if (body) {
    view.overview = body;
    noteAge(body.status, date);
    showOverview(body);
    if (chosen()) askDevice();
  }
  showAge();
}

byId("filter").addEventListener("input", () => view.overview && showDevices(view.overview));
byId("close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", leave);
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
addEventListener("hashchange", (event) => {
  cameFromTable = Boolean(chosen()) && !new URL(event.oldURL).hash.startsWith("#device=");
  follow();
});
document.addEventListener("visibilitychange", refresh);
setInterval(showAge, 1_000);
if (chosen()) follow();
refresh();
