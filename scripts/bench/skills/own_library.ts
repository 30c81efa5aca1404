/**
 * Collet's library of skills as a program, which does one job for each line: the modules that a server has, without the
 * server around them.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import type { Files, Log } from "../../../kernel/mod.ts";
import { createFiles } from "../../../kernel/platform/files.ts";
import { SkillCatalog } from "../../../plugins/skills/catalog/catalog.ts";
import { ToolRegistry } from "../../../plugins/skills/catalog/registry.ts";
import { Scanner } from "../../../plugins/skills/discovery/scanner.ts";
import type { SearchPath } from "../../../plugins/skills/discovery/search_paths.ts";
import { SkillFolders } from "../../../plugins/skills/discovery/skill_folders.ts";
import { quantile } from "../statistics.ts";
import type { LibraryFailure, LibraryJob, LibraryResult, LibrarySearch } from "./library_job.ts";

type Job<D extends LibraryJob["do"]> = Extract<LibraryJob, { readonly do: D }>;

const LEAST_SEARCHES = 3;
const tell = (text: string) => void process.stderr.write(`${text}\n`);
const LOG: Log = { debug: () => {}, info: tell, warn: tell, error: tell };

class OwnLibrary {
  #catalog: SkillCatalog | undefined;
  #scanner: Scanner | undefined;

  async do(job: LibraryJob): Promise<LibraryResult> {
    switch (job.do) {
      case "scan":
        return await this.#scan(job);
      case "start":
        return await this.#start(job);
      case "rescan":
        return await this.#rescan(job);
      case "search":
        return await this.#search(job);
    }
  }

  async #scan({ folder, home }: Job<"scan">): Promise<LibraryResult> {
    const files = createFiles(home);
    const scanner = this.#scanner = new Scanner({ files, log: LOG, hasIndex: true });
    const catalog = this.#catalog = makeCatalog(files);
    const result = await time(async () => {
      await catalog.accept(await scanner.scan(pathsOf(folder)));
      return catalog.size;
    });
    await scanner.save();
    return result;
  }

  async #start({ folder, home }: Job<"start">): Promise<LibraryResult> {
    const files = createFiles(home);
    const folders = new SkillFolders({ files, log: LOG, collect: () => pathsOf(folder), isWatched: false });
    const catalog = this.#catalog = makeCatalog(files);
    const startedAt = performance.now();
    const result = await time(async () => {
      await catalog.accept(await folders.open());
      return catalog.size;
    });
    await catalog.accept(await folders.refresh());
    const verifiedMs = performance.now() - startedAt;
    await folders.close();
    return { ...result, verifiedMs };
  }

  async #rescan({ folder, touched }: Job<"rescan">): Promise<LibraryResult> {
    const [catalog, scanner] = [this.#catalog, this.#scanner];
    if (catalog === undefined || scanner === undefined) throw new Error("Nothing was scanned");
    const options = touched === undefined ? {} : { touched: new Map([[folder, touched]]) };
    return await time(async () => {
      const { changed } = await catalog.accept(await scanner.scan(pathsOf(folder), options));
      return changed.length;
    });
  }

  async #search({ queries, limit, leastMs }: Job<"search">): Promise<LibraryResult> {
    const catalog = this.#catalog;
    if (catalog === undefined) throw new Error("Nothing was scanned");
    const search = (query: string) => catalog.searchSkills({ query, limit });
    const first = await time(() => search(queries[0] ?? "").length);
    return { ...first, searches: queries.map((query) => timeSearch(() => search(query), leastMs)) };
  }
}

function makeCatalog(files: Files): SkillCatalog {
  return new SkillCatalog(new ToolRegistry(), { open: (path) => files.open(path) });
}

function pathsOf(path: string): readonly SearchPath[] {
  return [{ path, scope: "user", origin: "extra" }];
}

async function time(work: () => number | Promise<number>): Promise<LibraryResult> {
  const usedBefore = process.cpuUsage();
  const startedAt = performance.now();
  const count = await work();
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(usedBefore);
  return { ms, cpuMs: (user + system) / 1_000, count };
}

function timeSearch(search: () => readonly { readonly name: string }[], leastMs: number): LibrarySearch {
  const names = search().map(({ name }) => name);
  const times: number[] = [];
  const startedAt = performance.now();
  while (times.length < LEAST_SEARCHES || performance.now() - startedAt < leastMs) {
    const searchedAt = performance.now();
    search();
    times.push(performance.now() - searchedAt);
  }
  return { ms: quantile(times.sort((a, b) => a - b), 0.5), names };
}

const library = new OwnLibrary();
for await (const line of createInterface({ input: process.stdin })) {
  let answer: LibraryResult | LibraryFailure;
  try {
    answer = await library.do(JSON.parse(line));
  } catch (error) {
    answer = { failure: error instanceof Error ? error.stack ?? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
