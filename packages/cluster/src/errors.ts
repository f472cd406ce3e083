/**
 * Every way in which building or reading cluster resources can fail. The set is closed: callers may switch over it
 * exhaustively, and adding a code is a documented change.
 */
export const CLUSTER_ERROR_CODES = [
  "PROFILE_INVALID",
  "RESOURCES_UNSUPPORTED",
  "SERVING_UNSUPPORTED",
  "NAME_COLLISION",
  "NAME_INVALID",
  "MIRROR_INVALID",
  "TEMPLATE_INVALID",
  "CERTIFICATE_INVALID",
  "RULES_INVALID",
] as const;

export type ClusterErrorCode = (typeof CLUSTER_ERROR_CODES)[number];

export interface ClusterErrorFields {
  readonly code: ClusterErrorCode;
  /** Action, subject, expected and got, in one sentence. */
  readonly message: string;
  /** The thing it happened to: a catalog, a resource, a host. */
  readonly subject?: string;
  /** What to do next, as an imperative sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class of this package. */
export class ClusterError extends Error {
  override readonly name: string = "ClusterError";
  readonly code: ClusterErrorCode;
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  constructor(fields: ClusterErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.subject = fields.subject;
    this.hint = fields.hint;
  }
}

/** True for a `ClusterError`, also one that comes from another copy of this package. */
export function isClusterError(error: unknown): error is ClusterError {
  return error instanceof Error && error.name === "ClusterError" && "code" in error;
}
