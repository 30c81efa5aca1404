/**
 * The scripts of ours that scripts find things by.
 *
 * @module
 */
/// <reference path="./texts.d.ts" />
import code from "./prelude/code.js" with { type: "text" };
import codeApi from "./prelude/code_api.js" with { type: "text" };
import console from "./prelude/console.js" with { type: "text" };
import encoding from "./prelude/encoding.js" with { type: "text" };
import events from "./prelude/events.js" with { type: "text" };
import globals from "./prelude/globals.js" with { type: "text" };
import memory from "./prelude/memory.js" with { type: "text" };
import noClock from "./prelude/no_clock.js" with { type: "text" };
import structuredClone from "./prelude/structured_clone.js" with { type: "text" };
import tool from "./prelude/tool.js" with { type: "text" };
import url from "./prelude/url.js" with { type: "text" };

/**
 * All of them by name. Each is a function: of an object with functions of the host, and of what `prelude/bridge.js` has for
 * them. It gives an object of functions that the host calls.
 */
export const PRELUDES = {
  ...{ code, code_api: codeApi, console, encoding, events, globals, memory },
  ...{ no_clock: noClock, structured_clone: structuredClone, tool, url },
} as const;

/** The name of one. */
export type PreludeName = keyof typeof PRELUDES;
