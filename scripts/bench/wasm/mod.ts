/**
 * WASM tools: what a warm call costs beside the same module instantiated by hand, compiled for each call, and run as a
 * process of this machine; what it costs to build what is built already; and many calls at once.
 *
 * @module
 */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../lib/run.ts";
import { type Bench, type Measured, say, timeSides } from "../bench.ts";
import { makeScratchFolder } from "../scratch.ts";
import { compare, type Comparison, summarize, type Summary } from "../statistics.ts";
import { judge, type Verdict } from "../targets.ts";
import { WasmServer } from "./server.ts";
import { WASM_TOOLS, type WasmTool } from "./tools.ts";

/** One tool; times are in milliseconds. */
export interface WasmCalls {
  readonly title: string;
  /** Bytes of the module. */
  readonly size: number;
  /** The first build. */
  readonly buildMs: number;
  /** A call beside each of the others: the ratio is that of a call to the other, pair by pair. */
  readonly byHand: Comparison;
  readonly compiled: Comparison;
  readonly native: Comparison | undefined;
  /** A call right after its tool was built again, and a bare one. */
  readonly rebuilt: Comparison;
  /** Building again what is built already. */
  readonly rebuildMs: Summary;
  /** Many calls at once, to the last answer. */
  readonly burstMs: Summary;
}

/** All that was measured of WASM tools. */
export interface WasmResults {
  readonly calls: readonly WasmCalls[];
  /** Titles of tools that cannot be built here, and why. */
  readonly missing: readonly string[];
}

/** Calls that follow one another, of which the median is taken. */
const CALLS = 30;
/** Calls at the same time. */
export const AT_ONCE = 200;
const RUSTC = "/usr/bin/rustc";

/** Measures WASM tools. */
export async function measureWasm(bench: Bench): Promise<Measured<WasmResults>> {
  const { runtime } = bench;
  await using server = await WasmServer.open(runtime);
  const calls: WasmCalls[] = [];
  const missing: string[] = [];
  const verdicts: Verdict[] = [];
  for (const tool of WASM_TOOLS) {
    say(`${runtime.name}: WASM tools, ${tool.title}`);
    let buildMs: number;
    try {
      buildMs = await server.build(tool);
    } catch (error) {
      missing.push(`${tool.title}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
      continue;
    }
    const measured = await measureTool(bench, tool, { server, buildMs });
    calls.push(measured);
    verdicts.push(...judgeTool(`${runtime.name}, ${tool.title}`, measured));
  }
  return { results: { calls, missing }, verdicts };
}

async function measureTool(
  { plan: { scriptRounds: rounds } }: Bench,
  tool: WasmTool,
  { server, buildMs }: { readonly server: WasmServer; readonly buildMs: number },
): Promise<WasmCalls> {
  const { name, title } = tool;
  const file = server.moduleOf(tool);
  const native = tool.isNative ? await compileNative(tool) : undefined;
  const time = async (count: number) => (await server.timeCalls({ name, lanes: 1, until: { count } })).p50Ms;
  const sides = {
    called: () => time(CALLS),
    byHand: () => server.timeOthers({ way: "by_hand", file, count: CALLS }),
    compiled: () => server.timeOthers({ way: "compiled", file, count: 5 }),
    ...(native !== undefined && { native: () => server.timeOthers({ way: "native", file: native, count: 5 }) }),
    rebuilt: async () => {
      await server.build(tool);
      return await time(1);
    },
    bare: () => time(1),
    rebuild: () => server.build(tool),
    burst: async () => (await server.timeCalls({ name, lanes: AT_ONCE, until: { count: AT_ONCE } })).ms,
  };
  const of = await timeSides(sides, { rounds });
  return {
    title,
    size: (await stat(file)).size,
    buildMs,
    byHand: compare(of("called"), of("byHand")),
    compiled: compare(of("called"), of("compiled")),
    native: native === undefined ? undefined : compare(of("called"), of("native")),
    rebuilt: compare(of("rebuilt"), of("bare")),
    rebuildMs: summarize(of("rebuild")),
    burstMs: summarize(of("burst")),
  };
}

/** Compiles what a tool does for this machine, without the packages that it hardly uses. */
async function compileNative({ name }: WasmTool): Promise<string | undefined> {
  const folder = await makeScratchFolder("native");
  const source = join(folder, `${name}.rs`);
  await writeFile(source, NATIVE);
  const program = join(folder, name);
  const { code } = await run([RUSTC, "-O", "-o", program, source], { timeoutMs: 300_000 });
  return code === 0 ? program : undefined;
}

const NATIVE = `use std::io::Read;

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    let digits: String = text.chars().filter(|c| c.is_ascii_digit()).collect();
    println!("{{\\"n\\":{}}}", digits.parse::<u64>().unwrap() + 1);
}
`;

function judgeTool(where: string, { byHand, compiled, native: _, rebuilt }: WasmCalls): readonly Verdict[] {
  const gain = compareInverse(compiled);
  return [
    judge("wasmByHand", where, byHand.ratio),
    ...(where.includes("Rust") ? [judge("wasmCompiled", where, gain)] : []),
    judge("wasmRebuilt", where, rebuilt.ratio),
  ];
}

/** Gives how many times faster a call is than the other. */
function compareInverse({ ratio }: Comparison): Summary {
  const { count, median, low, high, least, most } = ratio;
  return { count, median: 1 / median, low: 1 / high, high: 1 / low, least: 1 / most, most: 1 / least };
}
