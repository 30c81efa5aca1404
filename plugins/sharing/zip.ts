/**
 * Zip archives: their list of files, and each file when it is asked for.
 *
 * Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import { crc32, inflate } from "./inflate.ts";
import type { Limits } from "./limits.ts";
import { containedPath } from "./paths.ts";
import type { SourceTree, TreeFile } from "./tree.ts";

const END = 0x06054b50;
const END_BYTES = 22;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const LONGEST_COMMENT = 0xffff;
/** Systems whose archives tell permissions as Unix has them: Unix and macOS. */
const UNIX_HOSTS: ReadonlySet<number> = new Set([3, 19]);
// the kinds of file in `st_mode`
const KIND_BITS = 0o170000;
const ORDINARY_BITS: ReadonlySet<number> = new Set([0, 0o100000]);
const LINK_BITS = 0o120000;

interface ZipFile extends TreeFile {
  readonly method: number;
  readonly crc: number;
  readonly packedSize: number;
  readonly offset: number;
}

/**
 * Opens a zip archive.
 *
 * @throws {ToolError} when it is damaged, split, encrypted or of the 64-bit form, or a path leads out of it.
 */
export function openZip(
  bytes: Uint8Array,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Pick<SourceTree, "files" | "read"> {
  const files = listFiles(bytes);
  return {
    files,
    async read(wanted) {
      const read = new Map<string, Uint8Array>();
      // every file of `wanted` is one of ours
      for (const file of wanted as readonly ZipFile[]) {
        read.set(file.path, await readFile(bytes, file, { limits, signal }));
      }
      return read;
    },
  };
}

function damaged(why: string): ToolError {
  return new ToolError(`it is a damaged zip archive: ${why}`);
}

function listFiles(bytes: Uint8Array): readonly ZipFile[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  const [disk, count, size, start] = [
    view.getUint16(end + 4, true),
    view.getUint16(end + 10, true),
    view.getUint32(end + 12, true),
    view.getUint32(end + 16, true),
  ];
  if (count === 0xffff || size === 0xffffffff || start === 0xffffffff) {
    throw new ToolError("it is a zip archive of the 64-bit form, which is not read; pack it again, without that form");
  }
  if (disk !== 0) throw new ToolError("it is one part of a split zip archive");
  if (start + size !== end) throw damaged("its list of files is not where it should be");
  const files: ZipFile[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_BYTES > end || view.getUint32(at, true) !== ENTRY) throw damaged("its list of files is cut off");
    const [name, extra, comment] = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const path = decodeName(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + name!));
    if (!path.endsWith("/")) files.push(readEntry(view, { at, path }));
    at += ENTRY_BYTES + name! + extra! + comment!;
  }
  if (at !== end) throw damaged("its list of files is longer than it says");
  return files;
}

function findEnd(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= 0 && at >= last - LONGEST_COMMENT; at--) {
    if (view.getUint32(at, true) === END && view.getUint16(at + 20, true) === last - at) return at;
  }
  throw damaged("its end is missing");
}

function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ToolError("a name in it is not UTF-8; pack it again with names in UTF-8");
  }
}

function readEntry(view: DataView, { at, path }: { readonly at: number; readonly path: string }): ZipFile {
  const isEncrypted = (view.getUint16(at + 8, true) & 1) === 1;
  const mode = UNIX_HOSTS.has(view.getUint8(at + 5)) ? view.getUint32(at + 38, true) >>> 16 : 0;
  const kind = mode & KIND_BITS;
  const oddity = kind === LINK_BITS
    ? "a symbolic link"
    : !ORDINARY_BITS.has(kind)
    ? "a device or pipe"
    : isEncrypted
    ? "encrypted"
    : undefined;
  return {
    path: containedPath(path),
    size: view.getUint32(at + 24, true),
    isExecutable: mode === 0 ? undefined : (mode & 0o111) !== 0,
    oddity,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packedSize: view.getUint32(at + 20, true),
    offset: view.getUint32(at + 42, true),
  };
}

async function readFile(
  bytes: Uint8Array,
  { path, size, method, crc, packedSize, offset }: ZipFile,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const shown = JSON.stringify(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset + LOCAL_BYTES > bytes.length || view.getUint32(offset, true) !== LOCAL) {
    throw damaged(`${shown} is not where it should be`);
  }
  const start = offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const packed = bytes.subarray(start, start + packedSize);
  if (packed.length !== packedSize) throw damaged(`${shown} is cut off`);
  if (method !== 0 && method !== 8) {
    throw new ToolError(`${shown} in it is packed by method ${method}; pack it again by "deflate"`);
  }
  const options = { format: "deflate", maxBytes: size, maxRatio: limits.max_ratio, signal } as const;
  const data = method === 0 ? packed : await inflate(packed, options).catch((error) => {
    throw error instanceof ToolError ? new ToolError(`${shown} in it ${error.message}`) : error;
  });
  if (data.length !== size || crc32(data) !== crc) throw damaged(`${shown} is not what its checksum says`);
  return data;
}
