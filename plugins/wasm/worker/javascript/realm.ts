/**
 * A place where scripts run: an instance of the engine with its limits, functions of the host, and promises that the host
 * settles. What goes in and out is text, numbers and bytes; all else is JSON.
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
import { loadEngine } from "./engine.ts";
import { ScriptFailure, Trap, trapOf } from "./failures.ts";
import bridge from "./prelude/bridge.js" with { type: "text" };
import { HostArguments, type Plain, writeError, writePlain } from "./marshalling.ts";

/**
 * How deep scripts go, on the engine's own stack: 1,500 plain calls. More would be more than the thread has, whose end is
 * none that a script can catch.
 */
const STACK_BYTES = 256 * 1024;
/** How many jobs of promises run before the deadline is looked at. */
const JOBS_AT_ONCE = 1_000;
/** What a script may take beyond its limit once it has failed, so that it can be told why. */
const LAST_BYTES = 1024 * 1024;
/** Milliseconds; what is longer, a timer takes for none. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The bounds of a realm. */
export interface RealmLimits {
  /** Most bytes that scripts take. */
  readonly memoryBytes: number;
  /** When scripts have to be done, in milliseconds since 1970. */
  readonly deadline: number;
  /** Tells whether nobody waits for them any more. */
  isEnded(): boolean;
}

/** A part of what scripts find: a script of ours, and what it reaches. */
export interface Prelude {
  /** Names it in places. */
  readonly name: string;
  /**
   * A function: of an object with all `functions` and `requests`, and of what is exported by `prelude/bridge.js`. It gives
   * an object of functions for {@linkcode Installed.call}.
   */
  readonly source: string;
  /** Functions of the host that return at once. What they throw is thrown in the script, with its `code`. */
  readonly functions: Readonly<Record<string, (args: HostArguments) => Plain>>;
  /** Functions of the host that scripts wait for. Arguments and results are JSON. */
  readonly requests?: Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;
}

/** A prelude that was installed. */
export interface Installed {
  /** Calls one of its functions. */
  call(name: string, ...args: readonly Plain[]): string | undefined;
}

/** Something outside that scripts wait for. */
export interface Expected {
  /** Tells the scripts, once it is their turn. */
  happen(event: () => void): void;
  /** It will not happen. */
  cancel(): void;
}

/** A place where scripts run. It is used until it is closed, or fails with a {@linkcode Trap}. */
export class Realm {
  readonly #context: QuickJSContext;
  readonly #runtime: QuickJSRuntime;
  readonly #memory: WebAssembly.Memory;
  /** What it takes before anything is run. */
  readonly #firstBytes: number;
  readonly #limits: RealmLimits;
  readonly #bridge: QuickJSHandle;
  readonly #requests = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  readonly #closers: (() => void)[] = [];
  /** What has happened outside, and the scripts have not been told of. */
  readonly #events: (() => void)[] = [];
  #wake: (() => void) | undefined;
  #expected = 0;
  #trap: Trap | undefined;
  #isClosed = false;

