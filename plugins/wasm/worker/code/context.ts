/**
 * What code finds in its realm.
 *
 * @module
 */
import type { JsonObject } from "../../../../kernel/mod.ts";
import { readAnswers, writeAnswers } from "../answers.ts";
import type { CodeHost } from "../hosts.ts";
import { ScriptFailure, Trap } from "../javascript/failures.ts";
import { installGlobals } from "../javascript/globals.ts";
import type { HostArguments } from "../javascript/marshalling.ts";
import type { Expected } from "../javascript/outside.ts";
import type { Installed, Realm } from "../javascript/realm.ts";
import type { CodeTask } from "../messages.ts";
import type { RunClock } from "./clock.ts";
import type { Printed } from "./printed.ts";
import { Requests } from "./requests.ts";
import { ENTRY } from "./source.ts";
import { tableOf, type ToolTable } from "./tool_table.ts";

const API_WORDS = ["resources", "prompts", "memory", "elicit", "sample", "files", "progress"];
/** Most often that progress is told, in milliseconds. */
const PROGRESS_MS = 20;
/** How many characters are made of bytes at once. */
const PIECE = 8_192;
const NETWORK_REFUSAL = "There is no network in here: call a tool that has it";

/** What code finds is made of. */
export interface CodeSurroundings {
  readonly task: CodeTask;
  readonly host: CodeHost;
  readonly clock: RunClock;
  readonly printed: Printed;
  /** What may be names in the code: what it does not name is not installed. */
  readonly words: ReadonlySet<string>;
}

/** Code that can be started. */
export interface CodeContext extends Installed {
  /** Whether it has returned or thrown. */
  isDone(): boolean;
  /** How many requests are on their way. */
  waitingFor(): number;
}

/** Installs what calls code: `start`, and then `result` and `session`. */
export function installCode(realm: Realm, surroundings: CodeSurroundings): CodeContext {
  const { task, host, clock, printed, words } = surroundings;
  const tools = tableOf(task.tools);
  const requests = new Requests({ host, tools, calls: task.calls });
  let isDone = false;
  installGlobals(realm, {
    log: (level, line) => printed.write(level, line),
    clock,
    words,
    networkRefusal: NETWORK_REFUSAL,
  });
  if (clock.isRefused && words.has("Date")) {
    realm.install("no_clock", { functions: { refuse: () => void clock.check() } });
  }
  const installed: Installed = realm.install("code", {
    functions: {
      describe: () => JSON.stringify(describe(surroundings, tools)),
      done: () => void (isDone = true),
      // each function takes time to make
      ...(words.has("tools") && toolFunctions(tools)),
      ...(words.has("session") && { session: () => task.session ?? "{}" }),
      ...(hasApi(words) && { installApi: () => installApi(realm, host) }),
    },
  });
  exchange(realm, { host, installed, requests });
  return { call: installed.call, isDone: () => isDone, waitingFor: () => requests.count };
}

interface Exchange {
  readonly host: CodeHost;
  readonly installed: Installed;
  readonly requests: Requests;
}

/** Sends what the code asks for, and hands it the replies: all that are there at once, since to go in and out takes time. */
function exchange(realm: Realm, { host, installed, requests }: Exchange): void {
  let expected: Expected | undefined;
  host.onAnswers((text) => {
    const { ids, json } = readAnswers(text);
    requests.settle(ids);
    expected?.happen(() => settle(installed, json));
    expected = requests.count > 0 ? realm.expect() : undefined;
  });
  realm.afterJobs(() => {
    const asked = installed.call("take", ...requests.room);
    if (asked === undefined) return;
    const refused = requests.send(asked);
    if (requests.count > 0) expected ??= realm.expect();
    if (refused.length === 0) return;
    const { json } = readAnswers(writeAnswers(refused));
    realm.expect().happen(() => settle(installed, json));
  });
}

/** Hands replies to the code. */
function settle(installed: Installed, json: string): void {
  try {
    installed.call("settle", json);
  } catch (thrown) {
    if (!(thrown instanceof ScriptFailure && thrown.message.startsWith("SyntaxError"))) throw thrown;
    // the engine takes what it has no memory for as the end of the text; what is no JSON is told by this
    JSON.parse(json);
    throw new Trap("out of memory", "memory");
  }
}

function describe({ task, words }: CodeSurroundings, tools: ToolTable): JsonObject {
  return {
    entry: ENTRY,
    globals: tools.withIdentifiers(words),
    has: {
      tools: words.has("tools"),
      session: words.has("session") && task.session !== undefined,
      api: hasApi(words),
    },
  };
}

function hasApi(words: ReadonlySet<string>): boolean {
  return API_WORDS.some((word) => words.has(word));
}

/** Functions of the host for `tools`. The key of a namespace is JSON, and empty for the object of all tools. */
function toolFunctions(tools: ToolTable) {
  const spaceOf = (args: HostArguments): string | undefined => args.json(0);
  return {
    find(args: HostArguments) {
      const [space, key, isCommon] = [spaceOf(args), String(args.json(1)), args.isTrue(2)];
      const found = tools.find(space, key);
      if (found !== undefined) return JSON.stringify(found);
      if (isCommon || space === undefined && tools.isSpace(key)) return "";
      throw new TypeError(tools.missing(space, key));
    },
    isSpace: (args: HostArguments) => spaceOf(args) === undefined && tools.isSpace(String(args.json(1))),
    has: (args: HostArguments) => {
      const [space, key] = [spaceOf(args), String(args.json(1))];
      return tools.find(space, key) !== undefined || space === undefined && tools.isSpace(key);
    },
    names: (args: HostArguments) => JSON.stringify(tools.names(spaceOf(args))),
  };
}

function installApi(realm: Realm, host: CodeHost): undefined {
  let toldAt = -Infinity;
  realm.install("code_api", {
    functions: {
      installMemory: () => void realm.install("memory", { functions: {} }),
      toBase64: (args) => btoa(latin1(args.bytes(0))),
      fromBase64: (args) => Uint8Array.from(atob(args.text(0)), (character) => character.charCodeAt(0)),
      progress(args) {
        // nobody reads faster
        if (performance.now() - toldAt < PROGRESS_MS) return undefined;
        toldAt = performance.now();
        const { current, total, message } = args.json(0);
        host.notify("progress", { current, total, message: message?.slice(0, PIECE) });
        return undefined;
      },
    },
  });
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}
