import { type ContentFlags, contentFlags } from "../../command/content-flags.ts";
import { flagOptional, flagSwitch, flagText, parseCount } from "../../command/flag.ts";
import { type MovingFlags, movingFlags } from "../../command/moving-flags.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry sync`. */
export interface SyncFlags extends ContentFlags, MovingFlags, RegistryFlags {
  readonly tags: string | undefined;
  readonly semver: string | undefined;
  readonly newest: number | undefined;
  readonly delete: boolean;
  readonly "dry-run": boolean;
}

/** `skerry sync`. */
export const sync: Command = command<SyncFlags>({
  brief: "copy a repository by its tags",
  details: [
    "Tags of digests (img-HEX) and of signatures (sha256-HEX…) are no images of their own: they are neither copied by tag nor deleted;\nsignatures follow their image.",
    "--delete removes tags at the destination that the pattern takes in and the source no longer has. It never looks beyond the pattern, and removes\nnothing when an image could not be copied or the source lists no tag at all.",
  ],
  positionals: [
    { name: "SRC_REPO", brief: "docker://HOST/REPO, without a tag", count: "one" },
    { name: "DST_REPO", brief: "docker://HOST/REPO, without a tag", count: "one" },
  ],
  flags: {
    tags: flagText("tags of this pattern only; * is any text", { placeholder: "GLOB" }),
    semver: flagText("tags that are versions in this range only, with or without v in front", { placeholder: "RANGE" }),
    newest: flagOptional("of these, the newest N: by version where all are versions, else by name", parseCount, { placeholder: "N" }),
    delete: flagSwitch("remove tags at the destination that the source no longer has", { callOnly: true }),
    "dry-run": flagSwitch("the same report with outcome planned; nothing is moved"),
    ...contentFlags,
    ...movingFlags,
    ...registryFlags,
  },
  examples: [
    { command: 'skerry sync quay.io/org/app mirror.example.com:8443/org/app --semver ">=1.4.0" --newest 3', does: "the newest three" },
  ],
  exits: [3, 4],
  load: () => import("./sync.run.ts"),
});
