"use strict";
// What all drawings share. Everything a message says becomes text nodes: no
// string of a message is ever read as HTML.

// filesKey is where the files that came with a message are, as data addresses by
// their names.
const filesKey = "sigpost:files";

// el makes an element. Attributes are the program's own words; children are
// nodes or text, empty ones are left out.
function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs || {})) {
    if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat(4)
    .filter((c) => c !== undefined && c !== null && c !== "")
    .map((c) => (typeof c === "string" ? visible(c) : c)));
  return node;
}

// visible names the invisible characters that would turn the order of the text
// around them: bidirectional overrides, embeddings and isolates.
function visible(text) {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, (c) => "[U+" + c.charCodeAt(0).toString(16).toUpperCase() + "]");
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

// notDrawn stands for a part of a message that this page can't draw, so that
// none is missed.
function notDrawn(type) {
  return el("span", { class: "not-drawn" }, "not drawn: " + (str(type) || "no type"));
}

// parts draws each of a list by its type.
function parts(items, drawings) {
  return list(items).map((item) => (Object.hasOwn(drawings, item.type) ? drawings[item.type](item) : notDrawn(item.type)));
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

// picture stands for an image, since the page loads nothing from elsewhere. One
// that is part of the message itself is shown.
function picture(url, alt) {
  if (/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(str(url))) {
    return el("img", { src: url, alt: str(alt), class: "image" });
  }
  return link(url, [svg("svg", { viewBox: "0 0 20 16", class: "glyph", "aria-hidden": "true" },
    svg("path", { d: "M1 1h18v14H1z M1 12l5-5 4 4 3-3 6 6", class: "stroke" })),
  str(alt) || "Image"], { class: "picture" });
}

function svg(tag, attrs, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.append(...children.map((c) => (typeof c === "string" ? visible(c) : c)));
  return node;
}

// inline draws text by rules. A rule is the character it begins with, a sticky
// pattern and what to make of its match; text that no rule takes stays as it is.
function inline(text, rules, plain) {
  const out = [];
  let from = 0;
  let i = 0;
  const flush = () => { if (i > from) out.push(plain(text.slice(from, i))); };
  scan: while (i < text.length) {
    for (const [first, pattern, make] of rules) {
      if (first !== text[i]) continue;
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
  const named = { good: "var(--good-bar)", warning: "var(--warn-bar)", danger: "var(--bad-bar)" }[c];
  if (named || /^#[0-9a-f]{6}$/i.test(c)) node.style.setProperty("--bar", named || c);
  return node;
}

function button(url, text, style) {
  return link(url, [text], { class: ("button " + style).trim() });
}

// localTime is an instant in the reader's zone.
function localTime(date, options, attrs) {
  if (isNaN(date)) return null;
  return el("time", { ...attrs, datetime: date.toISOString(), title: date.toISOString() },
    new Intl.DateTimeFormat(undefined, options).format(date));
}

// facts are pairs of a name and a value, both already drawn.
function facts(pairs) {
  return el("dl", { class: "facts" }, pairs.map(([name, value]) =>
    el("div", null, el("dt", null, name), el("dd", null, value))));
}

// posted is a message as it stands in a channel: who, when, and the message.
function posted(avatar, name, badge, time, ...body) {
  return el("div", { class: "posted" }, avatar,
    el("p", { class: "who" }, el("span", { class: "name" }, name), badge ? el("span", { class: "badge" }, badge) : null,
      localTime(time, { timeStyle: "short" })),
    el("div", { class: "message" }, body));
}

// signpost is the mark of the bot that posts.
function signpost(attrs) {
  return svg("svg", { viewBox: "0 0 36 36", "aria-hidden": "true", ...attrs },
    svg("rect", { width: 36, height: 36, rx: 7, class: "ground" }),
    svg("path", { d: "M16.6 6h2.8v24h-2.8z", class: "post" }),
    svg("path", { d: "M9 8.5h15l4.5 3.75L24 16H9z M27 18H12l-4.5 3.5L12 25h15z", class: "boards" }));
}
