/**
 * What is written of one run: in order, few writes, and none any more once another server has taken the run up.
 *
 * Each batch depends on the version of the head of the run, and of the runs that it is a part of. Whoever takes a run up
 * writes its head; so a server that hung longer than its lease, and comes back, changes nothing.
 *
 * @module
 */
import { type Log, messageOf, ToolError } from "../../../kernel/mod.ts";
import { after, type Namespace, type Operation, STORE_LIMITS } from "../../store/contract.ts";
import { RunStopped } from "../engine/journal.ts";
import { hasEnded, type RunHead } from "./record.ts";

// what ended is kept within this time, also where no step begins after it
const FLUSH_MS = 5;
// with room for the heads; the store takes 1,000 and 64 MiB
const BATCH_OPERATIONS = 900;
const BATCH_CHARACTERS = 12 * 1024 * 1024;
// a character takes so many bytes at most
const CHARACTER_BYTES = 3;

/** What a ledger is made with. */
export interface LedgerOptions {
  readonly entries: Namespace;
  readonly log: Log;
  /** Key of the head. */
  readonly key: string;
  readonly head: RunHead;
  /** Version of the head; 0 where it is not written yet. */
  readonly version: number;
  /** Of the run that this one is a part of. */
  readonly outer: Ledger | undefined;
  /** Most characters that are kept of an outermost run, those of the runs within it included. */
  readonly mostCharacters: number;
  /** Hears that somebody wants the run to end. */
  onCancel(): void;
  /** Hears that another server has the run. */
  onLost(): void;
}

interface Pending {
  readonly operation: Operation;
  readonly characters: number;
}

