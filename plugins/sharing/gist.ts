/**
 * Gists of GitHub, by its API.
 *
 * Source: https://docs.github.com/en/rest/gists/gists
 *
 * @module
 */
import * as v from "valibot";
import { type Fetch, messageOf, ToolError } from "../../kernel/mod.ts";
import { download } from "./download.ts";
import type { SourceTree, TreeFile } from "./tree.ts";

/** What a gist is opened with. */
export interface GistOptions {
  /** Id of the revision; the last one by default. */
  readonly ref?: string | undefined;
  /** Address of the API, such as `https://api.github.com`. */
  readonly api: string;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
}

const GistFile = v.object({
  filename: v.string(),
  size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  truncated: v.optional(v.boolean(), false),
  raw_url: v.string(),
  content: v.optional(v.string()),
  encoding: v.optional(v.string(), "utf-8"),
});
const Gist = v.object({
  truncated: v.optional(v.boolean(), false),
  files: v.record(v.string(), v.nullable(GistFile)),
  history: v.optional(v.array(v.object({ version: v.string() })), []),
});
/** Longer files are cut off in the answer. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;
const HEADERS = { accept: "application/vnd.github+json", "user-agent": "collet", "x-github-api-version": "2022-11-28" };

/**
 * Opens a gist. Files that its answer holds cut off, or in another encoding, are fetched whole.
 *
 * @throws {ToolError} when there is none, or it has more files than the API tells.
 */
export async function openGist(id: string, options: GistOptions): Promise<SourceTree> {
  const { ref, api } = options;
  const address = `${api.replace(/\/+$/, "")}/gists/${id}${ref === undefined ? "" : `/${encodeURIComponent(ref)}`}`;
  const { bytes } = await download(address, { ...options, headers: HEADERS, maxBytes: MOST_ANSWER_BYTES });
  const gist = readGist(bytes);
  if (gist.truncated) throw new ToolError("it has more files than GitHub lists; put them into a repository");
  const found = new Map<TreeFile, v.InferOutput<typeof GistFile>>();
  for (const file of Object.values(gist.files)) {
    if (file !== null) found.set({ path: file.filename, size: file.size, isExecutable: undefined }, file);
  }
  const revision = ref ?? gist.history[0]?.version;
  return {
    origin: { from: `gist:${id}`, ...(revision !== undefined && { ref: revision }) },
    files: [...found.keys()],
    async read(files) {
      const read = new Map<string, Uint8Array>();
      for (const file of files) read.set(file.path, await readFile(found.get(file)!, options));
      return read;
    },
  };
}

function readGist(bytes: Uint8Array): v.InferOutput<typeof Gist> {
  try {
    return v.parse(Gist, JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new ToolError(`its answer is not that of GitHub's API: ${messageOf(error)}`, { cause: error });
  }
}

async function readFile(file: v.InferOutput<typeof GistFile>, options: GistOptions): Promise<Uint8Array> {
  const { filename, size, truncated, raw_url: address, content, encoding } = file;
  if (!truncated && content !== undefined && encoding === "utf-8") {
    const bytes = new TextEncoder().encode(content);
    if (bytes.length === size) return bytes;
  }
  const { bytes } = await download(address, { ...options, maxBytes: size });
  if (bytes.length === size) return bytes;
  throw new ToolError(`its file ${JSON.stringify(filename)} came with ${bytes.length} bytes, expected ${size}`);
}
