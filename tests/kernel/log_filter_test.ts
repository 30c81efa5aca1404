import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLog, Kernel, LogFilter, type LogText } from "../../kernel/mod.ts";
import { fakeLog } from "../../kernel/testing.ts";

const hide = (said: LogText): LogText => JSON.parse(JSON.stringify(said).replaceAll("hidden", "***"));

/** Makes a log of ours, a kernel with it, and the lines that it writes. */
function written(json = false) {
  const lines: string[] = [];
  const log = createLog({ json, write: (line) => void lines.push(line) });
  const kernel = new Kernel({ log });
  return { lines, log, kernel, filter: kernel.get(LogFilter)! };
}

describe("LogFilter", () => {
  for (const json of [true, false]) {
    test(`changes messages, data and errors of every writer, until it is taken away (${json ? "JSON" : "text"})`, async () => {
      const { lines, log, kernel, filter } = written(json);
      const stop = filter.add(hide);
      log.info("of the embedder: hidden");
      kernel.log.warn("of the kernel", { word: "hidden", error: new Error("hidden", { cause: new Error("hidden") }) });
      log.named("other").error("hidden");
      assert.ok(lines.every((line) => line.includes("***") && !line.includes("hidden")), lines.join("\n"));
      await stop();
      await stop();
      log.info("hidden");
      assert.ok(lines.at(-1)!.includes("hidden"));
      assert.equal(lines.length, 4);
    });
  }

  test("passes entries through all changes, in the order in which they came", () => {
    const { lines, log, filter } = written();
    filter.add(({ data }) => ({ message: "one hidden", data }));
    filter.add(hide);
    log.info("zero");
    assert.match(lines[0]!, /one \*\*\*$/);
  });

  test("withholds an entry when a change fails", () => {
    const { lines, log, filter } = written();
    filter.add(() => {
      throw new Error("no");
    });
    log.error("hidden", { word: "hidden" });
    assert.match(lines[0]!, /An entry is withheld: a filter of the log failed$/);
  });

  test("changes what goes to another log, and leaves there what it does not change", () => {
    const log = fakeLog();
    const kernel = new Kernel({ log });
    kernel.get(LogFilter)!.add((said) => JSON.stringify(said).includes("hidden") ? hide(said) : said);
    const error = new Error("seen");
    kernel.log.warn("seen", { error });
    kernel.log.warn("a hidden", { error: new Error("hidden") });
    const [same, changed] = log.take("warn");
    assert.equal(same?.data?.["error"], error);
    assert.equal(changed?.message, "a ***");
    assert.match(String(changed?.data?.["error"]), /^Error: \*\*\*/);
  });
});
