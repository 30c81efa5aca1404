/**
 * The results for readers, as Markdown.
 *
 * @module
 */
import { type CallResults, describeConnections, describeContender } from "./calls.ts";
import { codeSection } from "./code/report.ts";
import type { ListResults } from "./lists.ts";
import type { Circumstances } from "./machine.ts";
import { number, spread, table } from "./markdown.ts";
import { LOAD_CONNECTIONS, type MemoryResults } from "./memory.ts";
import { FULL } from "./options.ts";
import { pipelineSection } from "./pipelines/report.ts";
import type { Results, RuntimeResults } from "./results.ts";
import { savedSection } from "./saved/report.ts";
import { scriptSection } from "./scripts/report.ts";
import { skillSection } from "./skills/report.ts";
import type { StartResults } from "./starts.ts";
import { RIVALS, TITLES } from "./subjects.ts";
import { TARGETS, type Verdict } from "./targets.ts";
import { TOKENIZER, type TokenResults } from "./tokens.ts";
import { upstreamSection } from "./upstream/report.ts";
import { wasmSection } from "./wasm/report.ts";

const MIB = 1024 * 1024;
const RUNTIME_TITLES = { deno: "Deno", node: "Node" } as const;

/** Writes the results. */
export function writeReport(results: Results): string {
  const { circumstances, runtimes, tokens, saved, verdicts, notes, isQuick } = results;
  return [
    "# Benchmark",
    isQuick ? "A quick run, to see that the benchmark works: **these numbers say little.**" : HOW_TO_READ,
    ...circumstancesSection(circumstances, results),
    "## Targets",
    verdictTable(verdicts),
    ...notes.map((note) => `- ${note}`),
    ...runtimes.flatMap(runtimeSections),
    ...(tokens === undefined ? [] : tokenSection(tokens)),
    ...(saved === undefined ? [] : savedSection(saved)),
  ].join("\n\n") + "\n";
}

const HOW_TO_READ = `Collet is the program that ships, with all its plugins; the others are bare servers:

${Object.entries(RIVALS).map(([name, title]) => `- ${title}: \`servers/${name}.ts\``).join("\n")}

(a) is what the SDK's documentation shows. (a′) is its low-level \`Server\`, which the SDK calls deprecated: it costs less,
and checks no arguments, as Collet does; (a″) is spared reading the body as well. (b) and the start have that low-level
form too. All are processes of their own on one machine, served as the runtime's documentation
tells; on Node each is a bundle, on Deno the sources run. One more process makes the load, with one request in flight
on each connection, and checks every answer. Sides are measured in turn, round after round. Numbers are medians with
the quartiles behind them; a ratio is that of the pairs, taken pair by pair.`;

function circumstancesSection(circumstances: Circumstances, { startedAt, seconds }: Results): string[] {
  const { processor, cores, memoryBytes, system, loadBefore, versions } = circumstances;
  const rows = [
    ["machine", `${processor}, ${cores} cores, ${(memoryBytes / 1024 / MIB).toFixed(1)} GiB, ${system}`],
    ["when", `${startedAt}, for ${Math.round(seconds)} s; load average before: ${loadBefore.toFixed(2)}`],
    ...Object.entries(versions),
  ];
  return ["## Circumstances", table(["", ""], rows)];
}

function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, where, measured, isReached }) => {
    const { title, direction, wanted, unit } = TARGETS[target];
    const sign = direction === "at least" ? "≥" : "≤";
    return [
      title,
      where,
      spread(measured),
      `${sign} ${number(wanted)} ${unit}`,
      isReached ? "reached" : "**not reached**",
    ];
  });
  return table(["target", "where", "measured", "wanted", ""], rows);
}

function runtimeSections(results: RuntimeResults): string[] {
  const { runtime, start, calls, lists, memory, scripts, wasm, skills, code, pipelines, upstream } = results;
  const title = RUNTIME_TITLES[runtime];
  return [
    ...(start === undefined ? [] : [`## Start on ${title}`, ...startSection(start)]),
    ...(calls === undefined ? [] : [`## Calls on ${title}`, ...callSection(calls)]),
    ...(lists === undefined ? [] : [`## Lists on ${title}`, ...listSection(lists)]),
    ...(memory === undefined ? [] : [`## Memory on ${title}`, ...memorySection(memory)]),
    ...(scripts === undefined ? [] : [`## Scripts on ${title}`, ...scriptSection(scripts)]),
    ...(wasm === undefined ? [] : [`## WASM tools on ${title}`, ...wasmSection(wasm)]),
    ...(skills === undefined ? [] : [`## Skills on ${title}`, ...skillSection(skills)]),
    ...(code === undefined ? [] : [`## Code mode on ${title}`, ...codeSection(code)]),
    ...(pipelines === undefined ? [] : [`## Pipelines on ${title}`, ...pipelineSection(pipelines)]),
    ...(upstream === undefined ? [] : [`## Other servers on ${title}`, ...upstreamSection(upstream)]),
  ];
}

