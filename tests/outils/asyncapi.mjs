// Parse AsyncAPI documents with the parser of their authors. Prints each error; code 1 if any.
import { Parser } from "@asyncapi/parser";
import { readFileSync } from "node:fs";

const ERROR = 0;
let faults = 0;
for (const path of process.argv.slice(2)) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(path, "utf8"), { source: path });
  const errors = diagnostics.filter((one) => one.severity === ERROR);
  if (!document && errors.length === 0) errors.push({ path: [], message: "no document" });
  for (const one of errors) console.log(`${path} ${one.path.join("/")}: ${one.message}`);
  faults += errors.length;
}
process.exit(faults ? 1 : 0);
