/**
 * What goes in and out of scripts: texts, numbers and bytes.
 *
 * The engine takes and gives texts as UTF-8 that ends with a zero: those that may hold a zero or half a surrogate pair go
 * as JSON, which escapes them.
 *
 * @module
 */
import type { QuickJSContext, QuickJSHandle } from "quickjs-emscripten-core";
import { Trap } from "./failures.ts";

/** What goes in and out of scripts. */
export type Plain = string | number | boolean | Uint8Array | undefined;

/** The arguments of a function of the host, as the script gave them. */
export class HostArguments {
  readonly #context: QuickJSContext;
  readonly #handles: readonly QuickJSHandle[];

  constructor(context: QuickJSContext, handles: readonly QuickJSHandle[]) {
    this.#context = context;
    this.#handles = handles;
  }

  /** Reads a text; empty when it is absent. */
  text(index: number): string {
    const handle = this.#handles[index];
    return handle === undefined || this.#context.typeof(handle) !== "string" ? "" : this.#context.getString(handle);
  }

  /** Reads JSON; `undefined` when it is absent. */
  // deno-lint-ignore no-explicit-any -- scripts of ours have written it
  json(index: number): any {
    const text = this.text(index);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Reads a number; `NaN` when it is none. */
  number(index: number): number {
    const handle = this.#handles[index];
    return handle === undefined ? NaN : this.#context.getNumber(handle);
  }

  /** Tells whether an argument is `true`. */
  isTrue(index: number): boolean {
    const handle = this.#handles[index];
    return handle !== undefined && this.#context.dump(handle) === true;
  }

  /** Copies the bytes of an `ArrayBuffer`. */
  bytes(index: number): Uint8Array<ArrayBuffer> {
    const handle = this.#handles[index];
    if (handle === undefined) return new Uint8Array();
    const view = this.#context.getArrayBuffer(handle);
    const bytes = new Uint8Array(view.value);
    view.dispose();
    return bytes;
  }
}

/**
 * Writes a value into the engine.
 *
 * @throws {Trap} when there is no memory for it.
 */
export function writePlain(context: QuickJSContext, value: Plain): QuickJSHandle {
  switch (typeof value) {
    case "string": {
      const handle = context.newString(value);
      if (context.typeof(handle) !== "string") {
        throw new Trap("out of memory: the input is larger than what it may take", "memory");
      }
      return handle;
    }
    case "number":
      return context.newNumber(value);
    case "boolean":
      return value ? context.true : context.false;
    case "undefined":
      return context.undefined;
    default:
      return context.newArrayBuffer(value.slice().buffer);
  }
}

/** Writes an error into the engine, with its code. */
export function writeError(context: QuickJSContext, thrown: unknown): QuickJSHandle {
  const { name = "Error", message = String(thrown), code } = thrown as Partial<Error> & { readonly code?: unknown };
  const handle = context.newError({ name, message });
  if (typeof code === "string") context.setProp(handle, "code", context.newString(code));
  return handle;
}
