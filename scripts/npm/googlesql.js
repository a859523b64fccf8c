// Runs GoogleSQL, the language of BigQuery, on given rows, with the reference
// implementation of the language's own makers (ZetaSQL), which this package has
// as a program. It reads requests from standard input, one a line, and prints
// an answer for each:
//
//   {"sql": "…", "tables": {"NAME": {"schema": [BigQuery's columns], "rows": [{…}]}}}
//   {"columns": [{"name": "…", "type": "STRING"}], "rows": [[…]]}   or   {"error": "…"}
//
// A TIMESTAMP is RFC 3339 with up to nine digits, a DATE is 2006-01-02, JSON is
// its text. The program ends with standard input.
const path = require("node:path");
const net = require("node:net");
const { spawn } = require("node:child_process");
const readline = require("node:readline");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const home = path.join(path.dirname(require.resolve("@fivetrandevelopers/zetasql")), "zetasql");
const kinds = { STRING: "STRING", INTEGER: "INT64", FLOAT: "DOUBLE", BOOLEAN: "BOOL", TIMESTAMP: "TIMESTAMP", DATE: "DATE", JSON: "JSON" };
const names = Object.fromEntries(Object.entries(kinds).map(([name, kind]) => ["TYPE_" + kind, name]));
const day = 86400000;

function columnType(column) {
  let type = { typeKind: "TYPE_" + kinds[column.type] };
  if (column.type === "RECORD") {
    type = { typeKind: "TYPE_STRUCT", structType: { field: column.fields.map((f) => ({ fieldName: f.name, fieldType: columnType(f) })) } };
  } else if (!kinds[column.type]) {
    throw new Error(`column ${column.name} has the type ${column.type}, which this program does not know`);
  }
  return column.mode === "REPEATED" ? { typeKind: "TYPE_ARRAY", arrayType: { elementType: type } } : type;
}

function encode(column, value) {
  if (column.mode === "REPEATED") {
    return { arrayValue: { element: (value ?? []).map((v) => encode({ ...column, mode: "NULLABLE" }, v)) } };
  }
  if (value === null || value === undefined) {
    if (column.mode === "REQUIRED") throw new Error(`a row has no ${column.name}, which is required`);
    return {};
  }
  switch (column.type) {
    case "RECORD":
      return { structValue: { field: column.fields.map((f) => encode(f, value[f.name])) } };
    case "STRING":
      return { stringValue: value };
    case "INTEGER":
      return { int64Value: String(value) };
    case "FLOAT":
      return { doubleValue: value };
    case "BOOLEAN":
      return { boolValue: value };
    case "JSON":
      return { jsonValue: value };
    case "DATE":
      return { dateValue: Date.parse(value) / day };
    case "TIMESTAMP": {
      const [, seconds, digits = ""] = /^([^.]+?)(?:\.(\d+))?Z$/.exec(value);
      return { timestampValue: { seconds: String(Date.parse(seconds + "Z") / 1000), nanos: Number(digits.padEnd(9, "0")) } };
    }
  }
}

function typeName(type) {
  if (type.arrayType) return `ARRAY<${typeName(type.arrayType.elementType)}>`;
  if (type.structType) return `STRUCT<${type.structType.field.map((f) => `${f.fieldName} ${typeName(f.fieldType)}`).join(", ")}>`;
  return names[type.typeKind] ?? type.typeKind;
}

function decode(type, cell) {
  if (cell.value === undefined) return null;
  const value = cell[cell.value];
  if (type.arrayType) return (value.element ?? []).map((v) => decode(type.arrayType.elementType, v));
  if (type.structType) return Object.fromEntries(type.structType.field.map((f, i) => [f.fieldName, decode(f.fieldType, value.field[i])]));
  switch (type.typeKind) {
    case "TYPE_INT64":
      return Number(value);
    case "TYPE_DATE":
      return new Date(value * day).toISOString().slice(0, 10);
    case "TYPE_TIMESTAMP": {
      const fraction = value.nanos ? "." + String(value.nanos).padStart(9, "0").replace(/0+$/, "") : "";
      return new Date(Number(value.seconds ?? 0) * 1000).toISOString().slice(0, 19) + fraction + "Z";
    }
  }
  return value;
}

function freePort() {
  return new Promise((done) => {
    const probe = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

// start runs the program on a port of this machine and returns what calls it,
// and what it can do. It fails if somebody else took the port meanwhile.
async function start() {
  const port = await freePort();
  const program = "remote_server" + (process.arch.startsWith("arm") ? "_arm" : "") + (process.platform === "darwin" ? "" : ".so");
  const server = spawn(path.join(home, program), ["localhost", String(port)], { stdio: ["ignore", "ignore", "inherit"] });
  const kill = () => server.kill("SIGKILL");
  process.on("exit", kill);
  const ended = new Promise((_, failed) => {
    server.on("error", failed);
    server.on("exit", (code) => failed(new Error(`${program} ended with ${code}`)));
  });
  ended.catch(() => {});
  const definition = loader.loadSync("local_service.proto", { oneofs: true, longs: String, enums: String, includeDirs: [path.join(home, "protos")] });
  const { ZetaSqlLocalService } = grpc.loadPackageDefinition(definition).zetasql.local_service;
  const client = new ZetaSqlLocalService(`localhost:${port}`, grpc.credentials.createInsecure());
  const call = (method, request) => {
    const answered = new Promise((done, failed) => client[method](request, (e, answer) => (e ? failed(new Error(e.details)) : done(answer))));
    return Promise.race([answered, ended]);
  };
  try {
    const ready = new Promise((done, failed) => client.waitForReady(Date.now() + 20000, (e) => (e ? failed(e) : done())));
    await Promise.race([ready, ended]);
    const { enabledLanguageFeatures } = await call("getLanguageOptions", { maximumFeatures: true });
    return { call, enabledLanguageFeatures };
  } catch (e) {
    kill();
    throw e;
  }
}

async function main() {
  const { call, enabledLanguageFeatures } = await start().catch(start).catch(start);
  const languageOptions = { nameResolutionMode: "NAME_RESOLUTION_DEFAULT", productMode: "PRODUCT_EXTERNAL", enabledLanguageFeatures };
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let answer;
    try {
      const { sql, tables } = JSON.parse(line);
      const simpleCatalog = { name: "catalog", builtinFunctionOptions: { languageOptions }, table: [] };
      const tableContent = {};
      for (const [name, { schema, rows }] of Object.entries(tables)) {
        simpleCatalog.table.push({ name, column: schema.map((c) => ({ name: c.name, type: columnType(c) })) });
        tableContent[name] = { tableData: { row: rows.map((row) => ({ cell: schema.map((c) => encode(c, row[c.name])) })) } };
      }
      const { content, prepared } = await call("evaluateQuery", { sql, options: { languageOptions, defaultTimezone: "UTC" }, simpleCatalog, tableContent });
      const columns = prepared.columns ?? [];
      answer = {
        columns: columns.map((c) => ({ name: c.name, type: typeName(c.type) })),
        rows: (content?.tableData?.row ?? []).map((row) => row.cell.map((cell, i) => decode(columns[i].type, cell))),
      };
    } catch (e) {
      answer = { error: e.message };
    }
    process.stdout.write(JSON.stringify(answer) + "\n");
  }
  process.exit(0);
}

main().catch((e) => {
  console.error(e.message);
  process.exit(1);
});
