/**
 * Contracts that the kernel, a platform or a collector provides; plugins reach the world through these alone.
 *
 * @module
 */
import type { Call, ClientView, LogLevel, Principal } from "./call.ts";
import type { CompletionRef, Typed } from "./completion.ts";
import type { Icon, JsonObject, PromptResult, ResourceContents, ToolAnnotations, ToolResult } from "./content.ts";
import type { Disposer, ItemKind, ResourceListing } from "./plugin.ts";
import { type Contract, contract } from "./token.ts";

// ---- the kernel ----

/** One registered tool, as {@linkcode Toolbox} describes it. */
export interface ToolSummary {
  readonly name: string;
  /** Names the plugin that registered it. */
  readonly owner: string;
  readonly title: string | undefined;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly outputSchema: JsonObject | undefined;
  readonly annotations: ToolAnnotations | undefined;
  readonly meta: JsonObject | undefined;
  /** Whether a call may (`async`) or must (`required`) become a task; `undefined` where the tool does not say. */
  readonly execution: "sync" | "async" | "required" | undefined;
}

/** The tools of the kernel, for plugins that list or call them. */
export interface Toolbox {
  /** Rises with each change of the tools, so that what was derived from them can be kept. */
  readonly version: number;
  /** Lists every tool, sorted by name; with a call, those that its client sees. */
  list(call?: Call): readonly ToolSummary[];
  /** Finds a tool by name. */
  get(name: string): ToolSummary | undefined;
  /**
   * Calls a tool from within another call: same client, a longer path.
   *
   * @throws {ToolError} when the tool is unknown (with near names), calls itself in a circle, or the path is too deep.
   */
  call(name: string, args: unknown, parent: Call): Promise<ToolResult>;
  /**
   * Has calls of unknown tools told why they are, by whoever knows: the first text that there is for a name is the failed
   * result of a client's call, and stands in the error of a call within a call in place of near names. The disposer ends
   * that.
   *
   * @param explain Gives the reason and the remedy, as what follows `Cannot call tool "…": `.
   */
  explainMissing(explain: (name: string) => string | undefined): Disposer;
}
export const Toolbox: Contract<Toolbox> = contract("toolbox");

/** What `resources/templates/list` says of one template. */
export interface TemplateListing extends Omit<ResourceListing, "uri" | "size"> {
  readonly uriTemplate: string;
}

/** What `prompts/list` says of one prompt. */
export interface PromptListing {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  readonly icons?: readonly Icon[];
  readonly _meta?: JsonObject;
}

/** One argument of a prompt. */
export interface PromptArgument {
  readonly name: string;
  readonly title?: string;
  readonly description?: string;
  readonly required: boolean;
}

/** The resources and prompts of the kernel, for plugins that list, read, render or complete them within a call. */
export interface Catalog {
  /** Lists the resources that the client of a call sees: fixed ones, and what templates list. Sorted by URI. */
  listResources(call: Call): Promise<readonly ResourceListing[]>;
  /** Lists the resource templates that the client of a call sees, sorted. */
  listTemplates(call: Call): readonly TemplateListing[];
  /** Lists the prompts that the client of a call sees, sorted by name. */
  listPrompts(call: Call): readonly PromptListing[];
  /**
   * Reads a resource within a call: same client, a longer path.
   *
   * @throws {ToolError} when there is no such resource (with near URIs), reading fails, it reads itself in a circle, or
   * the path is too deep.
   */
  readResource(uri: string, parent: Call): Promise<readonly ResourceContents[]>;
  /**
   * Renders a prompt within a call: same client, a longer path.
   *
   * @throws {ToolError} when there is no such prompt (with near names), the arguments do not fit, rendering fails, it
   * renders itself in a circle, or the path is too deep.
   */
  renderPrompt(name: string, args: unknown, parent: Call): Promise<PromptResult>;
  /**
   * Completes an argument of a prompt or tool, or a parameter of a resource template, within a call: same client, a
   * longer path.
   *
   * @throws {ToolError} when there is no such item, completing fails, it completes itself in a circle, or the path is too
   * deep.
   */
  complete(
    ref: CompletionRef,
    typed: Typed,
    parent: Call,
  ): Promise<readonly string[]>;
}
export const Catalog: Contract<Catalog> = contract("catalog");

/** Whoever asks for a list; a {@linkcode Call} is one. */
export interface Viewer {
  readonly sessionId: string | undefined;
  readonly principal: Principal | undefined;
  /** What its program says of itself. A list of revision 2026-07-28 must not depend on it. */
  readonly client: ClientView | undefined;
}

