/**
 * Steps that do something themselves: those that call a tool, and those that ask the user.
 *
 * @module
 */
import { type Call, compileSchema, formatIssues, isObject, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import type { InputStep, ToolStep } from "../definition.ts";
import { ENDED, untilEnded } from "./endings.ts";
import type { PipelineSurroundings } from "./surroundings.ts";
import { toFailure } from "./failures.ts";
import type { Gate } from "./gate.ts";
import { RunStopped } from "./journal.ts";
import type { Frame, Work } from "./work.ts";

/** Characters of a question: nobody reads more. */
const QUESTION_CHARACTERS = 100_000;

/** What leaves run with. */
export interface LeafTools {
  readonly surroundings: PipelineSurroundings;
  readonly gate: Gate;
}

/** Calls the tool of a step, unless the cache knows what it gives. */
export async function callTool(
  work: Work<ToolStep>,
  { args, frame, leaf }: { readonly args: JsonObject; readonly frame: Frame; readonly leaf: LeafTools },
): Promise<unknown> {
  const { step: { tool, cacheMs }, key } = work;
  const { tools, cache } = leaf.surroundings;
  if (cacheMs !== undefined && cache !== undefined) {
    const known = await cache.get(tool, args).catch((thrown) => tellCacheFailed(frame.call, tool, thrown));
    if (known !== undefined) {
      work.isCached = true;
      return known.value;
    }
  }
  const value = await inTurn(work, {
    frame,
    leaf,
    isRepeatable: tools.isRepeatable(tool),
    run: () => tools.call(tool, args, { call: frame.call, key }),
  });
  if (cacheMs !== undefined) {
    await cache?.set(tool, args, value, cacheMs).catch((thrown) => tellCacheFailed(frame.call, tool, thrown));
  }
  return value;
}

function tellCacheFailed(call: Call, tool: string, thrown: unknown): undefined {
  void call.log("warning", `Cannot use the cache for tool "${tool}"`, String(thrown));
}

/** Asks the user. */
export async function askUser(
  work: Work<InputStep>,
  { message, frame, leaf }: { readonly message: unknown; readonly frame: Frame; readonly leaf: LeafTools },
): Promise<unknown> {
  const requestedSchema = formOf(work.step.schema ?? {});
  const ask = async () => {
    const question = { key: work.key, message: toText(message), requestedSchema };
    const { action, content } = await untilEnded(frame.call.elicit(question), frame.ending);
    if (action === "accept") return await checkAnswer(content ?? {}, work.step.schema);
    const what = action === "decline" ? "declined" : "closed the question";
    throw new ToolError(`Cannot go on without an answer: the user ${what}`);
  };
  await begin(work, { frame, leaf, isRepeatable: true });
  return await guarded(work, { frame, leaf, run: ask });
}

// clients refuse forms without the types that a definition may leave out
function formOf(schema: JsonObject): JsonObject {
  const fields = isObject(schema["properties"]) ? Object.entries(schema["properties"]) : [];
  return { ...schema, type: "object", properties: Object.fromEntries(fields.map(([key, it]) => [key, fieldOf(it)])) };
}

function fieldOf(field: unknown): unknown {
  if (!isObject(field)) return field;
  const { type = "string", items } = field;
  const isChoice = isObject(items) && Array.isArray(items["enum"]);
  return { ...field, type, ...(isChoice && { items: { type: "string", ...items } }) };
}

// clients need not hold to what they were asked for, and later steps rely on it
async function checkAnswer(answer: unknown, schema: JsonObject | undefined): Promise<unknown> {
  if (schema === undefined) return answer;
  const parsed = await compileSchema(schema, { what: "the schema of a question" }).parse(answer);
  if (parsed.ok) return answer;
  throw new ToolError(`Cannot take the answer: ${formatIssues(parsed.issues)}`);
}

function toText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text.length <= QUESTION_CHARACTERS) return text;
  throw new ToolError(
    `Cannot ask: the question has ${text.length} characters, expected at most ${QUESTION_CHARACTERS}`,
  );
}

/** What a leaf does, and where. */
interface Doing {
  readonly frame: Frame;
  readonly leaf: LeafTools;
  run(): Promise<unknown>;
}

// people take their time; what they are asked counts for nobody's turn
async function inTurn(work: Work, doing: Doing & { readonly isRepeatable: boolean }): Promise<unknown> {
  const { gate } = doing.leaf;
  const turn = gate.enter(doing.frame.ending);
  if (turn !== undefined) await turn;
  try {
    await begin(work, doing);
    return await guarded(work, doing);
  } finally {
    gate.leave();
  }
}

async function begin(
  work: Work,
  { leaf: { surroundings }, isRepeatable }: Omit<Doing, "run"> & { readonly isRepeatable: boolean },
): Promise<void> {
  const { step, key, name } = work;
  await surroundings.journal.begin({
    key,
    ...name === undefined ? {} : { name },
    ...step.kind === "tool" ? { tool: step.tool } : {},
    isRepeatable,
  });
  work.isBegun = true;
}

async function guarded(work: Work, { frame: { ending }, run }: Doing): Promise<unknown> {
  // something else may have failed while it was noted that this begins
  if (ending.isEnded) throw ENDED;
  try {
    return await run();
  } catch (thrown) {
    // why a tool failed that was ended tells nothing
    if (ending.isEnded) throw ENDED;
    if (thrown instanceof RunStopped) throw thrown;
    throw toFailure(thrown, work);
  }
}
