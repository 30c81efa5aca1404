/**
 * Python as the prompts show it: a function from arguments to a result, and what speaks the script protocol around it.
 *
 * @module
 */

const HEAD = ["import json", "import sys"];

const TAIL = `request = json.loads(sys.stdin.readline())
answer = {"jsonrpc": "2.0", "id": request["id"]}
try:
    answer["result"] = run(request["params"]["arguments"])
except Exception as error:
    answer["error"] = {"code": 1, "message": f"{type(error).__name__}: {error}"}
print(json.dumps(answer), flush=True)
`;

/**
 * Writes a script.
 *
 * @param body The function \`run(arguments)\`, and what it needs.
 * @param imports Lines after the imports that every script has.
 */
export function pythonScript(body: string, imports: readonly string[] = []): string {
  return `${[...HEAD, ...imports].join("\n")}\n\n${body}\n\n${TAIL}`;
}
