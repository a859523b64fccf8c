// The page: the list of messages, kept current.

const keep = 200;
const again = 500; // milliseconds until what failed is tried again
const receivers = {
  __proto__: null,
  slack: ["Slack", drawSlack, slackNotice],
  teams: ["Microsoft Teams", drawTeams, teamsNotice],
  generic: ["Generic JSON", drawGeneric, () => ""],
};
const messages = document.getElementById("list");

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
  const short = notice(obj(m.body));
  const title = event ? str(event.title) : short;
  const label = visible(`${name} ${str(m.sink)}: ${title || m.status}`);
  return el("article", { tabindex: "0", "aria-label": label, "data-id": m.id },
    el("header", null,
      el("h2", null, el("span", { class: "receiver" }, name), " ", el("span", { class: "sink" }, str(m.sink)),
        title ? el("span", { class: "unseen" }, ": " + title) : null),
      el("p", { class: "meta" },
        event ? el("span", null, [str(event.product) || str(event.source), str(event.type)].filter(Boolean).join(" ")) : null,
        el("span", { class: failed ? "status failed" : "status" }, (failed ? "● " : "✓ ") + str(m.status)),
        localTime(new Date(m.time), { month: "short", day: "numeric", hour: "numeric", minute: "2-digit", second: "2-digit" }))),
    drawn(m),
    el("footer", null,
      short ? el("p", { class: "notice" }, el("span", { class: "label" }, "Notification"), " " + short) : null,
      panel("raw", "Raw JSON", m.large || m.body),
      event ? panel("event", "Source event", event) : null));
}

// prune lets go what the server has let go, and moves the focus off it.
let oldest = 0;
function prune() {
  for (let last = messages.lastElementChild; last; last = messages.lastElementChild) {
    if (messages.childElementCount <= keep && Number(last.dataset.id) >= oldest) return;
    const focused = last.contains(document.activeElement);
    last.remove();
    if (focused && messages.lastElementChild) messages.lastElementChild.focus();
  }
}

let newest = 0;
let current = false; // whether the page has caught up once
function show(found) {
  const arrived = found.filter((m) => m.id > newest).reverse();
  const fresh = arrived.map(article);
  for (const [i, node] of fresh.entries()) {
    newest = arrived[i].id;
    if (current) node.classList.add("arrived");
    messages.prepend(node);
  }
  prune();
  const n = messages.childElementCount;
  for (const [i, node] of [...messages.children].entries()) {
    node.setAttribute("aria-posinset", i + 1);
    node.setAttribute("aria-setsize", n);
  }
  document.getElementById("empty").hidden = n > 0;
  document.getElementById("count").textContent = n === 1 ? "1 message" : n + " messages";
  if (current && fresh.length) {
    const last = fresh[fresh.length - 1].getAttribute("aria-label");
    document.getElementById("news").textContent =
      fresh.length === 1 ? "New message, " + last : fresh.length + " new messages, the newest: " + last;
  }
  current = true;
}

// catchUp gets what is newer than the page, one request at a time, until the
// page has what the stream last spoke of.
let wanted = null;
let server = "";
let loading = false;
async function catchUp() {
  if (loading) return;
  loading = true;
  try {
    for (let done = null; done !== wanted;) {
      done = wanted;
      if (done.server !== server) { // it has started anew, and its ids with it
        server = done.server;
        newest = 0;
        messages.replaceChildren();
      }
      oldest = done.oldest;
      const answer = await fetch("/inbox/messages?after=" + newest);
      if (!answer.ok) throw new Error(answer.status);
      const found = await answer.json();
      if (done.server === wanted.server) show(found);
    }
  } catch {
    setTimeout(catchUp, again);
  } finally {
    loading = false;
  }
}

function state(word) {
  const node = document.getElementById("state");
  if (node.textContent === word) return;
  node.textContent = word;
  node.className = word === "Live" ? "live" : "connecting";
}

// listen follows the stream. The browser opens a broken one again, but not one
// that was refused.
function listen() {
  const stream = new EventSource("/inbox/events");
  stream.onmessage = (e) => {
    state("Live");
    wanted = JSON.parse(e.data);
    catchUp();
  };
  stream.onerror = () => {
    state("Disconnected, trying again");
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, again);
  };
}

listen();
