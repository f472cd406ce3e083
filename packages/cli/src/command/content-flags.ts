import { formatPlatform, type Platform, parsePlatform } from "@skerry/oci";
import { UsageError } from "../args/errors.ts";
import { flagChoice, flagListOf, flagParsed, flagSwitch } from "./flag.ts";
import type { FlagSet } from "./types.ts";

/** Values of the flags that say what of an image is copied. Section 2 of the contract. */
export interface ContentFlags {
  readonly platform: readonly Platform[];
  readonly "filter-by-os": RegExp | undefined;
  readonly "rewrite-index": boolean;
  readonly referrers: "all" | "none";
  readonly "external-layers": "keep" | "include";
  readonly all: boolean;
  readonly "preserve-digests": boolean;
  readonly "keep-manifest-list": boolean;
}

/** The flags that say what of an image is copied. */
export const contentFlags: FlagSet<ContentFlags> = {
  platform: flagListOf("copy these platforms only; the index and its digest stay", parsePlatform, {
    placeholder: "OS/ARCH[/VARIANT]",
    comma: true,
    defaultText: "all",
  }),
  "filter-by-os": flagParsed("as in `oc` (matches os/arch[/variant]), but copies sparsely", parsePattern, {
    placeholder: "REGEX",
    default: ".*",
  }),
  "rewrite-index": flagSwitch("with --platform: write a smaller index under a NEW digest"),
  referrers: flagChoice("copy what refers to an image: signatures, attestations, SBOMs", ["all", "none"], { default: "all" }),
  "external-layers": flagChoice("keep foreign layers by reference, or fetch them", ["keep", "include"], { default: "keep" }),
  all: flagSwitch("accepted for scripts; always true", { default: true, hidden: true }),
  "preserve-digests": flagSwitch("accepted for scripts; always true", { default: true, hidden: true }),
  "keep-manifest-list": flagSwitch("accepted for scripts; always true", { default: true, hidden: true }),
};

/** The filter that `--platform` and `--filter-by-os` make together; undefined takes every platform. */
export function platformChoice(flags: Pick<ContentFlags, "platform" | "filter-by-os">): {
  readonly wanted: readonly Platform[];
  readonly pattern: RegExp | undefined;
} {
  return { wanted: flags.platform, pattern: flags["filter-by-os"] };
}

/** True when `platform` matches the pattern in the way `oc` matches: anywhere in `os/arch[/variant]`. */
export function matchesPattern(pattern: RegExp, platform: Platform): boolean {
  return pattern.test(formatPlatform(platform)) || pattern.test(`${platform.os}/${platform.architecture}`);
}

function parsePattern(text: string): RegExp | undefined {
  if (text === "" || text === ".*") return undefined;
  // The pattern comes from the person at the keyboard and meets short texts of the form os/arch/variant only.
  if (text.length > 500) throw new UsageError("the pattern is longer than 500 characters");
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new UsageError(`cannot read the pattern ${JSON.stringify(text)}`, { subject: text, cause });
  }
}
