import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isCatalogError, openCatalog } from "@skerry/catalog";
import { exerciseCatalog } from "./exercise.ts";

/**
 * Inputs that look small or cost more than they look; and a program, `hostile-sizes.ts PATH`, that does everything with
 * one that commands do, and prints `{"peak"}`: by how many bytes the process has grown for it at most.
 */
const MIB = 1 << 20;
const PACKAGE = '{"schema":"olm.package","name":"amber","defaultChannel":"stable"}\n';
const repeated = (text: string, bytes: number): string => text.repeat(Math.ceil(bytes / text.length));

/** Writers of inputs, by what they are. */
export const HOSTILE_SIZES: Readonly<Record<string, (path: string) => void>> = {
  "lists in lists": text(() => `${PACKAGE}{"schema":"x.y","name":"n","a":${repeated("[", 4 * MIB)}`),
  "maps in maps": text(() => `${PACKAGE}{"schema":"x.y","name":"n","a":${repeated('{"a":', 8 * MIB)}`),
  "a document that never ends": text(() => `{\n    "schema": "x.y",\n    "a": [\n${repeated("        1,\n", 8 * MIB)}`),
  "one long text": text(() => `${PACKAGE}{"schema":"x.y","name":"n","a":"${repeated("\\u00e4\\\\", 8 * MIB)}"}`),
  "a text without end": text(() => `${PACKAGE}{"schema":"x.y","name":"${repeated("ab", 8 * MIB)}`),
  "a hundred thousand documents": text(() => repeated('{"schema":"x.y","package":"amber","name":"n"}\n', 4 * MIB)),
  "thirty thousand keys": text(() => `{"schema":"x.y","name":"n"${Array.from({ length: 30_000 }, (_, at) => `,"k${at}":${at}`).join("")}}`),
  blanks: text(() => `${repeated(" \n", 8 * MIB)}{"schema":"x.y"}`),
  "aliases of aliases": text(
    () =>
      `schema: x.y\nname: n\na0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 60 }, (_, at) => `a${at + 1}: &a${at + 1} [${repeated(`*a${at}, `, 40)}]`).join("\n")}\n`,
  ),
  "merges of merges": text(
    () =>
      `schema: x.y\nname: n\nm0: &m0 {${Array.from({ length: 200 }, (_, at) => `k${at}: 1`).join(", ")}}\n${Array.from({ length: 500 }, (_, at) => `n${at}: {<<: *m0}`).join("\n")}\n`,
  ),
  "YAML lists in lists": text(() => `schema: x.y\nname: n\na: ${repeated("[", 2 * MIB)}`),
  "YAML dashes": text(() => `schema: x.y\nname: n\na:\n  ${repeated("- ", 2 * MIB)}\n`),
  "YAML lines without a colon": text(() => `schema: x.y\nname: n\na:\n${repeated("- x\n", 4 * MIB)}`),
  "empty YAML documents": text(() => repeated("---\n", 2 * MIB)),
  "a row of a database": (path) => {
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE package (name TEXT PRIMARY KEY, default_channel TEXT)");
    database.exec("CREATE TABLE channel (name TEXT, package_name TEXT, head_operatorbundle_name TEXT, PRIMARY KEY (name, package_name))");
    database.exec("CREATE TABLE operatorbundle (name TEXT PRIMARY KEY, csv TEXT, bundle TEXT)");
    database.prepare("INSERT INTO operatorbundle VALUES ('a.v1', ?, ?)").run(`{"a":"${"b".repeat(8 * MIB)}`, "c".repeat(8 * MIB));
    database.close();
  },
};

function text(make: () => string): (path: string) => void {
  return (path) => writeFileSync(path, make());
}

const path = process.argv[2];
if (path !== undefined && process.argv[1]?.endsWith("hostile-sizes.ts") === true) {
  const before = process.resourceUsage().maxRSS;
  try {
    const catalog = await openCatalog(path, { workdir: dirname(path) });
    await exerciseCatalog(catalog);
    await catalog.close();
  } catch (error) {
    if (!isCatalogError(error)) throw error;
  }
  process.stdout.write(JSON.stringify({ peak: (process.resourceUsage().maxRSS - before) * 1024 }));
}
