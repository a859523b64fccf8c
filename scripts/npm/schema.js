// Reads Adaptive Cards, one a line, and prints for each what Microsoft's schema,
// the file that is named, says against it: a JSON list, empty for a valid card.
const { readFileSync } = require("node:fs");
const Ajv = require("ajv");

const schema = JSON.parse(readFileSync(process.argv[2], "utf8").replace(/^\uFEFF/, ""));
delete schema.$schema; // of a draft that the validator doesn't know, and no later one is needed
delete schema.id;
// It has keywords of its own, and addresses are checked elsewhere.
const valid = new Ajv({ strict: false, validateFormats: false, allErrors: false }).compile(schema);

// known is a card without what is Teams' own: a chart is what stands in for it.
function known(v) {
  if (Array.isArray(v)) return v.map(known).filter((x) => x !== "drop");
  if (v === null || typeof v !== "object") return v;
  if (/^Chart\./.test(v.type)) return known(v.fallback);
  const { msteams: _, ...rest } = v;
  return Object.fromEntries(Object.entries(rest).map(([k, x]) => [k, known(x)]));
}

for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  const card = known(JSON.parse(line));
  console.log(JSON.stringify(valid(card) ? [] : valid.errors.map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)));
}
