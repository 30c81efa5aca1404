/**
 * What Collet has to reach, in one place.
 *
 * @module
 */
import type { Summary } from "./statistics.ts";

/** One number to reach. */
export interface Target {
  readonly title: string;
  readonly direction: "at least" | "at most";
  readonly wanted: number;
  readonly unit: "times" | "bytes" | "tokens" | "ms" | "things";
}

/** All targets. (a), (b) and (c) are the servers of `subjects.ts`. */
export const TARGETS = {
  startList: { title: "start to the first tools/list, of (a)", direction: "at most", wanted: 1, unit: "times" },
  startCall: { title: "start to the first tools/call, of (a)", direction: "at most", wanted: 1, unit: "times" },
  callsStateless: { title: "stateless calls, of (a)", direction: "at least", wanted: 5, unit: "times" },
  callsSession: { title: "calls in a session, of (b)", direction: "at least", wanted: 2.5, unit: "times" },
  callsParsing: { title: "stateless calls, of (c)", direction: "at least", wanted: 0.5, unit: "times" },
  lists: { title: "lists of 1,000 tools, of (a)", direction: "at least", wanted: 10, unit: "times" },
  session: { title: "resident size of an abandoned session", direction: "at most", wanted: 4_096, unit: "bytes" },
  // garbage that is not collected yet and pages that are not given back move it by a few percent either way
  growth: {
    title: "resident size after all calls, of that after the first tenth",
    direction: "at most",
    wanted: 1.05,
    unit: "times",
  },
  pooled: { title: "pooled script, of one that is started", direction: "at least", wanted: 10, unit: "times" },
  pooledDeno: { title: "pooled script, of one that is started", direction: "at least", wanted: 5, unit: "times" },
  persistent: {
    title: "persistent script, in a row, of started ones",
    direction: "at least",
    wanted: 50,
    unit: "times",
  },
  sandbox: { title: "what the sandbox adds to a start", direction: "at most", wanted: 10, unit: "ms" },
  scriptsLeft: { title: "what calls of scripts leave behind", direction: "at most", wanted: 0, unit: "things" },
  wasmByHand: { title: "call of a WASM tool, of one by hand", direction: "at most", wanted: 1.5, unit: "times" },
  wasmCompiled: {
    title: "call of a WASM tool, faster than compiled at each call",
    direction: "at least",
    wanted: 20,
    unit: "times",
  },
  // two single calls are never quite equal
  wasmRebuilt: {
    title: "call after a cached rebuild, of a bare call",
    direction: "at most",
    wanted: 1.1,
    unit: "times",
  },
  skillsScan: { title: "first scan of skills, of dcc-mcp-core's", direction: "at most", wanted: 4, unit: "times" },
  skillsStart: { title: "skills from the index, of its scan", direction: "at most", wanted: 1, unit: "times" },
  skillsRescan: { title: "skills after an edit, of its own", direction: "at most", wanted: 1, unit: "times" },
  skillsSearch: { title: "search of skills, of its own", direction: "at most", wanted: 1, unit: "times" },
  // finding them has grown the engine's nursery, whose collections cost each list a third on Node; work for each skill
  // would cost a hundred times
  skillsLists: { title: "lists with skills, of those without", direction: "at least", wanted: 0.5, unit: "times" },
  codeCalls: { title: "calls from code, faster than a client's", direction: "at least", wanted: 10, unit: "times" },
  codeFresh: {
    title: "small run of code, of bare QuickJS in a worker",
    direction: "at most",
    wanted: 3,
    unit: "times",
  },
  upstream: { title: "proxied call, of the direct one", direction: "at most", wanted: 1.5, unit: "times" },
  tokens: { title: "tools/list with --expose start", direction: "at most", wanted: 3_000, unit: "tokens" },
} as const satisfies Readonly<Record<string, Target>>;

/** Name of a target. */
export type TargetName = keyof typeof TARGETS;

/** Whether a target was reached. */
export interface Verdict {
  readonly target: TargetName;
  /** Where it was measured, such as `deno, 16 connections`. */
  readonly where: string;
  readonly measured: Summary;
  readonly isReached: boolean;
}

/** Judges the median of measurements. */
export function judge(target: TargetName, where: string, measured: Summary): Verdict {
  const { direction, wanted } = TARGETS[target];
  const isReached = direction === "at least" ? measured.median >= wanted : measured.median <= wanted;
  return { target, where, measured, isReached };
}
