import type { RootOutcome } from "@skerry/oci";
import { redact } from "../output/error.ts";
import { escapeLine } from "../output/escape.ts";

/** One line on how an image ended: `copied   quay.io/a/b:v1 -> …`, and why not when it failed. Escaped. */
export function outcomeLine(outcome: RootOutcome, label: ((id: string) => string) | undefined): string {
  const why = outcome.error === undefined ? outcome.reason : redact(outcome.error.message);
  const text = `${outcome.outcome.padEnd(7)}  ${label?.(outcome.id) ?? outcome.id}`;
  return escapeLine(why === undefined ? text : `${text}: ${why}`);
}