/** What one viewer sees. */
export interface View {
  /** Equal keys mean equal answers, so that list pages can be cached by it. */
  readonly key: string;
  /** Tells whether an item is listed. */
  has(kind: ItemKind, name: string, owner: string): boolean;
}

/**
 * Decides which items a listing shows: those that everyone who narrows it shows, and all where nobody does. Calls reach
 * any item either way. The kernel provides it.
 */
export interface Visibility {
  /** Narrows lists to what `view` gives, which is asked for each list; the disposer ends that. */
  narrow(view: (viewer: Viewer) => View): Disposer;
}
export const Visibility: Contract<Visibility> = contract("visibility");

/** What an entry of the log says. */
export interface LogText {
  readonly message: string;
  /** JSON values; errors are texts by now. */
  readonly data: JsonObject | undefined;
}

/** Changes what an entry of the log says; one that fails keeps the entry from being written. */
export type LogChange = (said: LogText) => LogText;

/**
 * Changes entries of the operator's log before they are written, such as to redact them: all that go through a log made
 * by `createLog`, and of another log those of the kernel and its plugins. The kernel provides it.
 */
export interface LogFilter {
  /** Passes entries through a change, after those that are there already; the disposer ends that. */
  add(change: LogChange): Disposer;
}
export const LogFilter: Contract<LogFilter> = contract("log-filter");

// ---- the platform ----

/** One entry of a folder. */
export interface FolderEntry {
  /** Relative to the folder that was listed, `/` between parts. */
  readonly path: string;
  readonly kind: "file" | "folder" | "link";
  /** What {@linkcode Folder.stat} tells of it, where {@linkcode Folder.listMany} was asked for more than its kind. */
  readonly stat?: FileStat;
  /** What is in a file of at most 65,536 bytes, where that was asked for. */
  readonly bytes?: Uint8Array;
  /** What is in a folder, where that was asked for. */
  readonly entries?: readonly FolderEntry[];
}

/** What {@linkcode Folder.listMany} tells of an entry beside its kind: `bytes` of a file, `entries` of a folder. */
export type EntryWish = "stat" | "bytes" | "entries";

/** What is known of one file or folder. */
export interface FileStat {
  readonly kind: "file" | "folder" | "link";
  /** Bytes. */
  readonly size: number;
  readonly modified: Date;
  /** Permission bits, such as `0o600`; absent where files have none, as on Windows. */
  readonly mode?: number;
  /** Another text whenever the file was written or replaced, be it within one tick of the clock. */
  readonly fingerprint: string;
}

/**
 * A folder that nothing below it escapes: paths are relative, `/` between parts; `..`, absolute paths and symbolic
 * links that lead outside are refused with `PATH_ESCAPED`. Reads of what is absent give `undefined`.
 */
