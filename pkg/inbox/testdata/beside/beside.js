"use strict";
// Draws a card twice, here and by Microsoft's own renderer, and says where the
// two differ: in what is to be read and in how it is arranged.

// pieces are what a reader sees, in order: texts, buttons, pictures and gauges,
// each with its box.
function pieces(root, atom) {
  const found = [];
  let open = null; // the text block that the next text may belong to
  const add = (piece, node) => {
    open = null;
    found.push({ ...piece, ground: groundOf(node, root), box: boxOf(node, [node.getBoundingClientRect()], root) });
  };
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return addText(node);
    if (node.nodeType !== Node.ELEMENT_NODE || getComputedStyle(node).display === "none") return;
    const piece = atom(node);
    if (piece) return add(piece, node);
    if (node.localName === "br" && open) open.runs.push({ text: "\n" });
    node.childNodes.forEach(walk);
  };
  const addText = (node) => {
    const range = document.createRange();
    range.selectNode(node);
    const rects = [...range.getClientRects()].filter((r) => r.width > 0);
    const block = blockOf(node.parentElement);
    if (!rects.length && !(open && open.node === block)) return;
    if (!open || open.node !== block) {
      open = { kind: "text", node: block, runs: [], rects: [], ground: groundOf(block, root), role: roleOf(block), mark: markOf(block) };
      found.push(open);
    }
    open.runs.push(runOf(node, root));
    open.rects.push(...rects);
  };
  walk(root);
  return found.map((p) => finished(p, root)).filter((p) => p.kind !== "text" || p.runs.length);
}

// boxOf is where a node is, with the part of the card that it belongs to: the
// facts, the buttons or the text of one element, or itself. What reaches out of
// its column is still in it.
function boxOf(node, rects, root) {
  const group = node.closest(".facts, .ac-factset, .actions, .ac-actionSet") || node.closest(".block, .ac-textBlock") || node;
  let from = -Infinity, to = Infinity;
  for (let n = group; n && root.contains(n); n = n.parentElement) {
    const box = n.getBoundingClientRect();
    from = Math.max(from, box.left);
    to = Math.min(to, box.right);
  }
  const { left, right } = node.getBoundingClientRect();
  const card = root.getBoundingClientRect();
  return {
    left, right, top: Math.min(...rects.map((r) => r.top)), bottom: Math.max(...rects.map((r) => r.bottom)),
    group, from, to, share: (to - from) / card.width, columns: node.closest(".columns, .ac-columnSet"),
    out: rects.some((r) => r.right > card.right + 1 || r.left < card.left - 1),
  };
}

function blockOf(node) {
  while (/^(inline|contents)/.test(getComputedStyle(node).display)) node = node.parentElement;
  return node;
}

function runOf(node, root) {
  const n = node.parentElement.closest(":not(.mention)"); // whose colour is the receiver's own
  const style = getComputedStyle(n);
  const a = n.closest("a[href]");
  const text = style.whiteSpaceCollapse === "collapse" ? node.data.replace(/[ \t\n\r\f]+/g, " ") : node.data;
  return {
    text: visible(text), // as the page writes what would turn the text around it
    bold: Number(style.fontWeight) >= 600, italic: style.fontStyle === "italic", size: style.fontSize,
    link: a && root.contains(a) ? a.href : "",
    color: a ? "" : style.color, // a receiver has a colour for links
  };
}

// finished merges neighbouring runs that look alike, and trims the block.
function finished(p, root) {
  if (p.kind !== "text") return p;
  const runs = [];
  for (const run of p.runs) {
    const last = runs[runs.length - 1];
    const { text: _, ...look } = run;
    if (last && JSON.stringify(last.look) === JSON.stringify(look)) last.text += run.text;
    else if (run.text) runs.push({ text: run.text, look });
  }
  for (let i = 0; i < runs.length; i++) {
    if (i === 0 || /[ \n]$/.test(runs[i - 1].text)) runs[i].text = runs[i].text.replace(/^ +/, "");
    runs[i].text = runs[i].text.replace(/ {2,}/g, " ");
  }
  while (runs.length && !(runs[runs.length - 1].text = runs[runs.length - 1].text.replace(/ +$/, ""))) runs.pop();
  const box = boxOf(p.node, p.rects, root);
  return { kind: p.kind, role: p.role, mark: p.mark, ground: p.ground, runs: runs.filter((r) => r.text), box };
}

