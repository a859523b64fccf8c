// BigQuery: a row of a table, column by column.
// https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll

// bigqueryJSON is a value of type JSON, which is sent as a text.
function bigqueryJSON(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function bigqueryValue(column, v) {
  if (Array.isArray(v) && v.length && v.every((f) => typeof obj(f).name === "string")) {
    return facts(v.map((f) => [f.name, link(f.url, [str(f.value)])]));
  }
  if (column === "payload") return el("details", null, el("summary", null, "JSON"), el("pre", { class: "code", tabindex: "0" }, bigqueryJSON(str(v))));
  if (v !== null && typeof v === "object") return el("pre", { class: "code" }, JSON.stringify(v, null, 2));
  return link(v, [str(v)]);
}

function drawBigquery(body) {
  return el("div", { class: "card generic bigquery" }, list(body.rows).map((row) => el("div", { class: "document" },
    el("p", { class: "context" }, "Row", row.insertId ? el("span", { class: "mono" }, str(row.insertId)) : null),
    facts(Object.entries(obj(row.json)).filter(([, v]) => !Array.isArray(v) || v.length)
      .map(([column, v]) => [el("span", { class: "mono" }, column), bigqueryValue(column, v)])))));
}
