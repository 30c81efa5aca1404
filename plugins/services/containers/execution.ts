/**
 * Commands in containers.
 *
 * @module
 */
import { ToolError } from "../../../kernel/mod.ts";
import type { Engine } from "../engine/engine.ts";
import type { ExecResult } from "./containers.ts";

/** What is run, and where. */
export interface ExecOptions {
  readonly service: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MARK = "COLLET_EXEC";
const ENDING_MS = 10_000;
const MOST_BYTES = 1024 * 1024;

/**
 * Runs a command in a container. Its engine lets it run on when nobody waits for it any more; so when it is cut off, it is
 * found by a variable that it was given, and ended with all that it started.
 *
 * @throws {ToolError} when its time is over.
 */
export async function execute(engine: Engine, options: ExecOptions): Promise<ExecResult> {
  const { service, container, command, timeoutMs, signal } = options;
  const what = `run a command in service "${service}"`;
  const mark = crypto.randomUUID();
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  try {
    const { code, stdout, stderr, truncated } = await engine.attempt(what, {
      args: ["exec", "--env", `${MARK}=${mark}`, container, ...command],
      signal: AbortSignal.any([signal, controller.signal]),
      timeoutMs: Infinity,
      outputLimit: MOST_BYTES,
    });
    // that is also how Docker's program ends, without a word, when the daemon goes away
    if (code === 255) await engine.attempt(what, { args: ["inspect", "--format", "{{.Id}}", container], signal });
    return { exitCode: code, stdout, stderr, truncated };
  } catch (thrown) {
    if (!signal.aborted && !controller.signal.aborted) throw thrown;
    const isEnded = await end(engine, container, mark);
    signal.throwIfAborted();
    const rest = isEnded ? "it was ended" : "it may still run there; the action stop ends it";
    throw new ToolError(
      `Cannot ${what}: it took longer than ${timeoutMs} ms, and ${rest}; raise "timeout_ms" to wait longer`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** Ends what carries a mark; tells whether that could be done, for which the container needs a shell. */
async function end(engine: Engine, container: string, mark: string): Promise<boolean> {
  const script =
    `for p in /proc/[0-9]*; do grep -q "$0" "$p/environ" 2>/dev/null && kill -KILL "\${p#/proc/}"; done; exit 0`;
  const ending = await engine.attempt("end a command", {
    args: ["exec", container, "sh", "-c", script, `${MARK}=${mark}`],
    signal: AbortSignal.timeout(ENDING_MS),
  }).catch(() => undefined);
  return ending?.code === 0;
}
