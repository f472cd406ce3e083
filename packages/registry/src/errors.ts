/** Every way in which the registry's own operations fail. Answers to clients have codes of their own (http/api-error.ts). */
export const REGISTRY_ERROR_CODES = [
  "ROOT_BUSY",
  "ROOT_INVALID",
  "LISTEN_INVALID",
  "LISTEN_UNSAFE",
  "LISTEN_FAILED",
  "CONFIG_INVALID",
  "CERTIFICATE_INVALID",
  "USER_INVALID",
  "USER_UNKNOWN",
  "PASSWORD_INVALID",
  "POLICY_INVALID",
  "NO_SPACE",
  "READ_ONLY",
  "IO_FAILED",
  "ABORTED",
] as const;

export type RegistryErrorCode = (typeof REGISTRY_ERROR_CODES)[number];

export interface RegistryErrorFields {
  readonly code: RegistryErrorCode;
  /** Action, subject, expected and got, in one sentence. */
  readonly message: string;
  /** The thing it happened to: a path, an address, a user. */
  readonly subject?: string;
  /** What to do next, as an imperative sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The one error class of this package. Messages and fields never hold a secret. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  constructor(fields: RegistryErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.subject = fields.subject;
    this.hint = fields.hint;
  }
}

/** True for a `RegistryError`, also one that comes from another copy of this package. */
export function isRegistryError(error: unknown): error is RegistryError {
  return error instanceof Error && error.name === "RegistryError" && "code" in error;
}
