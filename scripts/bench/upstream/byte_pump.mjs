/**
 * Starts a program and passes bytes on both ways, unread: no relay can do less.
 *
 * @module
 */
import { spawn } from "node:child_process";
import process from "node:process";

const [, , program, ...args] = process.argv;
const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"] });
process.stdin.pipe(child.stdin);
child.stdout.pipe(process.stdout);
child.once("exit", (code) => process.exit(code ?? 1));
