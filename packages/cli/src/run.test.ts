import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allCommands } from "./command/find.ts";
import { tree } from "./commands/tree.ts";
import { readConfigFile } from "./config-file.ts";
import { tempFolder } from "./testing/temp-folder.ts";
import { runInWorld } from "./testing/world.ts";
import { VERSION } from "./version.ts";

describe("words", () => {
  test.each([
    [["inpsect", "x"], 'unknown word "inpsect"', 'Did you mean "inspect"?'],
    [["catalog", "lits"], 'unknown word "lits" after "catalog"', 'Did you mean "list"?'],
    [["tags", "--ouptut", "json", "h.io/x"], "unknown flag --ouptut", 'Did you mean "--output"?'],
    [["tags", "-o", "jsno", "h.io/x"], "flag --output: expected one of text, json, yaml, name", 'Did you mean "json"?'],
    [["tags"], "skerry tags: REPO is missing", "skerry tags --help"],
    [["tags", "h.io/x", "h.io/y"], 'unexpected argument "h.io/y"', 'It takes REPO. See "skerry tags --help".'],
    [["catalog", "graph", "x", "--zzz"], "unknown flag --zzz", 'See "skerry catalog graph --help".'],
    [["du", "--platform", "linux", "h.io/x"], 'flag --platform: Cannot read platform "linux"', "linux/amd64"],
    [["copy", "--limit-rate", "fast", "h.io/x:1", "g.io/y"], "flag --limit-rate: cannot read size", "4095MiB"],
    [["catalog"], 'a word is missing after "catalog"', "list"],
    [["--platform", "x", "tags"], "unknown flag --platform", "Flags of a single command stand after its words"],
    [["tags", "nginx"], "names no registry", "docker://nginx"],
    [["plan", "-c", "x.yaml", "--filter-by-os", "amd64"], "its lock names platforms", "--platform linux/amd64"],
    [["mirror", "-c", "x.yaml", "--filter-by-os", "amd64", "docker://h.io"], "its lock names platforms", "--platform linux/amd64"],
    [["plan", "-c", "x.yaml", "--rewrite-index"], "--rewrite-index would give images digests", "copies sparsely"],
    [["mirror", "--from", "file://x", "--rewrite-index", "docker://h.io"], "--rewrite-index would give images digests", "copies sparsely"],
    [["catalog", "mirror", "h.io/c:1", "g.io/m", "--rewrite-index"], "--rewrite-index would give images digests", "copies sparsely"],
    [["du", "--filter-by-os", "(", "h.io/x"], "flag --filter-by-os: cannot read the expression", "Go's syntax"],
  ])("%j is refused", async (args, message, hint) => {
    const { code, stdout, stderr } = await runInWorld(args);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  test("errors are documents under -o json, also when flags could not be read", async () => {
    for (const args of [
      ["-o", "json", "tags", "nginx"],
      ["tags", "-ojson", "nginx"],
      ["tags", "--output=json", "--nope"],
    ]) {
      const { code, stderr } = await runInWorld(args);
      expect(code).toBe(2);
      expect(JSON.parse(stderr)).toMatchObject({ apiVersion: "skerry.dev/v1", kind: "Error", code: "USAGE" });
    }
  });

  test("help goes to stdout and knows every part", async () => {
    for (const args of [
      ["copy", "--help"],
      ["help", "copy"],
      ["copy", "--nope", "-h"],
      ["copy", "-h"],
    ]) {
      const { code, stdout } = await runInWorld(args);
      expect(code).toBe(0);
      for (const part of [
        "Usage:",
        "skerry copy [flags]",
        "-f, --filename FILE",
        "--max-per-host N",
        "default 8",
        "Examples:",
        "Exit codes:",
        "130",
      ]) {
        expect(stdout).toContain(part);
      }
    }
    const whole = await runInWorld([]);
    expect(whole.code).toBe(0);
    expect(whole.stdout).toContain("skerry COMMAND --help");
  });

  test("the version in all its forms", async () => {
    const text = await readFile(join(import.meta.dirname, "..", "package.json"), "utf8");
    expect(VERSION).toBe((JSON.parse(text) as { version: string }).version);
    expect((await runInWorld(["--version"])).stdout).toBe(`skerry ${VERSION}\n`);
    expect((await runInWorld(["tags", "--version"])).stdout).toBe(`skerry ${VERSION}\n`);
    const { stdout } = await runInWorld(["version", "-o", "yaml"]);
    expect(stdout).toContain("apiVersion: skerry.dev/v1\nkind: Version\n");
    expect(JSON.parse((await runInWorld(["-o", "json", "version"])).stdout)).toEqual({
      apiVersion: "skerry.dev/v1",
      kind: "Version",
      version: VERSION,
      commit: null,
      node: "26.0.0",
      platform: "linux/x64",
    });
  });
});

describe("commands as data", () => {
  const commands = [...allCommands(tree)].map(([words, command]) => [words.join(" "), command] as const);

  test.each(commands)("%s is complete and loads", async (words, command) => {
    expect(command.brief).not.toBe("");
    expect(command.brief.endsWith(".")).toBe(false);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(example.command).toContain(`skerry ${words}`.trim());
    const shorts = [...command.flags.values()].flatMap((flag) => (flag.short === undefined ? [] : [flag.short]));
    expect(new Set(shorts).size).toBe(shorts.length);
    for (const [name, flag] of command.flags) {
      expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
      // The default must be a legal value.
      await flag.read([]);
    }
    const help = await runInWorld([...words.split(" "), "--help"]);
    expect(help.code).toBe(0);
  });

  test("the manual page and completion scripts name every command", async () => {
    const man = (await runInWorld(["man"])).stdout;
    for (const [words] of commands) expect(man).toContain(`.SS ${words.replaceAll("-", "\\-")}\n`);
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await runInWorld(["completion", shell]);
      expect(code).toBe(0);
      for (const [words] of commands) expect(stdout).toContain(words.split(" ").at(-1) ?? "");
    }
    expect((await runInWorld(["completion", "csh"])).code).toBe(2);
  });
});

describe("where flags come from", () => {
  test("flag, environment, file, default, in this order", async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, "skerry"));
    await writeFile(
      join(folder.path, "skerry", "config.yaml"),
      "output: yaml\nlimit-rate: 20MB\nplatform: [linux/amd64, linux/arm64]\nquiet: true\n",
    );
    const env = { XDG_CONFIG_HOME: folder.path };
    expect((await runInWorld(["version"], { env })).stdout).toContain("kind: Version");
    expect((await runInWorld(["version"], { env: { ...env, SKERRY_OUTPUT: "json" } })).stdout).toContain('"kind": "Version"');
    expect((await runInWorld(["version", "-o", "text"], { env: { ...env, SKERRY_OUTPUT: "json" } })).stdout).toContain(`skerry ${VERSION}`);
    expect((await runInWorld(["version"], { env: { SKERRY_OUTPUT: "" } })).stdout).toContain(`skerry ${VERSION}`);
  });

  test("a wrong value is blamed on its source", async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, "skerry"));
    const file = join(folder.path, "skerry", "config.yaml");
    const env = { XDG_CONFIG_HOME: folder.path };
    expect((await runInWorld(["version"], { env: { SKERRY_OUTPUT: "jsn" } })).stderr).toContain("SKERRY_OUTPUT: expected one of");
    for (const [text, message] of [
      ["output: jsn\n", `${file}, key output: expected one of`],
      ["outptu: json\n", `cannot use ${file}: unknown key "outptu"`],
      ["password: x\n", "password is taken from the command line only"],
      ["output: {a: 1}\n", "output is not a single value"],
      ["- a\n", "expected a mapping"],
      ["a: [\n", "it is not YAML"],
    ] as const) {
      await writeFile(file, text);
      const { code, stderr } = await runInWorld(["version"], { env });
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
  });

  test("secrets are never taken from the environment", async () => {
    const { code, stderr } = await runInWorld(["login", "h.io", "-u", "bob"], { env: { SKERRY_PASSWORD: "secret" } });
    expect(code).toBe(2);
    expect(stderr).toContain("no password");
  });

  test("a repeatable flag takes a list from the file", async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, "skerry"));
    await writeFile(join(folder.path, "skerry", "config.yaml"), "platform: [linux/amd64, linux/arm64]\n");
    const world = { env: { XDG_CONFIG_HOME: folder.path }, home: "/nonexistent" };
    const { flags } = await readConfigFile(world as never, tree);
    expect(flags.get("platform")).toEqual(["linux/amd64", "linux/arm64"]);
  });
});

