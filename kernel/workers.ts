/**
 * The contract `Workers`: threads that can be ended, whatever runs in them. A platform that has threads provides it.
 *
 * @module
 */
import { type Contract, contract } from "./token.ts";

/** How a worker is started. */
export interface WorkerOptions {
  /** Most bytes of the heap of its JavaScript, where the runtime can bound it; what is beyond it ends the worker. */
  readonly heapBytes?: number;
}

/** A thread that runs a module of this program. */
export interface Worker {
  /** Sends a message, cloned but for what is transferred; after the end it is dropped. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Takes the messages of the worker, in order; those that came before the first listener as well. One listener. */
  listen(listener: (message: unknown) => void): void;
  /**
   * Ends the thread, at whatever it is; resolves when it is gone. Where {@linkcode Workers.canInterrupt} is false, it
   * resolves at once, and a thread in the middle of something goes when it next turns to its {@linkcode WorkerScope}.
   */
  terminate(): Promise<void>;
  /** Resolves, never rejects, when the thread is gone: with what it died of, or `undefined` when it was ended. */
  readonly ended: Promise<Error | undefined>;
}

/** Starts threads. */
export interface Workers {
  /** How many run at the same time at full speed: the processors of the machine. */
  readonly parallelism: number;
  /**
   * Whether a thread that computes or waits without end can be ended, as on Node. Deno cannot (denoland/deno#35657): what
   * might not end has to call {@linkcode WorkerScope.checkEnd} now and then, or count what it does, and to wait for
   * shared memory with a time limit.
   */
  readonly canInterrupt: boolean;
  /**
   * Starts a worker. It does not keep the program running, reads nothing of stdin and writes nothing to stdout.
   *
   * @param module Address of a module whose default export is a {@linkcode WorkerMain}: `new URL()` of its relative
   * path, as a literal, and `import.meta.url`, which is what the build looks for.
   */
  start(module: URL, options?: WorkerOptions): Worker;
}
export const Workers: Contract<Workers> = contract("workers");

/** What a module that runs in a worker exports by default; called once. */
export type WorkerMain = (scope: WorkerScope) => void | Promise<void>;

/** What a module in a worker reaches the world through. */
export interface WorkerScope {
  /** Sends a message to who started the worker. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Takes messages, in order; those that came before the first listener as well. One listener. */
  listen(listener: (message: unknown) => void): void;
  /**
   * Throws when the worker was terminated, which ends the thread unless it is caught. Everything else of this scope, its
   * folders and their files does the same, so that a thread that goes on changes nothing.
   *
   * @throws {Error} named `WorkerEnded`; to be thrown on by who catches it.
   */
  checkEnd(): void;
  /** Opens a folder of this machine for synchronous work; see {@linkcode SyncFolder}. */
  openFolder(absolutePath: string, options: { readonly writable: boolean }): SyncFolder;
}

/** What is known of a file or folder. */
export interface SyncStat {
  readonly kind: "file" | "folder" | "link" | "other";
  /** Bytes. */
  readonly size: bigint;
  readonly device: bigint;
  readonly inode: bigint;
  readonly links: bigint;
  /** Nanoseconds since 1970. */
  readonly accessed: bigint;
  readonly modified: bigint;
  readonly changed: bigint;
}

/** One entry of a folder. */
export interface SyncEntry {
  readonly name: string;
  readonly kind: SyncStat["kind"];
  readonly inode: bigint;
}

/** How a file is opened. */
export interface SyncOpenOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  /** With `write`: writes at the end, wherever it is told to. */
  readonly append?: boolean;
  /** Makes it when it is absent. */
  readonly create?: boolean;
  /** With `create`: fails when it is there. */
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  /** Whether a link at the end of the path is followed; otherwise it is `ELOOP`. */
  readonly follow?: boolean;
}

/** Times to set, in nanoseconds since 1970; what is left out stays. */
export interface SyncTimes {
  readonly accessed?: bigint;
  readonly modified?: bigint;
}

/**
 * A folder of this machine, for threads that may wait: paths are relative, `/` between parts, and nothing escapes, be it
 * by `..` or by a link. A failure is an `Error` whose `code` is that of POSIX, such as `ENOENT`; what would escape is
 * `EPERM`, and writing to a folder that was not opened for it `EROFS`.
 */
export interface SyncFolder {
  /** Opens a file. */
  open(path: string, options: SyncOpenOptions): SyncFile;
  /** Looks at an entry. */
  stat(path: string, options: { readonly follow: boolean }): SyncStat;
  /** Lists a folder, in any order, without `.` and `..`. */
  list(path: string): readonly SyncEntry[];
  /** Makes a folder. */
  makeFolder(path: string): void;
  /** Removes a folder that is empty. */
  removeFolder(path: string): void;
  /** Removes a file or a link. */
  removeFile(path: string): void;
  /** Moves within this folder or to another one that was opened in this thread. */
  rename(from: string, to: string, target?: SyncFolder): void;
  /** Gives a file a second name. */
  link(from: string, to: string, target?: SyncFolder): void;
  /** Makes a symbolic link; one that leads outside is refused. */
  symlink(text: string, path: string): void;
  /** Reads the text of a symbolic link. */
  readLink(path: string): string;
  /** Sets the times of an entry. */
  setTimes(path: string, times: SyncTimes, options: { readonly follow: boolean }): void;
  /** Closes it; files that are open stay so. */
  close(): void;
}

/** An open file. Failures as those of {@linkcode SyncFolder}. */
export interface SyncFile {
  /** Reads at a position, in bytes; gives how many bytes were read, 0 at the end. */
  read(into: Uint8Array, position: bigint): number;
  /** Writes at a position, or at the end of a file that was opened to append; gives how many bytes were written. */
  write(bytes: Uint8Array, position: bigint): number;
  /** Looks at the file. */
  stat(): SyncStat;
  /** Cuts it off at a size, in bytes, or lengthens it by zeros. */
  truncate(size: bigint): void;
  /** Sets its times. */
  setTimes(times: SyncTimes): void;
  /** Writes what the system holds back. */
  sync(): void;
  /** Closes it. */
  close(): void;
}
