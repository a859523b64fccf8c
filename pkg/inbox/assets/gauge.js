// A gauge as Teams draws it: half a ring of segments, a needle and the value.

function svg(tag, attrs, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attrs)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function drawGauge(g) {
  const num = (v, otherwise) => (typeof v === "number" && isFinite(v) ? v : otherwise);
  const min = num(g.min, 0);
  const max = Math.max(num(g.max, 100), min + 1);
  const value = num(g.value, min);
  const at = (share, r) => {
    const a = Math.PI * (1 - Math.min(1, Math.max(0, share)));
    return (100 + r * Math.cos(a)).toFixed(2) + " " + (100 - r * Math.sin(a)).toFixed(2);
  };
  const segments = list(g.segments).filter((s) => num(s.size, 0) > 0);
  const total = segments.reduce((sum, s) => sum + s.size, 0);
  const shown = g.valueFormat === "Fraction" ? value + "/" + max : value + (g.valueFormat === "Percentage" ? "%" : "");
  const label = [str(g.title), shown, str(g.subLabel)].filter(Boolean).join(", ");
  const root = svg("svg", { viewBox: "0 0 200 132", role: "img", "aria-label": label, class: "gauge" });
  let from = 0;
  for (const s of total > 0 ? segments : [{ size: 1, color: "default" }]) {
    const to = from + s.size / (total || 1);
    const tone = { good: "good", warning: "warn", attention: "bad" }[s.color] || "none";
    const gap = segments.length > 1 ? 0.006 : 0;
    root.append(svg("path", {
      d: `M ${at(from + gap, 84)} A 84 84 0 0 1 ${at(to - gap, 84)}`, class: "arc " + tone,
    }));
    from = to;
  }
  const share = (value - min) / (max - min);
  root.append(svg("path", { d: `M ${at(share, 66)} L ${at(share, 98)}`, class: "needle" }));
  root.append(svg("text", { x: 100, y: 98, class: shown.length > 4 ? "value long" : "value" }, shown));
  if (g.subLabel) root.append(svg("text", { x: 100, y: 122, class: "sub" }, str(g.subLabel)));
  return el("div", { class: "chart" }, g.title ? el("p", { class: "strong" }, str(g.title)) : null, root);
}
