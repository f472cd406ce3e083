/** Every way in which a mirror operation as a whole can fail. Single images that fail are rows, not errors. */
export const MIRROR_ERROR_CODES = [
  "CONFIG_INVALID",
  "LOCK_INVALID",
  "LOCK_NOT_FOUND",
  "LOCK_DIFFERS",
  "WORKSPACE_BUSY",
  "WORKSPACE_INVALID",
  "SELECTION_INVALID",
  "COLLISION",
  "TARGET_UNSAFE",
  "PUSH_DENIED",
  "SPACE_SHORT",
  "PROBLEMS_OPEN",
  "ARCHIVE_INVALID",
  "GAP",
  "SIGNATURE_INVALID",
  "UNSUPPORTED",
] as const;

export type MirrorErrorCode = (typeof MIRROR_ERROR_CODES)[number];

export interface MirrorErrorFields {
  readonly code: MirrorErrorCode;
  /** Action, subject, expected and got, in one sentence. */
  readonly message: string;
  readonly subject?: string;
  /** What to do next. */
  readonly hint?: string;
  /** Several faults of one kind, one line each: every bad key of a configuration, every collision. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/** The error class of this package. */
export class MirrorError extends Error {
  override readonly name: string = "MirrorError";
  readonly code: MirrorErrorCode;
  readonly subject: string | undefined;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(fields: MirrorErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.subject = fields.subject;
    this.hint = fields.hint;
    this.details = fields.details ?? [];
  }
}

/** True for a `MirrorError`, also one that comes from another copy of this package. */
export function isMirrorError(error: unknown): error is MirrorError {
  return error instanceof Error && "code" in error && (MIRROR_ERROR_CODES as readonly unknown[]).includes(error.code) && "details" in error;
}
