/**
 * The open descriptors of a run, by number.
 *
 * @module
 */
import type { Fd } from "@bjorn3/browser_wasi_shim";
import type { Descriptor } from "./descriptor.ts";
import { WasiFailure } from "./errno.ts";
import { OpenFolder } from "./open_folder.ts";

/** Most descriptors that a run has open; each file takes one of the server's. */
const MOST_DESCRIPTORS = 1024;

/** Open descriptors; the shim closes and reads them in the same list. */
export class DescriptorTable {
  readonly list: (Descriptor | undefined)[] = [];

  /** Takes what a run has at its start, by its numbers; the table is empty before. */
  open(descriptors: readonly Descriptor[]): void {
    this.list.push(...descriptors);
  }

  /** The list as the shim knows it: a closed descriptor is `undefined` in it, whatever its type says. */
  get shimList(): Fd[] {
    return this.list as Fd[];
  }

  /** @throws {WasiFailure} `BADF` when it is not open. */
  get(fd: number): Descriptor {
    const descriptor = this.list[fd];
    if (descriptor === undefined) throw new WasiFailure("BADF");
    return descriptor;
  }

  /** @throws {WasiFailure} `BADF` when it is not open, `NOTDIR` when it is no folder. */
  folder(fd: number): OpenFolder {
    const descriptor = this.get(fd);
    if (!(descriptor instanceof OpenFolder)) throw new WasiFailure("NOTDIR");
    return descriptor;
  }

  /**
   * Opens a descriptor under the lowest number that is free, as POSIX has it.
   *
   * @throws {WasiFailure} `MFILE` when too many are open.
   */
  add(open: () => Descriptor): number {
    const free = this.list.indexOf(undefined);
    const fd = free < 0 ? this.list.length : free;
    if (fd >= MOST_DESCRIPTORS) throw new WasiFailure("MFILE");
    this.list[fd] = open();
    return fd;
  }

  /** Moves a descriptor over another one, which is closed. */
  renumber(from: number, to: number): void {
    const descriptor = this.get(from);
    const replaced = this.get(to);
    if (from === to) return;
    replaced.fd_close();
    this.list[to] = descriptor;
    this.list[from] = undefined;
  }

  /** Closes what is still open. */
  close(): void {
    for (const descriptor of this.list.splice(0)) {
      try {
        descriptor?.fd_close();
      } catch {
        // the run is over: there is nobody to tell, and the rest is to be closed as well
      }
    }
  }
}