export interface Folder {
  /** The real path of the folder, for messages and child processes. */
  readonly path: string;
  /** Reads a file as UTF-8; `undefined` when it is absent. */
  readText(path: string): Promise<string | undefined>;
  /** Reads a file; `undefined` when it is absent. */
  readBytes(path: string): Promise<Uint8Array | undefined>;
  /**
   * Writes whole or not at all: a temporary file beside it, flushed, then renamed; parent folders are made. Without
   * `mode`, a file that is replaced keeps its permissions.
   */
  writeAtomic(path: string, data: string | Uint8Array, options?: { readonly mode?: number }): Promise<void>;
  /** Looks at an entry; a link at the end of the path is told as itself, not followed. */
  stat(path: string): Promise<FileStat | undefined>;
  /**
   * Lists entries, sorted; all levels when `recursive`. A folder that is absent is empty.
   *
   * @param options.internal Whether temporary files and locks of this program are told as well, for whoever clears away
   * those that a server left which was killed; `false` by default.
   */
  list(
    path?: string,
    options?: { readonly recursive?: boolean; readonly internal?: boolean },
  ): Promise<readonly FolderEntry[]>;
  /**
   * Lists one level of many folders, in the order of `paths`, for a fraction of what {@linkcode Folder.list} costs each
   * time. What is absent, no folder or cannot be listed is `undefined`; `list` says why.
   *
   * @param options.wish Says what is wanted of an entry, by its path below this folder; with `bytes` and `entries` its
   * stat comes along, from before they were read. Links are not followed.
   */
  listMany(
    paths: readonly string[],
    options?: { readonly wish?: (path: string) => EntryWish | undefined },
  ): Promise<readonly (readonly FolderEntry[] | undefined)[]>;
  /**
   * Reads many small files, in the order of `paths`, for a fraction of what {@linkcode Folder.readBytes} costs each time.
   * What is absent, larger than `mostBytes` (default 65,536) or cannot be read is `undefined`; `readBytes` says why.
   */
  readMany(
    paths: readonly string[],
    options?: { readonly mostBytes?: number },
  ): Promise<readonly (Uint8Array | undefined)[]>;
  /** Makes a folder and those above it; one that is there is left as it is. */
  makeFolder(path: string): Promise<void>;
  /** Moves within this folder; the target must not exist. */
  move(from: string, to: string): Promise<void>;
  /** Copies a file or a whole folder, all of it or nothing; the target must not exist. */
  copy(from: string, to: string): Promise<void>;
  /** Removes a file or a whole folder; tells whether it was there. */
  remove(path: string): Promise<boolean>;
  /** Gives a folder below this one, with the same rules; it need not exist yet. */
  at(path: string): Folder;
  /** Gives the absolute path of something below, checked, for child processes and imports. */
  resolve(path: string): Promise<string>;
  /**
   * Takes a lock that other processes respect, and gives what releases it. A lock whose holder died is taken over.
   *
   * @param name 1 to 100 letters, digits, `_`, `-` or `.`, the first none of the last two.
   * @throws the reason of `signal` when it aborts first.
   */
  lock(name: string, options?: { readonly signal?: AbortSignal }): Promise<Disposer>;
  /**
   * Calls back with changed paths, relative to this folder, gathered over `debounceMs` (default 100). What is watched
   * need not exist yet, and may come and go. What `ignores` says of a path, relative to this folder as well, holds for
   * all below it, which costs nothing then.
   */
  watch(
    path: string,
    listener: (paths: readonly string[]) => void,
    options?: { readonly debounceMs?: number; readonly ignores?: (path: string) => boolean },
  ): Disposer;
}

/** The home of this server as a {@linkcode Folder}, and the way to folders that the operator named elsewhere. */
export interface Files extends Folder {
  /** Opens another root by its absolute path. */
  open(absolutePath: string): Folder;
}
export const Files: Contract<Files> = contract("files");

/** A command to run: a program and its arguments, never a shell line. */
export interface Command {
  /** A name to find in PATH, or an absolute path. */
  readonly program: string;
  readonly args?: readonly string[];
  /** Working folder, absolute; a private temporary folder, removed afterwards, when left out. */
  readonly cwd?: string;
  /** Added to the minimal environment (`PATH HOME LANG TERM TMPDIR`). Nothing else of the server's is passed. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ends the process tree after this many milliseconds; default 300,000, `Infinity` for never. */
  readonly timeoutMs?: number;
  /**
   * Most bytes kept of stdout and of stderr each; default 16 MiB. What is more is read and dropped: the end of stdout,
   * the beginning of stderr. A reader of {@linkcode Process.stdout} gets all of it, and the process waits for them.
   */
  readonly outputLimit?: number;
  /**
   * Most bytes of memory of the process tree together; no limit by default. {@linkcode Processes.enforcement} tells what
   * holds it: a control group counts files in memory as well, a watch what is resident.
   */
  readonly memoryBytes?: number;
  /** Most CPU seconds of each process; no limit by default. Who outlives SIGXCPU gets SIGKILL a second later. */
  readonly cpuSeconds?: number;
  /**
   * Most processes of the tree together, the command's own and a wrapper's among them; no limit by default. Beyond it
   * the tree is ended. What can be forked until then is bounded as well where there are control groups.
   */
  readonly processes?: number;
  /** Most bytes of each file that is written, in steps of 512; no limit by default. Beyond it comes SIGXFSZ. */
  readonly fileBytes?: number;
  /** Most descriptors that each process has open; what the system allows by default. */
  readonly descriptors?: number;
  /**
   * Files, as absolute paths, that the process finds open for reading when it starts: by descriptor, 3 to 9. Not on
   * Windows.
   */
  readonly open?: Readonly<Record<number, string>>;
  /**
   * Whether the program is a wrapper, such as `bwrap`: when it ends, all that it started ends, it passes no signals on,
   * and its exit code 128 + n says that signal n ended what it wraps, which is told as that signal. So TERM goes to
   * what it started and not to it; KILL goes to all. `false` by default.
   */
  readonly isWrapper?: boolean;
  /** Ends the process tree when it aborts. */
  readonly signal?: AbortSignal;
}

