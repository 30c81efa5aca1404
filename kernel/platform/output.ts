/**
 * Carries what a child writes, in bounded memory, and reads it as text.
 *
 * @module
 */

/** What happens to bytes beyond the limit: the writer waits, or the newest or the oldest of them are dropped. */
export type Overflow = "wait" | "drop-newest" | "drop-oldest";

/** Holds bytes between one writer and its reader. */
export class ByteQueue {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #isClosed = false;
  #isTruncated = false;
  #overflow: Overflow;
  #limit: number;
  #wakeReaders: (() => void)[] = [];
  #wakeWriters: (() => void)[] = [];

  constructor(limit: number, overflow: Overflow) {
    this.#limit = Math.max(0, limit);
    this.#overflow = overflow;
  }

  /** Whether bytes were dropped. */
  get isTruncated(): boolean {
    return this.#isTruncated;
  }

  /** Adds bytes; resolves when there is room for more. */
  async push(chunk: Uint8Array): Promise<void> {
    let kept = chunk;
    if (this.#overflow === "drop-newest" && this.#size + chunk.length > this.#limit) {
      kept = chunk.subarray(0, Math.max(0, this.#limit - this.#size));
      this.#isTruncated = true;
    }
    if (kept.length > 0) {
      // a copy where a small view would keep the runtime's whole read buffer alive
      this.#chunks.push(kept.byteLength * 2 < kept.buffer.byteLength ? kept.slice() : kept);
      this.#size += kept.length;
    }
    if (this.#overflow === "drop-oldest") this.#dropOldest();
    this.#wake();
    while (this.#overflow === "wait" && this.#size > this.#limit && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
  }

  #dropOldest(): void {
    while (this.#size > this.#limit) {
      const [first] = this.#chunks;
      if (first === undefined) return;
      const excess = Math.min(first.length, this.#size - this.#limit);
      this.#isTruncated = true;
      this.#size -= excess;
      if (excess === first.length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(excess);
    }
  }

  /** Takes the oldest bytes, and waits for them; `undefined` at the end. */
  async take(): Promise<Uint8Array | undefined> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) {
        this.#size -= chunk.length;
        this.#releaseWriters();
        return chunk;
      }
      if (this.#isClosed) return undefined;
      await new Promise<void>((resolve) => this.#wakeReaders.push(resolve));
    }
  }

  /** Takes all bytes that are there, as text. A character that was cut by the limit is left out. */
  takeText(): string {
    const bytes = joinBytes(this.#chunks.splice(0), this.#size);
    this.#size = 0;
    if (!this.#isTruncated) return new TextDecoder().decode(bytes);
    if (this.#overflow === "drop-oldest") return new TextDecoder().decode(bytes.subarray(continuationLength(bytes)));
    return new TextDecoder().decode(bytes, { stream: true });
  }

  /** Lets the writer add as many bytes more without waiting, for when the source is about to end; others are dropped. */
  stopWaiting(bytes: number): void {
    if (this.#overflow !== "wait") return;
    this.#overflow = "drop-newest";
    this.#limit = this.#size + bytes;
    this.#releaseWriters();
  }

  /** Says that no more will be added. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
    this.#releaseWriters();
  }

  #wake(): void {
    for (const wake of this.#wakeReaders.splice(0)) wake();
  }

  #releaseWriters(): void {
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }
}

function joinBytes(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Counts the bytes at the start that continue a character of which the beginning is gone; at most three can. */
function continuationLength(bytes: Uint8Array): number {
  let length = 0;
  while (length < 3 && ((bytes[length] ?? 0) & 0xc0) === 0x80) length++;
  return length;
}

/** Reads a queue as UTF-8 text; leaving a loop over it early loses nothing, the next loop goes on. */
export class TextStream implements AsyncIterable<string> {
  readonly #queue: ByteQueue;
  readonly #decoder = new TextDecoder();

  constructor(queue: ByteQueue) {
    this.#queue = queue;
  }

  async #next(): Promise<IteratorResult<string, undefined>> {
    for (;;) {
      const chunk = await this.#queue.take();
      const text = chunk === undefined ? this.#decoder.decode() : this.#decoder.decode(chunk, { stream: true });
      if (text !== "") return { value: text, done: false };
      if (chunk === undefined) return { value: undefined, done: true };
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return { next: () => this.#next() };
  }
}
