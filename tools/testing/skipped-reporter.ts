import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";

/** Ends a run with what was skipped, by name: a suite that was skipped as a whole is one line. */
export class SkippedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) => [...module.children].flatMap((child) => skippedIn(child, [module.relativeModuleId])));
    if (lines.length > 0) console.log(`\nSkipped:\n${lines.sort().join("\n")}`);
  }
}

function skippedIn(node: TestCase | TestSuite, above: readonly string[]): string[] {
  const path = [...above, node.name];
  if (node.type === "test") {
    const result = node.result();
    if (result.state !== "skipped") return [];
    return [`  ${path.join(" › ")}${result.note === undefined ? "" : `: ${result.note}`}`];
  }
  const tests = [...node.children.allTests()];
  const skipped = tests.filter((test) => test.result().state === "skipped");
  const noted = skipped.some((test) => "note" in test.result() && (test.result() as { note?: string }).note !== undefined);
  if (skipped.length === tests.length && tests.length > 0 && !noted) return [`  ${path.join(" › ")} (${tests.length} tests)`];
  return [...node.children].flatMap((child) => skippedIn(child, path));
}
