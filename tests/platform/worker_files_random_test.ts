import assert from "node:assert/strict";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openFolder } from "../../kernel/platform/worker_files.ts";
import { freshSeed, seededRandom } from "../support/random.ts";
import { codeOf, IS_WINDOWS, readAll } from "./boxes.ts";
import { temporaryFolder } from "./temporary.ts";

const OPERATIONS = 1_500;
const NAMES = ["a", "b", "c"] as const;

/** One operation, on the folder that is tried and by plain calls in a twin of it. */
interface Operation {
  readonly name: string;
  readonly paths: readonly string[];
  tried(): unknown;
  plain(): unknown;
}

for (const isByPath of [false, true]) {
  const how = isByPath ? "by paths" : "by descriptors";
  test(`openFolder() ${how} does in any order what plain calls do`, { skip: IS_WINDOWS }, async () => {
    const seed = freshSeed();
    const random = seededRandom(seed);
    await using base = await temporaryFolder();
    const [tried, twin] = [join(base.path, "tried"), join(base.path, "twin")];
    for (const path of [tried, twin]) mkdirSync(path);
    const folder = openFolder(tried, { writable: true, isByPath });
    const counts = new Map<string, number>();
    for (let round = 0; round < OPERATIONS; round++) {
      const operation = makeOperation(folder, twin, random);
      const what = `seed ${seed}, round ${round}: ${operation.name} ${operation.paths.join(" ")}`;
      const [code, value] = outcomeOf(operation.tried);
      counts.set(code, (counts.get(code) ?? 0) + 1);
      if (code === "EPERM") {
        assert.ok(operation.paths.some((path) => mayLeadOut(twin, path)), `${what} is refused`);
        continue;
      }
      assert.deepEqual([code, value], outcomeOf(operation.plain), what);
      if (round % 50 === 0) assert.deepEqual(describeTree(tried), describeTree(twin), what);
    }
    assert.deepEqual(describeTree(tried), describeTree(twin), `seed ${seed}`);
    assert.deepEqual(readdirSync(base.path), ["tried", "twin"], `seed ${seed}`);
    for (const code of ["OK", "ENOENT", "EEXIST", "ENOTDIR", "EPERM"]) {
      assert.ok((counts.get(code) ?? 0) > 0, `seed ${seed}: never ${code}, ${JSON.stringify([...counts])}`);
    }
    folder.close();
  });
}

function outcomeOf(run: () => unknown): [code: string, value: unknown] {
  let value: unknown;
  const code = codeOf(() => value = run());
  return [code, value];
}

function makeOperation(folder: ReturnType<typeof openFolder>, twin: string, random: () => number): Operation {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const pickPath = (): string => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick([...NAMES, ...NAMES, ".", ".."]));
    return [...parts, pick(NAMES)].slice(-3).join("/");
  };
  const [path, other] = [pickPath(), pickPath()];
  const [at, to] = [`${twin}/${path}`, `${twin}/${other}`];
  const text = pick(["a", "b", "b/c", "./a", "../a", "../b/c", "a/.."]);
  const operations: readonly Operation[] = [
    { name: "makeFolder", paths: [path], tried: () => folder.makeFolder(path), plain: () => mkdirSync(at) },
    { name: "makeFolder", paths: [path], tried: () => folder.makeFolder(path), plain: () => mkdirSync(at) },
    { name: "removeFolder", paths: [path], tried: () => folder.removeFolder(path), plain: () => rmdirSync(at) },
    { name: "removeFile", paths: [path], tried: () => folder.removeFile(path), plain: () => unlinkStrictly(at) },
    {
      name: "create",
      paths: [path],
      tried: () => folder.open(path, { write: true, create: true, follow: true }).close(),
      plain: () => closeSync(openSync(at, "a")),
    },
    {
      name: "create",
      paths: [path],
      tried: () => folder.open(path, { write: true, create: true, exclusive: true }).close(),
      plain: () => closeSync(openSync(at, "wx")),
    },
    {
      name: "read",
      paths: [path],
      tried: () => readAll(folder.open(path, { read: true, follow: true })),
      plain: () => readFileSync(at, "utf8"),
    },
    {
      name: "list",
      paths: [path],
      tried: () => folder.list(path).map(({ name }) => name).sort(),
      plain: () => readdirSync(at).sort(),
    },
    {
      name: "symlink",
      paths: [path, text],
      tried: () => folder.symlink(text, path),
      plain: () => symlinkSync(text, at),
    },
    { name: "readLink", paths: [path], tried: () => folder.readLink(path), plain: () => readlinkSync(at) },
    { name: "rename", paths: [path, other], tried: () => folder.rename(path, other), plain: () => renameSync(at, to) },
    { name: "rename", paths: [path, other], tried: () => folder.rename(path, other), plain: () => renameSync(at, to) },
  ];
  return pick(operations);
}

/** Removes a file; Deno would remove an empty folder as well. */
function unlinkStrictly(path: string): void {
  if (lstatSync(path).isDirectory()) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
  unlinkSync(path);
}

/** Tells whether a path might lead above the top: by more `..` than it has folders before, or by a link in it. */
function mayLeadOut(twin: string, path: string): boolean {
  let place = twin;
  for (const part of path.split("/")) {
    try {
      if (part !== "..") {
        if (lstatSync(join(place, part)).isSymbolicLink()) return true;
        place = realpathSync(join(place, part));
      } else if (place === twin) return true;
      else place = join(place, "..");
    } catch {
      return path.includes("..");
    }
  }
  return path.includes("..");
}

function describeTree(path: string): unknown {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!stat.isDirectory()) return stat.size;
  return Object.fromEntries(readdirSync(path).sort().map((name) => [name, describeTree(join(path, name))]));
}
