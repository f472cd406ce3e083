/**
 * Every way in which an operation of this package can fail. The set is closed: callers may switch over it
 * exhaustively, and adding a code is a documented change.
 */
export const OCI_ERROR_CODES = [
  "REFERENCE_INVALID",
  "DIGEST_INVALID",
  "DIGEST_MISMATCH",
  "SIZE_MISMATCH",
  "MANIFEST_INVALID",
  "MANIFEST_SCHEMA1",
  "MANIFEST_TOO_LARGE",
  "NOT_FOUND",
  "UNAUTHORIZED",
  "DENIED",
  "BLOCKED",
  "UNREACHABLE",
  "TLS_FAILED",
  "HTTPS_EXPECTED",
  "STALLED",
  "RATE_LIMITED",
  "SERVER_ERROR",
  "PROTOCOL_ERROR",
  "UNTRUSTED_ADDRESS",
  "UNSUPPORTED",
  "TOO_LARGE",
  "SPARSE_REFUSED",
  "CONFIG_INVALID",
  "LAYOUT_INVALID",
  "ARCHIVE_INVALID",
  "AMBIGUOUS",
  "BUSY",
  "NO_SPACE",
  "IO_FAILED",
  "ABORTED",
] as const;

export type OciErrorCode = (typeof OCI_ERROR_CODES)[number];

export interface OciErrorFields {
  readonly code: OciErrorCode;
  /** Action, subject, expected and got, in one sentence: `Cannot read blob sha256:…: received 12 of 40 bytes`. */
  readonly message: string;
  /** The thing it happened to: a reference, a digest, a path. */
  readonly subject?: string;
  /** What to do next, as an imperative sentence. */
  readonly hint?: string;
  /** `host[:port]` of the registry that answered, or did not. */
  readonly host?: string;
  /** HTTP status, when there was an answer. */
  readonly status?: number;
  /** Error code of the registry's own JSON body, such as `MANIFEST_UNKNOWN`. */
  readonly registryCode?: string;
  /** How many attempts were made, the first included. */
  readonly tries?: number;
  /** Which end of a copy failed. */
  readonly side?: "source" | "target";
  readonly cause?: unknown;
}

/** The one error class of this package. Messages and fields never hold a secret. */
export class OciError extends Error {
  override readonly name = "OciError";
  readonly code: OciErrorCode;
  readonly subject: string | undefined;
  readonly hint: string | undefined;
  readonly host: string | undefined;
  readonly status: number | undefined;
  readonly registryCode: string | undefined;
  readonly tries: number | undefined;
  readonly side: "source" | "target" | undefined;

  constructor(fields: OciErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.subject = fields.subject;
    this.hint = fields.hint;
    this.host = fields.host;
    this.status = fields.status;
    this.registryCode = fields.registryCode;
    this.tries = fields.tries;
    this.side = fields.side;
  }

  /** The same error with some fields replaced, for callers that know more (the side of a copy, the reference). */
  with(fields: Partial<OciErrorFields>): OciError {
    const own: Record<string, unknown> = {};
    for (const key of ["code", "message", "subject", "hint", "host", "status", "registryCode", "tries", "side", "cause"] as const) {
      const value = fields[key] ?? this[key];
      if (value !== undefined) own[key] = value;
    }
    return new OciError(own as unknown as OciErrorFields);
  }
}

/** True for an `OciError`, also one that comes from another copy of this package. */
export function isOciError(error: unknown): error is OciError {
  return error instanceof Error && error.name === "OciError" && "code" in error;
}
