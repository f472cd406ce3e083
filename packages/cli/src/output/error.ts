import { RefusedError } from "../args/errors.ts";
import { Interruption, OutputClosedError } from "../world/types.ts";
import { paint } from "./color.ts";
import { formatJson, formatJsonLine, formatYaml, type Result } from "./documents.ts";
import { escapeText } from "./escape.ts";

/** Exit codes of section 7 of the contract. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  refused: 4,
  wrong: 5,
  different: 6,
  interrupted: 130,
  terminated: 143,
} as const;

/** Codes of the packages' errors that stand for another exit code than 1. Everything else failed. */
const EXIT_BY_CODE: ReadonlyMap<string, number> = new Map([
  ["USAGE", EXIT.usage],
  ["CONFIG_INVALID", EXIT.usage],
  ["REFERENCE_INVALID", EXIT.usage],
  ["DIGEST_INVALID", EXIT.usage],
  ["AMBIGUOUS", EXIT.usage],
  ["SELECTION_INVALID", EXIT.usage],
  ["SELECTION_UNKNOWN_PACKAGE", EXIT.usage],
  ["SELECTION_UNKNOWN_CHANNEL", EXIT.usage],
  ["SELECTION_UNKNOWN_VERSION", EXIT.usage],
  ["VERSION_INVALID", EXIT.usage],
  ["RANGE_INVALID", EXIT.usage],
  ["TEMPLATE_INVALID", EXIT.usage],
  ["LISTEN_INVALID", EXIT.usage],
  ["USER_INVALID", EXIT.usage],
  ["PASSWORD_INVALID", EXIT.usage],
  ["POLICY_INVALID", EXIT.usage],
  ["LISTEN_UNSAFE", EXIT.refused],
  ["ROOT_BUSY", EXIT.refused],
  ["REFUSED", EXIT.refused],
  ["COLLISION", EXIT.refused],
  ["PROBLEMS_OPEN", EXIT.refused],
  ["WORKSPACE_BUSY", EXIT.refused],
  ["PUSH_DENIED", EXIT.refused],
  ["TARGET_UNSAFE", EXIT.refused],
  ["GAP", EXIT.refused],
  ["SIGNATURE_INVALID", EXIT.refused],
  ["ARCHIVE_INVALID", EXIT.refused],
  ["LOCK_INVALID", EXIT.usage],
  ["WORKSPACE_INVALID", EXIT.usage],
  ["SERVING_UNSUPPORTED", EXIT.usage],
  ["RESOURCES_UNSUPPORTED", EXIT.usage],
  ["PROFILE_INVALID", EXIT.usage],
  ["NAME_COLLISION", EXIT.refused],
  ["SPACE_SHORT", EXIT.refused],
  ["LOCK_DIFFERS", EXIT.refused],
  ["BUSY", EXIT.refused],
  ["SPARSE_REFUSED", EXIT.refused],
]);

/** What every package's error looks like from outside. */
export interface ErrorShape {
  readonly code: string;
  readonly message: string;
  readonly subject?: string;
  readonly hint?: string;
  readonly cause?: string;
  readonly host?: string;
  /** Which end of a copy it was. */
  readonly side?: string;
  readonly status?: number;
  readonly registryCode?: string;
  readonly tries?: number;
  /** Several faults of one kind, a line each. */
  readonly details?: readonly string[];
}

/** Any thrown value as the fields of the contract's Error document. Stack traces stay inside. */
export function describeError(thrown: unknown): ErrorShape {
  const error = firstFault(thrown);
  if (!(error instanceof Error)) return { code: "INTERNAL", message: redact(String(error)) };
  const known = error as Error & Readonly<Record<string, unknown>>;
  const text = (key: string): Record<string, string> => {
    const value = known[key];
    return typeof value === "string" && value !== "" ? { [key]: redact(value) } : {};
  };
  const figure = (key: string): Record<string, number> => {
    const value = known[key];
    return typeof value === "number" ? { [key]: value } : {};
  };
  const cause = causeOf(error);
  return {
    code: typeof known["code"] === "string" ? known["code"] : error instanceof Interruption ? "INTERRUPTED" : "INTERNAL",
    message: redact(error.message),
    ...text("subject"),
    ...(cause === undefined ? {} : { cause }),
    ...text("hint"),
    ...text("host"),
    ...text("side"),
    ...figure("status"),
    ...text("registryCode"),
    ...figure("tries"),
    ...detailsOf(known["details"]),
  };
}

