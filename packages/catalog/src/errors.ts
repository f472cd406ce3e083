/** Every way in which an operation of this package can fail. The set is closed; adding a code is a documented change. */
export const CATALOG_ERROR_CODES = [
  "CATALOG_UNREADABLE",
  "CATALOG_INVALID",
  "DOCUMENT_INVALID",
  "LIMIT_EXCEEDED",
  "PATH_UNSAFE",
  "PACKAGE_UNKNOWN",
  "BUNDLE_UNKNOWN",
  "SELECTION_UNKNOWN_PACKAGE",
  "SELECTION_UNKNOWN_CHANNEL",
  "SELECTION_UNKNOWN_VERSION",
  "SELECTION_INVALID",
  "VERSION_INVALID",
  "RANGE_INVALID",
  "TEMPLATE_INVALID",
  "BUNDLE_INVALID",
  "SQLITE_INVALID",
  "APPREGISTRY_FAILED",
  "UNSUPPORTED",
  "IO_FAILED",
  "ABORTED",
] as const;

export type CatalogErrorCode = (typeof CATALOG_ERROR_CODES)[number];

export interface CatalogErrorFields {
  readonly code: CatalogErrorCode;
  /** Action, subject, expected and got, in one sentence. */
  readonly message: string;
  /** The thing it happened to: a catalog, a file, a package. */
  readonly subject?: string | undefined;
  /** What to do next, as an imperative sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class of this package. Messages and fields never hold a secret. */
export class CatalogError extends Error {
  override readonly name = "CatalogError";
  readonly code: CatalogErrorCode;
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  constructor(fields: CatalogErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.subject = fields.subject;
    this.hint = fields.hint;
  }
}

/** True for a `CatalogError`, also one that comes from another copy of this package. */
export function isCatalogError(error: unknown): error is CatalogError {
  return error instanceof Error && error.name === "CatalogError" && "code" in error;
}
