/**
 * What `source` of `import_tool` may be, by its words alone.
 *
 * @module
 */
import { ToolError } from "../../kernel/mod.ts";
import { containedPath } from "./paths.ts";

/** Where tools are imported from. */
export type Source =
  | { readonly kind: "git"; readonly url: string; readonly ref?: string; readonly path?: string }
  | { readonly kind: "gist"; readonly id: string; readonly ref?: string }
  | { readonly kind: "url"; readonly url: string; readonly path?: string }
  /** `text` may end in `#ref:folder`, or be a path with `#` in its name. */
  | { readonly kind: "local"; readonly text: string; readonly ref?: string; readonly path?: string };

/** What {@linkcode parseSource} is given. */
export interface SourceWords {
  readonly source: string;
  readonly ref?: string | undefined;
  readonly path?: string | undefined;
  /** What is done with it, for messages; `import` by default. */
  readonly action?: string | undefined;
  /** Which forms there are, for messages; all of those of `import_tool` by default. */
  readonly expected?: string | undefined;
}

/** An address, and what was written behind its `#`. */
export interface Fragment {
  readonly address: string;
  readonly ref?: string;
  readonly path?: string;
}

const GIST_ID_REGEXP = /^[0-9a-fA-F]{1,64}$/;
const GIST_HOST = "gist.github.com";
/** `user@host:path`, as ssh is written for git. */
const SCP_REGEXP = /^[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][\w.-]*:[^:\s][^\s]*$/;
const HOSTED: ReadonlySet<string> = new Set([
  "github.com",
  "www.github.com",
  "gitlab.com",
  "bitbucket.org",
  "codeberg.org",
]);
/** Words between the name of a repository and a ref, in the addresses of pages that show a folder. */
const FOLDER_PAGE_REGEXP = /^(?:-\/)?(?:tree|src)\/(?:(?:branch|tag|commit)\/)?([^/]+)(?:\/(.*))?$/;
// https://git-scm.com/docs/git-check-ref-format, and none of what has a meaning in a refspec
// deno-lint-ignore no-control-regex -- git refuses them
const REF_REGEXP = /^(?![-/+^.])(?!.*(?:\.\.|@\{|\/\/|\.lock$|[/.]$))[^\u0000-\u0020\u007f~^:?*[\\]{1,250}$/;

/**
 * Reads a source.
 *
 * @throws {ToolError} saying what is wrong in its words, and what is expected.
 */
export function parseSource(words: SourceWords): Source {
  const { ref, path, action = "import", expected = FORMS } = words;
  const text = words.source.trim();
  const fail = (why: string) => new ToolError(`Cannot ${action} ${JSON.stringify(text)}: ${why}`);
  // deno-lint-ignore no-control-regex -- no address has any
  if (/[\u0000-\u001f]/.test(text)) throw fail("it holds a control character");
  const given = { ...(ref !== undefined && { ref: readRef(ref) }), ...(path !== undefined && readPath(path)) };
  if (text.startsWith("gist:")) return gist(splitFragment(text.slice(5)), given, fail);
  if (/^file:/i.test(text)) return { kind: "local", text: readFileUrl(text, fail), ...given };
  if (/^git\+file:/i.test(text)) return localRepository(splitFragment(text.slice(4)), given, fail);
  if (text.startsWith("/") || text === "~" || /^~[\\/]/.test(text) || /^[A-Za-z]:[\\/]/.test(text)) {
    return { kind: "local", text, ...given };
  }
  const fragment = splitFragment(text);
  if (SCP_REGEXP.test(fragment.address)) return { kind: "git", url: fragment.address, ...merge(fragment, given, fail) };
  const url = readUrl(fragment.address, { fail, expected });
  return url.protocol === "http:" || url.protocol === "https:"
    ? onTheWeb(url, { fragment, given, fail })
    : { kind: "git", url: url.href, ...merge(fragment, given, fail) };
}

/** Divides `address#ref:folder`. */
export function splitFragment(text: string): Fragment {
  const at = text.indexOf("#");
  if (at < 0) return { address: text };
  const [ref = "", ...rest] = text.slice(at + 1).split(":");
  return {
    address: text.slice(0, at),
    ...(ref !== "" && { ref: readRef(ref) }),
    ...(rest.length > 0 && readPath(rest.join(":"))),
  };
}

/** A ref and a folder, by either way. */
export type Given = Omit<Fragment, "address">;
type Fail = (why: string) => ToolError;

function readRef(ref: string): string {
  if (REF_REGEXP.test(ref)) return ref;
  throw new ToolError(
    `Cannot use ref ${JSON.stringify(ref)}: expected the name of a branch or tag, or a commit`,
  );
}

function readPath(path: string): { readonly path?: string } {
  try {
    const contained = containedPath(path);
    return contained === "" ? {} : { path: contained };
  } catch (error) {
    throw new ToolError(`Cannot use path ${JSON.stringify(path)}: expected a folder within the source`, {
      cause: error,
    });
  }
}

/**
 * Puts together what the source says and what was given beside it.
 *
 * @throws what `fail` makes, when the two contradict each other.
 */
export function merge({ ref, path }: Given, given: Given, fail: Fail): Given {
  for (const [name, own, other] of [["ref", ref, given.ref], ["path", path, given.path]] as const) {
    if (own !== undefined && other !== undefined && own !== other) {
      throw fail(`it names "${own}", and "${name}" is "${other}"; name one`);
    }
  }
  return { ...(ref !== undefined && { ref }), ...(path !== undefined && { path }), ...given };
}

function gist(fragment: Fragment, given: Given, fail: Fail): Source {
  const { ref, path } = merge(fragment, given, fail);
  if (!GIST_ID_REGEXP.test(fragment.address)) throw fail("the id of a gist has 1 to 64 hexadecimal digits");
  if (path !== undefined) throw fail('a gist has no folders; leave "path" out');
  return { kind: "gist", id: fragment.address, ...(ref !== undefined && { ref }) };
}

// without a ref it would be imported as the folder that it is
function localRepository(fragment: Fragment, given: Given, fail: Fail): Source {
  const { ref = "HEAD", ...rest } = merge(fragment, given, fail);
  return { kind: "local", text: readFileUrl(fragment.address, fail), ref, ...rest };
}

function readFileUrl(text: string, fail: Fail): string {
  const [, host, path] = /^file:\/\/([^/]*)(\/[^?]*)$/i.exec(text) ?? [];
  if (path === undefined || (host !== "" && host !== "localhost")) {
    throw fail("a file address has the form file:///folder/name");
  }
  try {
    // on Windows there is a drive behind the slash
    return decodeURIComponent(path).replace(/^\/(?=[A-Za-z]:)/, "");
  } catch {
    throw fail("its percent signs are no encoding of anything");
  }
}

const FORMS =
  "expected a git repository (https://….git, git+https://…, ssh://…, user@host:path), gist:ID, the address of " +
  "a zip or tar archive, or an absolute path";

function readUrl(address: string, { fail, expected }: { readonly fail: Fail; readonly expected: string }): URL {
  const [, protocol] = /^(git\+https?|git\+ssh|https?|ssh|git):\/\/[^\s/-][^\s]*$/i.exec(address) ?? [];
  if (protocol === undefined) throw fail(expected);
  let url: URL;
  try {
    url = new URL(address.replace(/^git\+/i, ""));
  } catch {
    throw fail(expected);
  }
  const isWeb = url.protocol === "http:" || url.protocol === "https:";
  if (url.search !== "" && isRepository(url, address)) {
    throw fail("the address of a git repository has no question mark");
  }
  if (url.password !== "" || (isWeb && url.username !== "")) {
    throw new ToolError(
      `Cannot use ${url.protocol}//${url.host}${url.pathname}: the address holds a password; keep it where git ` +
        "finds it (git credential), and leave it out",
    );
  }
  return url;
}

function isRepository({ protocol, pathname }: URL, address: string): boolean {
  return pathname.endsWith(".git") || /^git\+/i.test(address) || !protocol.startsWith("http");
}

function onTheWeb(
  url: URL,
  { fragment, given, fail }: { readonly fragment: Fragment; readonly given: Given; readonly fail: Fail },
): Source {
  const all = merge(fragment, given, fail);
  if (url.hostname === GIST_HOST) {
    const [, id = "", revision] =
      /^\/(?:[^/]+\/)?([0-9a-fA-F]+)(?:\.git)?(?:\/([0-9a-f]{40}))?\/?$/.exec(url.pathname) ??
        [];
    return gist({ address: id, ...(revision !== undefined && { ref: revision }) }, all, fail);
  }
  if (isRepository(url, fragment.address)) return { kind: "git", url: url.href, ...all };
  const hosted = HOSTED.has(url.hostname) ? readHosted(url) : undefined;
  if (hosted !== undefined) return { kind: "git", url: hosted.address, ...merge(hosted, all, fail) };
  if (all.ref !== undefined) {
    throw fail('it is no git repository that could have a "ref"; if it is one, write git+https://…');
  }
  return { kind: "url", url: url.href, ...(all.path !== undefined && { path: all.path }) };
}

/** Reads the address of a repository, or of a folder in one, as the pages of well-known hosts have it. */
function readHosted({ origin, hostname, pathname }: URL): Fragment | undefined {
  const parts = pathname.split("/").filter((part) => part !== "");
  // groups of GitLab have groups, and what is no name of any begins with a dash
  const dash = parts.indexOf("-");
  const length = hostname === "gitlab.com" ? (dash < 0 ? parts.length : dash) : 2;
  if (parts.length < 2 || parts.length < length) return undefined;
  const address = `${origin}/${parts.slice(0, length).join("/")}`;
  const rest = parts.slice(length).map(decodeURIComponent).join("/");
  if (rest === "") return { address };
  const [, ref, path] = FOLDER_PAGE_REGEXP.exec(rest) ?? [];
  return ref === undefined ? undefined : { address, ref: readRef(ref), ...readPath(path ?? "") };
}
