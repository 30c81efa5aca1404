/**
 * The calls on paths.
 *
 * @module
 */
import type { WasiCalls } from "./calls.ts";
import type { DescriptorTable } from "./descriptor_table.ts";
import { WasiFailure } from "./errno.ts";
import { FileStatus } from "./file_status.ts";
import type { ModuleMemory } from "./memory.ts";
import { readTimes } from "./times.ts";

/** The flag of a lookup that follows a link at the end of the path. */
const SYMLINK_FOLLOW = 1;

/** Makes the calls. */
export function pathCalls(memory: ModuleMemory, table: DescriptorTable): WasiCalls {
  return { ...folderCalls(memory, table), ...statusCalls(memory, table), ...linkCalls(memory, table) };
}

function folderCalls(memory: ModuleMemory, table: DescriptorTable): WasiCalls {
  return {
    path_create_directory: (fd: number, path: number, length: number) => {
      table.folder(fd).makeFolder(memory.text(path, length));
    },
    path_remove_directory: (fd: number, path: number, length: number) => {
      table.folder(fd).removeFolder(memory.text(path, length));
    },
    path_unlink_file: (fd: number, path: number, length: number) => {
      table.folder(fd).removeFile(memory.text(path, length));
    },
    path_rename: (fd: number, path: number, length: number, toFd: number, toPath: number, toLength: number) => {
      table.folder(fd).rename(memory.text(path, length), memory.text(toPath, toLength), table.folder(toFd));
    },
    path_open: (...args: [number, number, number, number, number, bigint, bigint, number, number]) => {
      const [fd, lookup, path, length, openFlags, rights, , flags, out] = args;
      const folder = table.folder(fd);
      const request = { path: memory.text(path, length), follow: isFollowing(lookup), openFlags, flags, rights };
      // before the file is made, so that a bad pointer leaves nothing behind
      memory.setUint32(out, 0);
      memory.setUint32(out, table.add(() => folder.open(request)));
    },
  };
}

function statusCalls(memory: ModuleMemory, table: DescriptorTable): WasiCalls {
  return {
    path_filestat_get: (fd: number, lookup: number, path: number, length: number, out: number) => {
      const stat = table.folder(fd).stat(memory.text(path, length), isFollowing(lookup));
      new FileStatus(stat).write_bytes(memory.view, out);
    },
    path_filestat_set_times: (...args: [number, number, number, number, bigint, bigint, number]) => {
      const [fd, lookup, path, length, accessed, modified, flags] = args;
      const times = readTimes(accessed, modified, flags);
      table.folder(fd).setTimes(memory.text(path, length), isFollowing(lookup), times);
    },
  };
}

function linkCalls(memory: ModuleMemory, table: DescriptorTable): WasiCalls {
  return {
    path_link: (...args: [number, number, number, number, number, number, number]) => {
      const [fd, lookup, path, length, toFd, toPath, toLength] = args;
      if (isFollowing(lookup)) throw new WasiFailure("INVAL");
      table.folder(fd).link(memory.text(path, length), memory.text(toPath, toLength), table.folder(toFd));
    },
    path_symlink: (text: number, textLength: number, fd: number, path: number, length: number) => {
      table.folder(fd).symlink(memory.text(text, textLength), memory.text(path, length));
    },
    path_readlink: (fd: number, path: number, length: number, buffer: number, size: number, out: number) => {
      const link = new TextEncoder().encode(table.folder(fd).readLink(memory.text(path, length)));
      const part = link.subarray(0, size);
      memory.bytes(buffer, part.length).set(part);
      memory.setUint32(out, part.length);
    },
  };
}

function isFollowing(lookup: number): boolean {
  return (lookup & SYMLINK_FOLLOW) !== 0;
}
