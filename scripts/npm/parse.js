// Reads Adaptive Cards, one a line, and prints for each what Microsoft's parser
// says about it: a JSON list of messages, empty for a card without fault.
globalThis.self = globalThis; // the bundle is made for browsers
const { AdaptiveCard, SerializationContext } = require("adaptivecards/dist/adaptivecards.js");
// Teams has charts of its own, which this parser doesn't know: the fallback is meant for it.
const chart = /^Unknown element type "Chart\.Gauge"\. Fallback will be used/;
const lines = require("node:fs").readFileSync(0, "utf8").split("\n").filter(Boolean);
for (const line of lines) {
  const context = new SerializationContext();
  new AdaptiveCard().parse(JSON.parse(line), context);
  const said = [];
  for (let i = 0; i < context.eventCount; i++) {
    const { message } = context.getEventAt(i);
    if (!chart.test(message)) said.push(message);
  }
  console.log(JSON.stringify(said));
}
