/**
 * Runs of the engine for its tests: with tools that are functions, and a journal that can be cut off at any write.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Call, createCall, type JsonObject, ToolError } from "../../../../kernel/mod.ts";
import {
  type BegunStep,
  type EngineLimits,
  type FinishedStep,
  type Journal,
  type PipelinePlan,
  runPipeline,
  type StepCache,
} from "../../../../plugins/pipelines/engine/engine.ts";
import { formatProblem } from "../../../../plugins/pipelines/problems.ts";
import { readSteps } from "../../../../plugins/pipelines/read_steps.ts";
import { aborted } from "../../../support/wait.ts";

export type Draft = Record<string, unknown>;

/** A step that gives a value. */
export function echo(value: unknown, more: Draft = {}): Draft {
  return { tool: "echo", args: { value }, ...more };
}

/** Reads a pipeline as it is on the wire. */
export async function planOf(steps: readonly Draft[], output?: unknown): Promise<PipelinePlan> {
  const read = await readSteps(steps);
  assert.deepEqual(read.problems.all().map(formatProblem), []);
  return { steps: read.steps, ...(output !== undefined && { output }) };
}

/** What a cut journal throws: nothing is written any more, as when the process is gone. */
export const CUT: Error = new Error("The journal is cut");

/** A journal in memory. */
export class MemoryJournal implements Journal {
  readonly records: Map<string, FinishedStep>;
  /** Keys of steps that began, in order. */
  readonly begun: string[] = [];
  /** Keys of steps in flight. */
  readonly inFlight: Set<string> = new Set();
  writes = 0;
  readonly #cutAt: number;
  readonly #isLastWritten: boolean;

  /** @param cutAt The write, from 1, at which it is cut: `isLastWritten` tells whether just before or just after it. */
  constructor(
    records: Iterable<readonly [string, FinishedStep]> = [],
    { cutAt = Infinity, isLastWritten = false }: { cutAt?: number; isLastWritten?: boolean } = {},
  ) {
    this.records = new Map(records);
    this.#cutAt = cutAt;
    this.#isLastWritten = isLastWritten;
  }

  finished(key: string): FinishedStep | undefined {
    return this.records.get(key);
  }

  begin(step: BegunStep): Promise<void> {
    return this.#write(() => {
      assert(!this.inFlight.has(step.key), `${step.key} begins while it runs`);
      this.begun.push(step.key);
      this.inFlight.add(step.key);
    });
  }

  finish(step: FinishedStep): Promise<void> {
    return this.#write(() => {
      this.inFlight.delete(step.key);
      this.records.set(step.key, JSON.parse(JSON.stringify(step)));
    });
  }

  // deno-lint-ignore require-await
  async #write(apply: () => void): Promise<void> {
    const write = ++this.writes;
    if (write < this.#cutAt || write === this.#cutAt && this.#isLastWritten) apply();
    if (write >= this.#cutAt) throw CUT;
  }
}

/** What a tool gets beside its arguments. */
export interface ToolCall {
  readonly call: Call;
  readonly key: string;
}

export type Tool = (args: JsonObject, options: ToolCall) => unknown;

export interface RunOptions {
  readonly input?: JsonObject;
  readonly output?: unknown;
  readonly tools?: Readonly<Record<string, Tool>>;
  readonly journal?: Journal;
  readonly cache?: StepCache;
  readonly call?: Call;
  readonly limits?: EngineLimits;
}

/** Tools that most tests need. */
const TOOLS: Readonly<Record<string, Tool>> = {
  echo: ({ value }) => value,
  fail: ({ message = "no" }) => {
    throw new ToolError(String(message));
  },
  /** Runs until it is ended. */
  hang: (_, { call: { signal } }) => aborted(signal),
};

/** Runs a pipeline as it is on the wire. */
export async function run(steps: readonly Draft[], options: RunOptions = {}): Promise<unknown> {
  return await runPlan(await planOf(steps, options.output), options);
}

/** Runs a pipeline. */
export function runPlan(plan: PipelinePlan, { input = {}, tools, journal, cache, call, limits }: RunOptions) {
  const all: Readonly<Record<string, Tool>> = { ...TOOLS, ...tools };
  return runPipeline(plan, {
    input,
    journal: journal ?? new MemoryJournal(),
    tools: {
      async call(name, args, options) {
        const tool = all[name];
        if (tool === undefined) throw new ToolError(`Unknown tool "${name}"`);
        return await tool(args, options);
      },
      isRepeatable: (name) => name === "echo",
    },
    call: call ?? createCall(),
    ...cache !== undefined && { cache },
    ...limits !== undefined && { limits },
  });
}
