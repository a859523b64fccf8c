// The page: the list of messages, kept current.

const keep = 200;
const again = 500; // milliseconds until what failed is tried again
const messages = document.getElementById("list");

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
