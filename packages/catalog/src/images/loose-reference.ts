import { isOciError, parseReference, type Reference } from "@skerry/oci";

/** Codes of the command line's closed list that a reference text can raise. */
export type ReferenceCode = "REF_EMPTY" | "REF_INVALID" | "REF_SCHEME" | "REF_NO_TAG";

/** One thing that had to be done to make a reference of the text. */
export interface ReferenceRepair {
  readonly code: ReferenceCode;
  /** What was wrong and what was done: `the scheme oci:// was taken off`. */
  readonly what: string;
}

export type LooseReference =
  | { readonly ok: true; readonly reference: Reference; readonly repairs: readonly ReferenceRepair[] }
  | { readonly ok: false; readonly code: "REF_EMPTY" | "REF_INVALID"; readonly what: string };

const SCHEME = /^(docker|oci|https?):\/\//i;
/** Longest text that is looked at: a host, a path of 255, a tag of 128 and a sha512 digest fit several times. */
const MAX_TEXT = 1024;

/**
 * Reads an image reference as publishers write it. Surrounding space and a scheme are taken off, a missing tag becomes
 * `latest`, a digest in capitals is written in small letters (its content proves it). Nothing else is guessed: a
 * reference that ends in `@` or `:` or holds a template variable has lost what it named.
 */
export function readLooseReference(text: string): LooseReference {
  const repairs: ReferenceRepair[] = [];
  const bare = withoutScheme(withoutSpace(text, repairs), repairs);
  if (bare === "") return { ok: false, code: "REF_EMPTY", what: "it is empty" };
  if (bare.length > MAX_TEXT) return { ok: false, code: "REF_INVALID", what: `it has ${bare.length} characters` };
  const named = withSmallDigest(bare, repairs);
  try {
    return { ok: true, ...tagged(parseReference(named), repairs) };
  } catch (error) {
    if (!isOciError(error)) throw error;
    return { ok: false, code: "REF_INVALID", what: error.message.replace(/^.*?": /s, "") };
  }
}

function withoutSpace(text: string, repairs: ReferenceRepair[]): string {
  const trimmed = text.trim();
  if (trimmed !== text && trimmed !== "") repairs.push({ code: "REF_INVALID", what: "the space around it was taken off" });
  return trimmed;
}

function withoutScheme(text: string, repairs: ReferenceRepair[]): string {
  const scheme = SCHEME.exec(text)?.[0];
  if (scheme === undefined) return text;
  repairs.push({ code: "REF_SCHEME", what: `the scheme ${scheme} was taken off` });
  return text.slice(scheme.length);
}

function withSmallDigest(text: string, repairs: ReferenceRepair[]): string {
  const small = text.replace(/@sha(256|512):[0-9a-fA-F]+$/, (digest) => digest.toLowerCase());
  if (small !== text) repairs.push({ code: "REF_INVALID", what: "the digest was written in small letters" });
  return small;
}

function tagged(reference: Reference, repairs: readonly ReferenceRepair[]): { reference: Reference; repairs: readonly ReferenceRepair[] } {
  if (reference.tag !== undefined || reference.digest !== undefined) return { reference, repairs };
  return {
    reference: { ...reference, tag: "latest" },
    repairs: [...repairs, { code: "REF_NO_TAG", what: "it has neither tag nor digest, so latest is meant" }],
  };
}
