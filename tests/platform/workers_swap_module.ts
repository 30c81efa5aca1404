/**
 * Runs in a worker: swaps the folder `swapped` for a link to `../outside`, and back, until it is ended.
 *
 * @module
 */
import { renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { WorkerScope } from "../../kernel/mod.ts";

/** Swaps below the folder whose path it is sent. */
export default function swap(scope: WorkerScope): void {
  scope.listen((inside) => {
    const [swapped, folder, link] = ["swapped", "kept-folder", "kept-link"].map((name) => join(String(inside), name));
    symlinkSync("../outside", link!);
    scope.post("swapping");
    for (;;) {
      scope.checkEnd();
      renameSync(swapped!, folder!);
      renameSync(link!, swapped!);
      renameSync(swapped!, link!);
      renameSync(folder!, swapped!);
    }
  });
}
