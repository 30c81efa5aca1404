/**
 * What the tool `pipeline` answers of a run: each step by a line, what the whole came to, and links to what is long.
 *
 * @module
 */
import {
  type Call,
  type Content,
  type JsonObject,
  type ResourceLink,
  type TextContent,
  type ToolResult,
  toolResult,
} from "../../../kernel/mod.ts";
import { codeBlock } from "../../library/contract.ts";
import { failureText, RUN_ID_META, runData, runUri, stepData, stepUri } from "../running/run_texts.ts";
import type { FinishedRun, Runs, RunStep } from "../runs/runs.ts";

/** Most steps that are told of; the resource of the run has them all. */
const MOST_STEPS = 100;
/** Most characters of what a step gave. */
const MOST_STEP = 200;
/** Most characters of what a step gave that stand in structured content. */
const MOST_STEP_DATA = 2_000;
/** Most characters of what the whole came to. */
const MOST_OUTPUT = 20_000;
/** Characters that are shown of what is longer. */
const HEAD = 2_000;
/** Characters of what steps gave that are read, to show the beginning of each. */
const MOST_READ = 16 * 2 ** 20;
/** Most links of one answer. */
const MOST_LINKS = 20;

const JSON_TYPE = "application/json";

/** Answers with a run that has ended. */
export async function answerRun(
  finished: FinishedRun,
  { runs, call }: { readonly runs: Runs; readonly call: Call },
): Promise<ToolResult> {
  const { run } = finished;
  const page = await runs.steps(run.id, { call, limit: MOST_STEPS });
  const steps: DescribedStep[] = [];
  let left = MOST_READ;
  // one by one, since each of them may be long
  for (const step of page.items) {
    const isRead = !isNested(step) && left > 0;
    const described = await describeStep(run.id, step, { runs, call, isRead });
    left -= described.length;
    steps.push(described);
  }
  const isComplete = run.status === "completed";
  const output = shownOutput(finished, call);
  const more = page.cursor === undefined ? "" : `\nThere are more steps: ${runUri(run.id)} has all of them.\n`;
  const lines = steps.flatMap((it) => it.line ?? []).join("\n");
  const end = isComplete ? output.text : failureText(finished);
  const text = `${headline(finished)}\n\n${lines}${lines === "" ? "" : "\n"}${more}\n${end}`;
  const links = [...output.links, ...steps.flatMap((it) => it.links)].slice(0, MOST_LINKS);
  const content: readonly Content[] = [{ type: "text", text } satisfies TextContent, ...links];
  return toolResult({
    content,
    structuredContent: {
      ...runData(run),
      duration_ms: durationOf(finished),
      ...output.data,
      steps: steps.map((it) => it.data),
    },
    ...(!isComplete && { isError: true }),
    _meta: { [RUN_ID_META]: run.id },
  });
}

function headline(finished: FinishedRun): string {
  const { pipeline, status, id } = finished.run;
  const ms = durationOf(finished);
  if (status === "completed") return `Pipeline "${pipeline}" succeeded in ${ms} ms (run ${id})`;
  return `Pipeline "${pipeline}" ${status === "failed" ? "failed" : `was ${status}`} after ${ms} ms (run ${id})`;
}

function durationOf({ run: { startedAt, endedAt, updatedAt } }: FinishedRun): number {
  return (endedAt ?? updatedAt) - startedAt;
}

interface ShownOutput {
  readonly text: string;
  readonly data: JsonObject;
  readonly links: readonly ResourceLink[];
}

/** Tools that call this one get the whole; a client gets a head and a link. */
function shownOutput({ run: { id, status }, output = null }: FinishedRun, call: Call): ShownOutput {
  if (status !== "completed") return { text: "", data: {}, links: [] };
  const json = JSON.stringify(output, null, 2);
  if (json.length <= MOST_OUTPUT || call.path.length > 1) {
    return { text: codeBlock("json", json), data: { output }, links: [] };
  }
  const uri = `${runUri(id)}/output`;
  const link: ResourceLink = {
    type: "resource_link",
    uri,
    name: "output",
    mimeType: JSON_TYPE,
    size: byteLength(json),
  };
  const text = `${
    codeBlock("json", head(json, HEAD))
  }\n\nThat is the beginning of ${json.length} characters; ${uri} has all.`;
  return { text, data: { output_uri: uri }, links: [link] };
}

interface DescribedStep {
  /** `undefined` for steps within steps, which are in the data alone. */
  readonly line: string | undefined;
  readonly data: JsonObject;
  readonly links: readonly ResourceLink[];
  /** Characters that were read. */
  readonly length: number;
}

function isNested({ key }: RunStep): boolean {
  return key.includes(".");
}

async function describeStep(
  run: string,
  step: RunStep,
  { runs, call, isRead }: { readonly runs: Runs; readonly call: Call; readonly isRead: boolean },
): Promise<DescribedStep> {
  const { key, tool, status, startedAt, endedAt, error, name = labelOf(key) } = step;
  const ms = (endedAt ?? startedAt) - startedAt;
  const about = `- **${status}** ${name}${tool === undefined ? "" : ` (\`${tool}\`)`}, ${ms} ms`;
  const data = stepData(run, step);
  const line = (text?: string) =>
    isNested(step) ? undefined : text === undefined ? about : `${about}: ${oneLine(text)}`;
  if (error !== undefined || status === "running" || status === "interrupted" || !isRead) {
    return { line: line(error), data, links: [], length: 0 };
  }
  const output = await runs.output(run, { call, key }) ?? null;
  const json = JSON.stringify(output);
  if (json.length <= MOST_STEP_DATA) {
    return { line: line(json), data: { ...data, output }, links: [], length: json.length };
  }
  const uri = stepUri(run, key);
  const link: ResourceLink = { type: "resource_link", uri, name, mimeType: JSON_TYPE, size: byteLength(json) };
  return { line: line(json), data, links: [link], length: json.length };
}

// as in skillz, where steps without a name are counted from 1
function labelOf(key: string): string {
  return /^\d+$/.test(key) ? `step_${Number(key) + 1}` : key;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > MOST_STEP ? `${head(line, MOST_STEP)}…` : line;
}

/** Gives the beginning of a text, and no half of a character. */
function head(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
