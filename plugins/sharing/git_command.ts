/**
 * How the program `git` is started, which is done here and nowhere else: with settings that let nothing of a repository
 * or an address do anything, and without the keys of the server's own user for anybody else.
 *
 * @module
 */
import {
  type Command,
  type Environment,
  messageOf,
  type Process,
  type Processes,
  type ProcessResult,
  ToolError,
} from "../../kernel/mod.ts";
import { plainText } from "../trust/contract.ts";
import type { Limits } from "./limits.ts";

/** What {@linkcode GitCommand} starts git with. */
export interface GitCommandOptions {
  /** Where it fetches from, which decides on the protocols that it may use. */
  readonly url: string;
  /** Whether the keys and settings of the server's own user may be used. */
  readonly isOwnUser: boolean;
  readonly processes: Processes;
  readonly environment: Environment;
  readonly limits: Pick<Limits, "timeout_ms">;
  readonly signal: AbortSignal;
  /** Absolute path of the bare repository that it works in. */
  readonly repository: string;
  /** Absolute path of a folder without settings, the home of who is not the server's own user. */
  readonly home: string;
}

/** Variables of the server that git may see for its own user: where settings and keys are. */
const PRIVATE: readonly string[] = ["XDG_CONFIG_HOME", "SSH_AUTH_SOCK"];
/** Variables of the server that git may see: where proxies and certificates are. */
const PASSED: readonly string[] = [
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "ALL_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "all_proxy",
  "no_proxy",
  "GIT_SSL_CAINFO",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];
const SILENT = {
  // nobody is there to answer
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "",
  SSH_ASKPASS: "",
  GCM_INTERACTIVE: "never",
  // objects that are missing are asked of nobody
  GIT_NO_LAZY_FETCH: "1",
  LC_ALL: "C",
};
/** For those who are not the server's own user: ssh finds keys by the user's name, wherever HOME is. */
const WITHOUT_KEYS = {
  GIT_SSH_COMMAND:
    "ssh -F none -o BatchMode=yes -o IdentityFile=none -o IdentitiesOnly=yes -o IdentityAgent=none -o GSSAPIAuthentication=no",
  GIT_CONFIG_NOSYSTEM: "1",
};
const SETTINGS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.symlinks=false",
  "core.autocrlf=false",
  // names are refused that mean .git anywhere, whatever this system is
  "core.protectHFS=true",
  "core.protectNTFS=true",
  "core.splitIndex=false",
  "core.untrackedCache=false",
  // large blobs are not held in memory, and none is unpacked twice
  "core.bigFileThreshold=8m",
  "fetch.unpackLimit=1",
  "fetch.recurseSubmodules=false",
  "fetch.writeCommitGraph=false",
  "fetch.uriProtocols=",
  "transfer.bundleURI=false",
  "maintenance.auto=false",
  "gc.auto=0",
  // no further than to where the first request leads, and never to what is named by files there
  "http.followRedirects=initial",
  "protocol.allow=never",
];

const LOCAL_REGEXP = /^(?:\/|[A-Za-z]:[\\/])/;
const SCHEME_REGEXP = /^([a-z]+):\/\/[^-]/i;
const MOST_WORDS = 1_000;

/** How git is run once. */
export interface RunOptions {
  /** All of its stdin; nothing by default. */
  readonly input?: string;
  /** In place of that of all. */
  readonly signal?: AbortSignal;
  /** Takes what is written instead of the caller, as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** Starts git for one repository. */
export class GitCommand {
  readonly #options: GitCommandOptions;
  readonly #protocols: readonly string[];

  /** @throws {ToolError} when the address is none that git may be given. */
  constructor(options: GitCommandOptions) {
    this.#options = options;
    this.#protocols = protocolsFor(options.url, options.isOwnUser);
  }

