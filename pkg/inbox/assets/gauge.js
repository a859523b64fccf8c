// A gauge as Teams draws it: half a ring of segments, a needle and the value.

// gaugeScale has the numbers of a gauge, made usable.
function gaugeScale(g) {
  const num = (v, otherwise) => (typeof v === "number" && isFinite(v) ? v : otherwise);
  const min = num(g.min, 0);
  const max = Math.max(num(g.max, 100), min + 1);
  const value = num(g.value, min);
  const segments = list(g.segments).filter((s) => num(s.size, 0) > 0);
  const total = segments.reduce((sum, s) => sum + s.size, 0);
  const format = word(g.valueFormat);
  const shown = format === "fraction" ? value + "/" + max : value + (format === "percentage" ? "%" : "");
  return { shown, share: (value - min) / (max - min), total: total || 1, segments: total ? segments : [{ size: 1 }] };
}

function drawGauge(g) {
  const { shown, share, total, segments } = gaugeScale(g);
  const at = (part, r) => {
    const a = Math.PI * (1 - Math.min(1, Math.max(0, part)));
    return (100 + r * Math.cos(a)).toFixed(2) + " " + (100 - r * Math.sin(a)).toFixed(2);
  };
  const label = [str(g.title), shown, str(g.subLabel)].filter(Boolean).join(", ");
  const root = svg("svg", { viewBox: "0 0 200 132", role: "img", "aria-label": visible(label), class: "gauge" });
  const gap = segments.length > 1 ? 0.006 : 0;
  let from = 0;
  for (const s of segments) {
    const to = from + s.size / total;
    const tone = { good: "good", warning: "warn", attention: "bad" }[s.color] || "none";
    root.append(svg("path", {
      d: `M ${at(from + gap, 84)} A 84 84 0 0 1 ${at(to - gap, 84)}`, class: "arc " + tone,
    }));
    from = to;
  }
  root.append(svg("path", { d: `M ${at(share, 66)} L ${at(share, 98)}`, class: "needle" }));
  root.append(svg("text", { x: 100, y: 98, class: shown.length > 4 ? "value long" : "value" }, shown));
  if (g.subLabel) root.append(svg("text", { x: 100, y: 122, class: "sub" }, str(g.subLabel)));
  return el("div", { class: "chart" }, g.title ? el("p", { class: "strong" }, str(g.title)) : null, root);
}
