import process from "node:process";
import { userWithHome, which } from "../mechanism_kit.ts";
import type { Borne } from "./stage.ts";
import { testEscapes } from "./suite.ts";
import { usersWith, WITHOUT_GROUPS } from "./users.ts";

/** What firejail cannot keep; what it makes in folders that are its own in memory, the suite looks for outside. */
const ANYBODY: Borne = [
  [/^(?:create|make a folder|link) in/, "such a folder is its own, in memory"],
  [/^disk: the home$/, "the private folder is on disk, and only the size of each file is bounded"],
  [/^disk: \/(?:tmp|dev\/shm)$/, "it bounds no folder in memory; the limit of memory does, where a group holds it"],
  [/a file to \d{4}$|with mode 4755$|a set-uid program$|^planted: /, "it filters no arguments of system calls"],
  [/^open a socket for (?:audit|events of devices|firewall)$/, "it filters no arguments of system calls"],
];
const ROOT: Borne = [
  [/^read the keys of the kernel$/, "their names are there for root, and their content for nobody"],
  [/^write \/proc\/1\/(?:comm|oom_score_adj)$/, "the first process is the sandbox's own, and root's"],
];
const ORDINARY: Borne = [
  ...WITHOUT_GROUPS,
  [/^killed$/, "what runs set-uid loses the signal that comes with its parent's death"],
];

testEscapes({
  mode: "firejail",
  // it does not run as nobody
  users: usersWith(process.platform === "linux" ? userWithHome() : undefined),
  skip: process.platform !== "linux"
    ? "it needs Linux"
    : which("firejail") === undefined && "firejail is not installed",
  borne: (user) => [...ANYBODY, ...user.id === 0 ? ROOT : ORDINARY],
});
