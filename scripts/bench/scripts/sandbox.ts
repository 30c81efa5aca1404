/**
 * What the sandbox adds to the start of a process.
 *
 * @module
 */
import { type Bench, say, takeTurns } from "../bench.ts";
import { settle } from "../process_tree.ts";
import { summarize, type Summary } from "../statistics.ts";
import type { ScriptServer } from "./server.ts";

/** One command from its start to its end; in milliseconds. */
export interface SandboxCost {
  /** Such as `sh -c :`. */
  readonly command: string;
  readonly confined: Summary;
  readonly off: Summary;
  /** The difference, pair by pair. */
  readonly added: Summary;
}

/** The sides that are compared. */
export interface SandboxSides {
  readonly confined: ScriptServer;
  readonly off: ScriptServer;
}

const COMMANDS = [
  { title: "sh -c :", program: "/bin/sh", args: ["-c", ":"] },
  { title: "python3 -c pass", program: "/usr/bin/python3", args: ["-c", "pass"] },
] as const;
const WARM_UP_STARTS = 5;
/** Starts are short and vary much. */
const STARTS_IN_ROUND = 3;

/** Measures the same commands with the sandbox and without, in turn. */
export async function measureSandbox(
  { plan, runtime }: Bench,
  sides: SandboxSides,
  hasPython: boolean,
): Promise<readonly SandboxCost[]> {
  say(`${runtime.name}: scripts, starts in the sandbox and outside`);
  const costs: SandboxCost[] = [];
  for (const { title, ...command } of hasPython ? COMMANDS : COMMANDS.slice(0, 1)) {
    for (const side of Object.values(sides)) for (let i = 0; i < WARM_UP_STARTS; i++) await side.timeStart(command);
    const taken = await takeTurns(
      [sides.confined, sides.off],
      plan.scriptRounds * STARTS_IN_ROUND,
      async (side) => {
        await settle(side.pid, { quietMs: 20 });
        return await side.timeStart(command);
      },
    );
    const confined = taken.get(sides.confined) ?? [];
    const off = taken.get(sides.off) ?? [];
    costs.push({
      command: title,
      confined: summarize(confined),
      off: summarize(off),
      added: summarize(confined.map((ms, i) => ms - (off[i] ?? NaN))),
    });
  }
  return costs;
}
