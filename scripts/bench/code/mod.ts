/**
 * Code mode: calls of tools from code beside those of a client, what a small run costs beside QuickJS with nothing around
 * it, and Python.
 *
 * @module
 */
import { inRepository } from "../../lib/repository.ts";
import { type Bench, type Measured, say, timed, timeSides } from "../bench.ts";
import { HttpConnection } from "../http_connection.ts";
import { McpClient } from "../mcp_client.ts";
import { echoCall, statelessRequest } from "../requests.ts";
import { whyNoScripts } from "../scripts/mod.ts";
import type { TimeBare } from "../servers/quickjs_caller.ts";
import type { TimedTool, TimeTool } from "../servers/tool_caller.ts";
import { compare, type Comparison, summarize, type Summary } from "../statistics.ts";
import { serve, type Server } from "../subjects.ts";
import { judge } from "../targets.ts";

/** All that was measured of code mode; times are in milliseconds. */
export interface CodeResults {
  /** {@linkcode SUB_CALLS} calls: each way to make them from code beside each from a client. */
  readonly subCalls: readonly SubCalls[];
  /** A small run beside an evaluation in a fresh context of one engine, and in a fresh engine; inside the server. */
  readonly freshContext: Comparison;
  readonly freshInstance: Comparison;
  /** The first run of a server, by language, and the median of those after it; inside the server. */
  readonly languages: readonly { readonly title: string; readonly first: Summary; readonly warm: Summary }[];
  /** Why a language was not measured. */
  readonly missing: readonly string[];
}

/** Many calls made in two ways; the ratio is how many times faster code is. */
export interface SubCalls {
  readonly title: string;
  readonly code: Summary;
  readonly client: Summary;
  readonly gain: Summary;
}

/** Calls of one run, and of one client. */
export const SUB_CALLS = 100;
/** Runs that follow one another, of which the median is taken. */
const IN_A_ROW = 20;
/** Rounds before those that count, in which engines compile what they run often. */
const WARM_UPS = 20;
/** Fresh servers whose first run is taken, at most. */
const FIRST_ROUNDS = 5;
const TOOL_CALLER = inRepository("scripts", "bench", "servers", "tool_caller.ts");
const QUICKJS_CALLER = inRepository("scripts", "bench", "servers", "quickjs_caller.ts");
const BARE_WORKER = inRepository("scripts", "bench", "code", "bare_worker.mjs");

/** The same small thing for both sides. */
const SMALL = "[1, 2, 3].map((n) => n * 2)";
const SMALL_JSON = "[2,4,6]";
const IN_TURN = `let n = 0;
for (let i = 0; i < ${SUB_CALLS}; i++) if (await echo({ text: \`hello \${i}\` }) === \`hello \${i}\`) n++;
return { n };`;
const AT_ONCE =
  `const all = await Promise.all(Array.from({ length: ${SUB_CALLS} }, (_, i) => echo({ text: \`hello \${i}\` })));
return { n: all.filter((text, i) => text === \`hello \${i}\`).length };`;
const PYTHON_IN_TURN = `n = 0
for i in range(${SUB_CALLS}):
    if echo(text=f"hello {i}") == f"hello {i}":
        n += 1
return {"n": n}`;

/** Measures code mode. */
export async function measureCode(bench: Bench): Promise<Measured<CodeResults>> {
  const { runtime } = bench;
  const noPython = await whyNoScripts();
  const subCalls = await measureSubCalls(bench, noPython === undefined);
  const { freshContext, freshInstance } = await measureFresh(bench);
  const languages = await measureLanguages(bench, noPython === undefined);
  const [inTurn, atOnce] = subCalls;
  return {
    results: {
      ...{ subCalls, freshContext, freshInstance, languages },
      missing: noPython === undefined ? [] : [`Python: ${noPython}`],
    },
    verdicts: [
      ...(inTurn === undefined ? [] : [judge("codeCalls", `${runtime.name}, ${SUB_CALLS} calls in turn`, inTurn.gain)]),
      ...(atOnce === undefined ? [] : [judge("codeCalls", `${runtime.name}, ${SUB_CALLS} at once`, atOnce.gain)]),
      judge("codeFresh", runtime.name, freshContext.ratio),
    ],
  };
}

async function open({ runtime }: Bench): Promise<Server> {
  return await serve(runtime, "collet", { plugins: { [TOOL_CALLER]: {}, [QUICKJS_CALLER]: {} } });
}

