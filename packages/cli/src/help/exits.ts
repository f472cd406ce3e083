const MEANINGS: ReadonlyMap<number, string> = new Map([
  [0, "done, also when there was nothing to do"],
  [1, "failed: nothing useful was finished, or an unexpected error"],
  [2, "wrong use: flags, configuration, references; nothing was contacted or written"],
  [3, "partial: finished, but something failed or an error problem is not waived"],
  [4, "refused before the first write"],
  [5, "checked and found wrong or missing"],
  [6, "differences found (only with --exit-code)"],
  [130, "ended by SIGINT; the same command continues"],
  [143, "ended by SIGTERM; the same command continues"],
]);

/** What an exit code means, in one line. Section 7 of the contract. */
export function exitMeaning(code: number): string {
  return MEANINGS.get(code) ?? "failed";
}
