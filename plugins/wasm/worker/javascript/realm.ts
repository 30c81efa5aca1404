/**
 * A place where scripts run: a machine with the limits of one run, functions of the host, and promises that the host
 * settles. What goes in and out is text, numbers and bytes; all else is JSON.
 *
 * @module
 */
import type { QuickJSContext, QuickJSHandle, SuccessOrFail } from "quickjs-emscripten-core";
import { outOfMemory, ScriptFailure, Trap, trapOf } from "./failures.ts";
import { keepMachine, takeMachine } from "./kept_machine.ts";
import type { Machine } from "./machine.ts";
import { type HostArguments, type Plain, writePlain } from "./marshalling.ts";
import { type Expected, Outside, type Wait } from "./outside.ts";
import type { PreludeName } from "./preludes.ts";

/** How many jobs of promises run before the deadline is looked at. */
const JOBS_AT_ONCE = 1_000;
/** What a script may take beyond its limit once it has failed, so that it can be told why. */
const LAST_BYTES = 1024 * 1024;

/** The bounds of a realm. */
export interface RealmLimits {
  /** Most bytes that scripts take. */
  readonly memoryBytes: number;
  /** When scripts have to be done, in milliseconds since 1970. */
  readonly deadline: number;
  /** Tells whether nobody waits for them any more. */
  isEnded(): boolean;
  /** Tells scripts the time, in milliseconds since 1970; that of this machine by default. */
  now?(): number;
  /** Is called before scripts are told of something outside. */
  onEvent?(): void;
  /**
   * Waits for something outside, so many milliseconds at most; blocks the thread. Where there is no such thing, the thread
   * turns to others meanwhile.
   */
  readonly wait?: Wait | undefined;
}

/** What a part of what scripts find reaches. */
export interface PreludeHost {
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

/** A place where scripts run. It is used until it is closed, or fails with a {@linkcode Trap}. */
export class Realm {
  readonly #machine: Machine;
  readonly #limits: RealmLimits;
  /** Functions of the host, by number. */
  readonly #functions: ((args: HostArguments) => Plain)[] = [];
  readonly #outside = new Outside();
  readonly #closers: (() => void)[] = [];
  /** Sees what scripts have asked for in the jobs that ran last. */
  #afterJobs: (() => void) | undefined;
  #trap: Trap | undefined;
  #isClosed = false;

  private constructor(machine: Machine, limits: RealmLimits) {
    this.#machine = machine;
    this.#limits = limits;
    machine.begin({
      now: () => limits.now?.() ?? Date.now(),
      isOver: () => this.#isOver(),
      use: (number, args) => this.#use(number, args),
    });
  }

  /** Opens a realm. */
  static async open(limits: RealmLimits): Promise<Realm> {
    return new Realm(await takeMachine(limits.memoryBytes), limits);
  }

  /**
   * Installs a part of what scripts find.
   *
   * @throws {Trap} when the limits are too small even for it.
   */
  install(name: PreludeName, { functions, requests = {} }: PreludeHost): Installed {
    const context = this.#context;
    this.#enter(() => this.#machine.prepare(name));
    const members = JSON.stringify([Object.keys(functions), Object.keys(requests)]);
    const first = this.#functions.length;
    this.#functions.push(...Object.values(functions));
    for (const use of Object.values(requests)) {
      this.#functions.push((args) => this.#ask(use as (...args: unknown[]) => Promise<unknown>, args));
    }
    const given = [name, first, members].map((it) => writePlain(context, it));
    const installed = this.#invoke(this.#machine.bridge.install, given);
    const exported = new Map<string, QuickJSHandle>();
    return {
      call: (key, ...args) => {
        const member = exported.get(key) ?? context.getProp(installed, key);
        exported.set(key, member);
        return this.#call(member, args);
      },
    };
  }

  /**
   * Runs a script.
   *
   * @param fileName As it is called in places.
   * @throws {ScriptFailure} when it throws.
   * @throws {Trap} at a limit.
   */
  evaluate(source: string, fileName: string): void {
    this.#enter(() => this.#context.evalCode(source, fileName, { type: "global", strict: false })).dispose();
  }

  /** Says that something outside will happen, so that scripts wait for it. */
  expect(): Expected {
    return this.#outside.expect();
  }

  /** Has something happen after a time; gives what cancels it. */
  after(ms: number, event: () => void): () => void {
    return this.#outside.after(ms, event, this.#limits);
  }

