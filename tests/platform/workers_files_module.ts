/**
 * Runs in a worker: reads a file of a folder whose path it is sent, and keeps it open.
 *
 * @module
 */
import type { WorkerScope } from "../../kernel/mod.ts";

/** Sends the text of `file`. */
export default function readFile(scope: WorkerScope): void {
  scope.listen((path) => {
    const file = scope.openFolder(String(path), { writable: false }).open("file", { read: true });
    const bytes = new Uint8Array(100);
    scope.post(new TextDecoder().decode(bytes.subarray(0, file.read(bytes, 0n))));
  });
}
