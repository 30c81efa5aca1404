/**
 * Addresses of git repositories, where nothing but a repository is expected.
 *
 * @module
 */
import { type Environment, ToolError } from "../../kernel/mod.ts";
import { parseSource } from "./source.ts";

/** A repository, as git reaches it. */
export interface GitAddress {
  /** Without a password; of a repository of this machine its absolute path. */
  readonly url: string;
  /** Branch, tag or commit; the HEAD of the repository by default. */
  readonly ref?: string | undefined;
  /** Whether it is a path of this machine. */
  readonly isLocal: boolean;
}

/** What {@linkcode parseGitAddress} is given. */
export interface GitAddressWords {
  readonly url: string;
  readonly ref?: string | undefined;
}

const EXPECTED = "expected https://host/name, ssh://host/name, user@host:name, git://host/name, or an absolute path";
const PLAIN_WEB_REGEXP = /^https?:\/\//i;

/**
 * Reads the address of a repository: any of the web, ssh, `user@host:path`, and paths of this machine. `#ref` at the end
 * of what is no path names a branch, tag or commit as well.
 *
 * @param environment Expands `~`.
 * @throws {ToolError} saying what is wrong in it, and what is expected.
 */
export function parseGitAddress(
  { url, ref }: GitAddressWords,
  { expand }: Pick<Environment, "expand">,
): GitAddress {
  const text = url.trim();
  const words = { action: "use repository", expected: EXPECTED, ref };
  const source = parseSource({ ...words, source: text });
  const fail = (why: string) => new ToolError(`Cannot use repository ${JSON.stringify(text)}: ${why}`);
  switch (source.kind) {
    case "local":
      if (source.path !== undefined) throw fail(`it names the folder "${source.path}"; ${WHOLE}`);
      return withRef({ url: expand(source.text), isLocal: true }, source.ref);
    case "gist":
      return withRef({ url: `https://gist.github.com/${source.id}.git`, isLocal: false }, source.ref);
    case "git":
      if (source.path !== undefined) throw fail(`it names the folder "${source.path}"; ${WHOLE}`);
      return withRef({ url: source.url, isLocal: false }, source.ref);
    case "url":
      break;
  }
  // of the web, what could be an archive is a repository here
  if (!PLAIN_WEB_REGEXP.test(text)) throw fail(EXPECTED);
  const repository = parseSource({ ...words, source: `git+${text}` });
  if (repository.kind !== "git") throw fail(EXPECTED);
  if (repository.path !== undefined) throw fail(`it names the folder "${repository.path}"; ${WHOLE}`);
  return withRef({ url: repository.url, isLocal: false }, repository.ref);
}

const WHOLE = "a repository is taken as a whole, so give its own address";

function withRef(address: Omit<GitAddress, "ref">, ref: string | undefined): GitAddress {
  return ref === undefined ? address : { ...address, ref };
}
