import { isBuiltin } from "node:module";
import { posix } from "node:path";
import type { ImportSite } from "./imports.ts";
import type { Project, SourceFile } from "./source-files.ts";

/** A broken rule, at a place. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Which packages each package may import: the rooms of ARCHITECTURE.md, arrows pointing up its list. */
export const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["oci", []],
  ["catalog", ["oci"]],
  ["mirror", ["oci", "catalog"]],
  ["cluster", ["oci", "catalog", "mirror"]],
  ["registry", ["oci"]],
  ["catalog-server", ["oci", "catalog"]],
  ["console", ["oci", "catalog", "mirror", "cluster", "registry", "catalog-server"]],
  ["cli", ["oci", "catalog", "mirror", "cluster", "registry", "catalog-server", "console"]],
]);

/** Pure files: nothing they reach by relative imports may come from Node. */
const PURE_FOLDER = "packages/oci/src/model/";

/** A file imported by another, with where. */
export interface Edge {
  readonly to: string;
  readonly line: number;
  readonly how: ImportSite["how"];
}

/** All broken rules but cycles, in file order. */
export function findViolations(project: Project): Violation[] {
  return [...project.files.values()].flatMap((file) => file.imports.flatMap((site) => checkImport(project, file, site)));
}

/** Files that a file imports, as far as they belong to the project. */
export function edgesOf(project: Project, file: SourceFile): Edge[] {
  return file.imports.flatMap((site) => {
    const to = targetOf(project, file, site.specifier);
    return to === undefined ? [] : [{ to, line: site.line, how: site.how }];
  });
}

function checkImport(project: Project, file: SourceFile, site: ImportSite): Violation[] {
  const { specifier, line } = site;
  const faults = specifier.startsWith(".") ? relativeFaults(file, specifier) : bareFaults(project, file, specifier);
  return [...faults, ...purityFaults(project, file, specifier)].map((message) => ({ path: file.path, line, message }));
}

function relativeFaults(file: SourceFile, specifier: string): string[] {
  const own = packageOf(file.path);
  const target = posix.join(posix.dirname(file.path), specifier);
  const other = packageOf(target);
  if (own === other || (isTest(file.path) && target.startsWith("tests/"))) return [];
  // What a package keeps for tests (contract suites, image makers) is there for the tests of the whole, too.
  if (file.path.startsWith("tests/") && /^packages\/[^/]+\/src\/testing\//.test(target)) return [];
  if (other !== undefined) return [`"${specifier}" reaches into packages/${other}; import @skerry/${other}`];
  return [`"${specifier}" leaves packages/${own ?? ""}`];
}

function bareFaults(project: Project, file: SourceFile, specifier: string): string[] {
  const [scope, name, ...rest] = specifier.split("/");
  if (scope === "@skerry" && name !== undefined)
    return [...layerFaults(file, name), ...(rest.length === 0 ? [] : [deepFault(specifier, name)])];
  const own = packageOf(file.path);
  if (own === undefined) return [];
  if (scope === "@skerry-tools") return [`"${specifier}": packages know nothing of tools`];
  return undeclared(project, file, own, specifier);
}

function deepFault(specifier: string, name: string): string {
  return `"${specifier}" is a deep import; import @skerry/${name} and export from its src/index.ts what is missing`;
}

function layerFaults(file: SourceFile, name: string): string[] {
  const own = packageOf(file.path);
  if (own === undefined) return [];
  const allowed = MAY_IMPORT.get(own);
  if (allowed === undefined) return [`packages/${own} has no layer yet; give it one in tools/layers/rules.ts`];
  if (allowed.includes(name)) return [];
  if (own === name) return [`packages/${own} imports itself by name; use a relative path`];
  return [
    `packages/${own} may not import @skerry/${name}; it may import ${allowed.length === 0 ? "no other package" : allowed.join(", ")}`,
  ];
}

function undeclared(project: Project, file: SourceFile, own: string, specifier: string): string[] {
  if (isBuiltin(specifier)) return [];
  const parts = specifier.split("/");
  const name = specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? "");
  const facts = project.packages.get(own);
  if (facts === undefined || facts.dependencies.has(name) || (isTest(file.path) && project.development.has(name))) return [];
  return [`"${name}" is not a dependency of packages/${own}`];
}

function purityFaults(project: Project, file: SourceFile, specifier: string): string[] {
  if (!isBuiltin(specifier) || isTest(file.path)) return [];
  const from = pureReach(project).get(file.path);
  if (from === undefined) return [];
  const through = from === file.path ? "" : ` (reached from ${from})`;
  return [`"${specifier}" in ${PURE_FOLDER}${through}: the model has no Node imports`];
}

/** Files that the pure folder reaches, each with the pure file it was first reached from. */
function pureReach(project: Project): ReadonlyMap<string, string> {
  const reached = new Map<string, string>();
  const queue = [...project.files.keys()]
    .filter((path) => path.startsWith(PURE_FOLDER) && !isTest(path))
    .map((path) => ({ path, from: path }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const file = project.files.get(next.path);
    if (file === undefined || reached.has(next.path)) continue;
    reached.set(next.path, next.from);
    for (const edge of edgesOf(project, file)) queue.push({ path: edge.to, from: next.from });
  }
  return reached;
}

function targetOf(project: Project, file: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith(".")) {
    const path = posix.join(posix.dirname(file.path), specifier);
    return project.files.has(path) ? path : undefined;
  }
  const own = /^@skerry\/([^/]+)$/.exec(specifier)?.[1];
  const tool = /^@skerry-tools\/([^/]+)$/.exec(specifier)?.[1];
  const path = own === undefined ? (tool === undefined ? undefined : `tools/${tool}/src/index.ts`) : `packages/${own}/src/index.ts`;
  return path !== undefined && project.files.has(path) ? path : undefined;
}

function packageOf(path: string): string | undefined {
  return /^packages\/([^/]+)\//.exec(path)?.[1];
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/(?:tests|testing)\//.test(path);
}
