/**
 * The requests of code that are on their way to the server: so many at once, and so much, that the server is never held
 * up by them. What is beyond waits in the engine, where it counts as memory of the code.
 *
 * @module
 */
import type { Answer } from "../answers.ts";
import type { CodeHost } from "../hosts.ts";
import type { Ask } from "../messages.ts";
import type { ToolTable } from "./tool_table.ts";

const MIB = 2 ** 20;
/** Most requests on their way. */
const MOST_REQUESTS = 64;
/** Most characters of them all; one alone may be longer. */
const MOST_CHARACTERS = MIB;
/** Most characters of one. */
const LONGEST = MIB;
/** Most characters of one with a file in it. */
const LONGEST_FILE = 12 * MIB;
/** JSON-RPC: an internal error. */
const REFUSED = -32603;

/** What {@linkcode Requests} work with. */
export interface RequestsOptions {
  readonly host: Pick<CodeHost, "ask">;
  readonly tools: ToolTable;
  /** Most calls of tools. */
  readonly calls: number;
}

/** A request. */
interface CodeRequest {
  readonly id: number;
  readonly method: string;
  /** Name of the tool that is called, if it is that. */
  readonly tool: string;
  /** The params, or the arguments of the tool. */
  readonly json: string;
}

/** Sends the requests of one run. */
export class Requests {
  readonly #options: RequestsOptions;
  /** How many characters each has that is on its way. */
  readonly #open = new Map<number, number>();
  #calls = 0;
  #characters = 0;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** How many are on their way. */
  get count(): number {
    return this.#open.size;
  }

  /** How many more may be, and how many characters they may have; one alone may be longer. */
  get room(): readonly [count: number, characters: number] {
    return [MOST_REQUESTS - this.#open.size, this.#open.size === 0 ? Infinity : MOST_CHARACTERS - this.#characters];
  }

  /**
   * Sends requests.
   *
   * @param text As `take` of `prelude/code.js` writes them.
   * @returns Replies to those that were refused: what is too long, calls no tool, or is one call too many.
   */
  send(text: string): readonly Answer[] {
    const asks: Ask[] = [];
    const refused: Answer[] = [];
    for (const request of readRequests(text)) {
      const { id, method, json } = request;
      try {
        asks.push({ id, method, text: this.#textOf(request) });
        this.#open.set(id, json.length);
        this.#characters += json.length;
      } catch (thrown) {
        refused.push({ id, json: JSON.stringify({ error: { code: REFUSED, message: (thrown as Error).message } }) });
      }
    }
    if (asks.length > 0) this.#options.host.ask(asks);
    return refused;
  }

  /** Says that there are replies to some. */
  settle(ids: readonly number[]): void {
    for (const id of ids) {
      this.#characters -= this.#open.get(id) ?? 0;
      this.#open.delete(id);
    }
  }

  #textOf({ method, tool, json }: CodeRequest): string {
    const what = method === "tools/call" ? `call tool ${tool}` : `send ${method}`;
    const longest = method.startsWith("files/") ? LONGEST_FILE : LONGEST;
    if (json === "") throw new TypeError(`Cannot ${what}: what it is given is no JSON`);
    if (json.length > longest) {
      throw new RangeError(`Cannot ${what}: what it is given has ${json.length} characters, and may have ${longest}`);
    }
    return method === "tools/call" ? this.#call(tool, json) : json;
  }

  #call(tool: string, json: string): string {
    const { tools, calls } = this.#options;
    if (!tools.isTool(tool)) throw new TypeError(tools.missing(undefined, tool));
    if (this.#calls >= calls) {
      throw new RangeError(`Cannot call tool ${tool}: the code has made ${calls} calls, which is the limit`);
    }
    this.#calls++;
    return `{"name":${JSON.stringify(tool)},"arguments":${json}}`;
  }
}

/** Reads requests: each has a line with its id, its method, its tool as JSON, and how long its JSON is, which follows. */
function* readRequests(text: string): Generator<CodeRequest> {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at);
    const [id, method = "", tool = "", length] = text.slice(at, end).split("\t");
    at = end + 1 + Number(length);
    yield { id: Number(id), method, tool: JSON.parse(tool), json: text.slice(end + 1, at) };
  }
}
