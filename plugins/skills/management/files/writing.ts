/**
 * `create` and `update`: one file, or several, all of them or nothing.
 *
 * @module
 */
import { type Folder, messageOf, sha256, ToolError } from "../../../../kernel/mod.ts";
import type { SkillPlace } from "../skill_places.ts";
import { failureOf, inFile } from "./failures.ts";
import { bytesOf, checkSize } from "./file_content.ts";
import { reachFile } from "./file_paths.ts";
import { FileTransaction } from "./file_transaction.ts";
import {
  type Answer,
  argumentError,
  fileError,
  type FileFacts,
  type FileFailure,
  type Request,
  type Surroundings,
  type WantedFile,
} from "./request.ts";
import { checkSkill } from "./skill_check.ts";
import { changeSkill } from "./skill_change.ts";

/** Several files may have together so many times what one may. */
const FILES_AT_ONCE = 10;

interface WriteOptions {
  readonly operation: "create" | "update";
  readonly skill: string;
  readonly place: SkillPlace;
  readonly root: Folder;
  readonly mostBytes: number;
}

/** A file that may be written as it is planned. */
interface PlannedFile {
  readonly path: string;
  readonly real: string;
  readonly bytes: Uint8Array;
}

/** What was done, and what was not. */
interface Written {
  readonly files: readonly FileFacts[];
  readonly errors: readonly FileFailure[];
  readonly warnings: readonly string[];
  /** Where the files really are. */
  readonly changed: readonly string[];
}

/** Creates or updates what is asked for. */
export async function writeFiles(request: Request, surroundings: Surroundings): Promise<Answer> {
  const { skill_name: skill } = request;
  const operation = request.operation === "create" ? "create" : "update";
  const wanted = wantedFiles(request);
  const { mostBytes, places: { root } } = surroundings;
  return await changeSkill(skill, surroundings, async (place) => {
    const options: WriteOptions = { operation, skill, place, root, mostBytes };
    const isLoose = request.atomic === false && wanted.isBulk;
    const written = isLoose ? await writeEach(wanted.files, options) : await writeAll(wanted.files, options);
    return { answer: describe(written, wanted, options), changed: written.changed };
  });
}

interface Wanted {
  readonly files: readonly WantedFile[];
  readonly isBulk: boolean;
}

function wantedFiles({ operation, files, file_path: path, content, encoding, expected_digest }: Request): Wanted {
  if (files && files.length > 0) {
    if (path || (content !== null && content !== undefined)) {
      throw argumentError("Cannot specify both 'files' (bulk) and 'file_path'/'content' (single) parameters");
    }
    if (expected_digest) throw argumentError("Give expected_digest with each of the files");
    const several = new Set(
      files.map((file) => file.path.split("/").filter((it) => it !== "" && it !== ".").join("/")),
    );
    if (several.size < files.length) throw argumentError("files names the same path twice");
    return { files, isBulk: true };
  }
  if (!path || content === null || content === undefined) {
    throw argumentError(`file_path and content are required for single file ${operation}`);
  }
  return { files: [{ path, content, encoding, expected_digest }], isBulk: false };
}

/** Writes all files, or takes everything back and throws. */
async function writeAll(wanted: readonly WantedFile[], options: WriteOptions): Promise<Written> {
  const { place, root, mostBytes } = options;
  const planned: PlannedFile[] = [];
  for (const file of wanted) planned.push(await inFile(file.path, () => planFile(file, options)));
  checkSize(planned.reduce((sum, { bytes }) => sum + bytes.length, 0), mostBytes * FILES_AT_ONCE, " for all files");
  const warnings = await checkSkill(place.folder, new Map(planned.map(({ real, bytes }) => [real, bytes])));
  const transaction = new FileTransaction(place, root);
  const files: FileFacts[] = [];
  try {
    for (const file of planned) {
      // what was planned before it, or somebody else, may have made it
      await inFile(file.path, async () => {
        await checkPresence(file, options);
        await transaction.write(file.real, file.bytes);
      });
      files.push(await factsOf(file));
    }
  } catch (thrown) {
    const problems = await transaction.rollBack();
    if (problems.length === 0) throw thrown;
    const message = `${messageOf(thrown)}. Not everything could be put back: ${problems.join("; ")}`;
    throw new ToolError(message, { cause: thrown, data: { code: "ROLLBACK_FAILED", message } });
  }
  await transaction.finish();
  return { files, errors: [], warnings, changed: planned.map(({ real }) => real) };
}

