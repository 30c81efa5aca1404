/**
 * Puts a launcher before a program: a shell that limits itself, joins control groups, opens files, and then becomes the
 * program. Its script is constant; what it does is told by arguments.
 *
 * @module
 */
import { isAbsolute } from "node:path";

/** What is to be done before a program starts. */
export interface Preparation {
  /** Values written to files, in this order. The launcher is "0" to a control group. */
  readonly writes: readonly (readonly [value: string, path: string])[];
  /** Files to open for reading, by descriptor: 3 to 9. */
  readonly open: Readonly<Record<number, string>>;
  /** Most CPU seconds of each process. */
  readonly cpuSeconds: number | undefined;
  /** Most bytes of a file. */
  readonly fileBytes: number | undefined;
  /** Most open descriptors of each process. */
  readonly descriptors: number | undefined;
  /** Most bytes of data of each process, touched or not. */
  readonly dataBytes: number | undefined;
}

/** A preparation in which nothing is to be done. */
export const NOTHING_TO_PREPARE: Preparation = {
  writes: [],
  open: {},
  cpuSeconds: undefined,
  fileBytes: undefined,
  descriptors: undefined,
  dataBytes: undefined,
};

/** A program with its arguments. */
export interface ProgramLine {
  readonly program: string;
  readonly args: readonly string[];
}

/** Exit code of a launcher that could not do what it was told; the program was not started then. */
export const LAUNCH_FAILED = 125;

const SHELL = "/bin/sh";
const BLOCK_BYTES = 512;
/** Variables that every shell changes or adds. Where `sh` is bash, it also adds `SHLVL`, which does no harm. */
const VARIABLES_OF_SHELLS = ["PWD", "OLDPWD"] as const;
/** What a shell passes on. */
const VARIABLE_REGEXP = /^[A-Za-z_][A-Za-z0-9_]*$/;
const DESCRIPTOR_REGEXP = /^[3-9]$/;

/**
 * Reads steps of three words, up to `--`, after closing what the server itself inherited open. It works in dash, bash and the shell of busybox, and sets no variable, since
 * that might be one of the program's. A limit that is there and lower stays; one that cannot be set ends the launcher,
 * as does a file that cannot be written or read: nothing may run without what was to hold it.
 */
const SCRIPT = `
fail() { echo "Cannot start the program: $1" >&2; exit ${LAUNCH_FAILED}; }
limit() { ulimit -S "$1" "$2" && ulimit -H "$1" "$3" || [ "$(ulimit -S "$1")" -le "$2" ]; } 2>/dev/null
ulimit -c 0
exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
while [ "$1" != -- ]; do
  case $1 in
    write) echo "$2" >"$3" || fail "cannot write $2 to $3" ;;
    open)
      [ -r "$3" ] || fail "cannot read $3"
      case $2 in
        3) exec 3<"$3" ;;
        4) exec 4<"$3" ;;
        5) exec 5<"$3" ;;
        6) exec 6<"$3" ;;
        7) exec 7<"$3" ;;
        8) exec 8<"$3" ;;
        9) exec 9<"$3" ;;
      esac ;;
    unset) unset "$2" ;;
    export) export "$2=$3" ;;
    *) limit "$1" "$2" "$3" || fail "cannot set ulimit $1 to $2" ;;
  esac
  shift 3
done
shift
exec "$@"
`;

/**
 * Puts the launcher before a program, if there is anything to do.
 *
 * @param env What the launcher is started with; the program gets it as it is.
 * @throws {RangeError} when a value cannot be told to the launcher, or a variable would be lost in it.
 */
export function putLauncherBefore(
  line: ProgramLine,
  preparation: Preparation,
  env: Readonly<Record<string, string>>,
): ProgramLine {
  const steps = [...stepsOf(preparation)];
  if (steps.length === 0) return line;
  for (const name of Object.keys(env)) {
    if (!VARIABLE_REGEXP.test(name)) {
      throw new RangeError(`variable "${name}" is lost where limits are set; use letters, digits and "_" alone`);
    }
  }
  const words = [...steps, ...VARIABLES_OF_SHELLS.map((name) => restore(name, env[name]))].flat();
  return { program: SHELL, args: ["-c", SCRIPT, "launcher", ...words, "--", line.program, ...line.args] };
}

type Step = readonly [verb: string, first: string, second: string];

function restore(name: typeof VARIABLES_OF_SHELLS[number], value: string | undefined): Step {
  return value === undefined ? ["unset", name, ""] : ["export", name, value];
}

/** Lists the steps; files are opened before descriptors are limited, and written before their size is. */
function* stepsOf({ writes, open, ...limits }: Preparation): Generator<Step> {
  for (const [value, path] of writes) yield ["write", value, path];
  for (const [descriptor, path] of Object.entries(open)) {
    if (!DESCRIPTOR_REGEXP.test(descriptor)) throw new RangeError(`descriptor ${descriptor} is not one of 3 to 9`);
    if (!isAbsolute(path)) throw new RangeError(`file "${path}" to open is not an absolute path`);
    yield ["open", descriptor, path];
  }
  yield* ulimit("-t", limits.cpuSeconds, { margin: 1 });
  yield* ulimit("-f", limits.fileBytes, { unit: BLOCK_BYTES });
  yield* ulimit("-d", limits.dataBytes, { unit: 1024 });
  yield* ulimit("-n", limits.descriptors);
}

/** Gives the step that sets a limit; `margin` is by how much the hard limit is above the soft one. */
function* ulimit(
  option: string,
  value: number | undefined,
  { unit = 1, margin = 0 }: { readonly unit?: number; readonly margin?: number } = {},
): Generator<Step> {
  if (value === undefined || value === Infinity) return;
  if (!(value >= 0)) throw new RangeError(`limit ${value} is not a number from 0`);
  const soft = Math.max(1, Math.ceil(value / unit));
  yield [option, String(soft), String(soft + margin)];
}
