/**
 * Names that tools do not get in code: words of the language, and globals that code wants to find as they are.
 *
 * @module
 */

/** What code mode itself gives, in each language. */
const CODE_GLOBALS = "tools resources prompts memory elicit sample files session progress";

// ECMA-262: reserved words, those of strict code and of modules
const JAVASCRIPT_WORDS =
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false " +
  "finally for function if implements import in instanceof interface let new null package private protected public " +
  "return static super switch this throw true try typeof undefined using var void while with yield";

// values of lib.es2023.d.ts, and what the engine has beside them
const JAVASCRIPT_GLOBALS =
  "AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError " +
  "FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON " +
  "Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String " +
  "Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet " +
  "decodeURI decodeURIComponent encodeURI encodeURIComponent escape globalThis isFinite isNaN parseFloat parseInt " +
  "unescape AbortController AbortSignal CustomEvent DOMException Event EventTarget TextDecoder TextEncoder URL " +
  "URLSearchParams atob btoa clearInterval clearTimeout console crypto performance queueMicrotask setInterval setTimeout " +
  "structuredClone";

const PYTHON_WORDS =
  "False None True and as assert async await break class continue def del elif else except finally for from global if " +
  "import in is lambda nonlocal not or pass raise return try while with yield";

// dir(builtins) of Python 3.14, without exceptions: those of them that scripts use are below
const PYTHON_BUILTINS =
  "abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright " +
  "credits delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals hasattr hash " +
  "help hex id input int isinstance issubclass iter len license list locals map max memoryview min next object oct open " +
  "ord pow print property quit range repr reversed round set setattr slice sorted staticmethod str sum super tuple type " +
  "vars zip";

const PYTHON_EXCEPTIONS =
  "ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup EOFError Ellipsis Exception " +
  "ExceptionGroup FileExistsError FileNotFoundError GeneratorExit ImportError IndexError KeyError KeyboardInterrupt " +
  "LookupError MemoryError ModuleNotFoundError NameError NotImplemented NotImplementedError OSError OverflowError " +
  "PermissionError RecursionError RuntimeError StopAsyncIteration StopIteration SyntaxError SystemExit TimeoutError " +
  "TypeError UnicodeError ValueError Warning ZeroDivisionError";

/** Names that no tool has in JavaScript and TypeScript. */
export const JAVASCRIPT_RESERVED: ReadonlySet<string> = setOf(JAVASCRIPT_WORDS, JAVASCRIPT_GLOBALS, CODE_GLOBALS);

/** Names that no tool has in Python. */
export const PYTHON_RESERVED: ReadonlySet<string> = setOf(
  PYTHON_WORDS,
  PYTHON_BUILTINS,
  PYTHON_EXCEPTIONS,
  CODE_GLOBALS,
);

function setOf(...lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => list.split(" ")));
}