/** Writes each file that can be written. */
async function writeEach(wanted: readonly WantedFile[], options: WriteOptions): Promise<Written> {
  const done: Written[] = [];
  const errors: FileFailure[] = [];
  for (const file of wanted) {
    try {
      done.push(await writeAll([file], options));
    } catch (thrown) {
      errors.push(failureOf(file.path, thrown));
    }
  }
  return {
    files: done.flatMap(({ files }) => files),
    errors,
    warnings: done.flatMap(({ warnings }) => warnings),
    changed: done.flatMap(({ changed }) => changed),
  };
}

async function planFile(file: WantedFile, options: WriteOptions): Promise<PlannedFile> {
  const { operation, place: { folder }, mostBytes } = options;
  const { path, real } = await reachFile(folder, file.path, operation);
  const planned = { path, real, bytes: bytesOf(file, mostBytes) };
  if (operation === "create" && file.expected_digest) {
    throw argumentError("expected_digest is for files that are there; leave it out to create one");
  }
  await checkPresence(planned, options);
  await checkDigest(folder, planned, file.expected_digest);
  return planned;
}

async function checkPresence({ path, real }: PlannedFile, { operation, skill, place }: WriteOptions): Promise<void> {
  const stat = await place.folder.stat(real);
  if (operation === "create" && stat !== undefined) {
    const message = `File '${path}' already exists in skill '${skill}'. Use update to modify it.`;
    throw fileError("FILE_EXISTS", message);
  }
  if (operation === "update" && stat === undefined) {
    const message = `File '${path}' does not exist in skill '${skill}'. Use create to create it.`;
    throw fileError("FILE_UNKNOWN", message);
  }
  if (stat !== undefined && stat.kind !== "file") throw fileError("FILE_INVALID", `'${path}' is not a file`);
}

/**
 * Refuses a file that is not as its reader saw it.
 *
 * @param expected Digest that it must have; any by default.
 */
export async function checkDigest(
  folder: Folder,
  { path, real }: Pick<PlannedFile, "path" | "real">,
  expected: string | null | undefined,
): Promise<void> {
  if (!expected) return;
  const found = await sha256(await folder.readBytes(real) ?? new Uint8Array());
  if (found === expected) return;
  const message = `File '${path}' has changed: its sha256 is ${found}, and ${expected} was expected; read it again`;
  throw fileError("DIGEST_MISMATCH", message, { sha256: found, expected_digest: expected });
}

async function factsOf({ path, bytes }: PlannedFile): Promise<FileFacts> {
  return { path, size: bytes.length, sha256: await sha256(bytes) };
}

function describe({ files, errors, warnings }: Written, wanted: Wanted, { operation, skill }: WriteOptions): Answer {
  const done = operation === "create" ? "created" : "updated";
  const [file] = files;
  const paths = files.map(({ path }) => `\n  - ${skill}:${path}`).join("");
  const text = wanted.isBulk || file === undefined
    ? `Successfully ${done} ${files.length} files${operation === "create" && files.length > 0 ? `:${paths}` : ""}`
    : `Successfully ${done} file '${skill}:${file.path}' (${sizeOf(wanted.files[0]!, file)})`;
  const verb = operation === "create" ? "creating" : "updating";
  const failed = errors.map(({ path, message }) => `Error ${verb} '${skill}:${path}': ${message}`);
  const warned = warnings.map((it) => `Warning: ${it}`);
  return {
    text: [text, failed.join("\n"), warned.join("\n")].filter((it) => it !== "").join("\n\n"),
    data: { files, ...(errors.length > 0 && { errors }), ...(warnings.length > 0 && { warnings }) },
    isError: errors.length > 0,
  };
}

function sizeOf({ content, encoding }: WantedFile, { size }: FileFacts): string {
  return encoding === "base64" ? `${size} bytes` : `${Array.from(content).length} characters`;
}
