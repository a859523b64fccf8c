// The Markdown of cards, with the dates that the receiver writes.
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features

function cardTime(iso, options) {
  const date = new Date(iso);
  return isNaN(date) ? iso : localTime(date, options);
}

// The forms of a date by the word behind it.
const cardDates = {
  __proto__: null,
  COMPACT: {},
  SHORT: { weekday: "short", day: "numeric", month: "short", year: "numeric" },
  LONG: { weekday: "long", day: "numeric", month: "long", year: "numeric" },
};

function cardMark(mark, tag) {
  const m = mark.replace(/[*~]/g, "\\$&");
  const c = m.slice(0, m.length / mark.length);
  // Inside of "**" a single "*" with its partner is emphasis, and so with "__".
  const inner = mark.length > 1 ? `(?:\\\\.|[^${c}\\\\]|${c}(?!${c})(?:\\\\.|[^${c}\\\\])+${c}(?!${c}))+` : `(?:\\\\.|[^${c}\\\\])+`;
  return [mark[0], new RegExp(`(?<![\\w\\\\])${m}(?=[^\\s])(${inner})(?<=\\S)${m}(?!\\w)`, "ys"),
    (found, rules) => el(tag, null, markdownInline(found[1], rules))];
}

// cardPeople are whom the card that is being drawn mentions: their names by the
// texts that stand for them.
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format#mention-support-within-adaptive-cards
let cardPeople = new Map();

const cardRules = [
  ["\\", /\\([\\`*_{}[\]()#+\-.!<>|~&:/"'$%,;=?@^])/y, (m) => m[1]],
  ["{", /\{\{DATE\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))(?:, ?(COMPACT|SHORT|LONG))?\)\}\}/y, (m) => cardTime(m[1], cardDates[m[2] || "COMPACT"])],
  ["{", /\{\{TIME\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d))\)\}\}/y, (m) => cardTime(m[1], { hour: "numeric", minute: "2-digit" })],
  ["[", /\[((?:\\.|[^[\]\\])+)\]\(((?:\\.|[^()\x00-\x20\\])*)\)/ys,
    (m) => link(m[2].replace(/\\(.)/g, "$1"), markdownInline(m[1]))],
  ["<", /<at>[^<>]+<\/at>/y, (m) => (cardPeople.has(m[0]) ? el("span", { class: "mention" }, cardPeople.get(m[0])) : m[0])],
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
