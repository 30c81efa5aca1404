/**
 * Modules for tests of running, and what saves them as tools.
 *
 * @module
 */
import { createCall, definePlugin, type Plugin } from "../../../kernel/mod.ts";
import { type ManifestDraft, ToolLibrary } from "../../../plugins/library/contract.ts";
import type { WasmKit } from "./kit.ts";
import { assemble } from "./wat_text.ts";

/** The tool `add`, for what calls others. */
export const adder: Plugin<void> = definePlugin({
  name: "adder",
  version: "1.0.0",
  setup({ tool }) {
    tool({
      name: "add",
      description: "Add",
      input: { type: "object" },
      run: (args) => {
        const { a, b } = args as { readonly a: number; readonly b: number };
        return { sum: a + b };
      },
    });
  },
});

/**
 * Writes a module whose start is `body`. It can call `$input` (reads stdin to its end, gives its length), `$line` (reads
 * what is there on stdin), both to 1 MiB, `$print` (descriptor, address, length), `$exit`, `$request` and `$reply`.
 *
 * @param texts Lie in memory at 4,096, one after the other; {@linkcode place} gives where.
 */
export function moduleText(body: string, texts: readonly string[] = []): string {
  const data = texts.map((text) => `(data (i32.const ${place(texts, text).address}) ${bytesOf(text)})`).join("\n");
  return `(module
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "collet" "request" (func $request (param i32 i32) (result i32)))
    (import "collet" "reply" (func $reply (param i32)))
    (memory (export "memory") 17)
    ${data}
    (func $line (param $at i32) (result i32)
      (i32.store (i32.const 0) (local.get $at))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (i32.load (i32.const 8)))
    (func $input (result i32) (local $length i32) (local $read i32)
      (loop $more
        (if (i32.gt_u
              (i32.add (i32.const ${INPUT}) (i32.add (local.get $length) (i32.const 65536)))
              (i32.mul (memory.size) (i32.const 65536)))
          (then (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))))
        (local.set $read (call $line (i32.add (i32.const ${INPUT}) (local.get $length))))
        (local.set $length (i32.add (local.get $length) (local.get $read)))
        (br_if $more (local.get $read)))
      (local.get $length))
    (func $print (param $fd i32) (param $at i32) (param $length i32)
      (loop $more
        (if (local.get $length) (then
          (i32.store (i32.const 0) (local.get $at))
          (i32.store (i32.const 4) (local.get $length))
          (if (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)) (then unreachable))
          (local.set $at (i32.add (local.get $at) (i32.load (i32.const 8))))
          (local.set $length (i32.sub (local.get $length) (i32.load (i32.const 8))))
          (br $more)))))
    (func $ask (param $at i32) (param $length i32) (local $size i32) (local $pages i32)
      (local.set $size (call $request (local.get $at) (local.get $length)))
      (local.set $pages (memory.size))
      (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get $size) (i32.const 16)))))
      (call $reply (i32.mul (local.get $pages) (i32.const 65536)))
      (call $print (i32.const 1) (i32.mul (local.get $pages) (i32.const 65536)) (local.get $size)))
    (func (export "_start") (local $n i32) ${body}))`;
}

const INPUT = 1024 * 1024;
const TEXTS = 4096;

/** Gives where a text lies in the memory of a module, and its length. */
export function place(texts: readonly string[], text: string): { readonly address: number; readonly length: number } {
  const before = texts.slice(0, texts.indexOf(text));
  const size = (it: string) => new TextEncoder().encode(it).length;
  return { address: TEXTS + before.reduce((sum, it) => sum + size(it), 0), length: size(text) };
}

function bytesOf(text: string): string {
  const escaped = [...new TextEncoder().encode(text)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`);
  return `"${escaped.join("")}"`;
}

/** Writes a module that prints texts to stdout (`1`) and stderr (`2`), and then does something else. */
export function printing(prints: readonly (readonly [fd: 1 | 2, text: string])[], then = ""): string {
  const texts = prints.map(([, text]) => text);
  const calls = prints.map(([fd, text]) => {
    const { address, length } = place(texts, text);
    return `(call $print (i32.const ${fd}) (i32.const ${address}) (i32.const ${length}))`;
  });
  return moduleText([...calls, then].join("\n"), texts);
}

const INPUT_AND = `(local.set $n (call $input))`;

/** Prints its stdin. */
export const ECHO = moduleText(`${INPUT_AND} (call $print (i32.const 1) (i32.const ${INPUT}) (local.get $n))`);
/** Prints its argument in `argv[1]`, behind the name of the tool and a zero. */
export const ARGV = moduleText(`
  (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
  (drop (call $args_get (i32.const 24) (i32.const ${INPUT})))
  (call $print (i32.const 1) (i32.const ${INPUT}) (i32.sub (i32.load (i32.const 20)) (i32.const 1)))`);
/** Sends its arguments, `{"method","params"}`, as a request, and prints the reply. */
export const ASK = moduleText(`${INPUT_AND} (call $ask (i32.const ${INPUT}) (local.get $n))`);
/** Never ends. */
export const LOOP = moduleText("(loop $again (br $again))");
/** Takes memory until there is none, and traps. */
export const MEMORY_BOMB = moduleText(`(loop $more
  (br_if $more (i32.ne (memory.grow (i32.const 64)) (i32.const -1)))) unreachable`);
/** Prints without end, to a descriptor. */
export function flood(fd: 1 | 2): string {
  return moduleText(`(loop $more (call $print (i32.const ${fd}) (i32.const ${INPUT}) (i32.const 65536)) (br $more))`);
}

/** Saves modules as tools. */
export async function addModule(
  { kernel }: WasmKit,
  name: string,
  { text, manifest = {} }: { readonly text: string; readonly manifest?: Partial<ManifestDraft> },
): Promise<void> {
  const draft = { name, description: `Tool ${name}`, tool_type: "wasm", ...manifest };
  await kernel.get(ToolLibrary)!.save(draft, { [`${name}.wasm`]: await assemble(text) }, { call: createCall() });
}

/** Saves JavaScript as a tool: a function `(input, ctx) => value`. */
export async function addBundle(
  { kernel }: WasmKit,
  name: string,
  { code, manifest = {} }: { readonly code: string; readonly manifest?: Partial<ManifestDraft> },
): Promise<void> {
  const draft = { name, description: `Tool ${name}`, tool_type: "wasm", entry_file: `${name}.js`, ...manifest };
  const text = `var __collet_bundle = { default: ${code} };`;
  await kernel.get(ToolLibrary)!.save(draft, { [`${name}.js`]: text }, { call: createCall() });
}
