/**
 * Runs code that a client wrote: JavaScript and TypeScript that calls tools, in an engine of its own.
 *
 * @module
 */
import { type CodeContext, installCode } from "./code/context.ts";
import { RunClock } from "./code/clock.ts";
import { Printed } from "./code/printed.ts";
import { IMPORT_REMEDY, nameRemedy } from "./code/remedies.ts";
import { Source } from "./code/source.ts";
import { tableOf } from "./code/tool_table.ts";
import type { CodeHost } from "./hosts.ts";
import { ScriptFailure, trapOf } from "./javascript/failures.ts";
import { Realm } from "./javascript/realm.ts";
import { checkOutput } from "./javascript/tool_context.ts";
import type { CodeTask, RunOutcome } from "./messages.ts";

/** How code ends. */
type CodeEnd = Exclude<RunOutcome, { readonly kind: "exit" }>;

/** Most characters of the message of an error, and of its data. */
const MOST_SAID = 64 * 1024;
/** What an instance takes that is better given back soon. */
const MUCH_BYTES = 32 * 1024 * 1024;

/**
 * Runs code to its end.
 *
 * What the engine does within one function of its own is not interrupted, such as sorting: who needs the time limit to
 * hold there as well runs this in a thread that can be ended.
 *
 * @throws {Error} when the engine cannot be loaded, or there is a defect in here.
 */
export async function runCode(task: CodeTask, host: CodeHost): Promise<RunOutcome> {
  const clock = new RunClock(task.clock);
  const source = new Source(task);
  const printed = new Printed(host, task.outputBytes);
  let realm: Realm | undefined;
  try {
    realm = await Realm.open({
      ...{ memoryBytes: task.memoryBytes, deadline: task.deadline },
      isEnded: () => host.isEnded(),
      onEvent: () => clock.tick(),
      now: clock.now,
      wait: host.wait?.bind(host),
    });
    const context = installCode(realm, { task, host, clock, printed, words: source.words() });
    await evaluate(realm, source, await source.script());
    context.call("start");
    await realm.run(context.isDone);
    const outcome = outcomeOf(context, task);
    const warning = warningOf(context.waitingFor());
    if (warning !== undefined) printed.write("warning", warning);
    return { ...outcome, printed: printed.text, isLarge: isLarge(realm), ...(warning !== undefined && { warning }) };
  } catch (thrown) {
    return { ...failureOf(thrown, source, task), printed: printed.text, isLarge: isLarge(realm) };
  } finally {
    realm?.close();
  }
}

function isLarge(realm: Realm | undefined): boolean {
  return realm !== undefined && realm.takenBytes > MUCH_BYTES;
}

async function evaluate(realm: Realm, source: Source, script: string): Promise<void> {
  try {
    realm.evaluate(script, source.fileName);
  } catch (thrown) {
    throw thrown instanceof ScriptFailure ? await source.syntaxError(thrown) : thrown;
  }
}

function outcomeOf(context: CodeContext, { outputBytes }: CodeTask): CodeEnd {
  const json = context.call("result");
  checkOutput(json, outputBytes);
  const session = context.call("session");
  checkOutput(session, outputBytes, "the session");
  return { kind: "value", json, ...(session !== undefined && { session }) };
}

function warningOf(waitingFor: number): string | undefined {
  if (waitingFor === 0) return undefined;
  const what = waitingFor === 1 ? "1 call was not awaited and is" : `${waitingFor} calls were not awaited and are`;
  return `${what} cancelled: write await before each call, and use Promise.all or for (… of …) in place of forEach`;
}

function failureOf(thrown: unknown, source: Source, { name, tools }: CodeTask): CodeEnd {
  if (!(thrown instanceof ScriptFailure)) {
    const { message, limit } = trapOf(thrown);
    return { kind: "trap", reason: message, ...(limit !== undefined && { limit }) };
  }
  const { message, scriptStack = "", data } = thrown;
  const isTooLong = data === undefined || JSON.stringify(data).length > MOST_SAID;
  return {
    kind: "thrown",
    message: nameRemedy(wordsOf(message), name, () => tableOf(tools)).slice(0, MOST_SAID),
    stack: source.placesOf(scriptStack),
    ...(!isTooLong && { data }),
  };
}

function wordsOf(message: string): string {
  if (!message.includes("could not load module")) return message;
  return `there are no modules to import in here: ${IMPORT_REMEDY}`;
}
