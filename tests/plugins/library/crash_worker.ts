/**
 * A server that saves one tool again and again, until it is killed.
 *
 * @module
 */
import process from "node:process";
import { createCall } from "../../../kernel/mod.ts";
import { ToolLibrary } from "../../../plugins/library/contract.ts";
import { answeringKind, kindPlugin, startKernel } from "./kit.ts";

const [home = "", word = ""] = process.argv.slice(2);
const { kernel } = await startKernel({ home, plugins: [kindPlugin(answeringKind())] });
const library = kernel.get(ToolLibrary)!;
process.stdout.write("ready\n");
for (let round = 0;; round++) {
  const draft = { name: "a", description: "x", tool_type: "answering", answer: `${word} ${round}` };
  const { manifest } = await library.save(draft, { "code.txt": `${word} ${round}` }, {
    overwrite: true,
    call: createCall(),
  });
  // only what was said to be saved has to be there
  process.stdout.write(`${manifest.version} ${word} ${round}\n`);
}
