/**
 * An instance of the engine with its one context, and how it is entered. It serves one run after the other: it is set back
 * between them, byte for byte.
 *
 * @module
 */
/// <reference path="./texts.d.ts" />
import type {
  QuickJSContext,
  QuickJSHandle,
  QuickJSRuntime,
  QuickJSWASMModule,
  SuccessOrFail,
} from "quickjs-emscripten-core";
import { type EngineInstance, loadEngine } from "./engine.ts";
import { outOfMemory } from "./failures.ts";
import { HostArguments, type Plain, writeError, writePlain } from "./marshalling.ts";
import { MemoryImage } from "./memory_image.ts";
import bridge from "./prelude/bridge.js" with { type: "text" };
import { type PreludeName, PRELUDES } from "./preludes.ts";
import { RandomState } from "./random_state.ts";

/**
 * How deep scripts go, on the engine's own stack: 1,500 plain calls. More would be more than the thread has, whose end is
 * none that a script can catch.
 */
const STACK_BYTES = 256 * 1024;

/** What a machine asks whoever has it. */
export interface MachineUser {
  /** Tells scripts the time, in milliseconds since 1970. */
  now(): number;
  /** Tells whether scripts are to end. */
  isOver(): boolean;
  /** Calls a function of the host by its number; what that throws is thrown in the script, with its `code`. */
  use(number: number, args: HostArguments): Plain;
}

/** Where the engine writes a pointer. */
type PointerPlace = Parameters<ReturnType<QuickJSWASMModule["getFFI"]>["QTS_ExecutePendingJob"]>[2];

/** A machine that runs scripts. */
export class Machine {
  /** Most bytes that scripts take. */
  readonly memoryBytes: number;
  readonly #instance: EngineInstance;
  readonly #memory: WebAssembly.Memory;
  /** What it takes before anything is run. */
  readonly #firstBytes: number;
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  readonly #random: RandomState | undefined;
  /** Functions of `prelude/bridge.js`. */
  readonly bridge: Readonly<Record<"prepare" | "install" | "settle" | "describe", QuickJSHandle>>;
  /** Where the engine writes whose job it has run. */
  readonly #contextOut: PointerPlace;
  /** Preludes that are read. */
  #prepared = new Set<PreludeName>();
  /** What it is set back to, and the preludes that are read then. */
  #image: MemoryImage | undefined;
  #imagePrepared: ReadonlySet<PreludeName> = new Set();
  #isSetBack = true;
  /** Whoever has it. All that the engine calls reaches it through this alone. */
  #user: MachineUser | undefined;

