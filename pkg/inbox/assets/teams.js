// Microsoft Teams: Adaptive Cards, MessageCards and their Markdown.

function cardTime(kind, iso, style) {
  const date = new Date(iso);
  if (isNaN(date)) return iso;
  const lengths = { COMPACT: "short", SHORT: "medium", LONG: "full" };
  return localTime(date, kind === "TIME" ? { timeStyle: "short" } : { dateStyle: lengths[style] || "short" });
}

const cardStyled = (mark, tag) => {
  const m = mark.replace(/[*~]/g, "\\$&");
  const c = mark[0] === "_" ? "_" : "\\" + mark[0];
  return [mark[0], new RegExp(`(?<![\\w\\\\])${m}(?=[^\\s${c}])((?:\\\\.|[^${c}\\\\])+)${m}(?!\\w)`, "ys"),
    (found) => el(tag, null, markdownInline(found[1]))];
};

const cardRules = [
  ["\\", /\\([\\`*_{}[\]()#+\-.!<>|~&:/"'$%,;=?@^])/y, (m) => m[1]],
  ["{", /\{\{(DATE|TIME)\(([^(),{}]+)(?:,\s*(\w+))?\)\}\}/y, (m) => cardTime(m[1], m[2].trim(), m[3])],
  ["[", /\[((?:\\.|[^[\]\\])+)\]\(((?:\\.|[^()\s\\])*)\)/ys,
    (m) => link(m[2].replace(/\\(.)/g, "$1"), markdownInline(m[1]))],
  ["`", /`([^`\n]+)`/y, (m) => el("code", null, m[1])],
  cardStyled("**", "strong"), cardStyled("__", "strong"), cardStyled("~~", "s"),
  cardStyled("*", "em"), cardStyled("_", "em"),
];

const entity = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00a0" };

function markdownInline(text) {
  return inline(text, cardRules, (s) => s.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, n) => entity[n]));
}

// markdown draws paragraphs and lists.
function markdown(text) {
  const out = [];
  let items = null;
  let lines = [];
  const flush = () => {
    if (lines.length) out.push(el("p", { class: "text" }, markdownInline(lines.join("\n"))));
    lines = [];
  };
  for (const line of str(text).split(/\r\n|\r|\n/)) {
    const m = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/.exec(line);
    if (m) {
      flush();
      const tag = m[1] ? "ol" : "ul";
      if (!items || items.localName !== tag) out.push(items = el(tag, { start: m[1] }));
      items.append(el("li", null, markdownInline(m[2])));
      continue;
    }
    if (line.trim()) {
      items = null;
      lines.push(line);
    } else {
      flush();
    }
  }
  flush();
  return out;
}

// word is a card's keyword as part of a class name.
function word(v) {
  return str(v).toLowerCase().replace(/[^a-z]/g, "");
}

function cardAction(a) {
  const style = a.style === "positive" ? "good" : a.style === "destructive" ? "bad" : "";
  return button(a.url, str(a.title) || "Open", style);
}

function cardColumn(c) {
  const node = el("div", { class: "column c-" + word(c.style) }, cardItems(c.items));
  const width = c.width === undefined ? "stretch" : str(c.width);
  if (width === "auto") node.classList.add("auto");
  else if (/^\d{1,4}px$/.test(width)) node.style.flex = `0 1 ${width}`;
  else if (/^\d+(\.\d+)?$/.test(width)) node.style.flexGrow = width;
  return node;
}

const cardElements = {
  TextBlock: (e) => el("div", {
    class: ["block", "s-" + word(e.size), "w-" + word(e.weight), "t-" + word(e.color),
      e.isSubtle ? "subtle" : "", e.wrap ? "" : "nowrap", "a-" + word(e.horizontalAlignment),
      e.fontType === "Monospace" ? "mono" : ""].join(" "),
    role: e.style === "heading" ? "heading" : null,
    "aria-level": e.style === "heading" ? "3" : null,
  }, markdown(e.text)),
  RichTextBlock: (e) => el("p", { class: "text" }, (Array.isArray(e.inlines) ? e.inlines : []).map((r) => {
    if (typeof r === "string") return r;
    const run = obj(r);
    const text = run.selectAction ? link(obj(run.selectAction).url, [str(run.text)]) : str(run.text);
    return el(run.strikethrough ? "s" : "span", {
      class: `w-${word(run.weight)} t-${word(run.color)} ${run.isSubtle ? "subtle" : ""} ${run.fontType === "Monospace" ? "mono" : ""}`,
    }, text);
  })),
  Container: (e) => el("div", { class: "container c-" + word(e.style) }, cardItems(e.items)),
  ColumnSet: (e) => el("div", { class: "columns c-" + word(e.style) }, list(e.columns).map(cardColumn)),
  FactSet: (e) => facts(list(e.facts).map((f) => [markdownInline(str(f.title)), markdownInline(str(f.value))])),
  ActionSet: (e) => el("div", { class: "actions" }, list(e.actions).map(cardAction)),
  Image: (e) => picture(e.url, e.altText),
  "Chart.Gauge": drawGauge,
};

function cardItems(items) {
  return list(items).filter((e) => e.isVisible !== false).map((e) => {
    let node;
    if (Object.hasOwn(cardElements, e.type)) node = cardElements[e.type](e);
    else if (e.fallback && typeof e.fallback === "object") [node] = cardItems([e.fallback]);
    else node = el("p", { class: "quiet" }, "[" + str(e.type) + "]");
    if (!node) return null;
    if (e.separator) node.classList.add("separator");
    if (e.spacing) node.classList.add("sp-" + word(e.spacing));
    if (e.targetWidth) node.dataset.width = str(e.targetWidth).toLowerCase();
    return node;
  });
}

function adaptiveCard(card) {
  return el("div", { class: "card teams" }, cardItems(card.body),
    list(card.actions).length ? el("div", { class: "actions" }, list(card.actions).map(cardAction)) : null);
}

function messageCard(card) {
  const part = (s) => [
    s.activityTitle ? el("div", { class: "w-bolder" }, markdown(s.activityTitle)) : null,
    s.activitySubtitle ? el("div", { class: "subtle" }, markdown(s.activitySubtitle)) : null,
    s.activityText ? markdown(s.activityText) : null,
    s.title ? el("div", { class: "w-bolder" }, markdown(s.title)) : null,
    s.text ? markdown(s.text) : null,
    list(s.facts).length
      ? facts(list(s.facts).map((f) => [str(f.name), markdownInline(str(f.value))])) : null,
    list(s.potentialAction).length ? el("div", { class: "actions" }, list(s.potentialAction).map((a) =>
      button(str(obj(list(a.targets)[0]).uri) || list(a.target)[0], str(a.name) || "Open", ""))) : null,
  ];
  const titled = card.title || card.text || list(card.sections).length ? card.title : card.summary;
  return colored(el("div", { class: "card teams bar top-bar" },
    titled ? el("div", { class: "block s-medium w-bolder" }, markdown(titled)) : null,
    part({ text: card.text }), list(card.sections).map(part),
    part({ potentialAction: card.potentialAction })), card.themeColor);
}

function drawTeams(body) {
  if (body["@type"] === "MessageCard") return messageCard(body);
  if (body.type === "AdaptiveCard") return adaptiveCard(body);
  return list(body.attachments).map((a) => adaptiveCard(obj(a.content)));
}
