/**
 * The comparison of what both sides did.
 *
 * @module
 */
import assert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";
import { type Asked, type Difference, DIFFERENCES, type Facts } from "./differences.ts";
import type { Loose } from "./messages.ts";
import type { Outcome } from "./outcome.ts";

/** Gives what the SDK is asked where Collet is asked `asked`. */
export function askedOfSdk<A extends Asked>(asked: A, table: readonly Difference[] = DIFFERENCES): A {
  return table.reduce((it, { ask }) => ({ ...it, ...ask?.(it) }), asked);
}

/** What Collet was asked, and did. */
export type Done = Omit<Facts, "message">;

/** Tells whether Collet did what is expected. */
export function isSame(done: Done, theirs: Outcome, table?: readonly Difference[]): boolean {
  const [ours, expected] = sidesOf(done, theirs, table);
  return isDeepStrictEqual(ours, expected);
}

/** Fails when Collet did anything else than is expected. */
export function assertSame(done: Done, theirs: Outcome): void {
  const [ours, expected] = sidesOf(done, theirs);
  if (isDeepStrictEqual(ours, expected)) return;
  const [asked, found, wanted] = [done.asked, ours, expected].map((it) => inspect(it, { depth: 12, breakLength: 120 }));
  assert.fail(`Collet and the SDK differ\nasked: ${asked}\nCollet: ${found}\nexpected: ${wanted}`);
}

function sidesOf(
  done: Done,
  theirs: Outcome,
  table: readonly Difference[] = DIFFERENCES,
): readonly [ours: Outcome, expected: Outcome] {
  const facts = { ...done, message: messageIn(done.asked.body) };
  const expected = table.reduce((it, { expect }) => expect?.(it, facts) ?? it, theirs);
  // the requests of a batch run side by side
  return Array.isArray(facts.message) ? [withSorted(done.ours), withSorted(expected)] : [done.ours, expected];
}

function withSorted(outcome: Outcome): Outcome {
  const notifications = outcome.notifications.map((it) => [inspect(it, { depth: 12, sorted: true }), it] as const)
    .sort(([a], [b]) => a < b ? -1 : 1).map(([, it]) => it);
  return { ...outcome, notifications };
}

function messageIn(body: Loose): Loose {
  if (typeof body !== "string") return body;
  try {
    return JSON.parse(body.replace(/^\ufeff/, ""));
  } catch {
    return undefined;
  }
}
