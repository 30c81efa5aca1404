/**
 * Packages of `execute_python_code`: what the code and the files of skills declare by PEP 723 is installed together, and
 * contradictions are reported. Installs from the real registry.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { choosePath, uvPath } from "../../../dependencies/kit.ts";
import { inlineMetadata, type PythonKit, startPython, valueOf } from "./kit.ts";

const SKILLS = {
  old: { "names.py": `${inlineMetadata('dependencies = ["six==1.16.0"]')}import six\nVERSION = six.__version__\n` },
  young: { "names.py": inlineMetadata('dependencies = ["Six==1.17.0"]') },
  domains: {
    "domains.py": `${
      inlineMetadata("dependencies = [", "  'idna',", "  \"python-dotenv[cli]~=1.0; python_version >= '3.7'\",", "]")
    }import click, dotenv, idna
def encode(name): return idna.encode(name).decode()
`,
    "plain.py": "PLAIN = 1\n",
    "torn.py": inlineMetadata("dependencies = [", '  "idna"'),
    "addressed.py": inlineMetadata('dependencies = ["evil @ https://packages.invalid/evil-1.0.tar.gz"]'),
    "hurried.py": inlineMetadata("dependencies = []", "[tool.uv]", 'index-url = "https://packages.invalid/simple"'),
    "careful.py": inlineMetadata("dependencies = []", "[tool.uv]", 'index-url = "https://other.invalid/simple"'),
    "future.py": inlineMetadata('requires-python = ">=3.99"', "dependencies = []"),
    "quoted.py": `TEXT = '''\n  # /// script\n  # dependencies = ["evil-package-of-nobody"]\n  # ///\n'''\n`,
    "project.py": '# /// pyproject\n# dependencies = ["evil-package-of-nobody"]\n# ///\nKIND = "pyproject"\n',
  },
};

describe("packages of execute_python_code", { timeout: 300_000 }, () => {
  let kit: PythonKit;
  let path: AsyncDisposable;
  before(async () => {
    const uv = uvPath();
    // pip does the same, and takes a minute
    path = await choosePath(uv === undefined ? {} : { uv: { link: uv } });
    kit = await startPython(SKILLS);
  });
  after(async () => {
    await kit[Symbol.asyncDispose]();
    await path[Symbol.asyncDispose]();
  });

  test("of the code and of two skills are installed as one set, whatever form they are written in", async () => {
    const code = `${inlineMetadata('dependencies = ["six>=1.10"]', 'requires-python = ">=3.7"')}
import domains, idna, names, six
print(names.VERSION, six.__version__, domains.encode("bücher.example"))`;
    const references = ["old:names.py", "domains:domains.py"];
    assert.equal(await kit.stdout(code, references), "1.16.0 1.16.0 xn--bcher-kva.example\n");
  });

  test("that contradict each other are reported with both owners, and nothing is guessed", async () => {
    const between = await kit.refusal("import six", ["old:names.py", "young:names.py"]);
    assert.match(between, /six/i);
    assert.match(between, /old:names\.py/);
    assert.match(between, /young:names\.py/);
    const own = await kit.refusal(`${inlineMetadata('dependencies = ["six==1.15.0"]')}import six`, ["old:names.py"]);
    assert.match(own, /the code[^]*old:names\.py/);
    const settings = await kit.refusal("x = 1", ["domains:hurried.py", "domains:careful.py"]);
    assert.match(settings, /tool\.uv[^]*domains:hurried\.py[^]*domains:careful\.py/);
  });

  test("that cannot be read, or be had, fail with the words for it", async () => {
    assert.match(await kit.refusal("x = 1", ["domains:torn.py"]), /PEP 723[^]*domains:torn\.py/);
    assert.match(await kit.refusal(inlineMetadata("dependencies = 3")), /not a list of texts.*the code/);
    assert.match(await kit.refusal("x = 1", ["domains:addressed.py"]), /evil.*(address|URL|direct)/i);
    assert.match(await kit.refusal("x = 1", ["domains:future.py"]), /3\.99/);
    const option = await kit.refusal(inlineMetadata('dependencies = ["--index-url=https://packages.invalid"]'));
    assert.match(option, /--index-url/);
  });

  test("that stand in a text, or under another type, are no packages", async () => {
    const code = "import quoted, project\nprint(len(quoted.TEXT) > 0, project.KIND)";
    assert.equal(await kit.stdout(code, ["domains:quoted.py", "domains:project.py"]), "True pyproject\n");
    assert.equal(await kit.stdout('TEXT = """ # /// script """\nprint(1)'), "1\n");
  });

  test("of files that are not referred to are left alone", async () => {
    const result = await kit.execute("import plain, sys; print(sys.prefix == sys.base_prefix)", ["domains:plain.py"]);
    assert.equal(valueOf(result)["stdout"], "True\n");
  });
});
