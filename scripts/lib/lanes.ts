/**
 * How much runs at a time: what waits for others leaves room, what has the processors to itself takes it.
 *
 * @module
 */

interface Waiting {
  readonly width: number;
  start(): void;
}

/** So many lanes, given to work in the order in which it asked: wide work is not overtaken by narrow work behind it. */
export class Lanes {
  readonly #waiting: Waiting[] = [];
  readonly #count: number;
  #free: number;

  constructor(count: number) {
    this.#count = count;
    this.#free = count;
  }

  /**
   * Does work as soon as it has its lanes.
   *
   * @param width How many lanes it takes; more than there are is all of them.
   */
  async run<T>(width: number, work: () => Promise<T>): Promise<T> {
    const taken = Math.min(width, this.#count);
    await new Promise<void>((start) => {
      this.#waiting.push({ width: taken, start });
      this.#startNext();
    });
    try {
      return await work();
    } finally {
      this.#free += taken;
      this.#startNext();
    }
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next !== undefined && next.width <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.width;
      next.start();
    }
  }
}
