/**
 * What WASI tells of a file.
 *
 * @module
 */
import { wasi } from "@bjorn3/browser_wasi_shim";
import type { SyncStat } from "../../../../kernel/mod.ts";

const FILE_TYPES: Readonly<Record<SyncStat["kind"], number>> = {
  file: wasi.FILETYPE_REGULAR_FILE,
  folder: wasi.FILETYPE_DIRECTORY,
  link: wasi.FILETYPE_SYMBOLIC_LINK,
  other: wasi.FILETYPE_UNKNOWN,
};

/** Gives the file type of WASI. */
export function fileTypeOf(kind: SyncStat["kind"]): number {
  return FILE_TYPES[kind];
}

/** The record `filestat`. */
export class FileStatus extends wasi.Filestat {
  constructor(stat: SyncStat) {
    super(stat.inode, fileTypeOf(stat.kind), stat.size);
    this.dev = stat.device;
    this.nlink = stat.links;
    this.atim = stat.accessed;
    this.mtim = stat.modified;
    this.ctim = stat.changed;
  }

  override write_bytes(view: DataView, pointer: number): void {
    super.write_bytes(view, pointer);
    // the shim's times are where they overlap each other and the size
    view.setBigUint64(pointer + 32, this.size, true);
    view.setBigUint64(pointer + 40, this.atim, true);
    view.setBigUint64(pointer + 48, this.mtim, true);
    view.setBigUint64(pointer + 56, this.ctim, true);
  }
}
