/**
 * How many tokens code mode saves: tasks over fifty tools that are really done twice through the SDK's client, by direct
 * calls and by code, and what a model reads and writes for that.
 *
 * Counted are the list of tools, once; each call as JSON of its name and arguments, which a model writes; and the texts of
 * each answer, which it reads. Not counted is what is the same on both sides, the user's words and the last answer, and
 * what differs from client to client, such as how calls are framed. The list by direct calls is that of a server with the
 * fifty tools and nothing else; that of code mode is all that Collet lists as it ships, and what the search for tools
 * answers counts as any answer does. A model that reads all again at each turn reads more by far: that is told as well.
 *
 * @module
 */
import { shipped } from "../../../plugins/mod.ts";
import { inRepository } from "../../lib/repository.ts";
import { say } from "../bench.ts";
import { McpClient } from "../mcp_client.ts";
import { BENCH_PLUGIN, type Runtime, serve, type Server } from "../subjects.ts";
import { countTokens, tokensOf } from "../tokens.ts";
import { type ModelCall, SAVED_TASKS, type SavedTask } from "./tasks.ts";

/** Tokens of one way to do a task. */
export interface WayTokens {
  /** Of the list of tools. */
  readonly list: number;
  /** Of the calls, which the model writes. */
  readonly written: number;
  /** Of the answers. */
  readonly read: number;
  /** All of it, each thing once. */
  readonly all: number;
  /** What the model reads when each turn begins with all that was before, calls that can go out together in one turn. */
  readonly readAgain: number;
  /** The same with one call a turn. */
  readonly readAgainOneByOne: number;
  readonly calls: number;
  readonly turns: number;
}

/** One task, done twice. */
export interface SavedTokens {
  readonly title: string;
  readonly direct: WayTokens;
  readonly code: WayTokens;
  /** Share of the tokens of direct calls that code mode saves: with the lists, and without. */
  readonly saved: number;
  readonly savedWithoutLists: number;
}

const OFFICE_PLUGIN = inRepository("scripts", "bench", "saved", "office.ts");

/** Does the tasks in both ways. The numbers are the same at each run, on each runtime. */
export async function measureSavedTokens(runtime: Runtime): Promise<readonly SavedTokens[]> {
  const results: SavedTokens[] = [];
  await using stack = new AsyncDisposableStack();
  const plugins = { [OFFICE_PLUGIN]: {} };
  const without = [BENCH_PLUGIN, ...shipped.map(({ name }) => name)];
  const bare = stack.use(
    await Model.open(await serve(runtime, "collet", { plugins, without, args: ["--expose", "all"] })),
  );
  const whole = stack.use(await Model.open(await serve(runtime, "collet", { plugins, without: [BENCH_PLUGIN] })));
  for (const task of SAVED_TASKS) {
    say(`${runtime.name}: tokens of a task, ${task.title}`);
    const direct = await doDirectly(task, bare);
    const code = await doByCode(task, whole);
    results.push({
      title: task.title,
      direct,
      code,
      saved: 1 - code.all / direct.all,
      savedWithoutLists: 1 - (code.all - code.list) / (direct.all - direct.list),
    });
  }
  return results;
}

async function doDirectly(task: SavedTask, model: Model): Promise<WayTokens> {
  const turns: Turn[] = [];
  await task.direct(async (calls) => {
    const turn = await model.take(calls);
    turns.push(turn);
    return turn.answers;
  });
  return count(model.list, turns);
}

async function doByCode(task: SavedTask, model: Model): Promise<WayTokens> {
  const turns: Turn[] = [];
  for (const query of task.searches) {
    turns.push(
      await model.take([{ name: "search_tools", arguments: { query, format: "typescript", detail: "full" } }]),
    );
  }
  const found = turns.flatMap(({ answers }) => answers).join("\n");
  const missing = task.uses.filter((name) => !new RegExp(`\\b${name}\\b`).test(found));
  if (missing.length > 0) throw new Error(`Cannot do "${task.title}": the search does not find ${missing.join(", ")}`);
  turns.push(
    await model.take([{ name: "execute_code", arguments: { language: "javascript", code: task.code } }]),
  );
  return count(model.list, turns);
}

/** Calls that went out together, and the answers. */
interface Turn {
  readonly calls: readonly ModelCall[];
  readonly answers: readonly string[];
}

function count(list: number, turns: readonly Turn[]): WayTokens {
  let [written, read] = [0, 0];
  let [readAgain, readAgainOneByOne] = [0, 0];
  for (const { calls, answers } of turns) {
    readAgain += list + written + read;
    for (const [i, call] of calls.entries()) {
      readAgainOneByOne += list + written + read;
      written += tokensOf(JSON.stringify(call));
      read += tokensOf(answers[i] ?? "");
    }
  }
  const all = list + written + read;
  return {
    ...{ list, written, read, all },
    // the last turn, in which the model answers, begins with all of it too
    readAgain: readAgain + all,
    readAgainOneByOne: readAgainOneByOne + all,
    calls: turns.reduce((sum, { calls }) => sum + calls.length, 0),
    turns: turns.length + 1,
  };
}

/** A server as a model has it: it calls tools, and reads the texts of their answers. */
class Model implements AsyncDisposable {
  readonly #server: Server;
  readonly #client: McpClient;
  /** Tokens of the list of tools. */
  readonly list: number;

  private constructor(server: Server, client: McpClient, list: number) {
    this.#server = server;
    this.#client = client;
    this.list = list;
  }

  static async open(server: Server): Promise<Model> {
    try {
      const client = await McpClient.open(server);
      return new Model(server, client, countTokens(await client.listTools()).tokens);
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes calls that go out together. */
  async take(calls: readonly ModelCall[]): Promise<Turn> {
    const answers = await Promise.all(calls.map(({ name, arguments: args }) => this.#client.call(name, args)));
    return { calls, answers: answers.map(({ text }) => text) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}
