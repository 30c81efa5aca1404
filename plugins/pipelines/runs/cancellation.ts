/**
 * Ends runs, whichever server runs them.
 *
 * @module
 */
import { type Call, ToolError } from "../../../kernel/mod.ts";
import { type Namespace, sleep } from "../../store/contract.ts";
import type { ActiveRuns } from "./active_runs.ts";
import { hasEnded } from "./record.ts";
import type { FoundRun, RunRecords } from "./records.ts";

// a server that does not end it within this time goes on doing so
const WAIT_MS = 30_000;
const LOOK_MS = 100;

/** What it takes to cancel. */
export interface CancelOptions {
  readonly call: Call;
  readonly entries: Namespace;
  readonly records: RunRecords;
  readonly active: ActiveRuns;
  readonly now: () => number;
}

/**
 * Cancels a run, and waits until it has ended.
 *
 * @throws {ToolError} when there is no such run, or it had ended.
 */
export async function cancelRun(id: string, options: CancelOptions): Promise<FoundRun> {
  const { call, records, active, now } = options;
  const start = now();
  while (true) {
    const found = await records.find(id, call);
    const { head } = found;
    if (hasEnded(head) && head.status !== "interrupted") {
      if (head.isCancelled) return found;
      throw new ToolError(`Cannot cancel run ${id}: it has ended as ${head.status}`);
    }
    if (call.signal.aborted || now() - start > WAIT_MS) return found;
    const here = active.get(id);
    if (here !== undefined) {
      here.ledger.change({ isCancelled: true });
      here.end("cancelled");
      await here.settled;
    } else if (!(await active.served())(head)) await cancelLeft(found, options);
    else if (head.isCancelled) await sleep(LOOK_MS);
    else await askToCancel(found, options);
  }
}

// the server that runs it hears of it
async function askToCancel({ place, head, version }: FoundRun, { entries }: CancelOptions): Promise<void> {
  await entries.compareAndSet(place.head, { ...head, isCancelled: true }, { ifVersion: version });
}

// nobody runs it, nor what it is made of
async function cancelLeft(found: FoundRun, options: CancelOptions): Promise<void> {
  const { entries, records, now } = options;
  const { place, head, version } = found;
  const endedAt = now();
  const error = "the run was cancelled";
  const cancelled = { ...head, status: "cancelled", isCancelled: true, error, updatedAt: endedAt, endedAt };
  if (await entries.compareAndSet(place.head, cancelled, { ifVersion: version }) === undefined) return;
  for await (const child of records.children(found)) {
    if (!hasEnded(child.head) || child.head.status === "interrupted") await cancelLeft(child, options);
  }
}
