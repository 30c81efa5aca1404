/**
 * (c) A route that parses the JSON of a request and sends the same JSON back: the least that an answer can cost on
 * this stack.
 *
 * @module
 */
import { Hono } from "hono";
import { listen } from "./listen.ts";

const app = new Hono();
app.post("/mcp", async (c) => c.json(await c.req.json()));
await listen((request) => app.fetch(request));
