/**
 * Archives: what their first bytes say that they are, and the files in them.
 *
 * @module
 */
import { unpackTar } from "modern-tar";
import { isToolError, messageOf, ToolError } from "../../kernel/mod.ts";
import { crc32, inflate } from "./inflate.ts";
import type { Limits } from "./limits.ts";
import { containedPath } from "./paths.ts";
import { type Origin, type SourceTree, type TreeFile, unwrap } from "./tree.ts";
import { openZip } from "./zip.ts";

/** Where an archive is from, and how much may be in it. */
export interface ArchiveOptions {
  readonly origin: Origin;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** What the server says that it is, where it came from one. */
  readonly contentType?: string | undefined;
}

const TAR_BLOCK = 512;
/** Room in an unpacked tar for headers and padding of one file. */
const TAR_OVERHEAD = 4 * TAR_BLOCK;
/** Tar names these otherwise than people do. */
const TAR_ODDITIES: Readonly<Record<string, string>> = { symlink: "a symbolic link", link: "a hard link" };
/** Bytes of a gzip file of nothing. */
const LEAST_GZIP = 18;
const GZIP_TAIL = 8;

const OTHER_FORMATS: readonly (readonly [name: string, beginning: readonly number[]])[] = [
  ["bzip2", [0x42, 0x5a, 0x68]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["Zstandard", [0x28, 0xb5, 0x2f, 0xfd]],
  ["7z", [0x37, 0x7a, 0xbc, 0xaf]],
  ["RAR", [0x52, 0x61, 0x72, 0x21]],
];

/**
 * Opens an archive: zip, tar, or tar compressed by gzip. A folder in which everything lies is left out.
 *
 * @throws {ToolError} saying what it is instead, or what is wrong in it.
 */
export async function openArchive(bytes: Uint8Array, options: ArchiveOptions): Promise<SourceTree> {
  return unwrap({ origin: options.origin, ...await openFiles(bytes, options) });
}

async function openFiles(bytes: Uint8Array, options: ArchiveOptions): Promise<Pick<SourceTree, "files" | "read">> {
  if (beginsWith(bytes, [0x50, 0x4b, 3, 4]) || beginsWith(bytes, [0x50, 0x4b, 5, 6])) return openZip(bytes, options);
  if (beginsWith(bytes, [0x1f, 0x8b])) return await openTar(await gunzip(bytes, options), options);
  if (isTar(bytes)) return await openTar(bytes, options);
  throw new ToolError(`it is ${describe(bytes, options)}, expected a zip archive, or a tar archive, plain or by gzip`);
}

function beginsWith(bytes: Uint8Array, beginning: readonly number[]): boolean {
  return beginning.every((byte, i) => bytes[i] === byte);
}

// "ustar" at 257: POSIX and GNU alike
function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= TAR_BLOCK && beginsWith(bytes.subarray(257), [0x75, 0x73, 0x74, 0x61, 0x72]);
}

function describe(bytes: Uint8Array, { contentType }: ArchiveOptions): string {
  if (bytes.length === 0) return "empty";
  const other = OTHER_FORMATS.find(([, beginning]) => beginsWith(bytes, beginning));
  if (other !== undefined) return `packed by ${other[0]}`;
  const type = contentType?.split(";")[0]?.trim();
  const head = new TextDecoder().decode(bytes.subarray(0, 200)).trimStart().toLowerCase();
  if (type === "text/html" || head.startsWith("<!doctype html") || head.startsWith("<html")) {
    return "a web page; give the address of an archive, or of a git repository by git+https://…";
  }
  return type === undefined || type === "" ? "no archive" : `no archive but ${JSON.stringify(type)}`;
}

async function gunzip(bytes: Uint8Array, { limits, signal }: ArchiveOptions): Promise<Uint8Array> {
  if (bytes.length < LEAST_GZIP) throw new ToolError("it is a damaged gzip file: it is cut off");
  // no tar of files within the limits is larger
  const maxBytes = limits.max_total_bytes + limits.max_files * TAR_OVERHEAD;
  const options = { format: "gzip", maxBytes, maxRatio: limits.max_ratio, signal } as const;
  const data = await inflate(bytes, options).catch((error) => {
    throw isToolError(error) ? new ToolError(`it ${error.message}`) : error;
  });
  const tail = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - GZIP_TAIL, GZIP_TAIL);
  if (tail.getUint32(0, true) !== crc32(data) || tail.getUint32(4, true) !== data.length) {
    throw new ToolError("it is a damaged gzip file: it is not what its checksum says");
  }
  return data;
}

async function openTar(bytes: Uint8Array, { limits }: ArchiveOptions): Promise<Pick<SourceTree, "files" | "read">> {
  if (!isTar(bytes)) throw new ToolError("it is packed by gzip, but is no tar archive inside");
  const most = limits.max_total_bytes + limits.max_files * TAR_OVERHEAD;
  if (bytes.length > most) throw new ToolError(`it has ${bytes.length} bytes, at most ${most} are taken`);
  const entries = await unpackTar(bytes, { strict: true }).catch((error) => {
    throw new ToolError(`it is a damaged tar archive: ${messageOf(error)}`, { cause: error });
  });
  const data = new Map<TreeFile, Uint8Array>();
  for (const { header: { name, type = "file", mode = 0, size }, data: content } of entries) {
    if (type === "directory") continue;
    const path = containedPath(name);
    const isFile = type === "file";
    const oddity = isFile ? undefined : TAR_ODDITIES[type] ?? "a device or pipe";
    const file = { path, size: content?.length ?? size, isExecutable: (mode & 0o111) !== 0, oddity };
    data.set(file, content ?? new Uint8Array());
  }
  return {
    files: [...data.keys()],
    read: (files) => Promise.resolve(new Map(files.map((it) => [it.path, data.get(it)!]))),
  };
}
