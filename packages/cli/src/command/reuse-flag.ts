import { flagList } from "./flag.ts";
import type { FlagSet } from "./types.ts";

/** Where content lies that need not come over the wire again. */
export interface ReuseFlags {
  readonly reuse: readonly string[];
}

/** The flag of commands that copy single images. */
export const reuseFlags: FlagSet<ReuseFlags> = {
  reuse: flagList(
    "take what is there by digest from this disk: an OCI layout or archive, a registry's folder, oc-mirror's cache or mirror_*.tar, a skopeo sync folder, a hauler store",
    { placeholder: "PATH" },
  ),
};
