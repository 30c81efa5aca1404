import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { textOf, type ToolResult } from "../../../../kernel/mod.ts";
import { defer, pause } from "../../../support/wait.ts";
import { type Answer, ERAS, sharedCode, startCode } from "../kit.ts";

const WIPE_TWICE = `
  const texts = [];
  for (const name of ["a", "b"]) texts.push(await wipe({ name }).catch((error) => error.message));
  return texts;`;

/** Collects questions, and answers them in turn; the last answer stands for all that follow. */
function asker(...answers: readonly Answer[]) {
  const asked: string[] = [];
  return {
    asked,
    answer: ({ message }: { readonly message: string }): Answer => {
      asked.push(message);
      return answers[Math.min(asked.length, answers.length) - 1]!;
    },
  };
}

function valueOf({ structuredContent, ...result }: ToolResult): unknown {
  // before 2026-07-28 a list is text alone
  return structuredContent ?? JSON.parse(textOf(result));
}

for (const era of ERAS) {
  describe(`approvals, clients of ${era}`, () => {
    const server = sharedCode();

    beforeEach(() => void server().done.wiped.splice(0));

    test("a tool that destroys waits for the user, and the run goes on", async () => {
      const kit = server();
      const { asked, answer } = asker({ decision: "once" });
      await using client = await kit.connect({ era, answer });
      assert.deepEqual(valueOf(await client.run(WIPE_TWICE)), ["a is gone", "b is gone"]);
      assert.deepEqual(kit.done.wiped, ["a", "b"]);
      assert.equal(asked.length, 2);
      assert.match(asked[0]!, /the tool "wipe".*\{"name":"a"\}/);
    });

    test("all calls of a tool can be allowed for a run, and the next run asks again", async () => {
      const kit = server();
      const { asked, answer } = asker({ decision: "all" });
      await using client = await kit.connect({ era, answer });
      assert.deepEqual(valueOf(await client.run(WIPE_TWICE)), ["a is gone", "b is gone"]);
      assert.equal(asked.length, 1);
      await client.run("return await wipe({ name: 'c' })");
      assert.equal(asked.length, 2);
    });

    test("a refusal is an error that code can catch", async () => {
      const kit = server();
      for (const no of [{ decision: "no" }, "decline", "cancel"] as const) {
        await using client = await kit.connect({ era, answer: asker(no).answer });
        const texts = valueOf(await client.run(WIPE_TWICE)) as string[];
        for (const text of texts) assert.match(text, /Cannot call tool "wipe": the user did not allow it/);
      }
      assert.deepEqual(kit.done.wiped, []);
    });

    test("calls at once are asked for one after the other", async () => {
      const kit = server();
      let open = 0;
      let most = 0;
      await using client = await kit.connect({
        era,
        async answer() {
          most = Math.max(most, ++open);
          await pause(20);
          open--;
          return { decision: "once" };
        },
      });
      await client.run("return await Promise.all(['a', 'b', 'c'].map((name) => wipe({ name })))");
      assert.deepEqual(kit.done.wiped, ["a", "b", "c"]);
      assert.equal(most, 1);
    });

    test("what other tools call for the code is asked for as well", async () => {
      const kit = server();
      const { asked, answer } = asker({ decision: "no" });
      await using client = await kit.connect({ era, answer });
      const result = await client.run(`return await call_tool({ tool_name: "wipe", arguments: { name: "a" } })`);
      assert.equal(result.isError, true);
      assert.equal(asked.length, 1);
      assert.match(asked[0]!, /the tool "wipe"/);
      // a version is called past everything that looks at calls
      await client.run(`return await call_tool({ tool_name: "wipe", arguments: {}, version: "1.0.0" })`);
      assert.match(asked[1]!, /the tool "call_tool"/);
      assert.deepEqual(kit.done.wiped, []);
    });

    test("code asks the user itself", async () => {
      const kit = server();
      await using client = await kit.connect({ era, answer: () => ({ city: "Bern" }) });
      const result = await client.run(`
        const { action, content } = await elicit("Where?", {
          type: "object", properties: { city: { type: "string" } }, required: ["city"],
        });
        return { action, content };`);
      assert.deepEqual(result.structuredContent, { action: "accept", content: { city: "Bern" } }, textOf(result));
    });

    test("where nobody can be asked, code goes on, unless an approval is required", async () => {
      const kit = server();
      await using client = await kit.connect({ era });
      assert.deepEqual(valueOf(await client.run(WIPE_TWICE)), ["a is gone", "b is gone"]);
      await using strict = await startCode({ config: { approvals: "require" } });
      await using careful = await strict.connect({ era });
      const texts = valueOf(await careful.run(WIPE_TWICE)) as string[];
      for (const text of texts) assert.match(text, /the client cannot ask its user/);
      assert.deepEqual(strict.done.wiped, []);
      assert.equal(textOf(await careful.run("return await greet({ name: 'Ada' })")), "Hello, Ada");
    });

    test("approvals can be turned off", async () => {
      await using kit = await startCode({ config: { approvals: "off" } });
      const { asked, answer } = asker({ decision: "no" });
      await using client = await kit.connect({ era, answer });
      assert.deepEqual(valueOf(await client.run(WIPE_TWICE)), ["a is gone", "b is gone"]);
      assert.deepEqual(asked, []);
    });
  });
}

