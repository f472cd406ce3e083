import { resolve } from "node:path";
import { findCycles } from "./cycles.ts";
import { findViolations } from "./rules.ts";
import { readProject } from "./source-files.ts";

/** `check.ts [ROOT]`: prints `file:line: what is wrong` for every broken rule of the house's layers; exit 1 when there is one. */
const root = resolve(process.argv[2] ?? ".");
const project = await readProject(root);
const violations = [...findViolations(project), ...findCycles(project)];
for (const { path, line, message } of violations) console.error(`${path}:${line}: ${message}`);
console.log(`layers: ${project.files.size} files, ${violations.length} ${violations.length === 1 ? "violation" : "violations"}`);
process.exitCode = violations.length === 0 ? 0 : 1;
