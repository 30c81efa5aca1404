/**
 * Tools that are not what they were when they were first seen.
 *
 * @module
 */
import type { Call, ClientView, Log } from "../../../kernel/mod.ts";
import type { ChangedTool } from "../catalog/catalog.ts";

/** Most tools that are remembered: a server may change others without end. */
const MOST_TOOLS = 20_000;
/** Most tools that one line of the log names, and most characters of a name. */
const MOST_LOGGED = 10;
const SHOWN = 100;

/** Remembers which tools of a server changed, and tells the operator, and each client that calls one. */
export class ChangedTools {
  readonly #server: string;
  readonly #log: Pick<Log, "warn">;
  /** Clients that were told, by the server's name of the tool. */
  readonly #told = new Map<string, WeakSet<ClientView>>();

  constructor(server: string, log: Pick<Log, "warn">) {
    this.#server = server;
    this.#log = log;
  }

  /** Takes what has changed; whoever was told of an earlier change is told of this one. */
  add(changed: readonly ChangedTool[]): void {
    if (changed.length === 0) return;
    const tools = changed.slice(0, MOST_LOGGED).map(({ name }) => name.slice(0, SHOWN));
    this.#log.warn("Tools are not what they were", { server: this.#server, count: changed.length, tools });
    for (const { name } of changed) {
      // the last one to change is the last one to be forgotten
      this.#told.delete(name);
      this.#told.set(name, new WeakSet());
    }
    for (const name of this.#told.keys()) {
      if (this.#told.size <= MOST_TOOLS) return;
      this.#told.delete(name);
    }
  }

  /** Tells the client of a call, once, when the tool is not what it was. */
  tell(own: string, call: Call): void {
    const told = this.#told.get(own);
    if (told === undefined || told.has(call.client)) return;
    told.add(call.client);
    const tool = own.slice(0, SHOWN);
    const message =
      `Tool "${tool}" of MCP server "${this.#server}" is not what it was when it was first seen: its description or ` +
      'schema has changed. List the tools again, and read it; "strict" of the server holds such tools until allowed';
    void call.log("warning", message, undefined, "upstream");
  }
}
