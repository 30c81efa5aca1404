/**
 * From a source to its files.
 *
 * @module
 */
import { type Environment, type Fetch, type Files, type Processes, ToolError } from "../../kernel/mod.ts";
import { openArchive } from "./archive.ts";
import { download } from "./download.ts";
import { openGist } from "./gist.ts";
import { openGit } from "./git.ts";
import type { Limits } from "./limits.ts";
import { explain } from "./failures.ts";
import { findLocal, openFolder, openLocalArchive } from "./local.ts";
import type { Source } from "./source.ts";
import { atPath, type SourceTree } from "./tree.ts";

/** What sources are reached by. */
export interface Reach {
  readonly files: Files;
  readonly environment: Environment;
  readonly fetch: Fetch;
  /** `undefined` where nothing can be started, and so no git. */
  readonly processes: Processes | undefined;
  /** Address of GitHub's API. */
  readonly githubApi: string;
  readonly limits: Limits;
}

/** How a source is opened. */
export interface OpenOptions {
  /** Whether whoever asks is the server's own user, whose files may be named, and whose keys git may use. */
  readonly isOwnUser: boolean;
  readonly signal: AbortSignal;
}

/** Names a source for people, without what may be secret in it. */
export function describeSource(source: Source): string {
  switch (source.kind) {
    case "gist":
      return `gist:${source.id}`;
    case "local":
      return source.text;
    case "git":
      return source.url;
    case "url":
      return withoutQuery(source.url);
  }
}

// a signed address has its secret there
function withoutQuery(address: string): string {
  const { protocol, host, pathname } = new URL(address);
  return `${protocol}//${host}${pathname}`;
}

/**
 * Opens a source.
 *
 * @throws {ToolError} saying why it cannot be read.
 * @throws the reason of `signal` when it aborts.
 */
export async function openSource(source: Source, reach: Reach, options: OpenOptions): Promise<SourceTree> {
  try {
    return await open(source, reach, options);
  } catch (error) {
    options.signal.throwIfAborted();
    throw explain(error, `Cannot import from ${describeSource(source)}`);
  }
}

async function open(source: Source, reach: Reach, options: OpenOptions): Promise<SourceTree> {
  const { fetch, limits } = reach;
  const { signal } = options;
  switch (source.kind) {
    case "gist":
      return await openGist(source.id, { ...source, api: reach.githubApi, fetch, signal });
    case "url": {
      const came = await download(source.url, { fetch, maxBytes: limits.max_total_bytes, signal });
      const origin = { from: describeSource(source) };
      return atPath(await openArchive(came.bytes, { ...came, origin, limits, signal }), source.path);
    }
    case "git":
      return await openRepository(source, reach, options);
    case "local":
      return await openLocal(source, reach, options);
  }
}

async function openRepository(
  { url, ref, path }: { readonly url: string; readonly ref?: string | undefined; readonly path?: string | undefined },
  reach: Reach,
  { isOwnUser, signal }: OpenOptions,
): Promise<SourceTree> {
  const { processes, environment, files, limits } = reach;
  if (processes === undefined) throw new ToolError("git cannot be started here; give the address of an archive");
  return await openGit(url, { ref, path, isOwnUser, processes, environment, folder: files, limits, signal });
}

async function openLocal(
  source: Extract<Source, { kind: "local" }>,
  reach: Reach,
  { isOwnUser, signal }: OpenOptions,
): Promise<SourceTree> {
  const { files, environment, limits } = reach;
  if (!isOwnUser) {
    throw new ToolError(
      "it is on the machine of the server, whose files are for its own user; the operator allows them by " +
        '"plugins": { "sharing": { "shared_paths": true } }',
    );
  }
  const place = await findLocal(source, { files, expand: environment.expand });
  switch (place.kind) {
    case "archive":
      return await openLocalArchive(place, { limits, signal });
    case "folder":
      return await openFolder(place, { signal });
    case "git":
      return await openRepository({ url: place.path, ref: place.ref, path: place.subfolder }, reach, {
        isOwnUser,
        signal,
      });
  }
}