  private constructor(instance: QuickJSWASMModule, limits: RealmLimits) {
    const runtime = instance.newRuntime();
    this.#runtime = runtime;
    this.#memory = instance.getWasmMemory();
    this.#firstBytes = this.#memory.buffer.byteLength;
    this.#limits = limits;
    runtime.setMemoryLimit(limits.memoryBytes);
    runtime.setMaxStackSize(STACK_BYTES);
    runtime.setInterruptHandler(() => this.#isOver());
    this.#context = runtime.newContext();
    const ask = this.#context.newFunction("ask", (id, name, json) => {
      this.#ask(this.#context.getNumber(id!), this.#context.getString(name!), this.#context.getString(json!));
    });
    this.#bridge = this.#invoke(this.#evaluate(bridge, "collet:bridge"), [ask]);
  }

  /** Opens a realm. */
  static async open(limits: RealmLimits): Promise<Realm> {
    const instance = await (await loadEngine()).open(limits.memoryBytes);
    return new Realm(instance, limits);
  }

  /**
   * Installs a part of what scripts find.
   *
   * @throws {Trap} when the limits are too small even for it.
   */
  install({ name, source, functions, requests = {} }: Prelude): Installed {
    const context = this.#context;
    const host = context.newObject();
    for (const [key, use] of Object.entries(functions)) context.setProp(host, key, this.#hostFunction(key, use));
    const requester = context.getProp(this.#bridge, "requester");
    for (const [key, use] of Object.entries(requests)) {
      this.#requests.set(`${name}.${key}`, use as (...args: unknown[]) => Promise<unknown>);
      context.setProp(host, key, this.#invoke(requester, [context.newString(`${name}.${key}`)]));
    }
    const installed = this.#invoke(this.#evaluate(source, `collet:${name}`), [host, this.#bridge]);
    return { call: (key, ...args) => this.#callMember(installed, key, args) };
  }

  /**
   * Runs a script.
   *
   * @param fileName As it is called in places.
   * @throws {ScriptFailure} when it throws.
   * @throws {Trap} at a limit.
   */
  evaluate(source: string, fileName: string): void {
    this.#evaluate(source, fileName, { strict: false }).dispose();
  }

  /** Says that something outside will happen, so that scripts wait for it. */
  expect(): Expected {
    this.#expected++;
    let isOpen = true;
    const end = () => {
      if (!isOpen) return false;
      isOpen = false;
      this.#expected--;
      return !this.#isClosed;
    };
    return {
      happen: (event) => {
        if (!end()) return;
        this.#events.push(event);
        this.#wake?.();
      },
      cancel: () => void end(),
    };
  }

  /** Has something done when the realm is closed. */
  onClose(close: () => void): void {
    this.#closers.push(close);
  }

  /** Stops the scripts, from within a function of the host; the error is for it to throw. */
  stop(trap: Trap): Trap {
    return this.#trap ??= trap;
  }

  /**
   * Runs promises, and waits for what is outside, until something is done.
   *
   * @throws {ScriptFailure} when nothing is left that could do it.
   * @throws {Trap} at a limit.
   */
  async run(isDone: () => boolean): Promise<void> {
    for (;;) {
      this.#runJobs(isDone);
      if (isDone()) return;
      const event = this.#events.shift();
      if (event !== undefined) event();
      else if (this.#expected > 0) await this.#event();
      else throw this.#neverSettled();
    }
  }

  /** Ends timers; what comes later is dropped. The memory is freed with the realm. */
  close(): void {
    this.#isClosed = true;
    for (const close of this.#closers.splice(0)) close();
  }

  #isOver(): boolean {
    if (this.#trap === undefined && Date.now() > this.#limits.deadline) {
      this.#trap = new Trap("the time limit was reached", "time");
    }
    if (this.#trap === undefined && this.#limits.isEnded()) this.#trap = new Trap("it was ended");
    return this.#trap !== undefined;
  }

  #event(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      // a little later than the deadline, which has to have passed
      const timer = setTimeout(wake, Math.min(Math.max(this.#limits.deadline - Date.now(), 0) + 1, LONGEST_TIMEOUT));
      this.#wake = wake;
    });
  }

  #runJobs(isDone: () => boolean): void {
    for (;;) {
      if (this.#isOver()) throw this.#trap;
      if (isDone() || !this.#runtime.hasPendingJob()) return;
      this.#enter(() => this.#runtime.executePendingJobs(JOBS_AT_ONCE));
    }
  }

  #evaluate(source: string, fileName: string, { strict = true } = {}): QuickJSHandle {
    return this.#enter(() => this.#context.evalCode(source, fileName, { type: "global", strict }));
  }

  #invoke(target: QuickJSHandle, args: readonly QuickJSHandle[]): QuickJSHandle {
    return this.#enter(() => this.#context.callFunction(target, this.#context.undefined, ...args));
  }

  #callMember(object: QuickJSHandle, key: string, args: readonly (Plain | QuickJSHandle)[]): string | undefined {
    const context = this.#context;
    const member = context.getProp(object, key);
    const handles = args.map((arg) => isHandle(arg) ? arg : writePlain(context, arg));
    const result = this.#invoke(member, handles);
    const text = context.typeof(result) === "string" ? context.getString(result) : undefined;
    for (const handle of [member, result, ...handles]) handle.dispose();
    return text;
  }

  #hostFunction(name: string, use: (args: HostArguments) => Plain): QuickJSHandle {
    const context = this.#context;
    return context.newFunction(name, (...handles) => {
      try {
        return writePlain(context, use(new HostArguments(context, handles)));
      } catch (thrown) {
        return { error: writeError(context, thrown instanceof Trap ? this.stop(thrown) : thrown) };
      }
    });
  }

  /** Answers what a script waits for. */
  #ask(id: number, name: string, json: string): void {
    const expected = this.expect();
    const settle = (isFulfilled: boolean, value: unknown) =>
      expected.happen(() => void this.#callMember(this.#bridge, "settle", [id, isFulfilled, JSON.stringify(value)]));
    const use = this.#requests.get(name)!;
    const args: readonly unknown[] = JSON.parse(json);
    use(...args).then(
      (value) => settle(true, value),
      ({ message, code, data }) => settle(false, { message, code, data }),
    );
  }

  /** Goes into the engine, and tells how scripts have failed there. */
  #enter<T>(use: () => SuccessOrFail<T, QuickJSHandle>): T {
    let result: SuccessOrFail<T, QuickJSHandle>;
    try {
      result = use();
    } catch (thrown) {
      throw this.#trap ?? trapOf(thrown);
    }
    // what was stopped may have been caught, as by a promise
    if (this.#trap !== undefined) throw this.#trap;
    if (result.error === undefined) return result.value;
    throw this.#failureOf(result.error);
  }

  #failureOf(thrown: QuickJSHandle): ScriptFailure | Trap {
    this.#runtime.setMemoryLimit(this.#limits.memoryBytes + LAST_BYTES);
    const json = this.#describe(thrown);
    if (this.#trap !== undefined) return this.#trap;
    // there was not even enough left to say why, or for an error: the engine throws null then
    const isNull = this.#context.sameValue(thrown, this.#context.null);
    if (json === undefined || isNull && this.#hasTakenAll()) return outOfMemory();
    const { message, stack, data, isOfEngine } = JSON.parse(json) as Described;
    if (isOfEngine !== true) return new ScriptFailure(message, { stack, data });
    if (message.includes("out of memory")) return outOfMemory();
    if (message.includes("stack")) return new Trap("stack overflow", "stack");
    return new ScriptFailure(message);
  }

  #neverSettled(): ScriptFailure | Trap {
    // without memory, the engine forgets what a promise was to do
    if (this.#hasTakenAll()) return outOfMemory();
    return new ScriptFailure("the promise never settles: nothing is left to wait for");
  }

  /** Tells whether the memory, which never shrinks, has grown to its limit. */
  #hasTakenAll(): boolean {
    const { byteLength } = this.#memory.buffer;
    return byteLength > this.#firstBytes && byteLength >= this.#limits.memoryBytes;
  }

  #describe(thrown: QuickJSHandle): string | undefined {
    const context = this.#context;
    try {
      const result = context.callFunction(context.getProp(this.#bridge, "describe"), context.undefined, thrown);
      if (result.error !== undefined || context.typeof(result.value) !== "string") return undefined;
      return context.getString(result.value);
    } catch (failed) {
      throw trapOf(failed);
    }
  }
}

/** What `describe` of the bridge gives. */
interface Described {
  readonly message: string;
  readonly stack?: string;
  readonly data?: unknown;
  readonly isOfEngine?: boolean;
}

function isHandle(value: Plain | QuickJSHandle): value is QuickJSHandle {
  return typeof value === "object" && "alive" in value;
}

function outOfMemory(): Trap {
  return new Trap("out of memory", "memory");
}
