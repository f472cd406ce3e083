import { parseTimeWindow, type TimeWindow } from "../args/time-window.ts";
import { flagList, flagOptional } from "./flag.ts";
import type { FlagSet } from "./types.ts";

/** How images are moved. */
export interface MovingFlags {
  /** Where content lies that need not come over the wire again. */
  readonly reuse: readonly string[];
  readonly window: TimeWindow | undefined;
}

/** The flags of commands that copy single images. */
export const movingFlags: FlagSet<MovingFlags> = {
  reuse: flagList(
    "take what is there by digest from this disk: an OCI layout or archive, a registry's folder, oc-mirror's cache or mirror_*.tar, a skopeo sync folder, a hauler store",
    { placeholder: "PATH" },
  ),
  window: flagOptional("begin no blob outside of these hours; ends with 3, and the same command continues", parseTimeWindow, {
    placeholder: "HH:MM-HH:MM",
  }),
};
