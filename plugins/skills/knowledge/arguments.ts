/**
 * Puts arguments into the text of a skill, as Claude Code does: `$ARGUMENTS`, `$ARGUMENTS[N]` and `$N` (from 0), `$name`
 * for declared names, `${CLAUDE_SESSION_ID}` and `${CLAUDE_SKILL_DIR}`. Commands in the text are never run.
 *
 * @module
 */

const PLACE_REGEXP = /\$ARGUMENTS(?:\[(\d+)\])?|\$(\d+)(?!\w)|\$([A-Za-z_][\w-]*)|\$\{(CLAUDE_[A-Z_]+)\}/g;
const WORD_REGEXP = /"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g;
const COMMAND_REGEXP = /!`[^`\n]+`/;
const VARIABLE_REGEXP = /\{\{\s*([\w.-]+)\s*\}\}/g;

/** What is put into a text. */
export interface TextArguments {
  /** All arguments as one text, as a person types them; `undefined` when none were given. */
  readonly text: string | undefined;
  /** Names of the arguments, in order. */
  readonly names: readonly string[];
  /** Values by name, which come before those by place. */
  readonly named: Readonly<Record<string, string>>;
  /** Values of `${CLAUDE_…}`. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Splits a line of arguments at spaces; quotes keep them together. */
export function splitArguments(text: string): string[] {
  return Array.from(
    text.matchAll(WORD_REGEXP),
    ([, double, single, plain]) => double?.replace(/\\(.)/g, "$1") ?? single ?? plain ?? "",
  );
}

/**
 * Puts arguments into a text. A place that nothing was given for stays as it stands; arguments for which the text has no
 * place are added at its end.
 */
export function insertArguments(text: string, { text: line, names, named, variables }: TextArguments): string {
  const words = line === undefined ? [] : splitArguments(line);
  const values = new Map(names.flatMap((name, i) => words[i] === undefined ? [] : [[name, words[i]] as const]));
  for (const [name, value] of Object.entries(named)) values.set(name, value);
  let isUsed = false;
  const use = (value: string | undefined, place: string) => {
    if (value === undefined) return place;
    isUsed = true;
    return value;
  };
  const filled = text.replace(PLACE_REGEXP, (place: string, ...groups: (string | undefined)[]) => {
    const [at, number, name, variable] = groups;
    if (variable !== undefined) return Object.hasOwn(variables, variable) ? variables[variable] ?? "" : place;
    if (name !== undefined) return use(values.get(name), place);
    const index = at ?? number;
    return index === undefined ? use(line, place) : use(words[Number(index)], place);
  });
  if (isUsed || line === undefined || line.trim() === "") return filled;
  return `${filled.trimEnd()}\n\nARGUMENTS: ${line}\n`;
}

/** Tells whether a text holds commands that other programs would run before they show it. */
export function hasCommands(text: string): boolean {
  return COMMAND_REGEXP.test(text);
}

/** Puts values into a template with places such as `{{topic}}`; what was not given becomes empty. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(VARIABLE_REGEXP, (_, name: string) => Object.hasOwn(values, name) ? values[name] ?? "" : "");
}
