/**
 * What a run reaches outside its engine, in a worker or in line.
 *
 * @module
 */
import type { JsonObject, SyncFolder } from "../../../kernel/mod.ts";
import type { Ask } from "./messages.ts";

/** What runs reach, whatever they run. */
interface Host {
  /** Opens a folder that the run was granted. */
  openFolder(absolutePath: string, options: { readonly writable: boolean }): SyncFolder;
  /** Sends a message of the script protocol that wants no reply: `log`, `progress`, `stream`. */
  notify(method: string, params: JsonObject): void;
  /**
   * Tells whether nobody waits for the run any more. Where a thread cannot be ended from outside, who runs for long has to
   * look now and then.
   */
  isEnded(): boolean;
}

/** What a module reaches. */
export interface ModuleHost extends Host {
  /** Whether the run may sleep, where its thread can: it serves nobody else. */
  readonly canWait: boolean;
  /** Takes text that was written to stderr. */
  stderr(text: string): void;
  /** Takes a piece of stdout of an interactive run. */
  stdout(text: string): void;
  /** Waits for more on stdin of an interactive run; `undefined` at its end. */
  readStdin(): string | undefined;
  /**
   * Sends a message of the script protocol that wants a reply, and waits for it.
   *
   * @throws {RequestFailure} when it is refused, or this thread may not wait.
   */
  request(method: string, params: JsonObject): unknown;
}

/** What a bundle reaches. */
export interface BundleHost extends Host {
  /**
   * Sends a message of the script protocol that wants a reply.
   *
   * @throws {RequestFailure} when it is refused.
   */
  request(method: string, params: JsonObject): Promise<unknown>;
}

/** What code reaches. */
export interface CodeHost extends Pick<Host, "notify" | "isEnded"> {
  /** Sends messages of the script protocol that want replies. */
  ask(asks: readonly Ask[]): void;
  /** Says what takes replies, as {@linkcode writeAnswers} writes them: some at a time, in any order. */
  onAnswers(take: (text: string) => void): void;
  /**
   * Waits for replies, which are taken before this returns; blocks the thread.
   *
   * @param ms How long at most, in milliseconds.
   */
  wait?(ms: number): void;
}

/** A request was refused; `code` is that of JSON-RPC. */
export class RequestFailure extends Error {
  override readonly name = "RequestFailure";
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}
