/**
 * The tools of every server that is measured.
 *
 * @module
 */

/** The tool that answers with the text it was given. */
export const ECHO = { name: "echo", description: "Say a text again" } as const;

/** A tool of the benchmark, as `tools/list` has it. */
export interface BenchTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: {
    readonly type: "object";
    readonly properties: Readonly<Record<string, { readonly type: string; readonly description: string }>>;
    readonly required: readonly string[];
  };
}

/** Makes tools named `tool_00001` and so on, of an ordinary size; none gives the tool `echo`. */
export function makeTools(count: number): BenchTool[] {
  if (count === 0) return [{ ...ECHO, inputSchema: objectOf({ text: "The text" }) }];
  return Array.from({ length: count }, (_, i) => ({
    name: `tool_${String(i + 1).padStart(5, "0")}`,
    description: `Look up a record of table ${i + 1} by its key, and say which of its fields are wanted`,
    inputSchema: objectOf({ key: "Key of the record", fields: "Names of the fields, with commas between them" }),
  }));
}

function objectOf(properties: Readonly<Record<string, string>>): BenchTool["inputSchema"] {
  const entries = Object.entries(properties).map(([name, description]) => [name, { type: "string", description }]);
  return { type: "object", properties: Object.fromEntries(entries), required: Object.keys(properties) };
}
