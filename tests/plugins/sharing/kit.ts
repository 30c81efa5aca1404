/**
 * Starts kernels that share tools, makes tools, repositories and archives to import, and a site to import them from.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import process from "node:process";
import type { JsonObject, ToolResult } from "../../../kernel/mod.ts";
import type { PluginUse } from "../../../kernel/testing.ts";
import scripts from "../../../plugins/scripts/mod.ts";
import sharing, { type SharingConfig } from "../../../plugins/sharing/mod.ts";
import { onlyText, type RunningKernel, startKernel, temporaryHome } from "../library/kit.ts";

export { onlyText };

/** Files by path; `!` before the path makes one executable. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** A kernel that shares tools. */
export interface SharingKit extends RunningKernel {
  /** A temporary folder, in which is the home. */
  readonly folder: string;
  readonly home: string;
  /** Calls `import_tool`. */
  import(request: JsonObject): Promise<ToolResult>;
}

/** Starts a kernel with `library`, `scripts` and `sharing`. */
export async function startSharing(
  config: SharingConfig = {},
  plugins: readonly PluginUse[] = [],
): Promise<SharingKit> {
  const temporary = await temporaryHome();
  const home = join(temporary.path, "home");
  const running = await startKernel({ home, plugins: [scripts, ...plugins, [sharing, config]] });
  return {
    ...running,
    folder: temporary.path,
    home,
    import: (request) => running.call("import_tool", request),
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      // whatever happened, nothing of an import is left half done
      const left = await readdir(join(home, "imports")).catch(() => []);
      await temporary[Symbol.asyncDispose]();
      assert.deepEqual(left, []);
    },
  };
}

/** Makes the files of a tool, a shell script that answers with a word. */
export function toolFiles(name: string, { word = name, manifest = {}, files = {} }: {
  readonly word?: string;
  readonly manifest?: JsonObject;
  readonly files?: Tree;
} = {}): Tree {
  const all = {
    name,
    version: "1.0.0",
    description: `Says ${word}`,
    tool_type: "script",
    entry_file: "main.sh",
    interpreter: "sh",
    ...manifest,
  };
  return { "manifest.json": JSON.stringify(all), "!main.sh": `read -r request; echo ${word}\n`, ...files };
}

/** Puts files into a folder of a tree. */
export function within(folder: string, files: Tree): Tree {
  const entries = Object.entries(files);
  return Object.fromEntries(entries.map(([path, data]) => {
    return [path.startsWith("!") ? `!${folder}/${path.slice(1)}` : `${folder}/${path}`, data];
  }));
}

/** Writes files to disk; gives the folder. */
export async function writeTree(folder: string, tree: Tree): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, data] of Object.entries(tree)) {
    const path = join(folder, name.replace(/^!/, ""));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, data);
    await chmod(path, name.startsWith("!") ? 0o755 : 0o644);
  }
  return folder;
}

/** Reads files from disk, all but what is no code of a tool. */
export async function readTree(folder: string, { executables = false } = {}): Promise<Record<string, Uint8Array>> {
  const found: Record<string, Uint8Array> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join((entry as unknown as { parentPath?: string; path: string }).parentPath ?? entry.path, entry.name);
    const name = path.slice(folder.length + 1);
    if (/^(?:versions|env)\//.test(name)) continue;
    const isExecutable = ((await stat(path)).mode & 0o111) !== 0;
    found[executables && isExecutable ? `!${name}` : name] = new Uint8Array(await readFile(path));
  }
  return found;
}

const GIT_SETTINGS = ["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"];

/** Runs git in a folder, with settings of no user. */
export async function git(folder: string, ...args: readonly string[]): Promise<string> {
  return await gitWith(folder, args);
}

/** Runs git with some bytes as its input, with settings of no user; gives what it says. */
export async function gitWith(
  folder: string,
  args: readonly string[],
  input: string | Uint8Array = "",
): Promise<string> {
  const env = {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "Ada",
    GIT_AUTHOR_EMAIL: "ada@example.com",
    GIT_COMMITTER_NAME: "Ada",
    GIT_COMMITTER_EMAIL: "ada@example.com",
  };
  const child = spawn("git", [...GIT_SETTINGS, ...args], { cwd: folder, env });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.setEncoding("utf8").on("data", (text: string) => out.push(text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => err.push(text));
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${err.join("")}`);
  return out.join("").trim();
}

/** Commits files to a repository, which is made when it is not there; gives the id of the commit. */
export async function commit(folder: string, tree: Tree): Promise<string> {
  const isNew = await stat(join(folder, ".git")).then(() => false, () => true);
  await writeTree(folder, tree);
  if (isNew) await git(folder, "init", "--quiet");
  await git(folder, "add", "--all", "--force");
  await git(folder, "commit", "--quiet", "--message", "change");
  return await git(folder, "rev-parse", "HEAD");
}

/** The structured content of an import. */
export interface ImportAnswer {
  readonly source: { readonly from: string; readonly ref?: string; readonly commit?: string; readonly path?: string };
  readonly installed: readonly {
    readonly name: string;
    readonly version: string;
    readonly replaced?: string;
    readonly path: string;
    readonly digest: string;
    readonly files: number;
    readonly left_out: readonly { readonly path: string; readonly reason: string }[];
  }[];
  // deno-lint-ignore no-explicit-any -- tests look into it freely
  readonly planned?: readonly any[];
  readonly skipped: readonly { readonly name?: string; readonly folder: string; readonly reason: string }[];
}

/** Fails when an import failed, and gives its structured content. */
export function imported(result: ToolResult): ImportAnswer {
  assert.equal(result.isError, undefined, JSON.stringify(result));
  return result.structuredContent as unknown as ImportAnswer;
}

/** Fails when a call did not fail, and gives its text. */
export function failed(result: ToolResult): string {
  assert.equal(result.isError, true, JSON.stringify(result));
  return onlyText(result);
}

/** Fails when a call failed. */
export function succeed(result: ToolResult): void {
  assert.equal(result.isError, undefined, JSON.stringify(result));
}

/** A site that serves git repositories. */
export interface GitSite extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
}

/** Serves the repositories of a folder by git's own program; `/private/…` wants a password, `/files/…` is plain files. */
export async function serveGit(folder: string): Promise<GitSite> {
  const backend = `${await git(folder, "--exec-path")}/git-http-backend`;
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
    if (pathname.startsWith("/private/")) {
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    }
    if (pathname.startsWith("/files/")) {
      const sent = search === "" || search.startsWith("?service=git-upload-pack");
      readFile(join(folder, pathname.slice(7))).then((data) => response.end(sent ? data : ""), () => {
        response.writeHead(404).end();
      });
      return;
    }
    const child = spawn(backend, {
      env: {
        PATH: process.env["PATH"],
        GIT_PROJECT_ROOT: folder,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: pathname,
        QUERY_STRING: search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        CONTENT_LENGTH: request.headers["content-length"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      },
    });
    request.pipe(child.stdin).on("error", () => {});
    const chunks: Uint8Array[] = [];
    child.stdout.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    child.on("close", () => answerCgi(Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<unknown>((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Sends what a CGI program printed: headers, an empty line, the body. */
function answerCgi(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf("\r\n\r\n");
  for (const line of output.subarray(0, end).toString().split("\r\n")) {
    const [name = "", value = ""] = line.split(/: ?(.*)/);
    if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value);
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}
