import { testMemory } from "../../../plugins/memory/suite.ts";
import { Memory } from "../../../plugins/memory/contract.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { startHome, startMemory } from "./kit.ts";

testMemory("over a store in memory", async () => {
  const kit = await startMemory();
  return { value: kit.kernel.get(Memory)!, dispose: async () => await kit[Symbol.asyncDispose]() };
});

testMemory("over SQLite", async () => {
  const home = await temporaryFolder();
  const kit = await startHome(home.path);
  return {
    value: kit.memory,
    async dispose() {
      await kit[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
    },
  };
});
