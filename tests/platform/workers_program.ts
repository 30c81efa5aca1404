/**
 * A program with workers: one prints, one dies, one is idle; it prints a line of its own and comes to its end.
 *
 * @module
 */
import process from "node:process";
import { createWorkers } from "../../kernel/platform/workers.ts";

const PROBE = new URL("../../kernel/platform/workers_probe.ts", import.meta.url);
const workers = createWorkers();

function untilSaid(worker: ReturnType<typeof workers.start>, word: string): Promise<void> {
  return new Promise((resolve) => worker.listen((message) => message === word && resolve()));
}

// workers do not keep the program running
const timer = setTimeout(() => {}, 60_000);
const [printing, dying] = [workers.start(PROBE), workers.start(PROBE)];
dying.post({ ask: "throw" });
printing.post({ ask: "print", text: "printed in a worker" });
await untilSaid(printing, "printed");
const error = await dying.ended;
await printing.terminate();
const idle = workers.start(PROBE);
await untilSaid(idle, "begun");
clearTimeout(timer);
process.stdout.write(`${error?.message}\n`);
