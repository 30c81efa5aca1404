/**
 * `skill_env_crud`: names, sets and removes the variables of a skill's `.env`.
 *
 * @module
 */
import * as v from "valibot";
import { type Call, type Folder, type PluginContext, ToolError } from "../../../kernel/mod.ts";
import { type EnvFile, MOST_ENV_BYTES, openSkillEnv } from "../env/env_file.ts";
import { ENV_FILE } from "../env/env_names.ts";
import { answer } from "../tools/texts.ts";
import { toldAsError } from "../tools/told_errors.ts";
import { operationField } from "./fields.ts";
import type { SkillPlaces } from "./skill_places.ts";
import type { SkillTurns } from "./skill_turns.ts";
import { removeLeftovers } from "./writable_skills.ts";

/** What the tool needs. */
export interface SkillEnvCrudContext {
  readonly tool: PluginContext["tool"];
  readonly places: Pick<SkillPlaces, "find" | "writable">;
  readonly turns: SkillTurns;
  /** Completes the name of a skill while it is typed. */
  complete(value: string): readonly string[];
}

const OPERATIONS = ["read", "set", "delete", "clear"] as const;

const DESCRIPTION = `\
Read, set and delete the environment variables of a skill, which its scripts get. They are kept in its .env file, whose \
values nobody is shown.

Operations:
- read: the names of all variables
- set: set the variables of "variables"; others stay. To replace all, use clear, then set
- delete: delete the variables of "keys"
- clear: delete all variables

Examples:
{"operation": "read", "skill_name": "my-skill"}
{"operation": "set", "skill_name": "my-skill", "variables": {"API_KEY": "sk-123", "DEBUG": "true"}}
{"operation": "delete", "skill_name": "my-skill", "keys": ["API_KEY", "DEBUG"]}
{"operation": "clear", "skill_name": "my-skill"}`;

// null is as good as left out, as the tool's schema has always had it
const Input = v.strictObject({
  operation: operationField(OPERATIONS),
  skill_name: v.pipe(v.string(), v.description("Name of the skill")),
  variables: v.nullish(
    v.pipe(v.record(v.string(), v.string()), v.description("set: the variables, their values by their names")),
  ),
  keys: v.nullish(v.pipe(v.array(v.string()), v.maxLength(1_000), v.description("delete: names of variables"))),
});

const Output = v.object({
  operation: v.picklist(OPERATIONS),
  skill_name: v.string(),
  keys: v.optional(v.array(v.string())),
  set: v.optional(v.number()),
  deleted: v.optional(v.number()),
  missing: v.optional(v.array(v.string())),
  code: v.optional(v.string()),
});

type Request = v.InferOutput<typeof Input>;

/** What an operation answers. */
interface Answer {
  readonly text: string;
  readonly data: Partial<v.InferOutput<typeof Output>>;
}

/** Registers the tool. */
export function registerSkillEnvCrud(context: SkillEnvCrudContext): void {
  const { tool } = context;
  tool({
    name: "skill_env_crud",
    description: DESCRIPTION,
    input: Input,
    output: Output,
    annotations: {
      title: "Manage environment variables of a skill",
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: true,
      openWorldHint: false,
    },
    complete: (argument, value) => argument === "skill_name" ? context.complete(value) : [],
    run: async (request, call) => {
      const { operation, skill_name } = request;
      const facts = { operation, skill_name };
      const work = () => OPERATORS[operation](request, { ...context, call });
      const { text, data } = await toldAsError(call, work, facts);
      return answer([text], { ...facts, ...data });
    },
  });
}

type Options = Pick<SkillEnvCrudContext, "places" | "turns"> & { readonly call: Call };

const OPERATORS: Readonly<Record<Request["operation"], (request: Request, options: Options) => Promise<Answer>>> = {
  read: readVariables,
  set: setVariables,
  delete: deleteVariables,
  clear: clearVariables,
};

