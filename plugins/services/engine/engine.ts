/**
 * One engine, Docker or Podman, reached by its command line.
 *
 * @module
 */
import { type Process, type Processes, type ProcessResult, ToolError } from "../../../kernel/mod.ts";
import { isAway, remedyFor, remedyForAway, shownWords } from "./failures.ts";

/** The engines that are known. */
export type EngineKind = "docker" | "podman";

/** What an {@linkcode Engine} is. */
export interface EngineOptions {
  readonly kind: EngineKind;
  /** Absolute path of its program. */
  readonly program: string;
  /** Of the daemon, or of Podman itself. */
  readonly version: string;
  /** What its program needs to find the daemon. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its program runs; it reads nothing there. */
  readonly cwd: string;
  readonly processes: Processes;
  /** Runs when the daemon does not answer any more. */
  onAway(): void;
}

/** How one command is run. */
export interface EngineCommand {
  readonly args: readonly string[];
  readonly signal: AbortSignal;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Variables of the command beside those of the engine. */
  readonly env?: Readonly<Record<string, string>>;
  /** Most bytes kept of each stream; default 16 MiB. */
  readonly outputLimit?: number;
}

const USUAL_MS = 30_000;

/** Runs commands of one engine. */
export class Engine {
  readonly #options: EngineOptions;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  get kind(): EngineKind {
    return this.#options.kind;
  }

  /** Such as `Docker 28.2.2`. */
  get title(): string {
    return `${titleOf(this.kind)} ${this.#options.version}`;
  }

  /**
   * Runs a command that has to succeed, and gives what it wrote to stdout.
   *
   * @param what Says what it is for, such as `start service "db"`.
   * @throws {ToolError} with the engine's words and what to do.
   * @throws the reason of `signal` when it aborts.
   */
  async run(what: string, command: EngineCommand): Promise<string> {
    const result = await this.attempt(what, command);
    if (result.code === 0) return result.stdout;
    throw this.failure(what, result);
  }

  /**
   * Runs a command that lists something, one a line.
   *
   * @throws as {@linkcode run} does.
   */
  async list(what: string, command: EngineCommand): Promise<readonly string[]> {
    const text = await this.run(what, command);
    return text.split("\n").map((it) => it.trim()).filter((it) => it !== "");
  }

  /**
   * Runs a command that may fail.
   *
   * @throws {ToolError} when the daemon does not answer.
   * @throws the reason of `signal` when it aborts.
   */
  async attempt(what: string, command: EngineCommand): Promise<ProcessResult> {
    const { args, signal, timeoutMs = USUAL_MS, env = {}, outputLimit } = command;
    const { processes, program, env: own, cwd, onAway } = this.#options;
    const result = await processes.run({
      ...{ program, args, signal, timeoutMs, cwd, env: { ...env, ...own } },
      ...(outputLimit !== undefined && { outputLimit }),
    });
    signal.throwIfAborted();
    if (result.ended === "timeout") {
      onAway();
      throw new ToolError(
        `Cannot ${what}: ${titleOf(this.kind)} did not answer within ${timeoutMs / 1_000} s; see whether its daemon ` +
          "hangs or is busy, and try again",
      );
    }
    if (result.code === 0 || !isAway(result.stderr)) return result;
    throw this.failure(what, result);
  }

  /** Starts a command whose output is read as it comes. */
  async spawn(args: readonly string[], options: Pick<EngineCommand, "signal" | "timeoutMs">): Promise<Process> {
    const { processes, program, env, cwd } = this.#options;
    return await processes.spawn({ program, args, env, cwd, ...options });
  }

  /** Makes an error of how a command ended. */
  failure(what: string, { stderr, stdout, code, signal }: Omit<ProcessResult, "truncated" | "ended">): ToolError {
    const { kind, onAway } = this.#options;
    const title = titleOf(kind);
    const words = shownWords(stderr || stdout) || `its program ended with ${code ?? signal}`;
    if (isAway(stderr)) {
      onAway();
      return new ToolError(
        `Cannot ${what}: the daemon of ${title} does not answer (${words}): ${remedyForAway(kind, stderr)}; ` +
          "what ran may have stopped, so look with the action status and start it again",
      );
    }
    const remedy = remedyFor(words);
    return new ToolError(`Cannot ${what}: ${title} says: ${words}${remedy === undefined ? "" : `; ${remedy}`}`);
  }
}

/** Gives the name of an engine as people write it. */
export function titleOf(kind: EngineKind): string {
  return kind === "docker" ? "Docker" : "Podman";
}
