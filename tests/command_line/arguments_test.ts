import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseArguments } from "../../kernel/command_line/arguments.ts";
import { isKernelError } from "../../kernel/errors.ts";

const OWN = ["serve", "list", "call", "doctor"];

function parse(...words: readonly string[]) {
  return parseArguments(words, OWN);
}

function refused(words: readonly string[], message: RegExp) {
  assert.throws(() => parse(...words), (thrown) => {
    assert.ok(isKernelError(thrown));
    assert.equal(thrown.code, "OPTION_INVALID");
    assert.match(thrown.message, message);
    return true;
  });
}

describe("parseArguments()", () => {
  test("reads nothing as nothing", () => {
    assert.deepEqual(parse(), {
      settings: new Map(),
      home: undefined,
      config: undefined,
      wantsHelp: false,
      wantsVersion: false,
      verb: undefined,
      args: [],
    });
  });

  test("reads flags before, after and between the words of a command", () => {
    const { settings, verb, args, home } = parse("--port", "1", "call", "-t", "http", "add", "--home=/x", "{}");
    assert.deepEqual([...settings], [["port", "1"], ["transport", "http"]]);
    assert.deepEqual([verb, args, home], ["call", ["add", "{}"], "/x"]);
  });

  test("reads short flags joined to their value, and values with an equals sign", () => {
    assert.equal(parse("-p80").settings.get("port"), "80");
    assert.equal(parse("-p=80").settings.get("port"), "80");
    assert.equal(parse("--app=a=b").settings.get("app"), "a=b");
    assert.equal(parse("--app=").settings.get("app"), "");
  });

  test("reads switches without a value, or with one after an equals sign", () => {
    assert.equal(parse("--offline", "list").settings.get("offline"), "true");
    assert.equal(parse("--offline=false").settings.get("offline"), "false");
    assert.equal(parse("-h").wantsHelp, true);
    assert.equal(parse("list", "--version").wantsVersion, true);
  });

  test("takes a lone dash for a word, and all words after two dashes", () => {
    assert.deepEqual(parse("call", "x", "-").args, ["x", "-"]);
    assert.deepEqual(parse("call", "--", "--port", "x").args, ["--port", "x"]);
  });

  test("leaves unknown flags to commands of plugins, and to no others", () => {
    assert.deepEqual(parse("backup", "--fast", "f").args, ["--fast", "f"]);
    refused(["list", "--fast"], /Cannot use flag "--fast"/);
    refused(["--fast", "backup"], /Cannot use flag "--fast"/);
  });

  test("names near flags", () => {
    refused(["--prot", "1"], /Cannot use flag "--prot": there is none of that name; did you mean .*"--port"/);
    refused(["-x"], /Cannot use flag "-x"/);
    refused(["--PORT=1"], /Cannot use flag "--PORT".*did you mean .*"--port"/);
  });

  test("refuses a flag without its value, and one that is given twice", () => {
    refused(["--port"], /Cannot use --port: it needs a value/);
    refused(["-p", "--offline"], /Cannot use -p: it needs a value/);
    refused(["--port", "1", "-p", "2"], /Cannot use -p twice/);
  });

  test("has no flag for the token", () => {
    refused(["--token", "x"], /Cannot use flag "--token"/);
  });
});
