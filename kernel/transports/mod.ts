/**
 * The doors of a kernel that need no particular runtime: HTTP by {@linkcode createApp} and
 * {@linkcode createHttpHandler}. stdio is in `stdio.ts`.
 *
 * @module
 */
export { type AccessOptions, LOOPBACK_HOSTS } from "./access.ts";
export { type AppOptions, createApp, type KernelApp } from "./app.ts";
export { createHttpHandler, type HttpHandler, type HttpOptions, type RequestOptions } from "./http.ts";
export type { ParkingOptions } from "./parking.ts";
export type { ServerInfo } from "./engine.ts";
export { PROTOCOL_VERSIONS } from "./revisions.ts";
export type { SessionLimits } from "./sessions.ts";