describe("what is asked", () => {
  const server = sharedCode();

  test("only calls within a run are asked for, whatever a client writes into its request", async () => {
    const kit = server();
    const { asked, answer } = asker({ decision: "no" });
    await using client = await kit.connect({ answer });
    const _meta = { "collet/code-run": "undefined" };
    await client.client.callTool({ name: "wipe", arguments: { name: "a" }, _meta });
    assert.deepEqual(kit.done.wiped, ["a"]);
    assert.deepEqual(asked, []);
  });

  test("a question shows what is not seen, and no more than it has to", async () => {
    const kit = server();
    const { asked, answer } = asker({ decision: "no" });
    await using client = await kit.connect({ answer });
    await client.run("return await wipe({ name: '\\u202Egnihton' + 'x'.repeat(5000) })");
    assert.match(asked[0]!, /\\u\{202e\}gnihton/);
    assert.ok(asked[0]!.length < 1_300, `${asked[0]!.length} characters`);
  });

  test("what a tool does that was allowed is allowed with it", async () => {
    const kit = server();
    kit.done.wiped.splice(0);
    const { asked, answer } = asker({ decision: "once" });
    await using client = await kit.connect({ answer });
    assert.equal(textOf(await client.run("return await wipe_both()")), "both are gone");
    assert.deepEqual(kit.done.wiped, ["one", "other"]);
    assert.equal(asked.length, 1);
  });
});

test("the time in which a person thinks does not count", async () => {
  await using kit = await startCode();
  // the first runs load what runs code, a worker each, in their own time
  await Promise.all(ERAS.map(() => kit.run("return 1")));
  await Promise.all(ERAS.map(async (era) => {
    await using client = await kit.connect({
      era,
      async answer() {
        await pause(1_200);
        return { decision: "once" };
      },
    });
    const result = await client.run("console.log(await wipe({ name: 'a' })); while (true);", { timeout: 1 });
    assert.equal(result.isError, true);
    assert.match(textOf(result), /time limit/);
    assert.match(textOf(result), /a is gone/);
  }));
});

test("a run does not wait for a person without end", async () => {
  await using kit = await startCode({ config: { wait_ms: 100 } });
  const answered = defer<Answer>();
  await using client = await kit.connect({ answer: () => answered.promise });
  const result = await client.run("return await wipe({ name: 'a' })", { timeout: 0.5 });
  answered.resolve("cancel");
  assert.match(textOf(result), /time limit/);
  assert.deepEqual(kit.done.wiped, []);
});

test("a call that was cancelled while a person thought is not made", async () => {
  await using kit = await startCode();
  const cancelled = new AbortController();
  const client = { name: "c", version: "1", protocolVersion: "2025-11-25", capabilities: { elicitation: {} } };
  const result = await kit.run("return await wipe({ name: 'a' })", {}, {
    client,
    signal: cancelled.signal,
    elicit: () => {
      cancelled.abort();
      return Promise.resolve({ action: "accept", content: { decision: "once" } });
    },
  });
  // what is not awaited any more goes on
  await pause(50);
  assert.equal(result.isError, true);
  assert.deepEqual(kit.done.wiped, []);
});
