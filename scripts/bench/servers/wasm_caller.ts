/**
 * The plugin that times what calls of WASM tools are compared with, in the process that is measured: the same module
 * instantiated by hand in a worker, compiled for each call, or the same program as a process.
 *
 * @module
 */
import { definePlugin, type Plugin, ToolError } from "collet";
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { quantile } from "../statistics.ts";

/** What calls of WASM tools are compared with. */
export interface TimeOthers {
  readonly way: "by_hand" | "compiled" | "native";
  /** Absolute path of the module, or of the native program. */
  readonly file: string;
  /** Absolute path of `by_hand_worker.mjs`. */
  readonly worker: string;
  readonly count: number;
}

const Input = v.object({
  way: v.picklist(["by_hand", "compiled", "native"]),
  file: v.string(),
  worker: v.string(),
  count: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

/** Answers the arguments of a call as text. */
type Answer = (stdin: string) => Promise<string>;

interface Answered {
  readonly code: number;
  readonly text: string;
}

const caller: Plugin = definePlugin({
  name: "wasm_caller",
  version: "1.0.0",
  setup({ tool, own }) {
    const answers = new Map<string, Promise<Answer>>();
    const workers: Worker[] = [];
    own("workers", async () => void await Promise.all(workers.map((it) => it.terminate())));
    const open = async ({ way, file, worker: path }: TimeOthers): Promise<Answer> => {
      if (way === "native") return (stdin) => runNative(file, stdin);
      const worker = new Worker(pathToFileURL(path));
      workers.push(worker);
      const bytes = new Uint8Array(await readFile(file));
      const ask = (job: object) =>
        new Promise<Answered>((resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
          worker.postMessage(job);
        });
      let module = way === "by_hand" ? await WebAssembly.compile(bytes) : undefined;
      return async (stdin) => {
        const { code, text } = await ask(way === "by_hand" ? { module, stdin } : { bytes, stdin });
        module = undefined;
        if (code !== 0) throw new ToolError(`The module exited with ${code}`);
        return text;
      };
    };
    tool({
      name: "time_others",
      description: "Time what calls of WASM tools are compared with",
      input: Input,
      run: async (input) => {
        const key = `${input.way} ${input.file}`;
        const opening = answers.get(key) ?? open(input);
        answers.set(key, opening);
        return { p50Ms: await timeAnswers(await opening, input.count) };
      },
    });
  },
});

export default caller;

async function timeAnswers(answer: Answer, count: number): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < count; n++) {
    const calledAt = performance.now();
    const value = JSON.parse(await answer(JSON.stringify({ n })));
    times.push(performance.now() - calledAt);
    if (value?.n !== n + 1) throw new ToolError(`Wrong answer to ${n}: ${JSON.stringify(value)}`);
  }
  return quantile(times.sort((a, b) => a - b), 0.5);
}

function runNative(program: string, stdin: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => text += piece);
    child.once("error", reject);
    child.once("close", () => resolve(text));
    child.stdin.end(stdin);
  });
}
