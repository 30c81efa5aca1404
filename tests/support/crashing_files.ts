/**
 * Files that fail as those of a process do that dies.
 *
 * @module
 */
import type { Disposer, Files, Folder } from "../../kernel/mod.ts";

/** Dies at one of the changes that are made through its files, after which nothing works any more. */
export class CrashingFiles {
  /** The files of the process. */
  readonly files: Files;
  #changesLeft = Infinity;
  #isDead = false;
  readonly #locks = new Set<Disposer>();

  constructor(base: Files) {
    this.files = this.#wrap(base);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Dies at a change, counted from 0: it is not made, or, of the removal of a folder, half. */
  dieAt(change: number): void {
    this.#changesLeft = change;
  }

  /** Lives on, whatever was said. */
  live(): void {
    this.#changesLeft = Infinity;
  }

  async #change<T>(make: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> {
    this.#assertAlive();
    if (this.#changesLeft-- > 0) return await make();
    await half?.();
    this.#isDead = true;
    // the system takes back what a dead process held
    for (const release of [...this.#locks]) await release();
    throw new Error("the process is dead");
  }

  #assertAlive(): void {
    if (this.#isDead) throw new Error("the process is dead");
  }

  async #look<T>(look: () => Promise<T>): Promise<T> {
    this.#assertAlive();
    return await look();
  }

  #wrap(folder: Folder | Files): Files {
    return {
      path: folder.path,
      readText: (path) => this.#look(() => folder.readText(path)),
      readBytes: (path) => this.#look(() => folder.readBytes(path)),
      stat: (path) => this.#look(() => folder.stat(path)),
      list: (path, options) => this.#look(() => folder.list(path, options)),
      listMany: (paths, options) => this.#look(() => folder.listMany(paths, options)),
      readMany: (paths, options) => this.#look(() => folder.readMany(paths, options)),
      resolve: (path) => this.#look(() => folder.resolve(path)),
      writeAtomic: (path, data, options) => this.#change(() => folder.writeAtomic(path, data, options)),
      makeFolder: (path) => this.#change(() => folder.makeFolder(path)),
      move: (from, to) => this.#change(() => folder.move(from, to)),
      copy: (from, to) => this.#change(() => folder.copy(from, to)),
      remove: (path) => this.#change(() => folder.remove(path), () => removeHalf(folder, path)),
      lock: (name, options) => this.#look(async () => this.#hold(await folder.lock(name, options))),
      watch: (path, listener, options) => folder.watch(path, listener, options),
      at: (path) => this.#wrap(folder.at(path)),
      open: (path) => this.#wrap((folder as Files).open(path)),
    };
  }

  #hold(release: Disposer): Disposer {
    const held = async () => {
      if (this.#locks.delete(held)) await release();
    };
    this.#locks.add(held);
    return held;
  }
}

async function removeHalf(folder: Folder, path: string): Promise<void> {
  const files = (await folder.list(path, { recursive: true }).catch(() => [])).filter(({ kind }) => kind !== "folder");
  for (const { path: file } of files.slice(0, Math.ceil(files.length / 2))) await folder.remove(`${path}/${file}`);
}
