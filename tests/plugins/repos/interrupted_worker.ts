/**
 * A server that adds a repository, or updates it, and says how far it is, until it is killed or has done it.
 *
 * @module
 */
import process from "node:process";
import { startRepositories } from "./repositories_kit.ts";

const [home = "", url = ""] = process.argv.slice(2);
const kit = await startRepositories(home);
const progress = async (done: number) => {
  process.stdout.write(`${done}\n`);
  // time for whoever kills it
  await new Promise((resolve) => setTimeout(resolve, 20));
};
const call = kit.call({ progress });
const name = kit.repositories.list()[0]?.name;
if (name === undefined) await kit.repositories.add({ url }, call);
else await kit.repositories.update(name, call);
process.stdout.write("done\n");
await kit[Symbol.asyncDispose]();
