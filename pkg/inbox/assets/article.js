// A message with all that belongs to it: where it went, how it looks there, and
// what is behind it.

const receivers = {
  __proto__: null,
  slack: ["Slack", drawSlack, slackNotice],
  teams: ["Microsoft Teams", drawTeams, teamsNotice],
  discord: ["Discord", drawDiscord, discordNotice],
  pagerduty: ["PagerDuty", drawPagerduty, pagerdutyNotice],
  bigquery: ["BigQuery", drawBigquery, () => ""],
  generic: ["Generic JSON", drawGeneric, () => ""],
};

// drawn is a message as its receiver would show it.
function drawn(m) {
  if (m.large) return el("p", { class: "card quiet" }, m.large);
  if (m.body === null || typeof m.body !== "object") return el("div", { class: "card text" }, str(m.body));
  const [, draw] = receivers[m.type] || receivers.generic;
  try {
    return draw(obj(m.body), new Date(m.time));
  } catch {
    return el("p", { class: "card quiet" }, "This message can’t be drawn. Its raw JSON is below.");
  }
}

// panel is a button that opens a value as JSON, which is written only then.
function panel(kind, label, value) {
  const node = el("details", { class: kind }, el("summary", null, label));
  node.addEventListener("toggle", () => {
    if (!node.open || node.children.length > 1) return;
    const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    node.append(el("pre", { tabindex: "0", role: "region", "aria-label": label }, text));
  });
  return node;
}

function article(m) {
  const [name, , notice] = receivers[m.type] || [str(m.type), null, () => ""];
  const event = m.event && obj(m.event);
  const failed = m.status !== "delivered";
  const drawnOnly = m.status === "drawn"; // nothing was sent
  const short = notice(obj(m.body));
  const title = event ? str(event.title) : short;
  const label = visible(`${name} ${str(m.sink)}: ${title || m.status}`);
  return el("article", { tabindex: "0", "aria-label": label, "data-id": m.id },
    el("header", null,
      el("h2", null, el("span", { class: "receiver" }, name), " ", el("span", { class: "sink" }, str(m.sink)),
        title ? el("span", { class: "unseen" }, ": " + title) : null),
      el("p", { class: "meta" },
        event ? el("span", null, [str(event.product) || str(event.source), str(event.type)].filter(Boolean).join(" ")) : null,
        drawnOnly ? null : el("span", { class: failed ? "status failed" : "status" }, (failed ? "● " : "✓ ") + str(m.status)),
        localTime(new Date(m.time), { month: "short", day: "numeric", hour: "numeric", minute: "2-digit", second: "2-digit" }))),
    drawn(m),
    el("footer", null,
      short ? el("p", { class: "notice" }, el("span", { class: "label" }, "Notification"), " " + short) : null,
      panel("raw", "Raw JSON", m.large || m.body),
      event ? panel("event", "Source event", event) : null));
}