/** The Error document. */
export function errorResult(error: unknown): Result {
  return { kind: "Error", ...describeError(error) };
}

/** What stderr gets: a document under `-o json` and `-o yaml`, else what happened, why, and what to do next. */
export function formatError(error: unknown, format: "text" | "json" | "yaml" | "name", color: boolean): string {
  if (format === "json") return formatJson(errorResult(error));
  if (format === "yaml") return formatYaml(errorResult(error));
  const shape = describeError(error);
  // What is said already is not said again: a list of one, a cause that is a detail.
  const details = (shape.details ?? []).filter((detail) => !shape.message.includes(detail));
  const said = [shape.message, ...details];
  const lines = [`${paint("red", "error:", color)} ${block(shape.message)}`, ...details.map((detail) => `  - ${block(detail)}`)];
  const place = [shape.host, shape.status === undefined ? undefined : `status ${shape.status}`, shape.registryCode].filter(
    (part) => part !== undefined,
  );
  if (shape.subject !== undefined && !shape.message.includes(shape.subject)) lines.push(`  for: ${block(shape.subject)}`);
  if (place.length > 1)
    lines.push(`  answered by: ${block(place.join(", "))}${shape.tries === undefined || shape.tries < 2 ? "" : ` (${shape.tries} tries)`}`);
  const { cause } = shape;
  if (cause !== undefined && !said.some((text) => text.includes(cause))) lines.push(`  because: ${block(cause)}`);
  if (shape.hint !== undefined) lines.push(`  ${paint("cyan", "next:", color)} ${block(shape.hint)}`);
  return `${lines.join("\n")}\n`;
}

/** The Error document on one line, among the events of `--progress json`. */
export function formatErrorLine(error: unknown): string {
  return formatJsonLine(errorResult(error));
}

/** The exit code that an error stands for. */
export function exitCodeOf(thrown: unknown): number {
  const error = firstFault(thrown);
  if (error instanceof RefusedError) return EXIT.refused;
  if (error instanceof OutputClosedError) return EXIT.done;
  if (error instanceof Interruption) return error.signalName === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? (EXIT_BY_CODE.get(code) ?? EXIT.failed) : EXIT.failed;
}

/** 130 or 143 for a run that was ended from outside, and the other code else. */
export function interruptedCode(signal: AbortSignal, otherwise: number): number {
  return signal.aborted && signal.reason instanceof Interruption ? exitCodeOf(signal.reason) : otherwise;
}

/** User names, passwords and signed queries of addresses hidden: a last net under the packages' own care. */
export function redact(text: string): string {
  return text
    .replaceAll(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/@\s"]+@/gi, "$1***@")
    .replaceAll(/([?&](?:X-Amz-[A-Za-z-]+|Signature|sig|token|access_token|Key-Pair-Id)=)[^&\s"]+/g, "$1***")
    .replaceAll(/(\b(?:Bearer|Basic) )[A-Za-z0-9._~+/=-]{8,}/g, "$1***");
}

/** What went wrong first, when putting things away failed too: a full disk fails twice. */
function firstFault(error: unknown): unknown {
  let fault = error;
  for (let depth = 0; fault instanceof SuppressedError && depth < 10; depth++) fault = fault.suppressed;
  return fault;
}

function detailsOf(value: unknown): { readonly details?: readonly string[] } {
  if (!Array.isArray(value)) return {};
  const texts = value.filter((item) => typeof item === "string").map(redact);
  return texts.length === 0 ? {} : { details: texts };
}

function causeOf(error: Error): string | undefined {
  const said: string[] = [];
  let current: unknown = error.cause;
  for (let depth = 0; depth < 5 && current instanceof Error; depth++) {
    const message = redact(plainReason(current.message));
    // A cause that repeats what was said says nothing.
    if (message !== "" && !error.message.includes(message) && !said.some((before) => before.includes(message))) said.push(message);
    current = current.cause;
  }
  return said.length === 0 ? undefined : said.join(": ");
}

/** OpenSSL's reason out of `40A3:error:0A00010B:SSL routines:FUNCTION:wrong version number:FILE:LINE:`. */
function plainReason(message: string): string {
  return (/^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(message)?.[1] ?? message).trim();
}

function block(text: string): string {
  return escapeText(text).replaceAll("\n", "\n    ");
}
