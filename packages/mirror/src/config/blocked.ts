import { RE2JS, RE2JSException } from "re2js";
import type { BlockedImageRule, ImageSetConfig } from "./types.ts";

/** A compiled expression, or what is wrong with it. */
export type ExpressionResult =
  | { readonly expression: RE2JS; readonly fault?: undefined }
  | { readonly fault: string; readonly expression?: undefined };

/** Compiles a regular expression of Go's syntax on an engine without backtracking, so that no pattern can hang a run. */
export function compileGoExpression(text: string): ExpressionResult {
  try {
    return { expression: RE2JS.compile(text) };
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    return { fault: error.message };
  }
}

/**
 * The first rule that matches an image, anywhere in its origin or, where given, its destination. Transports
 * (`docker://`) are no part of the text. The same rule as `oc mirror`, which matches both ends unanchored.
 */
export function blockedBy(
  config: Pick<ImageSetConfig, "blockedImages">,
  origin: string,
  destination?: string,
): BlockedImageRule | undefined {
  const texts = (destination === undefined ? [origin] : [origin, destination]).map(withoutTransport);
  return config.blockedImages.find((rule) => texts.some((text) => rule.expression.matcher(text).find()));
}

function withoutTransport(text: string): string {
  return text.replace(/^(?:docker:\/\/|oci:(?:\/\/)?)/, "");
}