/** How a process ended. */
export interface ProcessExit {
  /** Exit code; `undefined` when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /**
   * Which limit ended the tree, if one did. `cpu` and `file` are known where the signal ended the command itself, and
   * its parent did not make an exit code of it.
   */
  readonly ended: "timeout" | "abort" | "memory" | "processes" | "cpu" | "file" | undefined;
}

/** A running process. Its tree dies with it: TERM, then KILL after a grace period. */
export interface Process {
  readonly pid: number;
  /** Text as it arrives, decoded as UTF-8; bytes that are not UTF-8 become U+FFFD. Read at the pace of the reader. */
  readonly stdout: AsyncIterable<string>;
  /** The last of what was written to stderr, within the output limit. */
  readonly stderr: AsyncIterable<string>;
  /** Writes to stdin; resolves when handed over, and quietly when the process reads no more. */
  write(text: string): Promise<void>;
  /** Closes stdin. */
  end(): Promise<void>;
  /** Ends the whole tree: TERM, then KILL after `graceMs` (default 2,000; 0 for KILL at once). Resolves when it is gone. */
  kill(graceMs?: number): Promise<void>;
  /** Resolves, never rejects, when the process has ended and whatever it left behind is gone too. */
  readonly exited: Promise<ProcessExit>;
}

/** What a finished command left. */
export interface ProcessResult extends ProcessExit {
  readonly stdout: string;
  readonly stderr: string;
  /** Whether output beyond the limit was dropped. */
  readonly truncated: boolean;
}

/**
 * What holds a limit: a control group of the kernel, at once; a watch that looks five times a second; or nothing, as on
 * Windows.
 */
export type Enforcer = "cgroup" | "watch" | "none";

/** What holds the limits of process trees on this machine. */
export interface Enforcement {
  /** Holds {@linkcode Command.memoryBytes}; a watch is joined by a limit of each process's data. */
  readonly memory: Enforcer;
  /** Holds {@linkcode Command.processes}; a control group bounds the threads, beside a watch of the processes. */
  readonly processes: Enforcer;
}

/** Starts child processes: own process group, minimal environment, limits, death as a tree. */
export interface Processes {
  /**
   * Starts a command. With limits or files to open, a launcher goes before the program: when that fails it ends with exit
   * code 125, says why on stderr, and nothing of the command has run.
   *
   * @throws {KernelError} `PROCESS_UNSTARTED` when the program is not found or cannot be started, or the command is wrong.
   * @throws the reason of `signal` when it has aborted before the start.
   */
  spawn(command: Command): Promise<Process>;
  /** Runs a command to its end, with `input` as its whole stdin. An abort is told by `ended`, before the start as well. */
  run(command: Command & { readonly input?: string }): Promise<ProcessResult>;
  /** Finds a program in PATH; gives its absolute path. */
  which(program: string): Promise<string | undefined>;
  /** Tells what holds the limits of process trees on this machine; found out by trying, once. */
  enforcement(): Promise<Enforcement>;
}
export const Processes: Contract<Processes> = contract("processes");

/** What a request may take and last, beside what `fetch` of the web platform knows. */
export interface FetchInit extends RequestInit {
  /** Milliseconds until the head of the answer is there, and between two pieces of its body; default 60,000. */
  readonly timeoutMs?: number;
  /** Most bytes of the body, as it is after decompression; no limit by default. */
  readonly maxBytes?: number;
}

/** Sends HTTP requests. */
export interface Fetch {
  /**
   * Sends a request as `fetch` of the web platform does, with bounds. At most 10 redirects are followed; one to another
   * origin loses `Authorization`, `Cookie` and `Proxy-Authorization`, one from https to http is refused. The body comes
   * as it is read, and errors when it is too large or its next piece is late; who does not want it has to cancel it.
   *
   * @param url An http or https address without user and password.
   * @throws {TypeError} saying why there is no answer.
   * @throws {DOMException} `TimeoutError` when the head is late.
   * @throws the reason of `signal` when it aborts, and of the server's own end.
   */
  fetch(url: string | URL, init?: FetchInit): Promise<Response>;
}
export const Fetch: Contract<Fetch> = contract("fetch");

/**
 * An open connection. Each half ends by itself: after {@linkcode Socket.end} the other side can still be read, and after
 * its end it can still be written to.
 */
export interface Socket {
  /** Reads the next piece, one reader at a time; `undefined` at the end. What nobody reads, the sender keeps. */
  read(): Promise<Uint8Array | undefined>;
  /** Writes; resolves when it is handed over, which is at the pace of the other side. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends what is written. */
  end(): void;
  /** Breaks both halves off; whoever waits to read or write is told so by an error. */
  destroy(): void;
  /** Resolves, never rejects, when both halves are over. */
  readonly closed: Promise<void>;
}

