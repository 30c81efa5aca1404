/**
 * The JavaScript engine: QuickJS, which is WebAssembly itself. Each run has an instance to itself, whose memory cannot grow
 * beyond its limit.
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
/** What the engine takes when it starts: 5 MiB for its stack, and some for what short runs take. */
const FIRST_PAGES = 128;
/** Where the module imports its memory: it asks for 256 pages, all of which would have to be set back after each run. */
const MEMORY_IMPORT = [0x02, 0x01, 0x80, 0x02, 0x80, 0x80, 0x02];
/** Where imports are, at most. */
const IMPORTS_END = 4_096;
/** What WebAssembly of 32 bits and the engine's module allow: 2 GiB. */
const LARGEST_PAGES = 32_768;
/** For the stack and the tables of the engine, and for telling what went wrong when a script has taken all that it may. */
const RESERVED_BYTES = 8 * 1024 * 1024;

/** The engine, compiled. */
export interface Engine {
  /** The WebAssembly module that it is. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /**
   * Makes an instance whose scripts may take so many bytes; its own memory is limited to some more.
   *
   * @param now Tells scripts the time, in milliseconds since 1970.
   */
  open(memoryBytes: number, now: () => number): Promise<EngineInstance>;
}

/** An instance of the engine. Its memory, and where its stack ends, are all that it has which changes. */
export interface EngineInstance {
  readonly library: QuickJSWASMModule;
  /**
   * Tells whether anything was ever thrown out of it, be it by what it called: its stack then ends where it did, and no more
   * where it began.
   */
  hasThrown(): boolean;
}

/** The import that asks for the time. */
const CLOCK_REGEXP = /^\(\)\s*=>\s*Date\.now\(\)$/;

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
  const module = await WebAssembly.compile(withFirstPages(bytes));
  return {
    bytes,
    async open(memoryBytes, now) {
      let hasThrown = false;
      const given = { module, memoryBytes, now, onThrow: () => void (hasThrown = true) };
      const library = await newQuickJSWASMModuleFromVariant({
        ...variant,
        importModuleLoader: () => Promise.resolve((options) => openInstance(instantiate, { ...given, options })),
      });
      return { library, hasThrown: () => hasThrown };
    },
  };
}

/**
 * Has a module start with {@linkcode FIRST_PAGES}.
 *
 * @throws {Error} when it is another one than it was.
 */
function withFirstPages(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const isImport = (_: number, at: number) => MEMORY_IMPORT.every((byte, i) => bytes[at + i] === byte);
  const at = bytes.subarray(0, IMPORTS_END).findIndex(isImport);
  if (at < 0) throw new Error("Cannot load the JavaScript engine: it imports another memory than expected");
  const changed = bytes.slice();
  // as LEB128 of two bytes, as it was
  changed.set([FIRST_PAGES & 0x7f | 0x80, FIRST_PAGES >> 7], at + 2);
  return changed;
}

type Instantiate = EmscriptenModuleLoader<QuickJSEmscriptenModule>;
type InstanceOptions = Parameters<Instantiate>[0];

async function loaderOf(variant: QuickJSSyncVariant): Promise<Instantiate> {
  const loaded = await variant.importModuleLoader();
  return ("default" in loaded ? loaded.default : loaded) as Instantiate;
}

/** Makes an instance of the compiled module, by what the loaders of Emscripten call `Module`. */
async function openInstance(instantiate: Instantiate, { options, module, memoryBytes, now, onThrow }: {
  readonly options: InstanceOptions;
  readonly module: WebAssembly.Module;
  readonly memoryBytes: number;
  readonly now: () => number;
  readonly onThrow: () => void;
}): Promise<QuickJSEmscriptenModule> {
  const pages = Math.ceil((memoryBytes + RESERVED_BYTES) / PAGE_BYTES);
  const wasmMemory = new WebAssembly.Memory({
    initial: FIRST_PAGES,
    maximum: Math.min(Math.max(pages, FIRST_PAGES), LARGEST_PAGES),
  });
  const given = {
    ...options,
    wasmMemory,
    // what the engine prints when it gives up is in what it throws too
    print() {},
    printErr() {},
    instantiateWasm(imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) {
      const { exports } = new WebAssembly.Instance(module, withClock(imports, now));
      done({ exports: watchThrows(exports, onThrow) });
      return {};
    },
  };
  const instance = await instantiate(given as InstanceOptions);
  writeTextsQuickly(instance);
  endWhatGoesOn(instance);
  return instance;
}

/** Wraps the functions of an instance, so that it is seen when they throw. */
function watchThrows(exports: WebAssembly.Exports, onThrow: () => void): WebAssembly.Exports {
  const watch = (use: (...args: unknown[]) => unknown) => (...args: unknown[]) => {
    try {
      return use(...args);
    } catch (thrown) {
      onThrow();
      throw thrown;
    }
  };
  return Object.fromEntries(
    Object.entries(exports).map(([name, it]) => [name, typeof it === "function" ? watch(it as () => unknown) : it]),
  );
}

/**
 * Replaces the clock of an instance: all that scripts know of the time comes through this one import, so nothing that they
 * do gets around it. Imports have short names that change with the version, but this one can be told by what it does.
 */
function withClock(imports: WebAssembly.Imports, now: () => number): WebAssembly.Imports {
  const all = Object.entries(imports).map(([from, given]) => {
    const clocks = Object.keys(given).filter((key) => CLOCK_REGEXP.test(String(given[key])));
    return { from, given, clocks };
  });
  const [only, ...others] = all.flatMap(({ clocks }) => clocks);
  if (only === undefined || others.length > 0) throw new Error("Cannot set a clock: the engine has another one");
  return Object.fromEntries(
    all.map(({ from, given, clocks }) => [from, clocks.length === 0 ? given : { ...given, [only]: now }]),
  );
}

/** What the library gives an instance to be asked by. */
interface Callbacks {
  shouldInterrupt(asyncify: undefined, runtime: number): number;
}

/**
 * Ends the instance itself when scripts go on that were stopped: a promise takes what its executor throws, and be it that
 * it was stopped, so `for (;;) new Promise(() => { for (;;); })` would never end.
 */
function endWhatGoesOn(instance: QuickJSEmscriptenModule): void {
  let callbacks: Callbacks | undefined;
  let isStopped = false;
  Object.defineProperty(instance, "callbacks", {
    get: () => callbacks,
    set(given: Callbacks) {
      const { shouldInterrupt } = given;
      given.shouldInterrupt = (asyncify, runtime) => {
        const answer = shouldInterrupt(asyncify, runtime);
        // what is thrown here is caught by nothing in the engine
        if (answer !== 0 && isStopped) throw new Trap("it was stopped, and went on");
        isStopped = answer !== 0;
        return answer;
      };
      callbacks = given;
    },
  });
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
