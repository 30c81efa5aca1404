/**
 * Steps that run at the same time.
 *
 * @module
 */
import { ENDED, Ending } from "./endings.ts";
import { isHandled } from "./failures.ts";
import type { Frame } from "./work.ts";

/**
 * Runs a number of lanes at the same time. The first failure of one ends the others, and is thrown once all have ended;
 * one that no step may handle goes before it.
 */
export async function runLanes(
  count: number,
  frame: Frame,
  run: (frame: Frame, lane: number) => Promise<void>,
): Promise<void> {
  const ending = new Ending(frame.ending);
  const inner = { ...frame, ending, call: frame.call.derive({ signal: ending.signal }) };
  const failures: unknown[] = [];
  const runOne = async (lane: number): Promise<void> => {
    try {
      await run(inner, lane);
    } catch (thrown) {
      failures.push(thrown);
      ending.end("another step that ran at the same time failed");
    }
  };
  try {
    await Promise.all(Array.from({ length: count }, (_, lane) => runOne(lane)));
  } finally {
    ending.close();
  }
  if (failures.length === 0) return;
  if (frame.ending.isEnded) throw ENDED;
  throw failures.find((it) => it !== ENDED && !isHandled(it)) ?? failures[0];
}
