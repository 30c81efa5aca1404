/**
 * Where documents come from: given as they are, from files that may be read, from addresses.
 *
 * @module
 */
import {
  type Call,
  type Environment,
  type Fetch,
  type Files,
  isKernelError,
  messageOf,
  sha256,
  ToolError,
} from "../../../../kernel/mod.ts";
import type { GrantPolicy } from "../../../grants/contract.ts";
import { guardedFetch } from "../../guarded_fetch.ts";

/** Most bytes of one document, and of all that it refers to together. */
export const MOST_BYTES = 16 * 1_048_576;

const SILENCE_MS = 30_000;

/** What documents are read with. */
export interface SourceOptions {
  readonly fetch: Fetch;
  readonly files: Pick<Files, "open">;
  readonly environment: Pick<Environment, "expand">;
  /** Decides which files may be read; without it none may. */
  readonly policy: GrantPolicy | undefined;
  /** Asks whether a document may be fetched from an address, if that is not known; throws when it may not. */
  readonly askAddress: (url: string, call: Call) => Promise<void>;
}

/** What was named: one of the three. */
export interface NamedSource {
  readonly document?: string | undefined;
  readonly file?: string | undefined;
  readonly url?: string | undefined;
}

/** The text of a document, and its address; empty for one that was given as it is. */
export interface SourceText {
  readonly text: string;
  readonly address: string;
}

/** Reads the text of what was named. */
export async function readSource(source: NamedSource, options: SourceOptions, call: Call): Promise<SourceText> {
  const { document, file, url } = source;
  const given = [document, file, url].filter((it) => it !== undefined);
  if (given.length !== 1) {
    throw new ToolError(`it needs one of "document", "file" and "url", found ${given.length} of them`);
  }
  if (url !== undefined) {
    await options.askAddress(url, call);
    return { text: await fetchText(url, options, call), address: new URL(url).href };
  }
  if (file !== undefined) return { text: await readFile(file, options, call), address: "" };
  if (document!.length > MOST_BYTES) throw new ToolError(`the document is longer than ${MOST_BYTES} characters`);
  return { text: document!, address: "" };
}

/**
 * Fetches a document; nothing that says who asks goes with it.
 *
 * @throws {ToolError} when it does not come.
 */
export async function fetchText(
  url: string,
  { fetch }: Pick<SourceOptions, "fetch">,
  { signal }: Pick<Call, "signal">,
): Promise<string> {
  const headers = { accept: "application/vnd.oai.openapi+json, application/json, application/yaml, */*;q=0.5" };
  try {
    const response = await guardedFetch(fetch, url)(url, {
      headers,
      signal,
      maxBytes: MOST_BYTES,
      timeoutMs: SILENCE_MS,
    });
    if (response.ok) return await response.text();
    await response.body?.cancel();
    throw new ToolError(`the server answers ${response.status} ${response.statusText}`.trimEnd());
  } catch (thrown) {
    signal.throwIfAborted();
    const why = messageOf(thrown).replace(/^Cannot fetch "[^"]*": /, "");
    throw new ToolError(`"${url.slice(0, 200)}" cannot be fetched: ${why}`, { cause: thrown });
  }
}

async function readFile(path: string, { files, environment, policy }: SourceOptions, call: Call): Promise<string> {
  const shown = JSON.stringify(path.slice(0, 200));
  if (!/^(?:\/|~(?:[/\\]|$)|[A-Za-z]:[/\\])/.test(path)) {
    throw new ToolError(`the path ${shown} is not absolute, and does not begin with "~/"`);
  }
  if (policy === undefined) {
    throw new ToolError('nothing here decides which files may be read; the plugin "grants" does, or pass "document"');
  }
  try {
    // a link must not lead out of what is allowed
    const file = files.open(environment.expand(path));
    const stat = await file.stat(".");
    if (stat?.kind !== "file") throw new ToolError(`${shown} is no file`);
    const grants = policy.read({ read: [file.path] });
    await policy.authorize({ tool: "import_openapi", digest: () => sha256(`read\n${file.path}`), grants }, call);
    if ((stat.size ?? 0) > MOST_BYTES) throw new ToolError(`${shown} is larger than ${MOST_BYTES} bytes`);
    return await file.readText(".") ?? "";
  } catch (thrown) {
    if (isKernelError(thrown)) throw new ToolError(`${shown} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
    throw thrown;
  }
}
