/**
 * The resources `collet://code/files/{id}/{name}`: files that code wrote, for the principal whose code it was.
 *
 * @module
 */
import { ErrorCode, type PluginContext, ProtocolError, rankCompletions } from "../../../kernel/mod.ts";
import { FILE_URI, type KeptFiles } from "./kept_files.ts";

/** Most files in a list of resources; more are read all the same. */
const MOST_LISTED = 100;

/** Registers the template. */
export function registerFiles({ resource }: Pick<PluginContext, "resource">, kept: KeptFiles): void {
  resource({
    uri: FILE_URI,
    name: "code_file",
    title: "File of a run",
    description: "A file that code wrote by files.write",
    async list({ principal }) {
      const listed = (await kept.list(principal)).slice(0, MOST_LISTED);
      return listed.map(({ uri, name }) => ({ uri, name }));
    },
    async complete(argument, typed, { principal }) {
      const values = (await kept.list(principal)).map(({ id, name }) => argument === "id" ? id : name);
      return rankCompletions(typed, [...new Set(values)]);
    },
    async read({ id, name }, { uri, principal }) {
      const file = await kept.find(id, name, principal);
      if (file === undefined) {
        throw new ProtocolError(ErrorCode.resourceNotFound, "Resource not found: files are kept for a time", { uri });
      }
      const { mimeType } = file;
      return [{ uri, mimeType, ...("text" in file ? { text: file.text } : { blob: file.blob }) }];
    },
  });
}
