/**
 * Brings images to this machine.
 *
 * @module
 */
import { type Call, type ProcessResult, ToolError } from "../../../kernel/mod.ts";
import type { Engine } from "../engine/engine.ts";

/** What is pulled. */
export interface PullOptions {
  readonly image: string;
  /** Of the service that needs it. */
  readonly service: string;
  readonly timeoutMs: number;
  readonly call: Pick<Call, "signal" | "progress">;
}

type PullExit = Pick<ProcessResult, "code" | "signal" | "stdout" | "stderr">;

const LAYER_REGEXP = /^([0-9a-f]{12}): (.+)$/;
const DONE_REGEXP = /^(?:Pull complete|Already exists|Download complete.*|Layer already exists)/;

/**
 * Pulls an image unless it is there, and tells how far it is by its layers.
 *
 * @throws {ToolError} with the engine's words and what to do.
 */
export async function ensureImage(engine: Engine, options: PullOptions): Promise<void> {
  const { image, service, call: { signal } } = options;
  const what = `look for image "${image}"`;
  const { code } = await engine.attempt(what, { args: ["image", "inspect", "--format", "{{.Id}}", image], signal });
  if (code === 0) return;
  const exit = await pull(engine, { ...options, image: engine.kind === "podman" ? qualified(image) : image });
  if (exit.code === 0) return;
  throw engine.failure(`start service "${service}": image "${image}" is not here and cannot be pulled`, exit);
}

async function pull(engine: Engine, { image, timeoutMs, call }: PullOptions): Promise<PullExit> {
  const { signal } = call;
  await call.progress(0, undefined, `Pulling image ${image}`);
  const process = await engine.spawn(["pull", image], { signal, timeoutMs });
  const errors = collect(process.stderr);
  const layers = new Map<string, boolean>();
  let last = "";
  for await (const line of linesOf(process.stdout)) {
    const [, layer, state] = LAYER_REGEXP.exec(line) ?? [];
    last = line;
    if (layer === undefined || state === undefined) continue;
    layers.set(layer, DONE_REGEXP.test(state) || layers.get(layer) === true);
    const done = [...layers.values()].filter(Boolean).length;
    await call.progress(done, layers.size, `Pulling image ${image}: ${done} of ${layers.size} layers`);
  }
  const { code, signal: ending, ended } = await process.exited;
  signal.throwIfAborted();
  if (ended === "timeout") {
    throw new ToolError(
      `Cannot pull image "${image}" within ${
        timeoutMs / 1_000
      } s; start the service again to go on with it, or raise ` +
        '"pull_timeout_ms" of the plugin "services"',
    );
  }
  return { code, signal: ending, stdout: last, stderr: await errors };
}

/** Writes a short name as Docker understands it, where Podman would ask. */
function qualified(image: string): string {
  const [first = "", ...rest] = image.split("/");
  if (rest.length > 0 && (/[.:]/.test(first) || first === "localhost")) return image;
  return rest.length > 0 ? `docker.io/${image}` : `docker.io/library/${image}`;
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncIterable<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = `${rest}${piece}`.split(/\r?\n|\r/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

async function collect(pieces: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}