  /** Has something done whenever jobs have run, before anything is waited for. */
  afterJobs(see: () => void): void {
    this.#afterJobs = see;
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
      const event = this.#outside.next();
      if (event !== undefined) {
        this.#limits.onEvent?.();
        event();
      } else if (!this.#outside.isExpected) throw this.#neverSettled();
      else if (this.#limits.wait === undefined) await this.#outside.turn(this.#leftMs);
      else this.#outside.block(this.#limits.wait, this.#leftMs);
    }
  }

  /** How many bytes scripts have taken at most, beyond what the engine takes before anything is run. */
  get takenBytes(): number {
    return this.#machine.takenBytes;
  }

  /** Ends timers; what comes later is dropped. What scripts have left is gone before others run there. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#outside.close();
    for (const close of this.#closers.splice(0)) close();
    this.#machine.end();
    if (this.#trap === undefined) keepMachine(this.#machine);
  }

  /** Whoever comes too late, finds none: others run there by then. */
  get #context(): QuickJSContext {
    if (this.#isClosed) throw new Error("Cannot run scripts: the realm is closed");
    return this.#machine.context;
  }

  #isOver(): boolean {
    if (this.#trap === undefined && Date.now() > this.#limits.deadline) {
      this.#trap = new Trap("the time limit was reached", "time");
    }
    if (this.#trap === undefined && this.#limits.isEnded()) this.#trap = new Trap("it was ended");
    return this.#trap !== undefined;
  }

  /** A little longer than until the deadline, which has to have passed. */
  get #leftMs(): number {
    return Math.max(this.#limits.deadline - Date.now(), 0) + 1;
  }

  #runJobs(isDone: () => boolean): void {
    for (;;) {
      if (this.#isOver()) throw this.#trap;
      if (isDone()) return;
      const { hasJobs } = this.#machine;
      if (hasJobs) this.#enter(() => this.#machine.runJobs(JOBS_AT_ONCE));
      this.#afterJobs?.();
      if (!hasJobs || !this.#machine.hasJobs) return;
    }
  }

  #invoke(target: QuickJSHandle, args: readonly QuickJSHandle[]): QuickJSHandle {
    return this.#enter(() => this.#context.callFunction(target, this.#context.undefined, ...args));
  }

  #call(target: QuickJSHandle, args: readonly Plain[]): string | undefined {
    const context = this.#context;
    const handles = args.map((arg) => writePlain(context, arg));
    const result = this.#invoke(target, handles);
    const text = context.typeof(result) === "string" ? context.getString(result) : undefined;
    result.dispose();
    for (const handle of handles) handle.dispose();
    return text;
  }

  #use(number: number, args: HostArguments): Plain {
    try {
      return this.#functions[number]!(args);
    } catch (thrown) {
      throw thrown instanceof Trap ? this.stop(thrown) : thrown;
    }
  }

  /** Answers what a script waits for. */
  #ask(use: (...args: unknown[]) => Promise<unknown>, args: HostArguments): undefined {
    const id = args.number(0);
    const given: readonly unknown[] = args.json(1);
    const expected = this.expect();
    const settle = (isFulfilled: boolean, value: unknown) =>
      expected.happen(() => void this.#call(this.#machine.bridge.settle, [id, isFulfilled, JSON.stringify(value)]));
    use(...given).then(
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
    this.#machine.runtime.setMemoryLimit(this.#limits.memoryBytes + LAST_BYTES);
    const json = this.#describe(thrown);
    if (this.#trap !== undefined) return this.#trap;
    // there was not even enough left to say why, or for an error: the engine throws null then
    const isNull = this.#context.sameValue(thrown, this.#context.null);
    if (json === undefined || isNull && this.#machine.isFull) return outOfMemory();
    const { message, stack, data, isOfEngine } = JSON.parse(json) as Described;
    if (isOfEngine !== true) return new ScriptFailure(message, { stack, data });
    if (message.includes("out of memory")) return outOfMemory();
    if (message.includes("stack")) return new Trap("stack overflow", "stack");
    return new ScriptFailure(message);
  }

  #neverSettled(): ScriptFailure | Trap {
    // without memory, the engine forgets what a promise was to do
    if (this.#machine.isFull) return outOfMemory();
    return new ScriptFailure("the promise never settles: nothing is left to wait for");
  }

  #describe(thrown: QuickJSHandle): string | undefined {
    const context = this.#context;
    try {
      const result = context.callFunction(this.#machine.bridge.describe, context.undefined, thrown);
      if (result.error !== undefined || context.typeof(result.value) !== "string") return undefined;
      return context.getString(result.value);
    } catch (failed) {
      throw this.#trap ?? trapOf(failed);
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
