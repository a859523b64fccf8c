// Slack: Block Kit and attachments.
// https://docs.slack.dev/reference/block-kit/blocks

function slackButton(v) {
  const a = obj(v);
  const style = a.style === "primary" ? "primary" : a.style === "danger" ? "danger" : "";
  return button(a.url, slackDecode(str(obj(a.text).text) || str(a.text) || "Button"), style);
}

const slackElements = { button: slackButton, image: (e) => picture(e.image_url, e.alt_text) };
const slackContext = {
  mrkdwn: (e) => el("span", { class: "text" }, slackText(e)),
  plain_text: (e) => el("span", { class: "text" }, slackText(e)),
  image: (e) => picture(e.image_url, e.alt_text),
};

const slackBlocks = {
  header: (b) => el("h3", { class: "title" }, slackText(b.text)),
  divider: () => el("hr"),
  section: (b) => el("div", { class: "section" },
    el("div", { class: "grow" },
      b.text ? el("div", { class: "text" }, slackText(b.text)) : null,
      list(b.fields).length
        ? el("div", { class: "fields" }, list(b.fields).map((f) => el("div", { class: "text" }, slackText(f))))
        : null),
    b.accessory ? parts([b.accessory], slackElements) : null),
  context: (b) => el("div", { class: "context" }, parts(b.elements, slackContext)),
  actions: (b) => el("div", { class: "actions" }, parts(b.elements, slackElements)),
  image: (b) => el("div", null, b.title ? el("p", { class: "strong" }, slackText(b.title)) : null, picture(b.image_url, b.alt_text)),
};

function slackField(f) {
  return el("div", { class: f.short ? "text" : "text wide" },
    el("strong", null, slackDecode(str(f.title))), "\n", slackText(str(f.value)));
}

function slackFooter(a) {
  if (!a.footer && !a.ts) return null;
  return el("p", { class: "context" }, slackDecode(str(a.footer)), a.footer && a.ts ? el("span", { class: "stroke" }, "|") : null,
    a.ts ? slackDate(str(a.ts).split(".")[0], "{date_short_pretty} {time}", str(a.ts)) : null);
}

function slackAttachment(a) {
  const node = el("div", { class: "bar" },
    a.author_name ? el("p", { class: "author" }, link(a.author_link, [slackDecode(str(a.author_name))])) : null,
    a.title ? el("h3", { class: "strong" }, link(a.title_link, [slackDecode(str(a.title))])) : null,
    a.text ? el("div", { class: "text" }, slackText(str(a.text))) : null,
    list(a.fields).length ? el("div", { class: "fields" }, list(a.fields).map(slackField)) : null,
    parts(a.blocks, slackBlocks),
    list(a.actions).length ? el("div", { class: "actions" }, parts(a.actions, slackElements)) : null,
    a.image_url ? picture(a.image_url, a.fallback) : null,
    a.thumb_url ? picture(a.thumb_url, "") : null,
    slackFooter(a));
  if (!node.hasChildNodes()) node.append(visible(slackDecode(str(a.fallback))));
  return [a.pretext ? el("div", { class: "text" }, slackText(str(a.pretext))) : null, colored(node, a.color)];
}

// slackPlace says where a bot's message stands, if it is no new one: in the place
// of an earlier one, or below it.
// https://docs.slack.dev/reference/methods/chat.update
// https://docs.slack.dev/messaging/sending-and-scheduling-messages#threading
function slackPlace(body) {
  if (str(body.ts)) return "An earlier message, changed";
  if (!str(body.thread_ts)) return "";
  return body.reply_broadcast === true ? "Reply in the thread, and in the channel too" : "Reply in the thread";
}

// drawSlack shows the text only where there are no blocks beside it: else Slack
// has it for notifications.
function drawSlack(body, time) {
  const blocks = list(body.blocks);
  const place = slackPlace(body);
  return el("div", { class: body.thread_ts ? "card slack reply" : "card slack" }, posted(signpost({ class: "avatar" }), "sigpost", "APP", time,
    place ? el("p", { class: "place" }, place) : null,
    str(body.text) && !blocks.length ? el("div", { class: "text" }, slackText(str(body.text))) : null,
    parts(blocks, slackBlocks), list(body.attachments).map(slackAttachment)));
}

// slackNotice is what a phone would say.
function slackNotice(body) {
  const first = obj(list(body.attachments)[0]);
  return slackDecode(str(body.text) || str(first.fallback) || [first.title, first.text].map(str).filter(Boolean).join(": "));
}
