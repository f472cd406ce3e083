import { readFileSync } from "node:fs";

/**
 * `count.ts REPORT FAILED_STEPS`: prints `N passed, N failed, N skipped` from a vitest JSON report. A test file that could not
 * be loaded, and a failed step of which no test tells, count as one failure each, so that the line never looks better than the run.
 */
interface TestReport {
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const [, , path = "", steps = "0"] = process.argv;
const { passed, failed, skipped } = count(read(path));
console.log(`${passed} passed, ${failed === 0 ? Number(steps) : failed} failed, ${skipped} skipped`);

function read(from: string): TestReport {
  try {
    return JSON.parse(readFileSync(from, "utf8")) as TestReport;
  } catch {
    return { testResults: [{ status: "failed", assertionResults: [] }] };
  }
}

function count(report: TestReport): { passed: number; failed: number; skipped: number } {
  const all = report.testResults.flatMap((file) => file.assertionResults.map((test) => test.status));
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  const passed = all.filter((status) => status === "passed").length;
  const failed = all.filter((status) => status === "failed").length;
  return { passed, failed: failed + unloaded.length, skipped: all.length - passed - failed };
}