// groundOf is the colour behind a node, and whether it reaches both edges of the card.
function groundOf(node, root) {
  const all = root.getBoundingClientRect();
  for (let n = node; n && n !== root; n = n.parentElement) {
    const color = getComputedStyle(n).backgroundColor;
    if (!/, 0\)$|^transparent$/.test(color) && !n.matches("button, .button")) {
      return color + (all.width - n.getBoundingClientRect().width < 4 ? " from edge to edge" : "");
    }
  }
  return getComputedStyle(root).backgroundColor;
}

function roleOf(node) {
  if (node.closest("dt, .ac-fact-title")) return "name of a fact";
  return node.closest("dd, .ac-fact-value") ? "value of a fact" : "";
}

// markOf is the mark of a list's item, with its depth.
function markOf(node) {
  const item = node.closest("li");
  if (!item) return "";
  let depth = 0;
  for (let n = item; n; n = n.parentElement) depth += n.localName === "ol" || n.localName === "ul";
  const list = item.parentElement;
  const number = (list.start || 1) + [...list.children].indexOf(item);
  return depth + (list.localName === "ol" ? ` ${number}.` : " •");
}

// arranged says how b stands to a, which comes before it. Of what stands in two
// columns only the side counts: how far down each is depends on how the letters
// before it break.
function arranged({ box: a }, { box: b }) {
  const row = a.top < b.bottom - 2 && b.top < a.bottom - 2;
  const together = a.group === b.group;
  const [aFrom, aTo, bFrom, bTo] = together ? [a.left, a.right, b.left, b.right] : [a.from, a.to, b.from, b.to];
  const beside = aTo <= bFrom + 1 ? "right of" : bTo <= aFrom + 1 ? "left of" : "";
  if (beside && together) return beside + (row ? " and in the row of" : "");
  if (beside && a.columns && a.columns === b.columns) return beside;
  return row ? "over" : a.top < b.top ? "below" : "above";
}

// brief names a piece.
function brief(p, i) {
  const text = p.kind === "text" ? p.runs.map((r) => r.text).join("") : p.text;
  return `piece ${i} (${p.role || p.kind} ${JSON.stringify(text.slice(0, 40))})`;
}

function difference(ours, theirs) {
  const said = [];
  for (let i = 0; i < Math.max(ours.length, theirs.length) && said.length < 2; i++) {
    const [a, b] = [ours[i], theirs[i]].map((p) => (p ? JSON.stringify({ ...p, box: undefined }) : "nothing"));
    if (a === b) continue;
    const same = Math.max(0, [...a].findIndex((c, k) => c !== b[k]) - 100);
    said.push(`piece ${i} is here ${a.slice(same, same + 400)}, and with Microsoft's renderer ${b.slice(same, same + 400)}`);
  }
  ours.forEach((p, i) => p.box.out && said.push(`${brief(p, i)} reaches out of the card`));
  if (said.length) return said;
  for (let i = 0; i < ours.length; i++) {
    const [a, b] = [ours[i].box.share, theirs[i].box.share];
    if (Math.abs(a - b) > 0.2) said.push(`${brief(ours[i], i)} has ${a.toFixed(2)} of the card's width here, and ${b.toFixed(2)} with Microsoft's renderer`);
    for (let j = 0; j < i && said.length < 2; j++) {
      const [a, b] = [arranged(ours[j], ours[i]), arranged(theirs[j], theirs[i])];
      if (a !== b) said.push(`${brief(ours[i], i)} is here ${a} ${brief(ours[j], j)}, and with Microsoft's renderer ${b}`);
    }
  }
  return said;
}
