/**
 * The JavaScript engine: QuickJS, which is WebAssembly itself. Each run has an instance of its own, whose memory cannot
 * grow beyond its limit: what a script has done to it is gone with it.
 *
 * The build without Asyncify is used, and promises are bridged: that other build overflows the stack of the thread in
 * ordinary recursion, and cannot wait for two things at once.
 *
 * @module
 */
import type {
  EmscriptenModuleLoader,
  QuickJSEmscriptenModule,
  QuickJSSyncVariant,
  QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { Trap } from "./failures.ts";
import { readEngineBytes } from "./engine_bytes.ts";

/** Names the engine and its version. */
export const ENGINE_TITLE = "QuickJS 2025-09-13";

const PAGE_BYTES = 65_536;
/** What the engine takes when it starts, as its module says: 16 MiB. */
const SMALLEST_PAGES = 256;
/** What WebAssembly of 32 bits and the engine's module allow: 2 GiB. */
const LARGEST_PAGES = 32_768;
/** For the stack and the tables of the engine, and for telling what went wrong when a script has taken all that it may. */
const RESERVED_BYTES = 8 * 1024 * 1024;

/** The engine, compiled. */
export interface Engine {
  /** The WebAssembly module that it is. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Makes an instance whose scripts may take so many bytes; its own memory is limited to some more. */
  open(memoryBytes: number): Promise<QuickJSWASMModule>;
}

let loading: Promise<Engine> | undefined;

/** Loads the engine, once for this thread. */
export function loadEngine(): Promise<Engine> {
  return loading ??= load().catch((thrown) => {
    loading = undefined;
    throw thrown;
  });
}

async function load(): Promise<Engine> {
  const [{ newQuickJSWASMModuleFromVariant }, { default: variant }] = await Promise.all([
    import("quickjs-emscripten-core"),
    import("@jitl/quickjs-singlefile-browser-release-sync"),
  ]);
  const instantiate = await loaderOf(variant);
  const bytes = readEngineBytes(instantiate.toString());
  const module = await WebAssembly.compile(bytes);
  return {
    bytes,
    open: (memoryBytes) =>
      newQuickJSWASMModuleFromVariant({
        ...variant,
        importModuleLoader: () =>
          Promise.resolve((options) => openInstance(instantiate, { options, module, memoryBytes })),
      }),
  };
}

type Instantiate = EmscriptenModuleLoader<QuickJSEmscriptenModule>;
type InstanceOptions = Parameters<Instantiate>[0];

async function loaderOf(variant: QuickJSSyncVariant): Promise<Instantiate> {
  const loaded = await variant.importModuleLoader();
  return ("default" in loaded ? loaded.default : loaded) as Instantiate;
}

/** Makes an instance of the compiled module, by what the loaders of Emscripten call `Module`. */
async function openInstance(instantiate: Instantiate, { options, module, memoryBytes }: {
  readonly options: InstanceOptions;
  readonly module: WebAssembly.Module;
  readonly memoryBytes: number;
}): Promise<QuickJSEmscriptenModule> {
  const pages = Math.ceil((memoryBytes + RESERVED_BYTES) / PAGE_BYTES);
  const wasmMemory = new WebAssembly.Memory({
    initial: SMALLEST_PAGES,
    maximum: Math.min(Math.max(pages, SMALLEST_PAGES), LARGEST_PAGES),
  });
  const given = {
    ...options,
    wasmMemory,
    // what the engine prints when it gives up is in what it throws too
    print() {},
    printErr() {},
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      done(new WebAssembly.Instance(module, imports));
      return {};
    },
  };
  const instance = await instantiate(given as InstanceOptions);
  writeTextsQuickly(instance);
  return instance;
}

/** Replaces how texts are written to the memory, which is a loop in JavaScript. */
function writeTextsQuickly(instance: QuickJSEmscriptenModule): void {
  const encoder = new TextEncoder();
  instance.stringToUTF8 = (text, pointer, capacity) => {
    if (pointer === 0) throw new Trap("out of memory: the input is larger than what it may take", "memory");
    const { written } = encoder.encodeInto(text, instance.HEAPU8.subarray(pointer, pointer + (capacity ?? 1) - 1));
    instance.HEAPU8[pointer + written] = 0;
  };
}