describe("talk", () => {
  test("the log file holds JSON lines, is private, and tells of the error", async () => {
    await using folder = await tempFolder();
    const file = join(folder.path, "log");
    const { code } = await runInWorld(["logout", "h.io", "--log-file", "log", "-q"], { cwd: folder.path, home: folder.path });
    expect(code).toBe(0);
    const failing = await runInWorld(["catalog", "list", "./nothing", "--log-file", file], { cwd: folder.path, home: folder.path });
    expect(failing.code).toBe(1);
    const lines = (await readFile(file, "utf8")).trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { level: string }).level)).toEqual(["warn", "error"]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("quiet leaves errors only", async () => {
    const loud = await runInWorld(["logout", "h.io"]);
    const quiet = await runInWorld(["logout", "h.io", "--quiet"]);
    expect(loud.stderr).toContain("warning: no file holds an account for h.io");
    expect(quiet.stderr).toBe("");
  });

  test("colours are for terminals that want them", async () => {
    const red = "\u001b[31m";
    expect((await runInWorld(["tags", "x"], { terminal: true })).stderr).toContain(red);
    expect((await runInWorld(["tags", "x", "--no-color"], { terminal: true })).stderr).not.toContain(red);
    expect((await runInWorld(["tags", "x"], { terminal: true, env: { NO_COLOR: "1" } })).stderr).not.toContain(red);
    expect((await runInWorld(["tags", "x"])).stderr).not.toContain(red);
  });
});
