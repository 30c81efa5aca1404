/**
 * The benchmark: Collet against bare servers on the SDK and a bare route, on Deno and on Node, in one run.
 *
 * ```sh
 * deno run -A scripts/bench/mod.ts                       # everything; about half an hour
 * deno run -A scripts/bench/mod.ts --quick               # everything, once over, to see that it works
 * deno run -A scripts/bench/mod.ts --runtime node --only calls,memory
 * deno run -A scripts/bench/mod.ts --out /tmp/before     # writes /tmp/before.md and /tmp/before.json
 * ```
 *
 * It prints Markdown, and writes it with the same numbers as JSON to `.build/bench/results.*`. On Node Collet is
 * `dist/mod.js` as it was built last. All traffic stays on the loopback address. A wrong answer of any server ends the
 * run with exit code 1; a target that is not reached does not, since it says as much of the machine as of Collet.
 *
 * The parts are `start`, `calls`, `lists`, `memory`, `scripts`, `wasm`, `skills`, `code`, `pipelines`, `upstream` and
 * `tokens`; `targets.ts` has what is to be reached, `servers/` what Collet is compared with and the plugins that it is
 * measured by.
 *
 * @module
 */
import { stop } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { runMain } from "../lib/main.ts";
import { print } from "../lib/repository.ts";
import type { Bench, Measured } from "./bench.ts";
import { measureCalls } from "./calls.ts";
import { measureCode } from "./code/mod.ts";
import { measureLists } from "./lists.ts";
import { LoadProcess } from "./load_process.ts";
import { describeCircumstances } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { type BenchOptions, parseOptions, type Section } from "./options.ts";
import { measurePipelines } from "./pipelines/mod.ts";
import { HAS_USAGE } from "./process_usage.ts";
import { writeReport } from "./report.ts";
import type { Results, RuntimeResults } from "./results.ts";
import { type Prepared, prepareRuntimes } from "./runtimes.ts";
import { measureSavedTokens } from "./saved/mod.ts";
import { makeScratchFolder } from "./scratch.ts";
import { measureScripts, whyNoScripts } from "./scripts/mod.ts";
import { measureSkills } from "./skills/mod.ts";
import { measureStarts } from "./starts.ts";
import { TARGETS, type Verdict } from "./targets.ts";
import { measureTokens } from "./tokens.ts";
import { measureUpstream } from "./upstream/mod.ts";
import { measureWasm } from "./wasm/mod.ts";

type RuntimeSection = Exclude<Section, "tokens">;

const MEASURES: Readonly<Record<RuntimeSection, (bench: Bench) => Promise<Measured<unknown>>>> = {
  start: measureStarts,
  calls: measureCalls,
  lists: measureLists,
  memory: measureMemory,
  scripts: measureScripts,
  wasm: measureWasm,
  skills: measureSkills,
  code: measureCode,
  pipelines: measurePipelines,
  upstream: measureUpstream,
};

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const prepared = await prepareRuntimes(options.runtimes, await makeScratchFolder("bundles"));
  const results = await measureAll(options, prepared);
  const report = writeReport(results);
  await mkdir(dirname(options.out), { recursive: true });
  await writeFile(`${options.out}.json`, `${JSON.stringify(results, undefined, 2)}\n`);
  await writeFile(`${options.out}.md`, report);
  print(report);
}

async function measureAll(options: BenchOptions, { runtimes, loadCommand, notes }: Prepared): Promise<Results> {
  const { plan, isQuick } = options;
  const startedAt = new Date();
  const circumstances = await describeCircumstances(
    Object.fromEntries(runtimes.map(({ version }) => version.split(" ") as [string, string])),
  );
  const noScripts = options.sections.includes("scripts") ? await whyNoScripts() : undefined;
  const isMeasured: Partial<Record<Section, boolean>> = {
    tokens: false,
    memory: HAS_USAGE,
    scripts: noScripts === undefined,
  };
  const sections = options.sections.filter((section) => isMeasured[section] ?? true);
  const verdicts: Verdict[] = [];
  const found: RuntimeResults[] = [];
  await using load = new LoadProcess(loadCommand);
  for (const runtime of runtimes) {
    const parts: Record<string, unknown> = {};
    for (const section of sections as readonly RuntimeSection[]) {
      const measured = await MEASURES[section]({ plan, runtime, load });
      parts[section] = measured.results;
      verdicts.push(...measured.verdicts);
    }
    found.push({ runtime: runtime.name, ...parts });
  }
  const [runtime] = runtimes;
  const tokens = options.sections.includes("tokens") && runtime !== undefined
    ? await measureTokens(runtime)
    : undefined;
  const saved = tokens !== undefined && runtime !== undefined ? await measureSavedTokens(runtime) : undefined;
  return {
    format: 1,
    startedAt: startedAt.toISOString(),
    seconds: (Date.now() - startedAt.getTime()) / 1_000,
    isQuick,
    plan,
    circumstances,
    runtimes: found,
    ...(tokens !== undefined && { tokens: tokens.results }),
    ...(saved !== undefined && { saved }),
    targets: TARGETS,
    verdicts: [...verdicts, ...tokens?.verdicts ?? []],
    notes: [
      ...notes,
      ...(HAS_USAGE ? [] : ["Memory and processor time were not measured: there is no /proc here"]),
      ...(noScripts === undefined ? [] : [`Scripts were not measured: ${noScripts}`]),
    ],
  };
}

await runMain(() => main().finally(stop));
process.exit();
