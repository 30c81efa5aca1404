/**
 * Who runs the server.
 *
 * @module
 */
import process from "node:process";
import type { User } from "../mechanism_kit.ts";
import type { Borne } from "./stage.ts";

/** A user without home or rights. */
export const NOBODY: User = { name: "an ordinary user", id: 65_534 };

/** Root and an ordinary user where this is root, else who this is. */
export function usersWith(ordinary: User | undefined): readonly User[] {
  const id = process.getuid?.() ?? -1;
  if (id !== 0) return [{ name: "this user", id }];
  return [{ name: "root", id: 0 }, ...(ordinary === undefined ? [] : [ordinary])];
}

/** Who may make no control groups is held by a watch, which sees the memory of processes alone. */
export const WITHOUT_GROUPS: Borne = [
  [/^memory: in files without a name$/, "no process has mapped them; descriptors times the largest file bound them"],
  [/^memory: in segments of System V$/, "no process has attached them; they go with the sandbox"],
  [/^numbers: names of files$/, "the kernel keeps them for a folder in memory; they go with the sandbox"],
];
