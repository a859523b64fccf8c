"use strict";
// What all drawings share. Everything a message says becomes text nodes: no
// string of a message is ever read as HTML.

// el makes an element. Attributes are the program's own words; children are
// nodes or text, empty ones are left out.
function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(3).filter((c) => c !== undefined && c !== null && c !== ""));
  return node;
}

// str is a message's value as text, list as an array, obj as an object:
// messages may hold anything anywhere.
function str(v) {
  if (typeof v === "string") return v;
  return typeof v === "number" || typeof v === "boolean" ? String(v) : "";
}
function list(v) {
  return Array.isArray(v) ? v.filter((x) => x !== null && typeof x === "object") : [];
}
function obj(v) {
  return v !== null && typeof v === "object" && !Array.isArray(v) ? v : {};
}

// link leads to http and https only; to anything else it is just its text.
function link(url, children, attrs) {
  let to = null;
  try { to = new URL(str(url)); } catch { /* not a link */ }
  if (!to || (to.protocol !== "https:" && to.protocol !== "http:")) {
    return el("span", attrs, children);
  }
  return el("a", { ...attrs, href: to.href, target: "_blank", rel: "noopener noreferrer" }, children);
}

// picture stands for an image: the page loads nothing from elsewhere.
function picture(url, alt) {
  return link(url, [str(alt) || "Image"], { class: "picture" });
}

// inline draws text by rules. A rule is a sticky pattern and what to make of
// its match; text that no rule takes stays as it is.
function inline(text, rules, plain) {
  const out = [];
  let from = 0;
  let i = 0;
  const flush = () => { if (i > from) out.push(plain(text.slice(from, i))); };
  scan: while (i < text.length) {
    for (const [first, pattern, make] of rules) {
      if (!first.includes(text[i])) continue;
      pattern.lastIndex = i;
      const m = pattern.exec(text);
      if (!m) continue;
      flush();
      const end = pattern.lastIndex;
      out.push(make(m));
      i = from = end;
      continue scan;
    }
    i++;
  }
  flush();
  return out;
}

// colored sets the colour of a bar if it is a colour.
function colored(node, color) {
  const c = str(color).replace(/^#?([0-9a-f]{6})$/i, "#$1");
  const named = { good: "var(--good)", warning: "var(--warn)", danger: "var(--bad)" }[c];
  if (named || /^#[0-9a-f]{6}$/i.test(c)) node.style.setProperty("--bar", named || c);
  return node;
}

function button(url, text, style) {
  return link(url, [text], { class: "button " + style });
}

// localTime is an instant in the reader's zone.
function localTime(date, options, attrs) {
  return el("time", { ...attrs, datetime: date.toISOString(), title: date.toISOString() },
    new Intl.DateTimeFormat(undefined, options).format(date));
}

// facts are pairs of a name and a value, the value already drawn.
function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.map(([name, value]) =>
    el("div", null, el("dt", null, name), el("dd", null, value))));
}
