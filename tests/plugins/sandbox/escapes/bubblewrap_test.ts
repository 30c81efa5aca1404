import process from "node:process";
import { which } from "../mechanism_kit.ts";
import { testEscapes } from "./suite.ts";
import { NOBODY, usersWith, WITHOUT_GROUPS } from "./users.ts";

testEscapes({
  mode: "bubblewrap",
  users: usersWith(NOBODY),
  skip: process.platform !== "linux" ? "it needs Linux" : which("bwrap") === undefined && "bubblewrap is not installed",
  borne: (user) => user.id === 0 ? [] : WITHOUT_GROUPS,
});
