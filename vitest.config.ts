import { defineConfig, type ViteUserConfig } from "vitest/config";
import { SkippedReporter } from "./tools/testing/skipped-reporter.ts";

/** Where a machine-readable report goes besides the one for people. */
const report = process.env["SKERRY_TEST_REPORT"];

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "packages/*/tests/**/*.test.ts", "tools/**/*.test.ts", "tests/**/*.test.ts"],
    // Code holds no module state, so files may share a thread.
    pool: "threads",
    isolate: false,
    // Against what never ends, not against a slow machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    passWithNoTests: true,
    reporters: [
      "default",
      new SkippedReporter(),
      ...(report === undefined ? [] : [["json", { outputFile: report }] as ["json", { outputFile: string }]]),
    ],
  },
});

export default config;