async function measureSubCalls(bench: Bench, hasPython: boolean): Promise<readonly SubCalls[]> {
  const { plan, runtime } = bench;
  say(`${runtime.name}: code mode, ${SUB_CALLS} calls from code and from a client`);
  await using server = await open(bench);
  await using client = await McpClient.open(server);
  const run = async (code: string, language = "javascript") => {
    const { structured } = await client.call("execute_code", { language, code });
    if ((structured as { n?: unknown } | undefined)?.n !== SUB_CALLS) {
      throw new Error(`Wrong answer of execute_code: ${JSON.stringify(structured)}`);
    }
  };
  const sides = {
    codeInTurn: () => timed(() => run(IN_TURN)),
    codeAtOnce: () => timed(() => run(AT_ONCE)),
    ...(hasPython && { pythonInTurn: () => timed(() => run(PYTHON_IN_TURN, "python")) }),
    clientInTurn: () =>
      timed(async () => {
        for (let i = 0; i < SUB_CALLS; i++) await echoBy(client, i);
      }),
    clientAtOnce: () => timed(() => Promise.all(Array.from({ length: SUB_CALLS }, (_, i) => echoBy(client, i)))),
    bareInTurn: () => timed(() => echoBare(server.port)),
  };
  const of = await timeSides(sides, { rounds: plan.scriptRounds, warmUps: WARM_UPS });
  const pair = (title: string, code: keyof typeof sides, client: keyof typeof sides): SubCalls => {
    const { own, other, ratio } = compare(of(client), of(code));
    return { title, code: other, client: own, gain: ratio };
  };
  return [
    pair("in turn, the SDK's client", "codeInTurn", "clientInTurn"),
    pair("all at once, the SDK's client", "codeAtOnce", "clientAtOnce"),
    pair("in turn, requests made beforehand on one connection", "codeInTurn", "bareInTurn"),
    ...(hasPython ? [pair("in turn, Python, the SDK's client", "pythonInTurn", "clientInTurn")] : []),
  ];
}

async function echoBy(client: McpClient, i: number): Promise<void> {
  const { text } = await client.call("echo", { text: `hello ${i}` });
  if (text !== `hello ${i}`) throw new Error(`Wrong answer of echo: ${text}`);
}

/** Makes the calls with as little as a client can do: nothing but the bytes, and a look at the answer. */
async function echoBare(port: number): Promise<void> {
  const connection = new HttpConnection(port);
  try {
    for (let i = 1; i <= SUB_CALLS; i++) {
      const { expected, ...operation } = echoCall(i);
      const { body, status } = await connection.send(statelessRequest(port, operation));
      if (status !== 200 || expected.some((text) => !body.includes(text))) throw new Error("Wrong answer of echo");
    }
  } finally {
    connection.close();
  }
}

async function measureFresh(bench: Bench): Promise<Pick<CodeResults, "freshContext" | "freshInstance">> {
  const { plan, runtime } = bench;
  say(`${runtime.name}: code mode, a small run and a bare evaluation`);
  await using server = await open(bench);
  await using client = await McpClient.open(server);
  const bare = (way: TimeBare["way"]) => async () => {
    const job: TimeBare = { way, code: SMALL, expected: SMALL_JSON, count: IN_A_ROW, worker: BARE_WORKER };
    const { structured } = await client.call("time_bare", job);
    return (structured as { readonly p50Ms: number }).p50Ms;
  };
  const sides = {
    run: async () => (await timeRuns(client, RUNS[0], IN_A_ROW)).p50Ms,
    context: bare("context"),
    instance: bare("instance"),
  };
  const of = await timeSides(sides, { rounds: plan.scriptRounds, warmUps: WARM_UPS });
  return { freshContext: compare(of("run"), of("context")), freshInstance: compare(of("run"), of("instance")) };
}

/** A small run of a language. */
interface SmallRun {
  readonly title: string;
  readonly language: string;
  readonly code: string;
}

const RUNS: readonly [SmallRun, ...SmallRun[]] = [
  { title: "JavaScript", language: "javascript", code: `return ${SMALL};` },
  { title: "TypeScript", language: "typescript", code: `const all: number[] = ${SMALL}; return all;` },
  { title: "Python", language: "python", code: "return [n * 2 for n in [1, 2, 3]]" },
];

async function measureLanguages(bench: Bench, hasPython: boolean): Promise<CodeResults["languages"]> {
  const { plan, runtime } = bench;
  const runs = RUNS.filter(({ language }) => hasPython || language !== "python");
  const found = runs.map(({ title }) => ({ title, first: [] as number[], warm: [] as number[] }));
  for (let round = 0; round < Math.min(plan.scriptRounds, FIRST_ROUNDS); round++) {
    for (const [i, run] of runs.entries()) {
      say(`${runtime.name}: code mode, first runs of ${run.title}`);
      // each of its own, so that none finds what another has loaded
      await using server = await open(bench);
      await using client = await McpClient.open(server);
      found[i]!.first.push((await timeRuns(client, run, 1)).p50Ms);
      found[i]!.warm.push((await timeRuns(client, run, IN_A_ROW)).p50Ms);
    }
  }
  return found.map(({ title, first, warm }) => ({ title, first: summarize(first), warm: summarize(warm) }));
}

async function timeRuns(client: McpClient, { language, code }: SmallRun, count: number): Promise<TimedTool> {
  const job: TimeTool = { name: "execute_code", arguments: { language, code }, count, expected: "4" };
  return (await client.call("time_tool", job)).structured as TimedTool;
}
