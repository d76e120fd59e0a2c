// Compile each JSON Schema of a folder with ajv, then try its own examples. Prints one line per fault; code 1 if any.
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
let faults = 0;
const fault = (line) => { faults += 1; console.log(line); };

for (const name of readdirSync(folder)) {
  const schema = JSON.parse(readFileSync(join(folder, name), "utf8"));
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
  formats(ajv);
  ajv.addVocabulary([...annotations(schema)]);
  try {
    const validate = ajv.compile(schema);
    for (const example of schema.examples ?? [])
      if (!validate(example)) fault(`${name}: an example is refused: ${ajv.errorsText(validate.errors)}`);
  } catch (error) {
    fault(`${name}: ${error.message}`);
  }
}
process.exit(faults ? 1 : 0);

/** Our annotations all begin with `x-relais-`; any other word that ajv does not know is a fault. */
function annotations(node, found = new Set()) {
  if (node && typeof node === "object")
    for (const [word, value] of Object.entries(node)) {
      if (word.startsWith("x-relais-")) found.add(word);
      annotations(value, found);
    }
  return found;
}
