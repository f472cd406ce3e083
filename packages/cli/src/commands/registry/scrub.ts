import { parseSize } from "../../args/size.ts";
import { flagOptional, flagText } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface ScrubFlags extends RootFlags {
  readonly rate: number | undefined;
  readonly "repair-from": string | undefined;
}

/** `skerry registry scrub`. */
export const scrub: Command = command<ScrubFlags>({
  brief: "read every blob again and check it against its digest",
  details: [
    "A damaged blob is put aside and counts as absent, so that the next push of it heals the registry; --repair-from fetches it from elsewhere at once.",
  ],
  flags: {
    root: rootFlag,
    rate: flagOptional("bytes per second", parseSize, { placeholder: "SIZE", defaultText: "as fast as the disk" }),
    "repair-from": flagText("where right copies are: docker://HOST[/PREFIX], a backup, or an OCI layout", { placeholder: "SOURCE" }),
  },
  examples: [{ command: "skerry registry scrub --root /srv/mirror --rate 50MB", does: "beside normal work" }],
  exits: [5],
  load: () => import("./scrub.run.ts"),
});
