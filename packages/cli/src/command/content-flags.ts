import type { Platform } from "@skerry/oci";
import { UsageError } from "../args/errors.ts";
import { didYouMean } from "../args/nearest.ts";
import { flagChoice, flagListOf, flagParsed, flagSwitch } from "./flag.ts";
import type { FlagSet } from "./types.ts";

/** Values of the flags that say what of an image is copied. Section 2 of the contract. */
export interface ContentFlags {
  readonly platform: readonly Platform[];
  readonly "filter-by-os": PlatformPattern | undefined;
  readonly "rewrite-index": boolean;
  readonly referrers: "all" | "none";
  readonly "external-layers": "keep" | "include";
  readonly all: boolean;
  readonly "preserve-digests": boolean;
  readonly "keep-manifest-list": boolean;
}

/** The flags that say what of an image is copied. */
export const contentFlags: FlagSet<ContentFlags> = {
  platform: flagListOf("copy these platforms only; the index and its digest stay", readPlatform, {
    placeholder: "OS/ARCH[/VARIANT]",
    comma: true,
    defaultText: "all",
  }),
  "filter-by-os": flagParsed("as in `oc` (matches os/arch[/variant]), but copies sparsely", readPattern, {
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
  readonly pattern: PlatformPattern | undefined;
} {
  return { wanted: flags.platform, pattern: flags["filter-by-os"] };
}

/** An expression in Go's syntax, as `oc` reads them; it runs in linear time. */
export interface PlatformPattern {
  /** True when it matches anywhere in `text`. */
  test(text: string): boolean;
}

async function readPlatform(text: string): Promise<Platform> {
  const { KNOWN_ARCHITECTURES, KNOWN_SYSTEMS, parsePlatform } = await import("@skerry/oci");
  const platform = parsePlatform(text);
  refuseUnknown(platform.os, KNOWN_SYSTEMS, "operating system");
  refuseUnknown(platform.architecture, KNOWN_ARCHITECTURES, "architecture");
  return platform;
}

/** A name that no image has would leave every image out. */
function refuseUnknown(name: string, known: readonly string[], what: string): void {
  if (known.includes(name)) return;
  throw new UsageError(`${JSON.stringify(name)} is no known ${what}`, {
    subject: name,
    hint: didYouMean(name, known) ?? `Known are ${known.slice(0, 6).join(", ")} and others of Go's.`,
  });
}

async function readPattern(text: string): Promise<PlatformPattern | undefined> {
  if (text === "" || text === ".*") return undefined;
  const { RE2JS } = await import("re2js");
  try {
    const expression = RE2JS.compile(text);
    return { test: (name) => expression.matcher(name).find() };
  } catch (cause) {
    throw new UsageError(`cannot read the expression ${JSON.stringify(text)}`, {
      subject: text,
      hint: "Write it in Go's syntax, such as linux/(amd64|arm64).",
      cause,
    });
  }
}
