/**
 * `read`: one file, whole or a part of it, or several files.
 *
 * @module
 */
import { type Folder, isToolError, messageOf, sha256 } from "../../../../kernel/mod.ts";
import { checkSize, countLines, cutBytes, cutLines, type Part, readableText } from "./file_content.ts";
import { failureOf, inFile } from "./failures.ts";
import { reachFile } from "./file_paths.ts";
import {
  type Answer,
  argumentError,
  fileError,
  type FileFacts,
  type FileFailure,
  type Request,
  requirePath,
  type Surroundings,
} from "./request.ts";

/** Most bytes of a file of which parts are read. */
const LARGEST_FILE = 64 * 1024 * 1024;
/** Several files are told as far as they are no more than so many times the largest one. */
const FILES_AT_ONCE = 5;

interface ReadOptions extends Pick<Request, "encoding" | "offset" | "limit"> {
  readonly folder: Folder;
  readonly skill: string;
  readonly mostBytes: number;
}

/** Reads what is asked for. */
export async function readFiles(request: Request, { places, mostBytes }: Surroundings): Promise<Answer> {
  const { skill_name: skill, file_paths: paths } = request;
  if (paths && paths.length > 0 && request.file_path) {
    throw argumentError("Cannot specify both 'file_paths' (bulk) and 'file_path' (single) parameters");
  }
  const { encoding, offset, limit } = request;
  const isBulk = paths !== null && paths !== undefined && paths.length > 0;
  if (isBulk && ((offset ?? undefined) !== undefined || (limit ?? undefined) !== undefined)) {
    throw argumentError("offset and limit are for one file; give file_path in place of file_paths");
  }
  const asked = isBulk ? paths : [requirePath(request)];
  const { folder } = await places.find(skill);
  const options: ReadOptions = { folder, skill, mostBytes, encoding, offset, limit };
  if (isBulk) return await readSeveral(asked, options);
  const file = await inFile(asked[0]!, () => readFile(asked[0]!, options));
  return { text: textOfFile(skill, file) + describePart(file), data: { files: [file] } };
}

async function readSeveral(paths: readonly string[], options: ReadOptions): Promise<Answer> {
  const { skill, mostBytes } = options;
  const files: FileFacts[] = [];
  const errors: FileFailure[] = [];
  let left = mostBytes * FILES_AT_ONCE;
  for (const path of paths) {
    try {
      const file = await readFile(path, { ...options, mostBytes: Math.min(mostBytes, Math.max(left, 0)) });
      left -= file.size ?? 0;
      files.push(file);
    } catch (thrown) {
      errors.push(failureOf(path, thrown));
    }
  }
  const failed = errors.map(({ path, message }) => `Error reading '${skill}:${path}': ${message}`).join("\n");
  const text = [...files.map((file) => textOfFile(skill, file)), failed].filter((it) => it !== "").join("\n\n");
  return { text, data: { files, ...(errors.length > 0 && { errors }) }, isError: files.length === 0 };
}

/** Reads one file; refuses it where it is no text and bytes were not asked for. */
async function readFile(asked: string, options: ReadOptions): Promise<FileFacts> {
  const { folder, skill, mostBytes, encoding, offset, limit } = options;
  const { path, real } = await reachFile(folder, asked, "read");
  const stat = await folder.stat(real);
  if (stat === undefined) throw fileError("FILE_UNKNOWN", `File '${path}' does not exist in skill '${skill}'`);
  if (stat.kind !== "file") throw fileError("FILE_INVALID", `'${path}' is not a file`);
  const isWhole = offset == null && limit == null;
  checkSize(stat.size, isWhole ? mostBytes : LARGEST_FILE, isWhole ? "; read it in parts, with offset and limit" : "");
  const bytes = await readBytes(folder, real);
  if (bytes === undefined) throw fileError("FILE_UNKNOWN", `File '${path}' does not exist in skill '${skill}'`);
  const facts = {
    path,
    size: bytes.length,
    sha256: await sha256(bytes),
    modified: stat.modified.toISOString(),
    encoding,
  };
  const range = { offset: offset ?? 0, limit: limit ?? Infinity };
  if (encoding === "base64") return { ...facts, ...partJson(cutBytes(bytes, range, mostBytes), options) };
  const text = readableText(bytes);
  if (text === undefined) {
    const message =
      `Cannot read '${path}' as text: it is binary (${bytes.length} bytes); read it with encoding "base64"`;
    throw fileError("FILE_BINARY", message, { sha256: facts.sha256 });
  }
  const part = isWhole ? { content: text, next: undefined, total: countLines(text) } : cutLines(text, range, mostBytes);
  return { ...facts, ...partJson(part, options), total_lines: part.total };
}

async function readBytes(folder: Folder, real: string): Promise<Uint8Array | undefined> {
  try {
    return await folder.readBytes(real);
  } catch (thrown) {
    if (isToolError(thrown)) throw thrown;
    throw fileError("FILE_UNREADABLE", messageOf(thrown));
  }
}

function partJson({ content, next }: Part, { offset, limit }: ReadOptions): Partial<FileFacts> & { content: string } {
  if (offset == null && limit == null) return { content };
  return { content, offset: offset ?? 0, ...(next !== undefined && { next_offset: next }) };
}

function textOfFile(skill: string, { path, content }: FileFacts): string {
  return `=== ${skill}:${path} ===\n${content}`;
}

/** Says which part of a file was read, where it was not all of it. */
function describePart({ encoding, offset, next_offset: next, total_lines: lines, size }: FileFacts): string {
  if (offset === undefined || (offset === 0 && next === undefined)) return "";
  const total = encoding === "base64" ? size! : lines!;
  const unit = encoding === "base64" ? "bytes" : "lines";
  if (offset >= total) return `\n\n(no ${unit} from offset ${offset} on; the file has ${total})`;
  const more = next === undefined ? "the last ones" : `the next ones with offset ${next}`;
  return `\n\n(${unit} ${offset + 1} to ${next ?? total} of ${total}; ${more})`;
}
