/**
 * A server that saves one tool again and again, rolls it back and prunes it between, until it is killed.
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
// only what was said to be done has to be there
const say = (version: string, content: string) => process.stdout.write(`${version} ${content}\n`);
for (let round = 0;; round++) {
  const content = `${word} ${round}`;
  const draft = { name: "a", description: "x", tool_type: "answering", answer: content };
  const { manifest } = await library.save(draft, { "code.txt": content }, { overwrite: true, call: createCall() });
  say(manifest.version, content);
  const kept = (await library.versions("a")).filter((it) => !it.isCurrent);
  const oldest = kept.at(-1);
  if (round % 3 === 1 && oldest !== undefined) {
    // the other server may have pruned it
    const restored = await library.rollback("a", oldest.version, { call: createCall() }).catch(() => undefined);
    if (restored !== undefined) say(restored.manifest.version, String(restored.manifest["answer"]));
  }
  if (round % 4 === 3) await library.prune("a", kept.slice(2).map((it) => it.version)).catch(() => {});
}
