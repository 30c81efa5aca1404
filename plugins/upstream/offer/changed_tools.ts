/**
 * Tools that are not what they were when they were first seen.
 *
 * @module
 */
import type { Call, ClientView } from "../../../kernel/mod.ts";
import type { ChangedTool } from "../catalog/catalog.ts";

/** Remembers which tools of a server changed, and tells each client that calls one. */
export class ChangedTools {
  readonly #server: string;
  /** Clients that were told, by the server's name of the tool. */
  readonly #told = new Map<string, WeakSet<ClientView>>();

  constructor(server: string) {
    this.#server = server;
  }

  /** Takes what has changed; whoever was told of an earlier change is told of this one. */
  add(changed: readonly ChangedTool[]): void {
    for (const { name } of changed) this.#told.set(name, new WeakSet());
  }

  /** Tells the client of a call, once, when the tool is not what it was. */
  tell(own: string, call: Call): void {
    const told = this.#told.get(own);
    if (told === undefined || told.has(call.client)) return;
    told.add(call.client);
    const message =
      `Tool "${own}" of MCP server "${this.#server}" is not what it was when it was first seen: its description or ` +
      'schema has changed. List the tools again, and read it; "strict" of the server holds such tools until allowed';
    void call.log("warning", message, undefined, "upstream");
  }
}
