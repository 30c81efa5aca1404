import assert from "node:assert/strict";
import { test } from "node:test";
import { askedOfSdk, assertSame, isSame } from "./comparison.ts";
import { type Difference, DIFFERENCES } from "./differences.ts";
import type { HttpRequest } from "./http_requests.ts";
import { opening } from "./line_requests.ts";
import { LinePair } from "./line_sides.ts";
import type { Outcome } from "./outcome.ts";
import { startCompared } from "./plugin.ts";
import { openDoors, Side } from "./sides.ts";

for (const difference of DIFFERENCES) {
  test(`a difference is there, and as the table says: ${difference.what}`, async () => {
    const { example: asked, revision } = difference;
    const [ours, theirs] = await showExample(difference, DIFFERENCES);
    assertSame({ asked, revision, ours }, theirs);
    const others = DIFFERENCES.filter((it) => it !== difference);
    const [oursWithout, theirsWithout] = await showExample(difference, others, 50);
    assert.ok(!isSame({ asked, revision, ours: oursWithout }, theirsWithout, others), "the row is needed no more");
  });
}

async function showExample(
  { example, revision }: Difference,
  table: readonly Difference[],
  lateMs?: number,
): Promise<readonly [ours: Outcome, theirs: Outcome]> {
  if (example.method === undefined) {
    await using ours = await startCompared();
    await using theirs = await startCompared();
    await using pair = new LinePair([ours, theirs]);
    if (revision !== undefined) await pair.open(opening(revision));
    return await pair.exchange(example, table, { ...(lateMs !== undefined && { lateMs }) });
  }
  await using doors = await openDoors();
  const [collet, sdk] = [new Side(doors.collet), new Side(doors.sdk)];
  if (revision !== undefined) await Promise.all([collet.open(revision), sdk.open(revision)]);
  const request = example as HttpRequest;
  return await Promise.all([collet.send(request), sdk.send(askedOfSdk(request, table))]);
}
