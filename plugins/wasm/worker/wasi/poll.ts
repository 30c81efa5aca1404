/**
 * Waiting: `poll_oneoff`, on which sleeping is built as well. Only clocks are waited for: files and streams are always
 * ready, and an interactive stdin that is empty is waited for where it is read.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import type { ModuleHost } from "../hosts.ts";
import type { WasiCalls } from "./calls.ts";
import type { Clocks } from "./clocks.ts";
import type { DescriptorTable } from "./descriptor_table.ts";
import { errnoOf, RunAbandoned, WasiFailure } from "./errno.ts";
import type { ModuleMemory } from "./memory.ts";

const SUBSCRIPTION_SIZE = 48;
const EVENT_SIZE = 32;
/** How long a thread sleeps before it looks whether it was ended, in milliseconds. */
const LOOK_MS = 100;

/** Something to wait for. */
interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  /** Number of a clock, or of a descriptor. */
  readonly id: number;
  readonly timeout: bigint;
  readonly isAbsolute: boolean;
}

/** What happened. */
interface PollEvent {
  readonly subscription: Subscription;
  readonly errno?: number;
  readonly bytes?: bigint;
  readonly isEnd?: boolean;
}

/** A clock that is waited for. */
interface Alarm {
  readonly subscription: Subscription;
  readonly at: bigint;
}

/** What a wait has to do with what is outside of the module. */
export type WaitHost = Pick<ModuleHost, "canWait" | "isEnded">;

/** Makes the call. */
export function pollCalls(
  memory: ModuleMemory,
  { table, clocks, hostOf }: {
    readonly table: DescriptorTable;
    readonly clocks: Clocks;
    /** Gives the host of what runs. */
    readonly hostOf: () => WaitHost;
  },
): WasiCalls {
  return {
    poll_oneoff: (subscriptions: number, events: number, count: number, out: number) => {
      if (count === 0) throw new WasiFailure("INVAL");
      // before waiting, so that a bad pointer is told at once
      memory.bytes(events, count * EVENT_SIZE);
      const wanted = readSubscriptions(memory, subscriptions, count);
      const happened = new Poll(table, clocks, hostOf()).run(wanted);
      happened.forEach((event, index) => writeEvent(memory.view, events + index * EVENT_SIZE, event));
      memory.setUint32(out, happened.length);
    },
  };
}

class Poll {
  readonly #table: DescriptorTable;
  readonly #clocks: Clocks;
  readonly #host: WaitHost;

  constructor(table: DescriptorTable, clocks: Clocks, host: WaitHost) {
    this.#table = table;
    this.#clocks = clocks;
    this.#host = host;
  }

  run(subscriptions: readonly Subscription[]): readonly PollEvent[] {
    const events: PollEvent[] = [];
    const alarms: Alarm[] = [];
    for (const subscription of subscriptions) {
      const found = this.#look(subscription);
      if ("at" in found) alarms.push(found);
      else events.push(found);
    }
    if (events.length === 0) this.#sleepUntil(alarms);
    return [...events, ...alarms.filter((it) => this.#isOver(it)).map(({ subscription }) => ({ subscription }))];
  }

  #look(subscription: Subscription): PollEvent | Alarm {
    try {
      return subscription.type === wasi.EVENTTYPE_CLOCK ? this.#alarm(subscription) : this.#ready(subscription);
    } catch (error) {
      return { subscription, errno: errnoOf(error) };
    }
  }

  #alarm(subscription: Subscription): Alarm {
    const now = this.#clocks.now(subscription.id);
    const alarm = { subscription, at: subscription.isAbsolute ? subscription.timeout : now + subscription.timeout };
    if (alarm.at > now && !(this.#host.canWait && canThreadWait())) throw new WasiFailure("NOTSUP");
    return alarm;
  }

  #ready(subscription: Subscription): PollEvent {
    const descriptor = this.#table.get(subscription.id);
    if (subscription.type === wasi.EVENTTYPE_FD_WRITE) return { subscription };
    if (subscription.type !== wasi.EVENTTYPE_FD_READ) throw new WasiFailure("INVAL");
    return { subscription, ...descriptor.readiness() };
  }

  #sleepUntil(alarms: readonly Alarm[]): void {
    while (!alarms.some((it) => this.#isOver(it))) {
      if (this.#host.isEnded()) throw new RunAbandoned();
      const left = alarms.map(({ subscription, at }) => at - this.#clocks.now(subscription.id));
      sleep(left.reduce((one, other) => one < other ? one : other));
    }
  }

  #isOver({ subscription, at }: Alarm): boolean {
    return this.#clocks.now(subscription.id) >= at;
  }
}

/** Sleeps, for {@linkcode LOOK_MS} at most: not every runtime can wake a thread that is to end. */
function sleep(nanoseconds: bigint): void {
  const milliseconds = Math.min(LOOK_MS, Math.max(0, Number(nanoseconds) / 1e6));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Tells whether this thread can sleep; that of a page or of an edge cannot. */
function canThreadWait(): boolean {
  try {
    sleep(0n);
    return true;
  } catch {
    return false;
  }
}

function readSubscriptions(memory: ModuleMemory, pointer: number, count: number): readonly Subscription[] {
  const { view } = memory;
  return Array.from({ length: count }, (_, index) => {
    const at = pointer + index * SUBSCRIPTION_SIZE;
    return {
      userdata: view.getBigUint64(at, true),
      type: view.getUint8(at + 8),
      id: view.getUint32(at + 16, true),
      timeout: view.getBigUint64(at + 24, true),
      isAbsolute: (view.getUint16(at + 40, true) & wasi.SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME) !== 0,
    };
  });
}

function writeEvent(view: DataView, at: number, { subscription, errno, bytes, isEnd }: PollEvent): void {
  view.setBigUint64(at, subscription.userdata, true);
  view.setUint16(at + 8, errno ?? wasi.ERRNO_SUCCESS, true);
  view.setUint8(at + 10, subscription.type);
  view.setBigUint64(at + 16, bytes ?? 0n, true);
  view.setUint16(at + 24, isEnd === true ? wasi.EVENTRWFLAGS_FD_READWRITE_HANGUP : 0, true);
}
