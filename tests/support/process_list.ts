/**
 * Looks which processes run on this machine, those in sandboxes among them.
 *
 * @module
 */
import { execFile } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Lists the processes whose command line or environment has a text, as `ps` sees them; zombies do not count. */
export async function processesWith(text: string): Promise<string[]> {
  const { stdout } = await run("ps", ["axeww", "-o", "pid=,stat=,args="], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split("\n").filter((line) => {
    const [pid, stat = ""] = line.trim().split(/\s+/);
    return line.includes(text) && !stat.startsWith("Z") && Number(pid) !== process.pid;
  });
}
