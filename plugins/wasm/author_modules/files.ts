/// <reference path="./texts.d.ts" />
/**
 * The modules by which tools talk to the server, one for each language: the sources beside this one.
 *
 * @module
 */
import go from "./collet_tool.go" with { type: "text" };
import c from "./collet_tool.h" with { type: "text" };
import rust from "./collet_tool.rs" with { type: "text" };

/** The crate `collet_tool`. */
export const RUST_MODULE: string = rust;
/** The package `collet_tool` of Go. */
export const GO_MODULE: string = go;
/** The header `collet_tool.h`, for C and C++. */
export const C_HEADER: string = c;
