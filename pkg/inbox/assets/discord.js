// Discord: a webhook's message with its embeds.
// https://docs.discord.com/developers/resources/message#embed-object

const discordMasked = /\[((?:\\.|[^[\]\\])+)\]\(<?(https?:\/\/[^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?\)/ys;

function discordMark(mark, tag) {
  const m = mark.replace(/[*~|]/g, "\\$&");
  return [mark[0], new RegExp(`${m}(?=\\S)((?:\\\\.|(?!${m})[^\\\\])+?)(?<=\\S)${m}`, "ys"), (found) => el(tag, null, discordInline(found[1]))];
}

const discordRules = [
  ["\\", /\\([^A-Za-z0-9\s])/y, (m) => m[1]],
  ["`", /``((?:[^`]|`(?!`))+)``/y, (m) => el("code", null, m[1].trim())],
  ["`", /`([^`\n]+)`/y, (m) => el("code", null, m[1])],
  ["[", discordMasked, (m) => link(m[2].replace(/\\(.)/g, "$1"), discordInline(m[1]))],
  ["<", /<t:(-?\d{1,12})(?::[tTdDfFR])?>/y, (m) => localTime(new Date(Number(m[1]) * 1000), { dateStyle: "medium", timeStyle: "short" })],
  ["<", /<(https?:\/\/[^\s<>]+)>/y, (m) => link(m[1], [m[1]])],
  ["<", /<(@[!&]?|#)(\d{5,20})>/y, (m) => el("span", { class: "mention" }, m[1][0] + m[2])],
  ["@", /@(everyone|here)\b/y, (m) => el("span", { class: "mention" }, m[0])],
  discordMark("***", "strong"), discordMark("**", "strong"), discordMark("__", "u"), discordMark("~~", "s"),
  discordMark("*", "em"), discordMark("_", "em"),
];

function discordInline(text) {
  return inline(text, discordRules, (s) => s);
}

// discordBlock is one line, or lines that belong together: a heading, an item, a
// quotation, small print.
function discordBlock(line) {
  const heading = /^(#{1,3})\s+(.+)$/.exec(line);
  if (heading) return el("div", { class: "strong" }, discordInline(heading[2]));
  const small = /^-# +(.+)$/.exec(line);
  if (small) return el("div", { class: "context" }, discordInline(small[1]));
  const quote = /^> ?(.*)$/.exec(line);
  if (quote) return el("blockquote", null, discordInline(quote[1]));
  const item = /^( *)(?:[-*]|(\d{1,9})\.)\s+(.*)$/.exec(line);
  if (item) {
    const node = el("div", { class: "item" }, (item[2] ? item[2] + "." : "•") + " ", discordInline(item[3]));
    node.style.marginInlineStart = Math.min(item[1].length, 20) / 2 + "rem";
    return node;
  }
  return el("div", null, discordInline(line));
}

// discordText draws text with its code blocks.
function discordText(text) {
  return str(text).split(/```(?:[a-z0-9+#-]*\n)?([^]*?)```\n?/i).map((part, i) =>
    (i % 2 ? el("pre", { class: "code" }, part.replace(/\n$/, ""))
      : part.replace(/\n$/, "").split("\n").filter((l, n, all) => l || all.length > 1).map(discordBlock)));
}

// discordImage is an embed's image: a file that came with the message, or a link.
function discordImage(image, files) {
  const url = str(obj(image).url);
  const name = /^attachment:\/\/(.+)$/.exec(url);
  return url ? el("div", null, picture(name ? obj(files)[name[1]] : url, name ? name[1] : "Image")) : null;
}

function discordColor(n) {
  return typeof n === "number" && n >= 0 && n <= 0xffffff ? "#" + Math.floor(n).toString(16).padStart(6, "0") : "";
}

// discordFields puts neighbours that are inline into rows of three.
function discordFields(fields) {
  return el("div", { class: "fields" }, list(fields).map((f) =>
    el("div", { class: f.inline ? "field" : "field wide" }, el("div", { class: "strong" }, discordInline(str(f.name))), discordText(f.value))));
}

function discordEmbed(e, files) {
  const author = obj(e.author);
  const footer = obj(e.footer);
  const at = e.timestamp ? new Date(e.timestamp) : new Date(NaN);
  const node = el("div", { class: "bar embed" },
    str(author.name) ? el("p", { class: "author" }, link(author.url, [str(author.name)])) : null,
    str(e.title) ? el("h3", { class: "strong" }, link(e.url, discordInline(str(e.title)))) : null,
    e.description ? el("div", { class: "text" }, discordText(e.description)) : null,
    list(e.fields).length ? discordFields(e.fields) : null,
    discordImage(e.image, files), discordImage(e.thumbnail, files),
    footer.text || !isNaN(at) ? el("p", { class: "context" }, str(footer.text),
      footer.text && !isNaN(at) ? el("span", null, "•") : null, localTime(at, { dateStyle: "short", timeStyle: "short" })) : null);
  return colored(node, discordColor(e.color));
}

function drawDiscord(body, time) {
  return el("div", { class: "card discord" }, posted(signpost({ class: "avatar round" }), str(body.username) || "sigpost", "APP", time,
    body.content ? el("div", { class: "text" }, discordText(body.content)) : null,
    list(body.embeds).map((e) => discordEmbed(e, body[filesKey])), list(body.components).map((c) => notDrawn("component " + str(c.type)))));
}

// discordNotice is what a phone would say.
function discordNotice(body) {
  const first = obj(list(body.embeds)[0]);
  return (str(body.content) || str(first.title) || str(first.description).slice(0, 200)).replace(/\\([^A-Za-z0-9\s])/g, "$1");
}
