/**
 * Tasks one after another.
 *
 * @module
 */

/** Runs tasks in the order in which they were given, each when the one before has ended, however it did. */
export class TaskQueue {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs a task; gives what it gives. */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
