/**
 * What the messages of the script protocol act on, and how those are served that want a reply.
 *
 * @module
 */
import type { Call, Catalog, JsonObject, Root, Toolbox } from "../../kernel/mod.ts";
import type { ToolLibrary } from "../library/contract.ts";
import type { ToolMemory } from "../memory/contract.ts";
import type { StreamedOutput } from "./streamed_output.ts";

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
  readonly streamed: StreamedOutput;
  /** Gives the folders that the call is about. */
  roots(): Promise<readonly Root[]>;
}

/** Serves a message that wants a reply; what it throws is answered as the protocol has it. */
export type Request = (params: JsonObject, host: MessageHost) => JsonObject | Promise<JsonObject>;
