import type { CatalogProblem } from "../types.ts";
import type { Validation } from "./validate-catalog.ts";

const LEVELS = { error: "error", warning: "warning", info: "note" } as const;

/** A validation as a SARIF 2.1.0 log: one result a row, file and line where they are known. Pure; no clock, no paths of the machine. */
export function sarifLog(validation: Validation, tool: { readonly version: string }): Record<string, unknown> {
  const rules = [...new Set(validation.problems.map(ruleOf))].sort();
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: { name: "skerry", version: tool.version, informationUri: "https://skerry.dev", rules: rules.map((id) => ({ id })) },
        },
        results: validation.problems.map((problem) => sarifResult(problem, rules)),
      },
    ],
  };
}

function sarifResult(problem: CatalogProblem, rules: readonly string[]): Record<string, unknown> {
  const ruleId = ruleOf(problem);
  return {
    ruleId,
    ruleIndex: rules.indexOf(ruleId),
    level: LEVELS[problem.severity],
    message: { text: problem.hint === undefined ? problem.message : `${problem.message}. ${problem.hint}` },
    ...(problem.file === undefined
      ? {}
      : {
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(problem.file) },
                region: { startLine: Math.max(1, problem.line ?? 1) },
              },
            },
          ],
        }),
    properties: {
      code: problem.code,
      ...(problem.package === undefined ? {} : { package: problem.package }),
      ...(problem.channel === undefined ? {} : { channel: problem.channel }),
      ...(problem.bundle === undefined ? {} : { bundle: problem.bundle }),
    },
  };
}

function ruleOf(problem: CatalogProblem): string {
  return problem.rule ?? problem.code.toLowerCase().replaceAll("_", "-");
}
