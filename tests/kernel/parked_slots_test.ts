import assert from "node:assert/strict";
import { test } from "node:test";
import type { ElicitResult } from "../../kernel/mod.ts";
import { callText, failure, quietKernel, toolPlugin } from "../support/plugins.ts";
import { asking, askName } from "../support/served.ts";
import { defer, pause, soon } from "../support/wait.ts";

const FULL = { name: "ProtocolError", message: /which is the limit/ };
const ADA: ElicitResult = { action: "accept", content: { name: "Ada" } };

test("a call that waits for its user takes no place of maxCalls, and takes one again when it goes on", async () => {
  const { kernel } = quietKernel({ maxCalls: 1 });
  const [answer, end] = [defer<ElicitResult>(), defer()];
  const goesOn = toolPlugin("goes_on", async (_, call) => {
    const name = await askName(call);
    await end.promise;
    return name;
  });
  await using _ = await kernel.use(asking()).use(goesOn).start();
  const waiting: Promise<string>[] = [];
  for (const name of ["ask", "ask", "goes_on"]) {
    const asked = defer();
    const elicit = () => {
      asked.resolve();
      return answer.promise;
    };
    waiting.push(callText(kernel, name, {}, { elicit }));
    await soon(Promise.race([asked.promise, waiting.at(-1)]));
  }
  assert.equal(await callText(kernel, "echo"), "hi");
  answer.resolve(ADA);
  assert.deepEqual(await soon(Promise.all(waiting.slice(0, 2))), ["Ada", "Ada"]);
  await assert.rejects(kernel.call("echo", {}), FULL, "the call that goes on counts again");
  end.resolve();
  assert.equal(await soon(waiting[2]!), "Ada");
  assert.equal(await callText(kernel, "echo"), "hi");
});

test("questions asked at once, and one that is refused, leave the count of calls as it was", async () => {
  const { kernel } = quietKernel({ maxCalls: 1 });
  const end = defer();
  const several = toolPlugin(
    "several",
    async (_, call) => (await Promise.all([askName(call), askName(call)])).join(" "),
  );
  const waits = toolPlugin("waits", () => end.promise);
  await using _ = await kernel.use(several).use(asking()).use(waits).start();
  assert.equal(await callText(kernel, "several", {}, { elicit: () => Promise.resolve(ADA) }), "Ada Ada");
  failure(await kernel.call("ask", {}, { elicit: () => Promise.reject(new Error("no")) }));
  const busy = kernel.call("waits", {});
  await pause(0);
  await assert.rejects(kernel.call("several", {}), FULL);
  end.resolve();
  await soon(busy);
});
