// The gallery: every message of the page's data, by group, and a choice of what
// is shown: one event, one receiver.

const groups = list(JSON.parse(document.getElementById("data").textContent));

function choose(name, values) {
  const select = el("select", { id: "choose-" + name }, el("option", { value: "" }, "all"), values.map((v) => el("option", { value: v }, v)));
  select.addEventListener("change", show);
  document.getElementById("choice").append(el("label", null, name + " ", select));
  return select;
}

const chosenEvent = choose("event", groups.map((g) => g.name));
const chosenSink = choose("sink", [...new Set(groups.flatMap((g) => list(g.messages).map((m) => m.sink)))]);

function show() {
  document.getElementById("gallery").replaceChildren(...groups
    .filter((g) => !chosenEvent.value || g.name === chosenEvent.value)
    .map((g) => el("section", { class: "group" }, el("h2", null, g.name),
      el("div", null, list(g.messages).filter((m) => !chosenSink.value || m.sink === chosenSink.value).map(article)))));
}

show();
