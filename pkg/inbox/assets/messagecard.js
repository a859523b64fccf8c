// The older MessageCard, as Teams draws it.
// https://learn.microsoft.com/outlook/actionable-messages/message-card-reference

function messageCardAction(a) {
  if (a["@type"] !== "OpenUri" && a["@type"] !== "ViewAction") return notDrawn(a["@type"]);
  return button(str(obj(list(a.targets)[0]).uri) || (Array.isArray(a.target) ? a.target[0] : ""), str(a.name) || "Open", "");
}

function messageCardText(text, style) {
  return text ? el("div", { class: "block " + style }, markdown(text, messageCardRules)) : null;
}

function messageCardPart(s) {
  return [
    messageCardText(s.activityTitle, "w-bolder"),
    messageCardText(s.activitySubtitle, "subtle"),
    messageCardText(s.activityText, ""),
    messageCardText(s.title, "w-bolder"),
    messageCardText(s.text, ""),
    list(s.facts).length ? facts(list(s.facts).map((f) =>
      [markdownInline(str(f.name), messageCardRules), markdownInline(str(f.value), messageCardRules)])) : null,
    [s.heroImage, ...list(s.images)].filter(Boolean).map((i) => el("div", null, picture(obj(i).image, obj(i).title))),
    list(s.potentialAction).length
      ? el("div", { class: "actions" }, list(s.potentialAction).map(messageCardAction)) : null,
  ];
}

// messageCard shows the summary only where there is nothing else to show. A
// title is no Markdown.
function messageCard(card) {
  const { title, text, potentialAction } = card;
  const heading = title || text || list(card.sections).length ? title : card.summary;
  return colored(el("div", { class: "adaptive strip" },
    heading ? el("h3", { class: "s-medium w-bolder text" }, str(heading)) : null,
    messageCardPart({ text }), list(card.sections).map(messageCardPart), messageCardPart({ potentialAction })), card.themeColor);
}
