/**
 * Waiting in tests, with an end.
 *
 * @module
 */

/** As long as a machine may take that has more to do than it can. */
const LIMIT_MS = 30_000;

/** Waits until a condition holds, by looking again and again. */
export async function until(condition: () => unknown, what = "a condition"): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!await condition()) {
    if (Date.now() > end) throw new Error(`waited ${LIMIT_MS} ms in vain for ${what}`);
    await pause(5);
  }
}

/** Waits for a promise, and fails when it takes too long. */
export async function soon<T>(work: Promise<T>, what = "a promise"): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${LIMIT_MS} ms in vain for ${what}`)), LIMIT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs something that a time limit ends, with longer limits until it came far enough before that: how soon it does is
 * the machine's affair.
 */
export async function withTimeEnough<T>(
  run: (seconds: number) => Promise<T>,
  isEnough: (outcome: T) => boolean,
): Promise<T> {
  for (const seconds of [1, 4]) {
    const outcome = await run(seconds);
    if (isEnough(outcome)) return outcome;
  }
  return await run(20);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A promise and its ends. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(reason: unknown): void;
}

export function defer<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...ends) => [resolve, reject] = ends);
  return { promise, resolve, reject };
}

/** Waits until `signal` aborts, as a tool does that has nothing else to do. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
