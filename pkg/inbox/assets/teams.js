// Microsoft Teams: Adaptive Cards. https://adaptivecards.io/explorer/

// word is a card's keyword as part of a class name.
function word(v) {
  return str(v).toLowerCase().replace(/[^a-z]/g, "");
}

const cardActions = {
  "Action.OpenUrl": (a) => button(a.url, str(a.title) || "Open",
    { positive: "primary", destructive: "danger" }[a.style] || ""),
};

function cardColumn(c) {
  if (c.type !== undefined && c.type !== "Column") return notDrawn(c.type);
  const node = el("div", { class: "column c-" + word(c.style) }, cardItems(c.items));
  const width = c.width === undefined ? "stretch" : str(c.width);
  if (width === "auto") node.classList.add("auto");
  else if (/^\d{1,4}px$/.test(width)) node.style.flex = `0 1 ${width}`;
  else if (/^\d+(\.\d+)?$/.test(width)) node.style.flex = `${width} 1 0`;
  return node;
}

function textRun(r) {
  if (typeof r === "string") return r;
  const run = obj(r);
  if (run.type !== undefined && run.type !== "TextRun") return notDrawn(run.type);
  const text = run.selectAction ? link(obj(run.selectAction).url, [str(run.text)]) : str(run.text);
  return el(run.strikethrough ? "s" : run.italic ? "em" : "span", {
    class: `w-${word(run.weight)} t-${word(run.color)} ${run.isSubtle ? "subtle" : ""} ${run.fontType === "Monospace" ? "mono" : ""}`,
  }, text);
}

const cardElements = {
  TextBlock: (e) => el(e.style === "heading" ? "h3" : "div", {
    class: ["block", "s-" + word(e.size), "w-" + word(e.weight), "t-" + word(e.color),
      e.isSubtle ? "subtle" : "", e.wrap ? "" : "nowrap", "a-" + word(e.horizontalAlignment),
      e.fontType === "Monospace" ? "mono" : ""].join(" "),
  }, markdown(e.text)),
  RichTextBlock: (e) => el("p", { class: "text" }, (Array.isArray(e.inlines) ? e.inlines : []).map(textRun)),
  Container: (e) => el("div", { class: `container c-${word(e.style)} ${e.bleed ? "bleed" : ""}` }, cardItems(e.items)),
  ColumnSet: (e) => el("div", { class: "columns c-" + word(e.style) }, list(e.columns).map(cardColumn)),
  FactSet: (e) => facts(list(e.facts).map((f) => [markdownInline(str(f.title)), markdownInline(str(f.value))])),
  ActionSet: (e) => el("div", { class: "actions" }, parts(e.actions, cardActions)),
  Image: (e) => el("div", null, picture(e.url, e.altText)),
  "Chart.Gauge": drawGauge,
};

// cardFallback is what the receiver draws in place of what it doesn't know:
// nothing of what may be dropped.
function cardFallback(e) {
  if (e.fallback === "drop") return [];
  const nodes = cardItems([obj(e.fallback)].filter((f) => f.type));
  return nodes.length ? nodes : [notDrawn(e.type)];
}

// cardKnown is whether an element can be drawn, and not only what stands in for it.
function cardKnown(e) {
  return Object.hasOwn(cardElements, e.type) && (e.type !== "Chart.Gauge" || typeof e.value === "number");
}

function cardItems(items) {
  return list(items).filter((e) => e.isVisible !== false).flatMap((e) => {
    if (!cardKnown(e)) return cardFallback(e);
    const node = cardElements[e.type](e);
    if (e.separator) node.classList.add("separator");
    if (e.spacing) node.classList.add("sp-" + word(e.spacing));
    const width = /^(at(least|most):)?(verynarrow|narrow|standard|wide)$/i.exec(str(e.targetWidth));
    if (width) node.dataset.width = width[0].toLowerCase();
    return [node];
  });
}

function adaptiveCard(card) {
  cardPeople = new Map(list(obj(card.msteams).entities).filter((e) => e.type === "mention").map((e) => [str(e.text), str(obj(e.mentioned).name)]));
  return el("div", { class: "adaptive" }, cardItems(card.body),
    list(card.actions).length ? el("div", { class: "actions" }, parts(card.actions, cardActions)) : null);
}

const workflows = () => svg("svg", { viewBox: "0 0 36 36", class: "avatar round", "aria-hidden": "true" },
  svg("rect", { width: 36, height: 36, class: "ground" }),
  svg("path", { d: "M12.5 12.5h7a4 4 0 0 1 4 4v7", class: "wire" }),
  svg("path", { d: "M8.5 8.5h8v8h-8z M19.5 19.5h8v8h-8z", class: "boards" }));

// drawTeams draws the cards of an envelope, or a card that came without one.
function drawTeams(body, time) {
  const cards = body["@type"] === "MessageCard" ? [messageCard(body)]
    : body.type === "AdaptiveCard" ? [adaptiveCard(body)]
      : list(body.attachments).map((a) =>
        (a.contentType === "application/vnd.microsoft.card.adaptive" ? adaptiveCard(obj(a.content)) : notDrawn(a.contentType)));
  return el("div", { class: "card teams" }, posted(workflows(), "Workflows", "", time,
    cards.length ? cards : notDrawn(body.type)));
}

// teamsNotice is what a phone would say.
function teamsNotice(body) {
  return str(body.summary) || str(obj(obj(list(body.attachments)[0]).content).fallbackText);
}
