// The page: the list, kept current, and its keys.

const keep = 200;
const receivers = {
  slack: ["Slack", drawSlack], teams: ["Microsoft Teams", drawTeams], generic: ["Generic JSON", drawGeneric],
};
const messages = document.getElementById("list");
let newest = 0;

function json(v) {
  return el("pre", { tabindex: "0" }, typeof v === "string" ? v : JSON.stringify(v, null, 2));
}

function article(m) {
  const [name, draw] = Object.hasOwn(receivers, m.type) ? receivers[m.type] : [str(m.type), drawGeneric];
  let card;
  try {
    card = draw(obj(m.body));
  } catch {
    card = el("p", { class: "card quiet" }, "This message can’t be drawn. Its raw JSON is below.");
  }
  if (m.large) card = el("p", { class: "card quiet" }, m.large);
  if (typeof m.body === "string") card = el("div", { class: "card text" }, m.body);
  const event = m.event;
  const failed = m.status !== "delivered";
  const id = "m" + m.id;
  return el("article", { tabindex: "-1", "aria-labelledby": id, "data-id": m.id },
    el("header", null,
      el("h2", { id }, el("span", { class: "receiver" }, name), " ", el("span", { class: "sink" }, str(m.sink))),
      el("p", { class: "meta" },
        event ? el("span", null, [event.product || event.source, event.type].filter(Boolean).join(" ")) : null,
        el("span", { class: failed ? "status failed" : "status" }, (failed ? "● " : "✓ ") + m.status),
        localTime(new Date(m.time), { dateStyle: "medium", timeStyle: "short" }))),
    card,
    el("footer", null,
      el("details", { class: "raw" }, el("summary", null, "Raw JSON"), json(m.large || m.body)),
      event ? el("details", { class: "event" }, el("summary", null, "Source event"), json(event)) : null));
}

function show(found) {
  for (const m of found.reverse()) {
    if (m.id <= newest) continue;
    newest = m.id;
    messages.prepend(article(m));
  }
  while (messages.childElementCount > keep) messages.lastElementChild.remove();
  const n = messages.childElementCount;
  document.getElementById("empty").hidden = n > 0;
  document.getElementById("count").textContent = n === 1 ? "1 message" : n + " messages";
}

// load gets what is newer than the page, one request at a time.
let wanted = -1;
let loading = false;
async function load(id) {
  wanted = id;
  if (loading) return;
  loading = true;
  try {
    for (let done = -2; done !== wanted;) {
      done = wanted;
      if (done < newest) { // the server has started anew
        newest = 0;
        messages.replaceChildren();
      }
      const answer = await fetch("/inbox/messages?after=" + newest);
      if (answer.ok) show(await answer.json());
    }
  } catch {
    // The event stream reconnects, and says what is newest when it does.
  } finally {
    loading = false;
  }
}

const stream = new EventSource("/inbox/events");
stream.onmessage = (e) => load(JSON.parse(e.data).newest);
stream.onerror = () => { document.getElementById("count").textContent = "Disconnected, trying again"; };

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  const current = document.activeElement.closest("article");
  const arrows = !current || document.activeElement === current;
  const step = e.key === "j" || (arrows && e.key === "ArrowDown") ? 1
    : e.key === "k" || (arrows && e.key === "ArrowUp") ? -1 : 0;
  if (!step) return;
  const next = current ? (step > 0 ? current.nextElementSibling : current.previousElementSibling) : messages.firstElementChild;
  if (!next) return;
  e.preventDefault();
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
});
