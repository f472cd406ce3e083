import { parseReference, type Reference } from "@skerry/oci";

/** A reference that a publisher wrote, or undefined where it is none: that is told where the image itself is planned. */
export function readableReference(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}
