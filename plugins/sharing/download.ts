/**
 * Downloads.
 *
 * @module
 */
import { type Fetch, messageOf, ToolError } from "../../kernel/mod.ts";

/** How something is downloaded. */
export interface DownloadOptions {
  readonly fetch: Fetch;
  readonly headers?: Readonly<Record<string, string>>;
  /** Most bytes that are taken. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What came. */
export interface Download {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
}

/** A server that is silent for so long has nothing more to say. */
const SILENCE_MS = 30_000;

/**
 * Downloads the whole of an address.
 *
 * @throws {ToolError} when the answer is none of success, is too large, late or does not come.
 * @throws the reason of `signal` when it aborts.
 */
export async function download(
  address: string,
  { fetch, headers = {}, maxBytes, signal }: DownloadOptions,
): Promise<Download> {
  try {
    const response = await fetch.fetch(address, { headers: { ...headers }, maxBytes, timeoutMs: SILENCE_MS, signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new ToolError(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    }
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { bytes, contentType: response.headers.get("content-type") ?? undefined };
  } catch (error) {
    signal.throwIfAborted();
    throw new ToolError(messageOf(error).replace(/^Cannot fetch "[^"]*": /, ""), { cause: error });
  }
}
