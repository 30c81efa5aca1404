import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "node:test";
import { pause } from "../support/wait.ts";
import { linesOf, opening, openingLines, probe } from "./line_requests.ts";
import { LinePair } from "./line_sides.ts";
import { LEGACY_REVISIONS, MODERN_REVISION, modernMessage, type Request } from "./messages.ts";
import { startCompared } from "./plugin.ts";
import { check } from "./runs.ts";

for (const revision of [...LEGACY_REVISIONS, MODERN_REVISION]) {
  test(`connections of ${revision} over stdio are served as the SDK serves them`, async (context) => {
    await using ours = await startCompared();
    await using theirs = await startCompared();
    const property = fc.asyncProperty(linesOf(revision), async (lines) => {
      await using pair = new LinePair([ours, theirs]);
      await pair.open(opening(revision));
      for (const [step, line] of lines.entries()) await pair.compare(line, probe(revision, `end-${step}`));
    });
    await check(context, property, { share: 0.2 });
  });
}

for (const revision of ["2025-11-25", MODERN_REVISION]) {
  test(`a call of ${revision} that its client has cancelled over stdio gets no answer on either side`, async () => {
    await using ours = await startCompared();
    await using theirs = await startCompared();
    await using pair = new LinePair([ours, theirs]);
    await pair.open(opening(revision));
    const message = (request: Request, id?: string) =>
      revision === MODERN_REVISION ? modernMessage(request, id) : { jsonrpc: "2.0", id, ...request };
    pair.write(message({ method: "tools/call", params: { name: "wait", arguments: {} } }, "wait"));
    await pair.ask(probe(revision, "running"));
    pair.write(message({ method: "notifications/cancelled", params: { requestId: "wait" } }));
    await pair.ask(probe(revision, "cancelled"));
    await pause(20);
    const ids = pair.received.map((messages) => messages.map(({ id }) => id));
    assert.deepEqual(ids, [["running", "cancelled"], ["running", "cancelled"]]);
  });
}

test("connections over stdio are opened as the SDK opens them", async (context) => {
  await using ours = await startCompared();
  await using theirs = await startCompared();
  const property = fc.asyncProperty(openingLines, async (lines) => {
    await using pair = new LinePair([ours, theirs]);
    for (const line of lines) await pair.compare(line);
  });
  await check(context, property, { share: 0.3 });
});
