/**
 * Reads `metadata/depends.md`: the name of one skill a line, with or without `- ` before it.
 *
 * @module
 */
import type { SkillFileReader } from "./file_reader.ts";
import { normalizeName } from "./standard_rules.ts";

/** Where the file is, relative to the skill. */
export const DEPENDS_FILE = "metadata/depends.md";

const MOST_NAMES = 1_000;

/** Reads the names, each once. */
export async function readDepends(files: SkillFileReader): Promise<string[]> {
  const file = await files.read(DEPENDS_FILE);
  const names = new Set<string>();
  for (const line of file?.text.split("\n") ?? []) {
    const name = normalizeName(line.trim().replace(/^[-*][ \t]+/, ""));
    if (name === "" || name.startsWith("#")) continue;
    if (names.size >= MOST_NAMES) {
      const message = `The file has more than ${MOST_NAMES} names; the others are left out`;
      file!.findings.error({ rule: "depends-too-many", message });
      break;
    }
    names.add(name);
  }
  return [...names];
}
