// Slack's text: mrkdwn, with its links, mentions and dates.
// https://docs.slack.dev/messaging/formatting-message-text

function slackDecode(text) {
  return text.replace(/&(amp|lt|gt);/g, (_, n) => ({ amp: "&", lt: "<", gt: ">" })[n]);
}

const dateStyles = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { dateStyle: "long" }, date_pretty: { dateStyle: "long" },
  date_short: { dateStyle: "medium" }, date_short_pretty: { dateStyle: "medium" },
  date_long: { dateStyle: "full" }, date_long_pretty: { dateStyle: "full" },
  time: { timeStyle: "short" }, time_secs: { timeStyle: "medium" },
};

// relativeDay is "today", "yesterday" or "tomorrow" in the reader's language, or
// nothing: the pretty dates say so.
function relativeDay(date) {
  const day = (d) => Date.UTC(d.getFullYear(), d.getMonth(), d.getDate()) / 864e5;
  const off = day(date) - day(new Date());
  return Math.abs(off) > 1 ? "" : new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(off, "day");
}

function slackDate(seconds, format, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (!/^\d{1,11}$/.test(seconds) || isNaN(date)) return slackDecode(fallback);
  const text = format.replace(/\{(\w+)\}/g, (all, name) => {
    if (!Object.hasOwn(dateStyles, name)) return all;
    return (name.endsWith("_pretty") && relativeDay(date)) || new Intl.DateTimeFormat(undefined, dateStyles[name]).format(date);
  });
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
  return link(slackDecode(target), mrkdwnStyled(label) || slackDecode(target.replace(/^mailto:/, "")));
}

// A mark beside a zero-width space is no mark: the sink puts them there so that
// text stays as it is.
function slackMark(mark, tag) {
  const m = "\\" + mark;
  const inner = `(?:<[^<>\\n]*>|\`[^\`\\n]+\`|\\u200b${m}\\u200b|[^${m}<\\n])+`;
  return [mark, new RegExp(`(?<![\\w${m}])${m}(?=[^\\s\\u200b])(${inner})(?<=[^\\s\\u200b])${m}(?![\\w${m}])`, "y"),
    (found) => el(tag, null, mrkdwn(found[1]))];
}

const slackAngles = [["<", /<([^<>\n]+)>/y, (m) => slackAngle(m[1])]];
const slackMarks = [
  ["`", /`(?!\u200b)([^`\n]+)`/y, (m) => el("code", null, inline(m[1], slackAngles, slackDecode))],
  slackMark("*", "strong"),
  slackMark("_", "em"),
  slackMark("~", "s"),
];
const slackRules = [...slackAngles, ...slackMarks];

function mrkdwn(text) {
  return inline(text, slackRules, slackDecode);
}

// mrkdwnStyled is text that holds no link of its own, such as a link's label.
function mrkdwnStyled(text) {
  return text ? inline(text, slackMarks, slackDecode) : null;
}

const quoteMark = /^(?:&gt;|>) ?/;

// slackLines draws text between code blocks, with the quotations in it.
function slackLines(text) {
  const out = [];
  let run = [];
  let quoted = false;
  const flush = () => {
    const part = run.join("\n");
    if (quoted) out.push(el("blockquote", null, mrkdwn(part)));
    else if (part) out.push(mrkdwn(part));
    run = [];
  };
  for (const line of text.split("\n")) {
    const quote = quoteMark.test(line);
    if (quote !== quoted) {
      if (run.length) flush();
      quoted = quote;
    }
    run.push(quote ? line.replace(quoteMark, "") : line);
  }
  flush();
  return out;
}

// slackText draws a text object, or a string as mrkdwn.
function slackText(v) {
  const t = typeof v === "string" ? { type: "mrkdwn", text: v } : obj(v);
  if (t.type === "plain_text") return [slackDecode(str(t.text))];
  if (t.type !== "mrkdwn") return [notDrawn(t.type)];
  return str(t.text).split(/\n?```\n?([^]+?)\n?```\n?/).map((part, i) =>
    (i % 2 ? el("pre", { class: "code" }, inline(part, slackAngles, slackDecode)) : part && slackLines(part)));
}
