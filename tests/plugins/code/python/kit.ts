/**
 * Kernels in which Python code runs, in the sandbox and with tools to call.
 *
 * @module
 */
import { join } from "node:path";
import * as v from "valibot";
import {
  type CallPatch,
  createCall,
  definePlugin,
  Environment,
  Files,
  type JsonObject,
  type Plugin,
  Toolbox,
  ToolError,
} from "../../../../kernel/mod.ts";
import { PythonCode } from "../../../../plugins/code/python/python_code.ts";
import { Dependencies } from "../../../../plugins/dependencies/contract.ts";
import dependencies from "../../../../plugins/dependencies/mod.ts";
import { GrantPolicy } from "../../../../plugins/grants/contract.ts";
import grants from "../../../../plugins/grants/mod.ts";
import memory from "../../../../plugins/memory/mod.ts";
import sandbox from "../../../../plugins/sandbox/mod.ts";
import { ScriptRunner } from "../../../../plugins/scripts/contract.ts";
import scripts from "../../../../plugins/scripts/mod.ts";
import secrets from "../../../../plugins/secrets/mod.ts";
import { SkillImports } from "../../../../plugins/skills/contract.ts";
import skills from "../../../../plugins/skills/mod.ts";
import store from "../../../../plugins/store/mod.ts";
import type { CodeLimits, CodeOutcome, CodeRun } from "../../../../plugins/wasm/contract.ts";
import { type Skills, writeSkills } from "../../skills/scripts/python/kit.ts";
import { type RunningKernel, startKernel, temporaryHome } from "../../library/kit.ts";

/** A kernel that runs Python code. */
export interface PythonCodeKit extends RunningKernel {
  readonly home: string;
  readonly python: PythonCode;
  readonly tools: SampleTools;
  run(code: string, options?: RunOptions): Promise<CodeOutcome>;
  /** Runs code that fails; gives the error. */
  fail(code: string, options?: RunOptions): Promise<ToolError>;
}

/** What a run has beside its code. */
export interface RunOptions extends Partial<Omit<CodeRun, "limits">> {
  readonly limits?: Partial<CodeLimits>;
  readonly call?: CallPatch;
}

/** What is known of the calls of `slow`. */
export interface SampleTools {
  /** How many were in flight at once, at most. */
  most: number;
  /** How many ended before their time. */
  ended: number;
}

/** How a kernel is started. */
export interface KitOptions {
  /** Whether interpreters wait for code; `false` by default. */
  readonly isWarm?: boolean;
  /** Of the plugin `grants`. */
  readonly ceiling?: JsonObject;
  /** Files of skills, by the name of the skill. */
  readonly skills?: Skills;
}

const LIMITS: CodeLimits = {
  timeoutMs: 30_000,
  memoryBytes: 256 * 1024 * 1024,
  outputBytes: 1024 * 1024,
  calls: 1_000,
};
/** The tools, as code is told of them. */
export const TOOLS: CodeRun["tools"] = [
  { name: "word-count", identifier: "word_count", namespace: "texts", member: "word-count" },
  { name: "slow", identifier: "slow" },
  { name: "broken", identifier: "broken" },
  { name: "echo" },
];

/** Starts a kernel. */
export async function startPythonCode(
  { isWarm = false, ceiling, skills: written = {} }: KitOptions = {},
): Promise<PythonCodeKit> {
  const home = await temporaryHome();
  await writeSkills(join(home.path, "skills"), written);
  const tools: SampleTools = { most: 0, ended: 0 };
  const running = await startKernel({
    home: home.path,
    plugins: [
      ...[store, memory, sandbox, dependencies] as Plugin<unknown>[],
      [grants as Plugin<unknown>, ceiling === undefined ? {} : { ceiling }],
      [scripts as Plugin<unknown>, isWarm ? {} : { warm: { per_key: 0 } }],
      secrets as Plugin<unknown>,
      [skills as Plugin<unknown>, { paths: [`${home.path}/skills`], default_paths: false, watch: false }],
      sampleTools(tools),
    ],
  });
  const { kernel } = running;
  const python = new PythonCode({
    scripts: kernel.get(ScriptRunner)!,
    files: kernel.get(Files)!,
    environment: kernel.get(Environment)!,
    dependencies: kernel.get(Dependencies),
    imports: kernel.get(SkillImports),
    policy: kernel.get(GrantPolicy),
  });
  const run: PythonCodeKit["run"] = (code, { limits, call, ...more } = {}) =>
    python.run({
      ...{ name: "execute_code", language: "python", code, tools: TOOLS, clock: "exact" },
      toolbox: kernel.get(Toolbox)!,
      ...more,
      limits: { ...LIMITS, ...limits },
    }, { call: createCall(call) });
  return {
    ...running,
    ...{ home: home.path, python, tools, run },
    async fail(code, options) {
      const outcome = await run(code, options).catch((error) => error);
      if (outcome instanceof ToolError) return outcome;
      throw new Error(`The code did not fail as it should: ${JSON.stringify(outcome)}`, { cause: outcome });
    },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
}

function sampleTools(known: SampleTools): Plugin<void> {
  let slow = 0;
  return definePlugin({
    name: "sample_tools",
    version: "1.0.0",
    setup({ tool }) {
      tool({
        name: "word-count",
        description: "Count words",
        input: v.strictObject({ text: v.string() }),
        run: ({ text }) => ({ words: text.split(/\s+/).length }),
      });
      tool({
        name: "slow",
        description: "Wait a while",
        input: v.strictObject({ ms: v.number(), value: v.optional(v.unknown()) }),
        run: async ({ ms, value = null }, { signal }) => {
          known.most = Math.max(known.most, ++slow);
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, ms);
            signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
          });
          slow--;
          if (signal.aborted) known.ended++;
          return { value };
        },
      });
      tool({
        name: "broken",
        description: "Fail",
        input: v.looseObject({}),
        run: () => {
          throw new ToolError("It is broken", { data: { part: "wheel" } });
        },
      });
      tool({
        name: "echo",
        description: "Give back what was given",
        input: v.looseObject({}),
        run: (args) => ({ ...args }),
      });
    },
  });
}
