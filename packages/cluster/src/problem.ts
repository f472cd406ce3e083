/** A row about what the cluster will not be able to do with what was mirrored; fields as in the plan's problems. */
export interface ClusterProblem {
  readonly code: "TAG_NEEDS_ITMS" | "TAG_UNREACHABLE";
  readonly severity: "error" | "warning" | "info";
  readonly subject: string;
  readonly action: "kept";
  readonly message: string;
  readonly hint?: string;
}
