// Generic JSON: a title and a text where there are some, the rest as facts.

function drawGeneric(body) {
  const rest = Object.entries(body).filter(([k, v]) =>
    v !== null && v !== "" && !(["title", "text", "url"].includes(k) && typeof v === "string"));
  return el("div", { class: "card generic" },
    body.title ? el("p", { class: "title" }, link(body.url, [str(body.title)])) : null,
    body.text ? el("div", { class: "text" }, str(body.text)) : null,
    !body.title && body.url ? link(body.url, [str(body.url)]) : null,
    rest.length ? facts(rest.map(([k, v]) => [k, typeof v === "object"
      ? el("pre", { class: "code" }, JSON.stringify(v, null, 2))
      : /^https?:/.test(v) ? link(v, [v]) : str(v)])) : null);
}
