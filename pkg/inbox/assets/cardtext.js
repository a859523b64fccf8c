// The Markdown of cards, with the dates that the receiver writes.
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features

function cardTime(kind, iso, style) {
  const date = new Date(iso);
  if (isNaN(date)) return iso;
  const lengths = { COMPACT: "short", SHORT: "medium", LONG: "full" };
  return localTime(date, kind === "TIME" ? { timeStyle: "short" } : { dateStyle: lengths[style] || "short" });
}

function cardMark(mark, tag) {
  const m = mark.replace(/[*~]/g, "\\$&");
  const c = m.slice(0, m.length / mark.length);
  // Inside of "**" a single "*" with its partner is emphasis, and so with "__".
  const inner = mark.length > 1 ? `(?:\\\\.|[^${c}\\\\]|${c}(?!${c})(?:\\\\.|[^${c}\\\\])+${c}(?!${c}))+` : `(?:\\\\.|[^${c}\\\\])+`;
  return [mark[0], new RegExp(`(?<![\\w\\\\])${m}(?=[^\\s])(${inner})(?<=\\S)${m}(?!\\w)`, "ys"),
    (found, rules) => el(tag, null, markdownInline(found[1], rules))];
}

const cardRules = [
  ["\\", /\\([\\`*_{}[\]()#+\-.!<>|~&:/"'$%,;=?@^])/y, (m) => m[1]],
  ["{", /\{\{(DATE|TIME)\(([^(),{}]+)(?:,\s*(\w+))?\)\}\}/y, (m) => cardTime(m[1], m[2].trim(), m[3])],
  ["[", /\[((?:\\.|[^[\]\\])+)\]\(((?:\\.|[^()\s\\])*)\)/ys,
    (m) => link(m[2].replace(/\\(.)/g, "$1"), markdownInline(m[1]))],
  cardMark("**", "strong"), cardMark("__", "strong"), cardMark("*", "em"), cardMark("_", "em"),
];

// A MessageCard's Markdown has two more.
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
const messageCardRules = [...cardRules, ["`", /`([^`\n]+)`/y, (m) => el("code", null, m[1])], cardMark("~~", "s")];

const entity = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: "\u00a0" };

function markdownInline(text, rules) {
  return inline(text, rules || cardRules, (s) => s.replace(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, n) => entity[n]));
}

const listItem = /^(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;

// markdown draws paragraphs and lists, nested by their indent. A single line
// break is a space, as it is in Teams.
function markdown(text, rules) {
  const out = [];
  let open = []; // the lists that an item may continue, outermost first
  let lines = [];
  const flush = () => {
    if (lines.length) out.push(el("p", { class: "text" }, markdownInline(lines.join(" "), rules)));
    lines = [];
  };
  for (const line of str(text).split(/\r\n|\r|\n/)) {
    const m = listItem.exec(line);
    if (m) {
      flush();
      open = addItem(out, open, m, markdownInline(m[3], rules));
    } else if (line.trim()) {
      open = [];
      lines.push(line.trim());
    } else {
      flush();
    }
  }
  flush();
  return out;
}

// addItem puts an item into the list of its indent, a new one if need be, and
// returns the lists that are open now.
function addItem(out, open, [, indent, number], content) {
  const depth = indent.length;
  const tag = number ? "ol" : "ul";
  const kept = open.filter((l) => l.depth < depth || (l.depth === depth && l.node.localName === tag));
  let last = kept[kept.length - 1];
  if (!last || last.depth < depth) {
    const node = el(tag, { start: number });
    if (last) last.node.lastElementChild.append(node);
    else out.push(node);
    last = { depth, node };
    kept.push(last);
  }
  last.node.append(el("li", null, content));
  return kept;
}
