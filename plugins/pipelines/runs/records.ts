/**
 * Runs as they are read from the store.
 *
 * @module
 */
import { type Call, type JsonObject, ToolError } from "../../../kernel/mod.ts";
import { type Namespace, type Page, scanAll } from "../../store/contract.ts";
import { isPast, type KeptStep, readMemory, readOutput, type RunMemory, shownStep } from "./kept_steps.ts";
import { headsOf, ownerOf, placeOf, type RunPlace } from "./places.ts";
import { partsOfRunId, type RunHead, type RunPlan, type RunStatus, type RunStep, type RunSummary } from "./record.ts";

/** What a run was started with, as it is kept. */
export interface Made {
  readonly input: JsonObject;
  readonly plan: RunPlan;
}

/** The run that a step started, as it is kept. */
export interface KeptChild {
  readonly key: string;
  readonly run: string;
  /** Of the outer run, when it was started. */
  readonly attempt: number;
}

/** A run and where it is kept. */
export interface FoundRun {
  readonly owner: string;
  readonly place: RunPlace;
  readonly head: RunHead;
  readonly version: number;
}

/** Which runs are listed. */
export interface RunFilter {
  readonly pipeline?: string;
  readonly status?: RunStatus;
  /** Most runs of a page; 20 by default. */
  readonly limit?: number;
  readonly cursor?: string;
}

const LISTED = 20;
const PAGE = 200;
const MOST_STEPS = 1_000;
// digits, names of kinds and the signs between them
const STEP_KEY_REGEXP = /^[\w.~[\]-]{1,500}$/;

/** Reads runs. */
export class RunRecords {
  readonly #entries: Namespace;

  constructor(entries: Namespace) {
    this.#entries = entries;
  }

  /**
   * Finds a run of whoever calls.
   *
   * @throws {ToolError} one and the same for an id that is unknown, over, or another's.
   */
  async find(id: unknown, { principal }: Partial<Pick<Call, "principal">>): Promise<FoundRun> {
    const owner = await ownerOf(principal);
    const place = placeOf(owner, id);
    const entry = place && await this.#entries.get(place.head);
    const head = entry?.value as unknown as RunHead | undefined;
    if (place === undefined || entry === undefined || head === undefined || head.isRemoved) throw notFound(id);
    return { owner, place, head, version: entry.version };
  }

  /** Gives what a run was started with. */
  async made({ place, head }: FoundRun): Promise<Made> {
    const made = (await this.#entries.get(place.made))?.value as Made | undefined;
    if (made === undefined) throw notFound(head.id);
    return made;
  }

  /** Gives a page of the runs of a principal, the newest first; `show` says what they are now. */
  async list(
    { pipeline, status, limit = LISTED, cursor }: RunFilter,
    { owner, show }: { readonly owner: string; show(head: RunHead): RunSummary | undefined },
  ): Promise<Page<RunSummary>> {
    if (cursor !== undefined && partsOfRunId(cursor) === undefined) {
      throw new ToolError(`Cannot list runs: the cursor ${JSON.stringify(cursor)} is none of this list; leave it out`);
    }
    const prefix = headsOf(owner);
    const items: RunSummary[] = [];
    let before = cursor === undefined ? undefined : prefix + cursor;
    while (true) {
      const page = await this.#entries.scan({
        prefix,
        reverse: true,
        limit: PAGE,
        ...(before !== undefined && { before }),
      });
      for (const { key, value } of page.items) {
        before = key;
        const run = show(value as unknown as RunHead);
        if (run === undefined || (pipeline ?? run.pipeline) !== run.pipeline) continue;
        if ((status ?? run.status) !== run.status) continue;
        if (items.length === limit) return { items, cursor: items.at(-1)!.id };
        items.push(run);
      }
      if (page.cursor === undefined) return { items, cursor: undefined };
    }
  }

  /** Gives a page of the steps of a run. */
  async steps(
    { place }: FoundRun,
    { limit = MOST_STEPS, cursor }: { readonly limit?: number | undefined; readonly cursor?: string | undefined },
  ): Promise<Page<RunStep>> {
    const page = await this.#entries.scan({
      prefix: place.steps,
      limit: Math.min(limit, MOST_STEPS),
      ...(cursor !== undefined && { cursor }),
    });
    return { items: page.items.map(({ value }) => shownStep(value as unknown as KeptStep)), cursor: page.cursor };
  }

  /** Gives what a run, or a step of it, gave. */
  async output({ place }: FoundRun, key: string | undefined): Promise<unknown> {
    if (key === undefined) return (await this.#entries.get(place.result))?.value;
    if (!STEP_KEY_REGEXP.test(key)) return undefined;
    return await readOutput(this.#entries, { place, key });
  }

  /** Gives the run that a step started. */
  async child(place: RunPlace, key: string): Promise<KeptChild | undefined> {
    return (await this.#entries.get(place.child(key)))?.value as KeptChild | undefined;
  }

  /** Gives the runs that the steps of a run started. */
  async *children({ owner, place }: FoundRun): AsyncGenerator<FoundRun & { readonly key: string }> {
    for await (const { value } of scanAll(this.#entries, { prefix: place.children, limit: PAGE })) {
      const { key, run } = value as unknown as KeptChild;
      const inner = placeOf(owner, run);
      const entry = inner && await this.#entries.get(inner.head);
      if (inner === undefined || entry === undefined) continue;
      yield { key, owner, place: inner, head: entry.value as unknown as RunHead, version: entry.version };
    }
  }

  /** Gives steps that were in flight when a run was cut off, those of runs within it too. */
  async inFlight(found: FoundRun, { memory, most }: { memory?: RunMemory; most: number }): Promise<KeptStep[]> {
    const { finished, cut } = memory ?? await readMemory(this.#entries, found.place, { isBare: true });
    const steps = [...cut.values()].slice(0, most);
    for await (const child of this.children(found)) {
      if (steps.length >= most) break;
      if (child.head.status === "completed" || isPast(child.key, finished)) continue;
      steps.push(...await this.inFlight(child, { most: most - steps.length }));
    }
    return steps;
  }
}

function notFound(id: unknown): ToolError {
  const shown = typeof id === "string" ? `"${id.slice(0, 100)}"` : String(id);
  return new ToolError(
    `Cannot find run ${shown}: there is no such run, or it is no longer kept; list the runs that there are`,
  );
}
