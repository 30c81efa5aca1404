/**
 * What whoever makes a call tells the tool that it calls, and nobody else. It stands in the `_meta` of the call below a
 * symbol of this process, which nothing that comes by JSON can have; and it counts for that tool alone, not for those
 * that it calls in its turn.
 *
 * @module
 */
import type { Call, JsonObject } from "../../kernel/mod.ts";

interface Marked<T> {
  readonly value: T;
  /** Of the path of the tool that it is for. */
  readonly depth: number;
}

/** One kind of mark. */
export class CallMark<T> {
  readonly #key = Symbol("mark of a call");

  /** Makes the call with which a tool is to be called. */
  put(call: Call, value: T): Call {
    const marked: Marked<T> = { value, depth: call.path.length + 1 };
    return call.derive({ meta: { ...call.meta, [this.#key]: marked } as JsonObject });
  }

  /** Gives what a tool was told by its call; `undefined` when it was told nothing. */
  of(call: Call): T | undefined {
    const marked = (call.meta as Readonly<Record<symbol, Marked<T> | undefined>>)[this.#key];
    return marked?.depth === call.path.length ? marked.value : undefined;
  }
}
