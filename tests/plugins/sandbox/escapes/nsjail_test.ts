import process from "node:process";
import { which } from "../mechanism_kit.ts";
import { testEscapes } from "./suite.ts";
import { NOBODY, usersWith, WITHOUT_GROUPS } from "./users.ts";

testEscapes({
  mode: "nsjail",
  users: usersWith(NOBODY),
  skip: process.platform !== "linux" ? "it needs Linux" : which("nsjail") === undefined && "nsjail is not installed",
  borne: (user) => user.id === 0 ? [] : WITHOUT_GROUPS,
});
