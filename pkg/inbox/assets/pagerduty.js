// PagerDuty: an alert event or a change event.
// https://developer.pagerduty.com/docs/events-api-v2-overview

const pagerdutyStates = { trigger: ["● Triggered", "bad"], acknowledge: ["▲ Acknowledged", "warn"], resolve: ["✓ Resolved", "good"] };

function pagerdutyLinks(links) {
  return list(links).map((l) => button(str(l.href), str(l.text) || str(l.href), ""));
}

// pagerdutyDetails are custom details: any JSON.
function pagerdutyDetails(details) {
  if (details === null || typeof details !== "object") return details === undefined ? null : el("p", { class: "text" }, str(details));
  const pairs = Object.entries(details).map(([k, v]) =>
    [k, v !== null && typeof v === "object" && !(Array.isArray(v) && v.every((x) => typeof x === "string"))
      ? el("pre", { class: "code" }, JSON.stringify(v, null, 2)) : el("span", { class: "text" }, Array.isArray(v) ? v.join("\n") : String(v))]);
  return pairs.length ? facts(pairs) : null;
}

function drawPagerduty(body) {
  const p = obj(body.payload);
  const change = !body.event_action;
  const [word_, tone] = change ? ["i Change", "accent"] : pagerdutyStates[body.event_action] || [str(body.event_action), "warn"];
  const pairs = [["Severity", p.severity], ["Source", p.source], ["Component", p.component], ["Group", p.group], ["Class", p.class]]
    .filter(([, v]) => str(v)).map(([k, v]) => [k, str(v)]);
  const at = new Date(str(p.timestamp));
  return el("div", { class: "card pagerduty" }, el("div", { class: "incident tone-" + tone },
    el("p", { class: "state" }, word_, body.dedup_key ? el("span", { class: "key mono" }, str(body.dedup_key)) : null),
    el("h3", { class: "strong" }, link(body.client_url, [str(p.summary) || "No summary"])),
    pairs.length ? facts(pairs) : null,
    pagerdutyDetails(p.custom_details),
    list(body.images).map((i) => el("div", null, picture(i.src, i.alt))),
    list(body.links).length ? el("div", { class: "actions" }, pagerdutyLinks(body.links)) : null,
    el("p", { class: "context" }, str(body.client), body.client && !isNaN(at) ? el("span", null, "·") : null,
      localTime(at, { dateStyle: "medium", timeStyle: "short" }))));
}

// pagerdutyNotice is what the one on call would be told.
function pagerdutyNotice(body) {
  return body.event_action === "trigger" ? str(obj(body.payload).summary) : "";
}
