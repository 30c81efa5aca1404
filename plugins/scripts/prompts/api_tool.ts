/**
 * The prompt `create_api_tool`.
 *
 * @module
 */
import * as v from "valibot";
import { jsonBlock, NewName, Purpose, useOfName } from "../../library/contract.ts";
import { IMPROVE_ADVICE, type PromptsContext } from "./parts.ts";
import { pythonScript } from "./python_code.ts";

const NAME = "create_api_tool";

const IMPORTS = ["import urllib.error", "import urllib.parse", "import urllib.request"];

function runOf(url: string): string {
  // a text of JSON is a text of Python
  return `API_URL = ${JSON.stringify(url)}


def run(arguments):
    url = API_URL
    if arguments.get("path"):
        url = url.rstrip("/") + "/" + urllib.parse.quote(arguments["path"].lstrip("/"))
    if arguments.get("query"):
        url += "?" + urllib.parse.urlencode(arguments["query"], doseq=True)
    question = urllib.request.Request(url, headers={"Accept": "application/json"})
    try:
        with urllib.request.urlopen(question, timeout=30) as response:
            status, body = response.status, response.read().decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        body = error.read(1000).decode("utf-8", "replace")
        raise RuntimeError(f"{url} answered {error.code}: {body}") from None
    try:
        return {"status": status, "data": json.loads(body)}
    except ValueError:
        return {"status": status, "data": body}
`;
}

const PATTERN = {
  input_schema: {
    type: "object",
    properties: {
      path: { type: "string", description: "Below the address of the API, such as users/1" },
      query: { type: "object", description: "Parameters of the query" },
    },
  },
  output_schema: {
    type: "object",
    properties: { status: { type: "integer" }, data: { description: "The answer: JSON, else its text" } },
    required: ["status", "data"],
  },
  annotations: { readOnlyHint: true, openWorldHint: true },
  timeout_ms: 60_000,
  examples: [{
    description: "the API answers",
    arguments: {},
    result_schema: { properties: { status: { const: 200 } } },
  }],
};

const NETWORK_NOTE =
  `- \`grants\` asks for the one address of the API; its user is asked about it once. An API that sends \
to other hosts needs those as well.
`;

/** Registers the prompt. */
export function registerApiTool({ prompt, library, toolbox, hasGrants }: PromptsContext): void {
  prompt({
    name: NAME,
    title: "Create an API tool",
    description: "Write a tool that calls an HTTP API and register it",
    args: v.strictObject({
      name: NewName,
      api_url: v.pipe(
        v.string(),
        v.trim(),
        v.check(isApiUrl, "expected an address such as https://api.example.com/v1, without user, query and fragment"),
        v.description("Address of the API, such as https://api.example.com/v1"),
      ),
      description: Purpose,
    }),
    render({ name, api_url: url, description }) {
      const { overwrite, note } = useOfName(name, { prompt: NAME, library, toolbox, advice: IMPROVE_ADVICE });
      const call = {
        name,
        description,
        interpreter: "python3",
        ...PATTERN,
        ...(hasGrants && { grants: { network: [addressOf(new URL(url))] } }),
        ...(overwrite && { overwrite }),
        code: pythonScript(runOf(new URL(url).href), IMPORTS),
      };
      return `Make a tool "${name}" that calls the API at ${url}: ${description}

${note}Send the arguments below to \`register_script\`. They are complete and work as they stand, with nothing but \
Python: a GET of any path. Shape them into what the tool is for.

- Give it arguments of its own in place of \`path\` and \`query\`, each with a description; return what a caller needs of \
the answer, and say it in \`output_schema\`.
- What \`run\` raises is the message of a failed call: keep the status and what the API says.
${hasGrants ? NETWORK_NOTE : ""}\
- A key or a token never stands in the code. Ask for it with \`"secrets": ["NAME"]\` among the \`grants\`, read it by its \
name from \`request["params"]["context"]["environment"]\`, and tell the user which secret to set.
- A tool that changes something is not \`readOnlyHint\`; say \`destructiveHint\` if it can destroy.
- Put real calls into \`examples\`; \`test_tool\` runs them.

${jsonBlock(call)}
`;
    },
  });
}

function addressOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === "http:" ? 80 : 443)}`;
}

function isApiUrl(text: string): boolean {
  if (!URL.canParse(text) || /[?#\s]/.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}
