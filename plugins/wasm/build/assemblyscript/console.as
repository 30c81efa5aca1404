// deno-lint-ignore-file no-namespace -- AssemblyScript
// @ts-nocheck: AssemblyScript is no TypeScript
/**
 * The `console` of tools in AssemblyScript: `log` and `info` write to stdout, the others to stderr, as on Node.
 *
 * @module
 */
import { wasi_console } from "./wasi_console";
import { wasi_process } from "./wasi_process";

function complain(message: string): void {
  wasi_process.stderr.write(message + "\n");
}

export namespace collet_console {
  export function assert<T>(condition: T, message: string = ""): void {
    if (!condition) complain("Assertion failed: " + message);
  }

  export function log(message: string = ""): void {
    wasi_process.stdout.write(message + "\n");
  }

  export function info(message: string = ""): void {
    wasi_process.stdout.write(message + "\n");
  }

  export function debug(message: string = ""): void {
    complain(message);
  }

  export function warn(message: string = ""): void {
    complain(message);
  }

  export function error(message: string = ""): void {
    complain(message);
  }

  export function time(label: string = "default"): void {
    wasi_console.time(label);
  }

  export function timeLog(label: string = "default"): void {
    wasi_console.timeLog(label);
  }

  export function timeEnd(label: string = "default"): void {
    wasi_console.timeEnd(label);
  }
}
