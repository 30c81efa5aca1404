import { memoryStore } from "../../../plugins/store/mod.ts";
import { testStore } from "../../../plugins/store/suite.ts";
import { temporaryFolder } from "../../platform/temporary.ts";
import { ENGINES, openStore } from "./homes.ts";

testStore("memory", () => {
  const store = memoryStore();
  return { value: store, dispose: () => store.close() };
});

for (const sql of ENGINES) {
  testStore(`SQLite by ${sql.engine}`, async () => {
    const folder = await temporaryFolder();
    const { store } = openStore(folder.path, { sql });
    const dispose = async () => {
      await store.close();
      await folder[Symbol.asyncDispose]();
    };
    return { value: store, dispose };
  });
}
