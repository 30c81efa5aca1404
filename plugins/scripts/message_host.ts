/**
 * What the messages of the script protocol act on, and how those are served that want a reply.
 *
 * @module
 */
import { type Call, type Catalog, type JsonObject, type Root, type Toolbox, ToolError } from "../../kernel/mod.ts";
import type { ToolLibrary } from "../library/contract.ts";
import type { ToolMemory } from "../memory/contract.ts";

/** Which tools a program may list and call. */
export interface ReachedTools {
  /** Tells whether a tool is among them. */
  has(name: string): boolean;
  /** Says of one that is not why, and what would change that. */
  refusal(name: string): string;
}

/** Takes what a script gives piece by piece. */
export interface ChunkTaker {
  /** Whether the script reports progress itself. */
  isProgressOwn: boolean;
  /** Takes the params of a chunk. */
  add(chunk: JsonObject): Promise<void>;
}

/**
 * Serves requests beyond the script protocol; what it throws is answered as what any request throws. Gives `undefined` for
 * a method that it does not know.
 */
export type ServeMore = (method: string, params: JsonObject) => Promise<JsonObject> | undefined;

/** For programs whose calls go through a toolbox of their own, which a call of another version would pass by. */
export const CURRENT_VERSIONS: Pick<ToolLibrary, "callVersion"> = {
  callVersion: (name, version) =>
    Promise.reject(new ToolError(`Cannot call version "${version}" of tool "${name}": code calls current versions`)),
};

/** What messages act on. */
export interface MessageHost {
  /** Name of the script. */
  readonly name: string;
  /** Revision of the protocol that the script speaks. */
  readonly protocol: number;
  /** The call that the script serves. */
  readonly call: Call;
  readonly toolbox: Toolbox;
  readonly catalog: Catalog;
  /** Calls tools at other versions than the current one. */
  readonly library: Pick<ToolLibrary, "callVersion">;
  /** What the script remembers for whoever calls it; `undefined` where nothing keeps it. */
  readonly memory: ToolMemory | undefined;
  readonly streamed: ChunkTaker;
  /** The tools that the script reaches; `undefined` for all. */
  readonly tools?: ReachedTools | undefined;
  /** Serves what the protocol does not know; `undefined` when nothing does. */
  readonly serve?: ServeMore | undefined;
  /** Gives the folders that the call is about. */
  roots(): Promise<readonly Root[]>;
}

/** Serves a message that wants a reply; what it throws is answered as the protocol has it. */
export type Request = (params: JsonObject, host: MessageHost) => JsonObject | Promise<JsonObject>;