/** Writes down a run. */
export class Ledger {
  readonly key: string;
  readonly #options: LedgerOptions;
  #head: RunHead;
  #version: number;
  #isHeadNew: boolean;
  #isLost = false;
  #isWriting = false;
  #characters: number;
  #pending: Pending[] = [];
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.key = options.key;
    this.#head = options.head;
    this.#version = options.version;
    this.#isHeadNew = options.version === 0;
    this.#characters = options.head.characters ?? 0;
  }

  /** As it will be once all is written. */
  get head(): RunHead {
    return this.#head;
  }

  /** Version of the head, as it was last seen. */
  get version(): number {
    return this.#version;
  }

  /** Whether another server has the run, or one that it is a part of. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Whether all that was taken in is durable. */
  get isDurable(): boolean {
    return !this.#isWriting && !this.#hasPending;
  }

  /** About how many characters are kept, those of the runs within it included. */
  get characters(): number {
    return this.#characters;
  }

  get #hasPending(): boolean {
    return this.#isHeadNew || this.#pending.length > 0;
  }

  /**
   * Takes in what is to be written, soon or by the next {@linkcode flush}.
   *
   * @throws {ToolError} when a value is too large to be kept, or no JSON, or the run comes to too much.
   */
  add(operation: Operation): void {
    const characters = operation.type === "set" ? sizeOf(operation.value) : 0;
    this.#count(characters);
    this.#pending.push({ operation, characters });
    this.#stopTimer ??= after(FLUSH_MS, () => {
      // whoever writes next hears of it too
      this.flush().catch((error) => this.#options.log.warn(`Steps of a run are not kept yet: ${messageOf(error)}`));
    });
  }

  /** Changes the head by the next {@linkcode flush}. */
  change(patch: Partial<RunHead>): void {
    this.#head = { ...this.#head, ...patch };
    this.#isHeadNew = true;
  }

  /**
   * Writes what is pending; durable when it resolves. Whoever comes while a write is under way shares the next one.
   *
   * @throws {RunStopped} when another server has the run.
   */
  flush(): Promise<void> {
    return this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      const written = this.#write();
      this.#writing = written.catch(() => {});
      return written;
    });
  }

  /** Reads the head, which somebody else may have written. */
  async refresh(): Promise<void> {
    if (this.#isLost) return;
    const entry = await this.#options.entries.get(this.key);
    // what is not written yet is not there yet
    if (entry === undefined && this.#version === 0) return;
    const head = entry?.value as RunHead | undefined;
    const { server, attempt } = this.#head;
    if (head === undefined || head.isRemoved || head.server !== server || head.attempt !== attempt) return this.lose();
    if (entry!.version <= this.#version) return;
    this.#version = entry!.version;
    // nobody ends a run that another server has, unless that one is dead
    if (hasEnded(head) && !hasEnded(this.#head)) return this.lose();
    if (!head.isCancelled || this.#head.isCancelled) return;
    this.#head = { ...this.#head, isCancelled: true };
    this.#options.onCancel();
  }

  /** Writes nothing any more. */
  lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#stopTimer?.();
    this.#options.onLost();
  }

  async #write(): Promise<void> {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#isWriting = true;
    try {
      await this.#writeAll();
    } finally {
      this.#isWriting = false;
    }
  }

  async #writeAll(): Promise<void> {
    do {
      this.#assertOwned();
      const part = this.#takePart();
      const isHeadNew = this.#isHeadNew;
      this.#isHeadNew = false;
      if (!isHeadNew && part.length === 0) return;
      const isWritten = await this.#writePart(part, isHeadNew).catch((thrown) => {
        this.#putBack(part, isHeadNew);
        throw thrown;
      });
      if (!isWritten) this.#putBack(part, isHeadNew);
    } while (this.#hasPending);
  }

  #count(characters: number): void {
    const chain = this.#chain();
    const outermost = chain.at(-1)!;
    const { mostCharacters } = outermost.#options;
    if (outermost.#characters + characters > mostCharacters) {
      throw new ToolError(
        `Cannot keep the run: what it was given and what its steps gave come to more than ${mostCharacters} characters`,
      );
    }
    for (const it of chain) it.#characters += characters;
  }

  #putBack(part: readonly Pending[], isHeadNew: boolean): void {
    this.#pending = [...part, ...this.#pending];
    this.#isHeadNew ||= isHeadNew;
  }

  // tells whether it wrote; otherwise a head had another version, and was read
  async #writePart(part: readonly Pending[], isHeadNew: boolean): Promise<boolean> {
    const ledgers = this.#chain();
    const checks = ledgers.slice(1).map((it): Operation => ({ type: "check", key: it.key, ifVersion: it.version }));
    const own: Operation = isHeadNew
      ? { type: "set", key: this.key, value: this.#head, ifVersion: this.#version }
      : { type: "check", key: this.key, ifVersion: this.#version };
    const result = await this.#options.entries.batch([own, ...checks, ...part.map(({ operation }) => operation)]);
    if (result.committed) {
      this.#version = Math.max(this.#version, result.versions[0]!);
      return true;
    }
    await ledgers[result.conflict]?.refresh();
    return false;
  }

  // this one first, the outermost last
  #chain(): Ledger[] {
    const { outer } = this.#options;
    return outer === undefined ? [this] : [this, ...outer.#chain()];
  }

  #assertOwned(): void {
    if (this.#chain().some((it) => it.isLost)) {
      this.lose();
      throw new RunStopped("another server has taken the run up, and goes on with it");
    }
  }

  #takePart(): Pending[] {
    let characters = 0;
    let count = 0;
    for (const pending of this.#pending) {
      if (count > 0 && (count === BATCH_OPERATIONS || characters + pending.characters > BATCH_CHARACTERS)) break;
      characters += pending.characters;
      count++;
    }
    return this.#pending.splice(0, count);
  }
}

function sizeOf(value: unknown): number {
  const text = stringify(value);
  if (text === undefined) throw new ToolError("Cannot keep the run: a value of it is no JSON, or too deep");
  // what the store would refuse is never handed to it: it would be in the way of all that follows
  const { valueBytes } = STORE_LIMITS;
  const isSmall = text.length * CHARACTER_BYTES <= valueBytes;
  if (isSmall || new TextEncoder().encode(text).length <= valueBytes) return text.length;
  throw new ToolError(
    `Cannot keep the run: a value of it has more than ${valueBytes} bytes as JSON, which is the limit`,
  );
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // it refers to itself, or is too deep
    return undefined;
  }
}