function startSection({ list, call }: StartResults): string[] {
  const rows = ([["first tools/list", list], ["first tools/call", call]] as const).map((
    [what, { own, other, ratio }],
  ) => [
    what,
    spread(own),
    spread(other),
    spread(ratio),
  ]);
  return [
    "Milliseconds from the start of the process to the answer. The client initializes at once and sends both requests " +
    "together when that is answered; the call is `list_tools` of Collet, `echo` of (a). Collet's home was used before.",
    table(["", TITLES.collet, TITLES.sdk_stdio, "Collet / (a)"], rows),
  ];
}

function callSection(results: readonly CallResults[]): string[] {
  const figures = results.flatMap(({ connections, figures }) =>
    figures.map((figure) => [
      describeConnections(connections),
      describeContender(figure),
      spread(figure.perSecond),
      number(figure.p50Ms.median),
      number(figure.p99Ms.median),
      spread(figure.cpuMicroseconds),
      number(figure.bodyBytes),
      `${Math.round(figure.loadShare * 100)} %`,
    ])
  );
  const ratios = results.flatMap(({ connections, ratios }) =>
    ratios.map(({ title, perSecond, cpuMicroseconds }) => [
      describeConnections(connections),
      title,
      spread(perSecond.ratio),
      spread(cpuMicroseconds.ratio),
    ])
  );
  const closing = new Set(
    results.flatMap(({ figures }) => figures.filter(({ opened }) => opened > 0.5).map(describeContender)),
  );
  return [
    ...(closing.size === 0 ? [] : [
      `**The connection was closed after each answer, so that each call includes a new one: ${
        [...closing].join("; ")
      }.**`,
    ]),
    "One call of `echo` with a short text. Processor time is that of the server's process with all its threads; the " +
    "last column is the largest share of a processor that making the load took: near 100 % it was the limit.",
    table(
      ["", "server", "calls/s", "p50 ms", "p99 ms", "processor µs/call", "bytes of body", "load maker"],
      figures,
    ),
    table(["", "ratio", "of calls/s", "of processor time"], ratios),
  ];
}

function listSection(results: readonly ListResults[]): string[] {
  const figures = results.flatMap(({ tools, figures }) =>
    figures.map(({ subject, perSecond, pagesPerSecond, cpuMs, pages, bytes }) => [
      number(tools),
      TITLES[subject],
      spread(perSecond),
      spread(cpuMs),
      number(pages),
      spread(pagesPerSecond),
      number(bytes / 1024),
    ])
  );
  const ratios = results.flatMap(({ tools, ratios }) =>
    ratios.map(({ rival, perSecond, cpuMs }) => [
      number(tools),
      `Collet / ${TITLES[rival]}`,
      spread(perSecond.ratio),
      spread(cpuMs.ratio),
    ])
  );
  return [
    "Whole lists in a second, fetched by one client page after page, stateless. Collet has the same tools as the others " +
    "here, and no other plugin.",
    table(["tools", "server", "lists/s", "processor ms/list", "pages", "requests/s", "KiB in all"], figures),
    table(["tools", "ratio", "of lists/s", "of processor time"], ratios),
  ];
}

function memorySection({ figures, growth }: MemoryResults): string[] {
  const rows = figures.map(({ subject, idle, loaded, session }) => [
    TITLES[subject],
    spread(idle, MIB),
    spread(loaded, MIB),
    session === undefined ? "" : spread(session.resident),
    session === undefined ? "" : spread(session.heap),
  ]);
  const steps = growth.calls.map((calls, step) => [number(calls), spread(growth.resident[step], MIB)]);
  return [
    `Resident size in MiB, at rest and the largest while calls come over ${LOAD_CONNECTIONS} connections. A session is ` +
    "measured on servers of their own: as many sessions are opened and ended before, then garbage is collected, the " +
    "sessions are opened and abandoned, garbage is collected again, and the difference is divided by their number: " +
    `${
      number(FULL.sessions)
    } in a full run, since the pages that an engine takes and gives back weigh more than 1,000.`,
    table(
      ["", "idle MiB", "under load MiB", "bytes resident/session", "bytes of heap/session"],
      rows,
    ),
    "Resident size of Collet after more and more stateless calls, the lowest in a second, no garbage collected for it:",
    table(["calls", "MiB"], steps),
  ];
}

function tokenSection({ start, all }: TokenResults): string[] {
  const rows = ([["start", start], ["all", all]] as const).map((
    [expose, { tools, bytes, tokens, byTool: [largest] }],
  ) => [
    `\`--expose ${expose}\``,
    number(tools),
    number(bytes),
    number(tokens),
    largest === undefined ? "" : `${largest.name}, ${largest.tokens}`,
  ]);
  return [
    "## Tokens of tools/list",
    `Tokens of the names, descriptions and input schemas, as JSON, by the tokenizer ${TOKENIZER}; other models count ` +
    "others, near it. Bytes are those of the whole answer.",
    table(["", "tools", "bytes", "tokens", "largest tool"], rows),
  ];
}
