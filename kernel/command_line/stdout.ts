/**
 * Keeps stdout for what was asked for: the protocol, or the output of a command. Whatever else is printed in this
 * process, by plugins, libraries or children that inherit, goes to stderr.
 *
 * @module
 */
import { Console } from "node:console";
import process from "node:process";
import { Writable } from "node:stream";

/** What is left of stdout for those who may write to it. */
export type Stdout = Pick<Writable, "write" | "once" | "off">;

/** A standard stream of Deno. */
export interface DenoStream {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
  readonly writable: WritableStream<Uint8Array>;
}

interface DenoStreams {
  readonly stdout: DenoStream;
  readonly stderr: DenoStream;
}

/** Reserves stdout, and gives the one way that is left to it. */
export function reserveStdout(): Stdout {
  const { Deno } = globalThis as { Deno?: DenoStreams };
  const { stdout, stderr } = process;
  // a reader that has gone must not end the program: it has things to put in order first
  stdout.on("error", () => {});
  stderr.on("error", () => {});
  const reserved = Deno === undefined ? ownWrites(stdout) : streamOver(Deno.stdout);
  if (Deno !== undefined) redirectDeno(Deno);
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
  isReserved = true;
  return reserved;
}

let isReserved = false;
let guarding: Promise<void> | undefined;

/** Keeps children from stdout as well. Only code that is not ours starts any by itself: it is called before that loads. */
export async function guardChildren(): Promise<void> {
  if (isReserved) await (guarding ??= import("./child_output.ts").then(({ redirectChildren }) => redirectChildren()));
}

// bound before `write` is replaced
function ownWrites(stdout: NodeJS.WriteStream): Stdout {
  return { write: stdout.write.bind(stdout), once: stdout.once.bind(stdout), off: stdout.off.bind(stdout) } as Stdout;
}

function streamOver(stdout: DenoStream): Stdout {
  const write = stdout.write.bind(stdout);
  const stream = new Writable({
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, done) {
      writeAll(write, chunk).then(() => done(), done);
    },
  });
  stream.on("error", () => {});
  return stream;
}

async function writeAll(write: DenoStream["write"], bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await write(bytes.subarray(at));
}

function redirectDeno({ stdout, stderr }: DenoStreams): void {
  Object.defineProperties(stdout, {
    write: { value: stderr.write.bind(stderr) },
    writeSync: { value: stderr.writeSync.bind(stderr) },
    writable: { get: () => stderr.writable },
  });
  // its console goes through none of these; the whole of it is replaced, since timers, counters and groups have state
  const own = new Console(process.stderr, process.stderr) as unknown as Record<string, unknown>;
  for (const name of Object.keys(console)) {
    const method = own[name];
    if (typeof method === "function") Object.assign(console, { [name]: method.bind(own) });
  }
}