async function readVariables({ skill_name: skill }: Request, { places }: Options): Promise<Answer> {
  const { folder } = await places.find(skill);
  const keys = (await openSkillEnv(folder)).keys();
  if (keys.length === 0) return { text: `No environment variables set for skill '${skill}'`, data: { keys } };
  const lines = [
    `Environment variables for skill '${skill}' (${keys.length}):`,
    ...keys.map((key) => `  - ${key}`),
    "",
    "Note: Values are hidden for security. Scripts of the skill get them.",
  ];
  return { text: lines.join("\n"), data: { keys } };
}

async function setVariables({ skill_name: skill, variables }: Request, options: Options): Promise<Answer> {
  const count = Object.keys(variables ?? {}).length;
  if (!variables || count === 0) throw missing("variables is required for 'set' operation");
  const keys = await changeVariables(skill, options, (file) => {
    file.set(variables);
    return true;
  });
  const text = `Successfully set ${count} environment variable(s) for skill '${skill}'`;
  return { text, data: { set: count, keys } };
}

async function deleteVariables({ skill_name: skill, keys: asked }: Request, options: Options): Promise<Answer> {
  const unwanted = [...new Set(asked ?? [])];
  if (unwanted.length === 0) throw missing("keys is required for 'delete' operation");
  let absent: string[] = [];
  const keys = await changeVariables(skill, options, (file) => {
    absent = unwanted.filter((key) => file.delete([key]) === 0);
    return absent.length < unwanted.length;
  });
  const deleted = unwanted.length - absent.length;
  const text = deleted === unwanted.length
    ? `Successfully deleted ${deleted} environment variable(s) from skill '${skill}'`
    : deleted === 0
    ? `No variables deleted from skill '${skill}' (variables did not exist)`
    : `Deleted ${deleted} of ${unwanted.length} environment variable(s) from skill '${skill}' ` +
      `(${absent.length} did not exist)`;
  return { text, data: { deleted, missing: absent, keys } };
}

async function clearVariables({ skill_name: skill }: Request, options: Options): Promise<Answer> {
  const keys = await changeVariables(skill, options, (file) => {
    file.clear();
    return true;
  });
  return { text: `Successfully cleared all environment variables for skill '${skill}'`, data: { keys } };
}

function missing(message: string): ToolError {
  return new ToolError(message, { data: { code: "ARGUMENT_INVALID" } });
}

/**
 * Changes the file of a skill, one change after another, whichever process makes them; gives the names that it has then.
 *
 * @param change Tells whether there is anything to write.
 */
async function changeVariables(
  skill: string,
  { places, turns, call }: Options,
  change: (file: EnvFile) => boolean,
): Promise<string[]> {
  const { folderName } = await places.writable(skill);
  return await turns.change(folderName, call.signal, async () => {
    // it may have been deleted meanwhile
    const { folder } = await places.writable(skill);
    await checkEnvFile(skill, folder);
    const file = await openSkillEnv(folder);
    if (change(file)) await writeSkillEnv(folder, file);
    await removeLeftovers(folder, ["."]).catch(() => {});
    return file.keys();
  });
}

/** Refuses to write through a link: what it leads to may be read by everybody. */
async function checkEnvFile(skill: string, folder: Folder): Promise<void> {
  const kind = (await folder.stat(ENV_FILE))?.kind;
  if (kind === undefined || kind === "file") return;
  const what = kind === "link" ? "a symbolic link; put the file itself in its place" : "a folder; rename it";
  throw new ToolError(`Failed to write .env for skill '${skill}': it is ${what}`, { data: { code: "FILE_INVALID" } });
}

async function writeSkillEnv(folder: Folder, file: EnvFile): Promise<void> {
  const bytes = new TextEncoder().encode(file.toString());
  if (bytes.length > MOST_ENV_BYTES) {
    throw new ToolError(
      `Cannot write variables: the file would have ${bytes.length} bytes, and may have ${MOST_ENV_BYTES}`,
      {
        data: { code: "FILE_TOO_LARGE" },
      },
    );
  }
  await folder.writeAtomic(ENV_FILE, bytes, { mode: 0o600 });
}
