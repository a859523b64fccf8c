"use strict";
// Microsoft's renderer, set up as a host that has the page's letters and colours.
// https://learn.microsoft.com/adaptive-cards/sdk/rendering-cards/javascript/render-a-card

const md = window.markdownit();

// hostConfig takes the values that a host chooses from the page's style sheet, so
// that what is left to compare is what the two make of a card.
// https://learn.microsoft.com/adaptive-cards/rendering-cards/host-config
function hostConfig(style) {
  const v = (name) => style.getPropertyValue("--" + name).trim();
  const shade = (name) => ({ default: v(name), subtle: name === "ink" ? v("soft") : v(name) });
  const foregroundColors = {
    default: shade("ink"), dark: shade("ink"), light: shade("ink"), accent: shade("t-accent"),
    good: shade("t-good"), warning: shade("t-warn"), attention: shade("t-bad"),
  };
  const ground = (name) => ({ backgroundColor: v(name), foregroundColors });
  return new AdaptiveCards.HostConfig({
    fontFamily: style.fontFamily,
    fontSizes: { small: 12, default: 14, medium: 16, large: 20, extraLarge: 26 },
    fontWeights: { lighter: 300, default: 400, bolder: 650 },
    spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 20, padding: 16 },
    containerStyles: {
      default: ground("card"), emphasis: ground("soft-bg"), accent: ground("accent-bg"),
      good: ground("good-bg"), warning: ground("warn-bg"), attention: ground("bad-bg"),
    },
    actions: { actionsOrientation: "horizontal", actionAlignment: "left", maxActions: 6, buttonSpacing: 8 },
    factSet: { title: { weight: "bolder", wrap: true }, value: { wrap: true }, spacing: 20 },
  });
}

// Gauge stands where Teams draws its own chart, which this renderer doesn't know.
class Gauge extends AdaptiveCards.CardElement {
  getJsonTypeName() { return "Chart.Gauge"; }
  internalParse(source, context) {
    super.internalParse(source, context);
    this.source = source;
  }
  internalRender() {
    const { title, value, max, subLabel } = this.source;
    const node = document.createElement("div");
    node.className = "gauge-here";
    node.style.height = "9rem";
    node.style.minWidth = "11rem";
    node.dataset.words = [title, `${value}/${max}`, subLabel].filter(Boolean).join(", ");
    return node;
  }
}

// microsoftCard draws a card into the page.
function microsoftCard(content, style, into) {
  const mentions = (content.msteams && content.msteams.entities) || [];
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {
    for (const m of mentions) text = text.replaceAll(m.text, m.mentioned.name); // Teams' own part
    result.outputHtml = md.render(text);
    result.didProcess = true;
  };
  const card = new AdaptiveCards.AdaptiveCard();
  card.hostConfig = hostConfig(style);
  card.parse(content);
  let opened = "";
  card.onExecuteAction = (action) => { opened = action.url; };
  const root = card.render();
  into.replaceChildren(root);
  return pieces(root, (n) => {
    if (n.matches(".ac-pushButton")) {
      opened = "";
      n.click();
      return { kind: "button", text: visible(n.textContent), url: new URL(opened).href };
    }
    if (n.localName === "img") return { kind: "picture", text: n.alt, url: n.src };
    return n.matches(".gauge-here") ? { kind: "gauge", text: visible(n.dataset.words) } : null;
  });
}

// ownCard is the page's drawing of the same.
function ownCard(body, into) {
  into.replaceChildren(drawTeams(body, new Date()));
  return pieces(into.querySelector(".adaptive"), (n) => {
    if (n.matches(".button")) return { kind: "button", text: n.textContent, url: n.href || "" };
    if (n.matches(".picture")) return { kind: "picture", text: n.textContent, url: n.href || "" };
    if (n.localName === "img") return { kind: "picture", text: n.alt, url: n.src };
    return n.matches(".chart") ? { kind: "gauge", text: n.querySelector("svg").getAttribute("aria-label") } : null;
  });
}

// besides compares the drawings of a message, where charts are known and where
// they aren't.
function besides(body) {
  const [own, other] = ["own", "other"].map((id) => document.getElementById(id));
  const said = [];
  let seen = 0;
  for (const charts of JSON.stringify(body).includes("Chart.Gauge") ? [true, false] : [true]) {
    const shown = JSON.parse(charts ? JSON.stringify(body) : JSON.stringify(body).replaceAll('"Chart.Gauge"', '"Chart.Unknown"'));
    const elements = AdaptiveCards.GlobalRegistry.elements;
    if (charts) elements.register("Chart.Gauge", Gauge);
    else elements.unregister("Chart.Gauge");
    const content = shown.attachments[0].content;
    const ours = ownCard(shown, own);
    const theirs = microsoftCard(content, getComputedStyle(own.querySelector(".teams")), other);
    seen += theirs.length;
    said.push(...difference(ours, theirs).map((s) => (charts ? "" : "without charts: ") + s));
  }
  return { said, seen };
}

// strays lists the page's colours that aren't of the hue that their name says, so
// that what is compared by those colours is what a reader sees.
function strays(style) {
  const hues = { good: [90, 160], warn: [10, 50], bad: [340, 380], accent: [220, 260] };
  const wrong = [];
  for (const [tone, [from, to]] of Object.entries(hues)) {
    for (const name of [`--t-${tone}`, `--${tone}-bg`, `--${tone}-line`]) {
      const color = style.getPropertyValue(name).trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
      const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
      const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
      const hue = 60 * (most === r ? (g - b) / (most - least) : most === g ? 2 + (b - r) / (most - least) : 4 + (r - g) / (most - least));
      if (![hue, hue + 360].some((h) => h >= from && h <= to)) wrong.push(`${name} ${color}: ${hue}`);
    }
  }
  return wrong;
}
