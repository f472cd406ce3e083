import { parseDuration } from "../../args/duration.ts";
import { UsageError } from "../../args/errors.ts";
import type { ContentFlags } from "../../command/content-flags.ts";
import { flagMaybeSwitch, flagOptional, flagSwitch, flagText, parseCount } from "../../command/flag.ts";
import type { Job } from "../../command/job.ts";
import type { RegistryFlags } from "../../command/registry-flags.ts";
import type { FlagSet } from "../../command/types.ts";

/** Flags of `oc mirror` that scripts bring along; section 9 of the contract says what each becomes. */
export interface OcMirrorFlags {
  readonly v1: boolean;
  readonly v2: boolean;
  readonly "cache-dir": string | undefined;
  readonly "parallel-images": number | undefined;
  readonly "parallel-layers": number | undefined;
  readonly "retry-times": number | undefined;
  readonly "retry-delay": number | undefined;
  /** Milliseconds. */
  readonly "image-timeout": number | undefined;
  readonly "strict-archive": boolean | undefined;
  readonly "remove-signatures": boolean | undefined;
}

const HIDDEN = { hidden: true };

/** The flags, accepted and not shown by help. */
export const ocMirrorFlags: FlagSet<OcMirrorFlags> = {
  v1: flagSwitch("refused: the format of oc-mirror v1 is not read", HIDDEN),
  v2: flagSwitch("accepted; no effect", HIDDEN),
  "cache-dir": flagText("accepted; no cache is needed", { ...HIDDEN, placeholder: "DIR" }),
  "parallel-images": flagOptional("--max-per-host", (text) => parseCount(text), { ...HIDDEN, placeholder: "N" }),
  "parallel-layers": flagOptional("--max-per-host", (text) => parseCount(text), { ...HIDDEN, placeholder: "N" }),
  "retry-times": flagOptional("--retries", (text) => parseCount(text, 0), { ...HIDDEN, placeholder: "N" }),
  "retry-delay": flagOptional("accepted; delays grow by themselves", parseDuration, { ...HIDDEN, placeholder: "DURATION" }),
  "image-timeout": flagOptional("--stall-timeout", parseDuration, { ...HIDDEN, placeholder: "DURATION" }),
  "strict-archive": flagMaybeSwitch("accepted; always so", HIDDEN),
  "remove-signatures": flagMaybeSwitch("--referrers none", HIDDEN),
};

type Translated = OcMirrorFlags & Pick<RegistryFlags, "max-per-host" | "retries" | "stall-timeout"> & Pick<ContentFlags, "referrers">;

/**
 * The job with the flags of `oc mirror` turned into ours; where both were given, those of `oc mirror` count.
 * @throws UsageError for `--v1`
 */
export function fromOcMirror<F extends Translated>(job: Job<F>): Job<F> {
  const { flags, log } = job;
  if (flags.v1) {
    throw new UsageError("--v1 is not there: image sets of oc-mirror v1 are not mirrored", {
      subject: "--v1",
      hint: "Leave it out, and write the configuration as mirror.openshift.io/v2alpha1.",
    });
  }
  if (flags["cache-dir"] !== undefined)
    log.info("Note: --cache-dir is not needed, nothing is kept there: content goes straight to the target.");
  if (flags["retry-delay"] !== undefined)
    log.info("Note: --retry-delay has no effect: the delay grows with each try, and follows Retry-After.");
  const parallel = [flags["parallel-images"], flags["parallel-layers"]].filter((count) => count !== undefined);
  return {
    ...job,
    flags: {
      ...flags,
      ...(parallel.length === 0 ? {} : { "max-per-host": Math.max(...parallel) }),
      ...(flags["retry-times"] === undefined ? {} : { retries: flags["retry-times"] }),
      ...(flags["image-timeout"] === undefined ? {} : { "stall-timeout": flags["image-timeout"] }),
      ...(flags["remove-signatures"] === true ? { referrers: "none" } : {}),
    },
  };
}
