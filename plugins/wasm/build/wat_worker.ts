/**
 * Assembles the text format of WebAssembly by wabt, in a thread of its own that ends afterwards.
 *
 * @module
 */
import type { WorkerScope } from "../../../kernel/mod.ts";
import type { WatReply, WatRequest } from "./wat.ts";

/** Assembles one text, and sends what came of it. */
export default function main(scope: WorkerScope): void {
  scope.listen((message) => {
    void assemble(message as WatRequest).then((reply) =>
      scope.post(reply, "bytes" in reply ? [reply.bytes.buffer] : [])
    );
  });
}

async function assemble({ file, code, features }: WatRequest): Promise<WatReply> {
  const enabled = Object.fromEntries(features.map((feature) => [feature, true]));
  try {
    const wabt = await load();
    // as bytes in a buffer of just their size: wabt takes texts for ASCII, and the whole buffer of a part
    const module = wabt.parseWat(file, new TextEncoder().encode(code).slice(), enabled);
    module.validate(enabled);
    const { buffer } = module.toBinary({ write_debug_names: true });
    return { bytes: buffer.slice() };
  } catch (error) {
    return { output: describe(error) };
  }
}

function describe(error: unknown): string {
  const said = error instanceof Error ? error.message : String(error);
  // its parser calls itself, and its stack is bounded
  const isBeyond = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
  return isBeyond ? `the text is nested too deeply, or too long for wabt (${said})` : said;
}

/** What is used of wabt; its own types leave out what `validate` takes. */
interface Wabt {
  parseWat(file: string, text: Uint8Array, features: Readonly<Record<string, boolean>>): WabtModule;
}

interface WabtModule {
  validate(features: Readonly<Record<string, boolean>>): void;
  toBinary(options: { readonly write_debug_names: boolean }): { readonly buffer: Uint8Array };
}

async function load(): Promise<Wabt> {
  // its loader reads this name of CommonJS, which a bundle of ES modules does not have
  Object.assign(globalThis, { __dirname: "" });
  const { default: start } = await import("wabt");
  const silence = () => {};
  const settings = { print: silence, printErr: silence };
  return await (start as unknown as (settings: object) => Promise<Wabt>)(settings);
}