  private constructor(instance: EngineInstance, begin: { readonly memoryBytes: number; readonly begun: number }) {
    this.memoryBytes = begin.memoryBytes;
    this.#instance = instance;
    this.#memory = instance.library.getWasmMemory();
    this.#firstBytes = this.#memory.buffer.byteLength;
    this.runtime = instance.library.newRuntime();
    this.runtime.setMemoryLimit(begin.memoryBytes);
    this.runtime.setMaxStackSize(STACK_BYTES);
    this.runtime.setInterruptHandler(() => this.#user?.isOver() ?? false);
    const context = this.runtime.newContext();
    this.context = context;
    this.#contextOut = context["memory"].newMutablePointerArray<PointerPlace>(1).value.ptr;
    const random = () => context.getNumber(this.#evaluate("Math.random()", "collet:random"));
    this.#random = RandomState.find(this.#memory, begin.begun, random);
    const use = context.newFunction("use", (...args) => this.#use(args));
    const made = take(context.callFunction(this.#evaluate(bridge, "collet:bridge"), context.undefined, use));
    const member = (name: string) => context.getProp(made, name);
    this.bridge = {
      ...{ prepare: member("prepare"), install: member("install") },
      ...{ settle: member("settle"), describe: member("describe") },
    };
  }

  /** Opens one whose scripts may take so many bytes. */
  static async open(memoryBytes: number): Promise<Machine> {
    // the engine begins with the time what Math.random gives, and nobody is to foresee that
    const begun = crypto.getRandomValues(new Uint32Array(1))[0]!;
    let machine: Machine | undefined;
    const now = () => machine === undefined ? begun : machine.#user?.now() ?? begun;
    const instance = await (await loadEngine()).open(memoryBytes, now);
    return machine = new Machine(instance, { memoryBytes, begun });
  }

  /** Begins to serve a run. */
  begin(user: MachineUser): void {
    this.setBack();
    this.#random?.renew();
    this.#user = user;
    this.#isSetBack = false;
  }

  /** Ends to serve it: what the engine calls from now on reaches nobody. */
  end(): void {
    this.#user = undefined;
  }

  /**
   * Whether it can serve another run: if nothing was thrown out of it, its memory has not grown, and it is known what it has
   * to be set back to.
   */
  get isReusable(): boolean {
    return this.#image !== undefined && !this.#image.isOutgrown && !this.#instance.hasThrown();
  }

  /** Preludes that are read. */
  get prepared(): ReadonlySet<PreludeName> {
    return this.#prepared;
  }

  /** Removes all that a run has left, whatever that is. */
  setBack(): void {
    if (this.#image === undefined || this.#isSetBack) return;
    this.#image.restore();
    this.#prepared = new Set(this.#imagePrepared);
    this.#isSetBack = true;
  }

  /**
   * Readies it for many runs: reads preludes, which takes longer than to install them, and keeps all that there is then.
   *
   * @throws {Trap} when the limits are too small even for them.
   */
  makeReusable(names: Iterable<PreludeName>): void {
    this.setBack();
    // what a run has left may be in there
    if (!this.#isSetBack || this.#random === undefined) return;
    for (const name of names) take(this.prepare(name));
    this.#image = new MemoryImage(this.#memory);
    this.#imagePrepared = new Set(this.#prepared);
  }

  /** Reads a prelude, if it was not yet. */
  prepare(name: PreludeName): SuccessOrFail<unknown, QuickJSHandle> {
    const { context } = this;
    if (this.#prepared.has(name)) return { value: undefined };
    const read = context.evalCode(PRELUDES[name], `collet:${name}`, { type: "global", strict: true });
    if (read.error !== undefined) return read;
    const kept = context.callFunction(this.bridge.prepare, context.undefined, context.newString(name), read.value);
    if (kept.error === undefined) this.#prepared.add(name);
    return kept;
  }

  /** Tells whether jobs of promises wait. */
  get hasJobs(): boolean {
    return this.runtime.hasPendingJob();
  }

  /**
   * Runs so many jobs of promises at most. The library has this as well, and reads an array afterwards that is gone where
   * the memory has grown meanwhile.
   */
  runJobs(most: number): SuccessOrFail<unknown, QuickJSHandle> {
    const { context, runtime } = this;
    const result = this.#instance.library.getFFI().QTS_ExecutePendingJob(runtime["rt"].value, most, this.#contextOut);
    const handle = context.getMemory(runtime["rt"].value).heapValueHandle(result);
    if (context.typeof(handle) !== "number") return { error: handle };
    handle.dispose();
    return { value: undefined };
  }

  /** How many bytes scripts have taken at most, beyond what the engine takes before anything is run. */
  get takenBytes(): number {
    return this.#memory.buffer.byteLength - this.#firstBytes;
  }

  /** Whether the memory, which never shrinks, has grown to the limit. */
  get isFull(): boolean {
    return this.takenBytes > 0 && this.#memory.buffer.byteLength >= this.memoryBytes;
  }

  #evaluate(source: string, fileName: string): QuickJSHandle {
    return take(this.context.evalCode(source, fileName, { type: "global", strict: true }));
  }

  /** Calls a function of the host: the only one that the engine knows. */
  #use([number, ...args]: readonly QuickJSHandle[]): QuickJSHandle | { readonly error: QuickJSHandle } | undefined {
    const { context } = this;
    const user = this.#user;
    if (user === undefined) return undefined;
    try {
      return writePlain(context, user.use(context.getNumber(number!), new HostArguments(context, args)));
    } catch (thrown) {
      return { error: writeError(context, thrown) };
    }
  }
}

/** Takes what a script of ours gave: it fails for want of memory alone. */
function take<T>(result: SuccessOrFail<T, QuickJSHandle>): T {
  if (result.error !== undefined) throw outOfMemory();
  return result.value;
}
