// Slack: Block Kit, attachments and mrkdwn.

function slackDecode(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, n) => ({ amp: "&", lt: "<", gt: ">" })[n]);
}

function slackDate(seconds, format, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (!/^\d{1,11}$/.test(seconds) || isNaN(date)) return slackDecode(fallback);
  const styles = {
    date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
    date: { dateStyle: "long" }, date_pretty: { dateStyle: "long" },
    date_short: { dateStyle: "medium" }, date_short_pretty: { dateStyle: "medium" },
    date_long: { dateStyle: "full" }, date_long_pretty: { dateStyle: "full" },
    time: { timeStyle: "short" }, time_secs: { timeStyle: "medium" },
  };
  const text = format.replace(/\{(\w+)\}/g, (all, name) =>
    Object.hasOwn(styles, name) ? new Intl.DateTimeFormat(undefined, styles[name]).format(date) : all);
  return el("time", { datetime: date.toISOString(), title: slackDecode(fallback) }, slackDecode(text));
}

function slackAngle(inner) {
  const bar = inner.indexOf("|");
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? "" : inner.slice(bar + 1);
  if (target.startsWith("!date^")) {
    const [, seconds, format, url] = target.split("^");
    const time = slackDate(seconds, format || "{date} {time}", label);
    return url ? link(slackDecode(url), [time]) : time;
  }
  if (/^[!@#]/.test(target)) {
    const name = slackDecode(label || target.slice(1)).replace(/^[@#]/, "");
    return el("span", { class: "mention" }, (target[0] === "#" ? "#" : "@") + name);
  }
  return link(slackDecode(target), [slackDecode(label || target.replace(/^mailto:/, ""))]);
}

function slackStyled(mark, tag) {
  const m = "\\" + mark;
  const inner = `(?:<[^<>\\n]*>|[^${m}<\\n])+`;
  return [mark, new RegExp(`(?<![\\w${m}])${m}(?=\\S)(${inner})(?<=\\S)${m}(?![\\w${m}])`, "y"),
    (found) => el(tag, null, mrkdwn(found[1]))];
}

const slackRules = [
  ["<", /<([^<>\n]+)>/y, (m) => slackAngle(m[1])],
  ["`", /```\n?([^`]+?)\n?```/y, (m) => el("pre", { class: "code" }, slackDecode(m[1]))],
  ["`", /`([^`\n]+)`/y, (m) => el("code", null, slackDecode(m[1]))],
  slackStyled("*", "strong"),
  slackStyled("_", "em"),
  slackStyled("~", "s"),
];

function mrkdwn(text) {
  return inline(text, slackRules, slackDecode);
}

// slackText draws a text object or a string, line by line for quotes.
function slackText(v) {
  if (typeof v === "string") v = { type: "mrkdwn", text: v };
  const text = str(obj(v).text);
  if (obj(v).type === "plain_text") return [text];
  const out = [];
  for (const part of text.split(/((?:^|\n)(?:(?:&gt;|>) ?[^\n]*(?:\n|$))+)/)) {
    if (/^\n?(&gt;|>)/.test(part)) {
      out.push(el("blockquote", null, mrkdwn(part.trim().replace(/^(&gt;|>) ?/gm, ""))));
    } else {
      out.push(mrkdwn(part));
    }
  }
  return out;
}

function slackButton(v) {
  const a = obj(v);
  const style = a.style === "primary" ? "good" : a.style === "danger" ? "bad" : "";
  return button(a.url, str(obj(a.text).text) || str(a.text) || "Button", style);
}

function slackAccessory(v) {
  if (!v) return null;
  const a = obj(v);
  return el("div", { class: "accessory" },
    a.type === "button" ? slackButton(a) : a.type === "image" ? picture(a.image_url, a.alt_text) : str(a.type));
}

const slackBlocks = {
  header: (b) => el("p", { class: "title", role: "heading", "aria-level": "3" }, slackText(b.text)),
  divider: () => el("hr"),
  section: (b) => el("div", { class: "section" },
    el("div", { class: "grow" },
      b.text ? el("div", { class: "text" }, slackText(b.text)) : null,
      list(b.fields).length
        ? el("div", { class: "fields" }, list(b.fields).map((f) => el("div", { class: "text" }, slackText(f))))
        : null),
    slackAccessory(b.accessory)),
  context: (b) => el("div", { class: "context" }, list(b.elements).map((e) =>
    e.type === "image" ? picture(e.image_url, e.alt_text) : el("span", { class: "text" }, slackText(e)))),
  actions: (b) => el("div", { class: "actions" }, list(b.elements).map(slackButton)),
  image: (b) => el("div", null, b.title ? slackText(b.title) : null, picture(b.image_url, b.alt_text)),
};

function slackBlock(b) {
  return Object.hasOwn(slackBlocks, b.type)
    ? slackBlocks[b.type](b)
    : el("p", { class: "quiet" }, "[" + str(b.type) + " block]");
}

function slackField(f) {
  return el("div", { class: f.short ? "text" : "text wide" },
    el("strong", null, slackDecode(str(f.title))), "\n", slackText(str(f.value)));
}

function slackAttachment(a) {
  const node = el("div", { class: "bar" },
    a.author_name ? el("p", { class: "quiet" }, link(a.author_link, [str(a.author_name)])) : null,
    a.title ? el("p", { class: "strong" }, link(a.title_link, [slackDecode(str(a.title))])) : null,
    a.text ? el("div", { class: "text" }, slackText(str(a.text))) : null,
    list(a.fields).length ? el("div", { class: "fields" }, list(a.fields).map(slackField)) : null,
    list(a.blocks).map(slackBlock),
    list(a.actions).length ? el("div", { class: "actions" }, list(a.actions).map(slackButton)) : null,
    a.image_url ? picture(a.image_url, a.fallback) : null,
    a.footer || a.ts
      ? el("p", { class: "context" }, str(a.footer), a.footer && a.ts ? " · " : null,
        a.ts ? slackDate(str(a.ts).split(".")[0], "{date_short} {time}", str(a.ts)) : null)
      : null);
  if (!node.hasChildNodes()) node.append(slackDecode(str(a.fallback)));
  return [a.pretext ? el("div", { class: "text" }, slackText(str(a.pretext))) : null, colored(node, a.color)];
}

// drawSlack shows the text only where there are no blocks beside it; blocks in an
// attachment come below the text.
function drawSlack(body) {
  const blocks = list(body.blocks);
  const attachments = list(body.attachments);
  return el("div", { class: "card slack" },
    str(body.text) && !blocks.length ? el("div", { class: "text" }, slackText(str(body.text))) : null,
    blocks.map(slackBlock), attachments.map(slackAttachment));
}
