/**
 * The part of the contract suite of `Files` that tries to get out of a folder.
 *
 * @module
 */
import type { Files, Folder } from "../contracts.ts";
import { isKernelError } from "../errors.ts";
import { seededRandom, type SuiteTools } from "./suite_tools.ts";

const ESCAPES: readonly string[] = [
  "..",
  "../outside.txt",
  "a/../../outside.txt",
  "a/..",
  "/etc/passwd",
  "//server/share",
  "\\\\server\\share",
  "a\\..\\b",
  "\\windows",
  "C:/windows",
  "c:relative",
  "a\0b",
  ". .",
  "...",
  "a/.. /b",
];
const SECRET = "never to be seen from inside";
const PIECES: readonly string[] = [
  "..",
  ".",
  "/",
  "\\",
  "\0",
  "C:",
  "~",
  "a",
  "b",
  "outside.txt",
  "jail",
  "%2e%2e",
  "．．",
  " ",
  "...",
  "//",
  "\n",
  "\u202e",
  "*",
];

/** Tells whether an error refuses a path. */
export function isEscape(error: unknown): boolean {
  return isKernelError(error) && error.code === "PATH_ESCAPED";
}

/** Tries every operation with a path; gives what reads answered, and throws what is no plain refusal. */
async function tryEverything(folder: Folder, path: string): Promise<readonly (string | undefined)[]> {
  const attempts: readonly (() => unknown)[] = [
    () => folder.readText(path),
    async () => new TextDecoder().decode(await folder.readBytes(path)),
    async () => new TextDecoder().decode((await folder.readMany([path]))[0]),
    () => folder.listMany([path]),
    () => folder.writeAtomic(path, "written"),
    () => folder.stat(path),
    () => folder.list(path, { recursive: true }),
    () => folder.makeFolder(path),
    () => folder.copy(path, "copied"),
    () => folder.copy("own.txt", path),
    () => folder.move("moved.txt", path),
    () => folder.move(path, "moved.txt"),
    () => folder.resolve(path),
    () => folder.at(path).readText("outside.txt"),
    () => folder.at(path).writeAtomic("new.txt", "written"),
    async () => await folder.watch(path, () => {})(),
    () => folder.remove(path),
  ];
  const answers: (string | undefined)[] = [];
  for (const attempt of attempts) {
    const answer: unknown = await Promise.resolve().then(attempt).catch(() => undefined);
    if (typeof answer === "string") answers.push(answer);
  }
  return answers;
}

/** Registers the tests of what lies outside a folder. */
export function testEscapes({ test, assert }: SuiteTools<Files>, seed: number): void {
  test("every operation refuses paths that leave the folder", async (files) => {
    await files.writeAtomic("own.txt", "x");
    for (const path of ESCAPES) {
      const attempts: readonly (() => unknown)[] = [
        () => files.readText(path),
        () => files.readBytes(path),
        () => files.writeAtomic(path, ""),
        () => files.stat(path),
        () => files.list(path),
        () => files.makeFolder(path),
        () => files.move(path, "b"),
        () => files.move("own.txt", path),
        () => files.copy(path, "b"),
        () => files.copy("own.txt", path),
        () => files.remove(path),
        () => files.at(path),
        () => files.resolve(path),
        () => files.watch(path, () => {}),
      ];
      for (const attempt of attempts) {
        await assert.rejects(Promise.resolve().then(attempt), isEscape, `${attempt} with ${JSON.stringify(path)}`);
      }
    }
  });
  test(`random paths touch nothing outside, seed ${seed}`, async (files) => {
    const random = seededRandom(seed);
    const pick = (): string => PIECES[Math.floor(random() * PIECES.length)] ?? "";
    await files.writeAtomic("outside.txt", SECRET);
    const jail = files.at("jail");
    for (let round = 0; round < 150; round++) {
      await jail.writeAtomic("own.txt", "own");
      const path = Array.from({ length: 1 + Math.floor(random() * 5) }, pick).join(random() < 0.5 ? "/" : "");
      const answers = await tryEverything(jail, path);
      assert.ok(!answers.includes(SECRET), `read through ${JSON.stringify(path)}`);
      const outside = (await files.list()).map((entry) => entry.path);
      assert.deepEqual(outside, ["jail", "outside.txt"], `changed through ${JSON.stringify(path)}`);
      assert.equal(await files.readText("outside.txt"), SECRET, `written through ${JSON.stringify(path)}`);
    }
  });
}
