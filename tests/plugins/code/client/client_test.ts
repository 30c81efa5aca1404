/**
 * Code as clients run it: over stdin and stdout of a process and over HTTP, in both protocol eras.
 */
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import assert from "node:assert/strict";
import process from "node:process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { textOf } from "../../../../kernel/mod.ts";
import type { TestEra } from "../../../../kernel/testing.ts";
import { temporaryFolder } from "../../../platform/temporary.ts";
import { until } from "../../../support/wait.ts";
import { clientOf, type ClientOptions, type CodeClient, ERAS, makeClient, startCode } from "../kit.ts";

const DOORS = { http: openHttp, stdio: openStdio };

async function openHttp(options: ClientOptions): Promise<CodeClient> {
  const kit = await startCode();
  const client = await kit.connect(options);
  return {
    ...client,
    [Symbol.asyncDispose]: async () => (await client.client.close(), await kit[Symbol.asyncDispose]()),
  };
}

async function openStdio(options: ClientOptions): Promise<CodeClient> {
  const home = await temporaryFolder();
  const path = fileURLToPath(new URL("../stdio_server.ts", import.meta.url));
  const flags = "Deno" in globalThis ? ["run", "--quiet", "--allow-all", "--no-check"] : [];
  const client = makeClient(options);
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [...flags, path, home.path], stderr: "inherit" }),
  );
  return {
    ...clientOf(client),
    [Symbol.asyncDispose]: async () => (await client.close(), await home[Symbol.asyncDispose]()),
  };
}

function forEachDoor(title: string, run: (open: typeof openHttp, era: TestEra) => Promise<void>): void {
  describe(title, () => {
    for (const [door, open] of Object.entries(DOORS)) {
      for (const era of ERAS) test(`${door}, ${era}`, () => run(open, era));
    }
  });
}

forEachDoor(
  "a client runs code that calls tools, keeps a session, writes a file, asks the user and hears progress",
  async (open, era) => {
    await using client = await open({ era, answer: () => ({ decision: "once" }) });
    const { tools } = await client.client.listTools();
    assert.ok(tools.some(({ name }) => name === "execute_code"));
    const result = await client.run(
      `const texts: string[] = ["a b c", "d", "e f"];
     const counts = await Promise.all(texts.map((text) => word_count({ text })));
     session.total = counts.reduce((sum, { words }) => sum + words, 0);
     await wipe({ name: "all" });
     await files.write("counts.json", JSON.stringify(counts));
     return { total: session.total };`,
      { language: "typescript", session: "proof" },
    );
    assert.deepEqual(result.structuredContent, { total: 6 }, textOf(result));
    const link = result.content.find((it) => it.type === "resource_link");
    const { contents } = await client.client.readResource({ uri: link!.uri });
    assert.equal((contents[0] as { text: string }).text, '[{"words":3},{"words":1},{"words":2}]');
    const next = await client.run("return `${session.total}`", { session: "proof" });
    assert.equal(textOf(next), "6");
    const progress: number[] = [];
    // progress that comes too fast is left out, and a client forgets who listens as soon as it has the answer, even before it
    // hands over progress that came in the same piece
    const pause = `for (const end = Date.now() + 200; Date.now() < end;) await greet({ name: "Ada" });
      await elicit("Seen?", { type: "object", properties: {} });`;
    const code = `progress(1, 2); ${pause} progress(2, 2); ${pause}`;
    await client.client.callTool({ name: "execute_code", arguments: { language: "js", code } }, {
      // the client of 2026 reports its own rounds as well
      onprogress: (it) => void (it.total !== undefined && progress.push(it.progress)),
    });
    assert.deepEqual(progress, [1, 2]);
    const failed = await client.run("const fine = 1;\nawait fail();");
    assert.equal(failed.isError, true);
    assert.match(textOf(failed), /The tide is out/);
    assert.match(textOf(failed), /\b2\b/);
  },
);

for (const era of ERAS) {
  test(`a call that its client cancels ends the run and what it called (${era})`, async () => {
    await using kit = await startCode();
    await using client = await kit.connect({ era });
    const cancelled = new AbortController();
    const running = client.run("await Promise.all([wait(), wait()])", { timeout: 60 }, { signal: cancelled.signal });
    await until(() => kit.done.waits === 2, "two calls");
    cancelled.abort();
    await assert.rejects(running);
    await until(() => kit.done.cancelled === 2, "the end of what was called");
    await using other = await kit.connect({ era });
    assert.equal(textOf(await other.run("return 'well'")), "well");
  });
}