  /**
   * Runs git to its end.
   *
   * @param what Is done, for messages, such as `fetch x`.
   * @returns What it wrote, unless `onOutput` took it.
   * @throws {ToolError} with git's own words when it does not succeed, or takes too long.
   * @throws the reason of the signal when it aborts.
   */
  async run(words: readonly string[], what: string, options: RunOptions = {}): Promise<string> {
    const { processes, limits, repository } = this.#options;
    const { input, onOutput, signal = this.#options.signal } = options;
    const settings = [...SETTINGS, ...this.#settings()].flatMap((setting) => ["-c", setting]);
    const command: Command = {
      program: "git",
      args: [...settings, `--git-dir=${repository}`, ...words],
      cwd: repository,
      env: this.#variables(),
      timeoutMs: limits.timeout_ms,
      signal,
    };
    const running = onOutput === undefined
      ? processes.run(input === undefined ? command : { ...command, input })
      : follow(await processes.spawn(command), onOutput);
    const result = await running.catch((error) => {
      throw new ToolError(`Cannot ${what}: ${messageOf(error)}; install git`, { cause: error });
    });
    signal.throwIfAborted();
    if (result.ended === "timeout") {
      throw new ToolError(`Cannot ${what}: it took longer than ${limits.timeout_ms / 1000} s (timeout_ms)`);
    }
    if (result.code === 0) return result.stdout;
    // a part of it is what the other side wrote
    const written = result.stderr.trim().slice(-MOST_WORDS).split("\n").map(plainText).join("\n");
    const said = written || `it ended with ${result.code ?? result.signal}`;
    throw new ToolError(`Cannot ${what}: git says: ${said}`);
  }

  #settings(): readonly string[] {
    const allowed = this.#protocols.map((protocol) => `protocol.${protocol}.allow=always`);
    // an empty one forgets those of the settings of the system
    return this.#options.isOwnUser ? allowed : [...allowed, "credential.helper="];
  }

  #variables(): Readonly<Record<string, string>> {
    const { environment, isOwnUser, home } = this.#options;
    const passed = [...PASSED, ...(isOwnUser ? PRIVATE : [])].map((name) => [name, environment.variable(name)] as const)
      .filter((entry): entry is [string, string] => entry[1] !== undefined);
    return {
      ...Object.fromEntries(passed),
      ...SILENT,
      ...(!isOwnUser && { ...WITHOUT_KEYS, HOME: home }),
    };
  }
}

/**
 * Names the protocols that an address may lead to, by redirects and settings: never to one that is less safe, and to
 * files of this machine only from one of their paths.
 */
function protocolsFor(url: string, isOwnUser: boolean): readonly string[] {
  if (LOCAL_REGEXP.test(url)) return ["file"];
  const scheme = SCHEME_REGEXP.exec(url)?.[1]?.toLowerCase();
  switch (scheme) {
    case "git":
      return ["git"];
    case "http":
    case "https":
      // people let their settings say "ssh" for the web (url.….insteadOf)
      return [...(scheme === "http" ? ["http"] : []), "https", ...(isOwnUser ? ["ssh"] : [])];
    case "ssh":
      return ["ssh"];
  }
  // user@host:path
  if (scheme === undefined && /^[A-Za-z0-9_][^:/]*@[A-Za-z0-9][^:/]*:[^:]/.test(url)) return ["ssh"];
  throw new ToolError(`Cannot fetch ${JSON.stringify(url)}: no such address of a repository is taken`);
}

/** Waits for a process, and hands on what it writes. */
async function follow(
  { stdout, stderr, exited }: Process,
  onOutput: (text: string) => void,
): Promise<Omit<ProcessResult, "truncated">> {
  const words: string[] = [];
  const gather = async () => {
    for await (const text of stderr) words.push(text);
  };
  const hand = async () => {
    for await (const text of stdout) onOutput(text);
  };
  await Promise.all([gather(), hand()]);
  return { ...await exited, stdout: "", stderr: words.join("") };
}