/** Where to connect to. */
export interface ConnectOptions {
  /** A name or an IP address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal;
  /** Milliseconds until the connection is there; default 30,000. */
  readonly timeoutMs?: number;
}

/** A socket of this machine to which its owner's processes connect by its path. */
export interface SocketListener {
  /** Absolute path, shorter than 100 bytes, in a folder that nobody but its owner enters. */
  readonly path: string;
  /** Takes no more connections, and removes the socket; those that are open stay. */
  close(): Promise<void>;
}

/** Connections between programs: Unix sockets to be reached at, TCP to reach others. */
export interface Sockets {
  /**
   * Listens on a Unix socket of its own.
   *
   * @param handler Is given each connection, and has to end it.
   * @throws {Error} when no socket can be made.
   */
  listen(handler: (socket: Socket) => void): Promise<SocketListener>;
  /**
   * Connects over TCP.
   *
   * @throws {Error} saying why there is no connection.
   * @throws {DOMException} `TimeoutError` when it is late.
   * @throws the reason of `signal` when it aborts.
   */
  connect(options: ConnectOptions): Promise<Socket>;
}
export const Sockets: Contract<Sockets> = contract("sockets");

/** Facts of the surroundings. */
export interface Environment {
  readonly runtime: "deno" | "node" | "bun" | "edge";
  /** Version of the runtime, such as `20.20.2`. */
  readonly runtimeVersion: string;
  readonly os: "linux" | "darwin" | "windows" | "other";
  /** Of the processor that this runs on. */
  readonly architecture: "x64" | "arm64" | "other";
  /** Home folder of the user. */
  readonly userHome: string;
  /** Home folder of this server (`COLLET_HOME`). */
  readonly home: string;
  /** Working folder of this server. */
  readonly cwd: string;
  /** Path of the running process's executable, to start this runtime again. */
  readonly executable: string;
  readonly pid: number;
  /** Reads a variable of this server's environment. */
  variable(name: string): string | undefined;
  /** Lists the variables of this server's environment that begin with a prefix. */
  variables(prefix: string): Readonly<Record<string, string>>;
  /** Expands a leading `~` and makes a path absolute against `cwd`. */
  expand(path: string): string;
}
export const Environment: Contract<Environment> = contract("environment");

// ---- collectors: given by small plugins that the command line and the HTTP app read ----

/** Serves HTTP requests; a Hono app is one. */
export interface HttpApp {
  /** Answers a request. */
  fetch(request: Request, ...rest: unknown[]): Response | Promise<Response>;
}

/** Collects HTTP routes. */
export interface Http {
  /** Serves everything below `path` (such as `/console`) behind the same Host, Origin and token checks. */
  mount(path: string, app: HttpApp): Disposer;
}
export const Http: Contract<Http> = contract("http");

/** What a command-line verb can use. */
export interface CommandIo {
  readonly args: readonly string[];
  /** Whether `--json` was given. */
  readonly json: boolean;
  /** Writes a line to stdout. */
  print(line: string): void;
  /** Writes a line to stderr. */
  warn(line: string): void;
}

/** A verb of the command line, such as `backup`. */
export interface CommandVerb {
  readonly name: string;
  /** Such as `FILE`; shown by `--help`. */
  readonly usage?: string;
  readonly description: string;
  /** Runs with the kernel started; gives the exit code, 0 by default. */
  run(io: CommandIo): void | number | Promise<void | number>;
}

/** Collects command-line verbs. */
export interface Commands {
  /** Adds a verb; the disposer takes it away. */
  add(verb: CommandVerb): Disposer;
}
export const Commands: Contract<Commands> = contract("commands");

/** What a probe found. */
export interface Finding {
  readonly ok: boolean;
  /** Such as `Python 3.11.7 at /usr/bin/python3`, or why not. */
  readonly detail: string;
  /** Says what to do when `ok` is false. */
  readonly remedy?: string;
}

/** A question that `doctor` asks of this machine. */
export interface Probe {
  /** Groups probes, such as `interpreters`. */
  readonly area: string;
  /** Such as `python`. */
  readonly name: string;
  /** Looks; what it throws is a finding that is not ok. */
  check(signal: AbortSignal): Finding | Promise<Finding>;
}

/** Collects the probes of `doctor`. */
export interface Diagnostics {
  /** Adds a probe; the disposer takes it away. */
  add(probe: Probe): Disposer;
}
export const Diagnostics: Contract<Diagnostics> = contract("diagnostics");

export type { LogLevel };
