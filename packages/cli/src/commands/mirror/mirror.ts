import { parseTimeWindow, type TimeWindow } from "../../args/time-window.ts";
import { contentFlags } from "../../command/content-flags.ts";
import { flagChoice, flagOptional, flagSwitch } from "../../command/flag.ts";
import { registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";
import { type ArchiveFlags, archiveFlags } from "../archive/archive-flags.ts";
import type { MirrorFlags } from "./session.ts";
import { setFlags } from "./set-flags.ts";

export type MirrorRunFlags = MirrorFlags &
  ArchiveFlags & {
    readonly "dry-run": boolean;
    readonly "fail-fast": boolean;
    readonly window: TimeWindow | undefined;
    readonly "partial-catalog": "keep-previous" | "drop-bundles" | "push";
    readonly "store-lock": boolean;
    readonly "no-store-lock": boolean;
  };

/** `skerry mirror`. */
export const mirror: Command = command<MirrorRunFlags>({
  brief: "mirror an image set into a registry or an archive",
  details: [
    "Plans as 'skerry plan' does, then moves what is missing, catalogs last, and writes the cluster's resources. Interrupted, the same command continues.",
    "To file://DIR it writes an archive to be carried across a gap. With --from, an archive or another mirror is the whole input: no host but the target's (and that mirror's) is contacted.",
  ],
  positionals: [{ name: "TARGET", brief: "registry docker://HOST[:PORT][/PREFIX], or archive file://DIR", count: "one" }],
  flags: {
    ...setFlags,
    ...archiveFlags,
    ...contentFlags,
    ...registryFlags,
    "dry-run": flagSwitch("the same as 'skerry plan'"),
    "fail-fast": flagSwitch("begin no image after one has failed"),
    window: flagOptional("begin no blob outside of these hours; ends with 3, and the same command continues", parseTimeWindow, {
      placeholder: "HH:MM-HH:MM",
    }),
    "partial-catalog": flagChoice(
      "a catalog of whose bundles an image failed: keep the previous one, push it without those bundles where every channel stays whole, or push it all the same",
      ["keep-previous", "drop-bundles", "push"],
      {
        default: "keep-previous",
      },
    ),
    "store-lock": flagSwitch("keep the lock at the target too, as PREFIX/skerry/locks:NAME", { default: true, hidden: true }),
    "no-store-lock": flagSwitch("do not keep the lock at the target"),
  },
  examples: [
    { command: "skerry mirror -c imageset.yaml docker://mirror.example.com:8443/ocp", does: "mirror, resolving every tag anew" },
    { command: "skerry mirror -c imageset.yaml --locked docker://mirror.example.com:8443/ocp", does: "mirror exactly what was planned" },
    { command: "skerry mirror -c imageset.yaml file:///media/disk", does: "write an archive to carry" },
    { command: "skerry mirror --from file:///media/disk docker://mirror.example.com:8443/ocp", does: "bring an archive in" },
    { command: "skerry mirror --lock imageset.lock docker://other.example.com", does: "mirror a lock; nothing is resolved" },
  ],
  exits: [3, 4, 130, 143],
  load: () => import("./mirror.run.ts"),
});
