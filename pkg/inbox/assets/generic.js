// Generic JSON: title, message, colour, fields, source and time where there are
// some, and whatever else there is as facts.

function genericValue(v) {
  if (v !== null && typeof v === "object") return el("pre", { class: "code" }, JSON.stringify(v, null, 2));
  return /^https?:/.test(str(v)) ? link(v, [v]) : String(v);
}

// genericFields are pairs of title or name and value, or null if they aren't.
function genericFields(v) {
  const ok = Array.isArray(v) && v.length && v.every((f) => typeof (obj(f).title ?? obj(f).name) === "string" && "value" in f);
  return ok ? v.map((f) => [f.title ?? f.name, genericValue(f.value)]) : null;
}

function drawGeneric(body) {
  if (typeof body.specversion === "string" && typeof obj(body.data).title === "string") {
    const { data, ...attributes } = body;
    return drawGeneric({ ...data, cloudevent: attributes });
  }
  const rest = { ...body };
  const take = (...keys) => {
    for (const key of keys) {
      if (typeof rest[key] === "string" && rest[key]) {
        const v = rest[key];
        delete rest[key];
        return v;
      }
    }
    return "";
  };
  const title = take("title");
  const text = take("message", "text");
  const url = title ? take("url") : "";
  const color = /^#?[0-9a-f]{6}$/i.test(str(rest.color)) ? take("color") : "";
  const source = take("source");
  const stamp = take("timestamp");
  const fields = genericFields(rest.fields);
  if (fields) delete rest.fields;
  // A time without a zone is in UTC: the reference has it so.
  const at = new Date(/T[\d:.]+$/.test(stamp) ? stamp + "Z" : stamp);
  const pairs = [...(fields || []), ...Object.entries(rest).map(([k, v]) => [k, genericValue(v)])];
  return el("div", { class: "card generic" }, colored(el("div", { class: color ? "bar" : "document" },
    title ? el("h3", { class: "title" }, link(url, [title])) : null,
    text ? el("div", { class: "text" }, text) : null,
    pairs.length ? facts(pairs) : null,
    source || stamp ? el("p", { class: "context" }, source, source && stamp ? el("span", null, "·") : null,
      stamp ? localTime(at, { dateStyle: "medium", timeStyle: "short" }) || stamp : null) : null), color));
}
