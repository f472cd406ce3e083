/** Wrong use: an unknown word, flag or value. Exit code 2; nothing was contacted or written. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "USAGE";
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  constructor(
    message: string,
    options?: { readonly subject?: string | undefined; readonly hint?: string | undefined; readonly cause?: unknown },
  ) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.subject = options?.subject;
    this.hint = options?.hint;
  }
}

/** True for a `UsageError`. */
export function isUsageError(error: unknown): error is UsageError {
  return error instanceof Error && error.name === "UsageError";
}

/** Refused before the first write: nothing was changed. Exit code 4. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: string;
  readonly subject: string | undefined;
  readonly hint: string | undefined;

  constructor(
    message: string,
    options?: { readonly code?: string; readonly subject?: string | undefined; readonly hint?: string | undefined },
  ) {
    super(message);
    this.code = options?.code ?? "REFUSED";
    this.subject = options?.subject;
    this.hint = options?.hint;
  }
}
