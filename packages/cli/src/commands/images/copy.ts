import { type ContentFlags, contentFlags } from "../../command/content-flags.ts";
import { flagFile } from "../../command/every-flags.ts";
import { flagSwitch } from "../../command/flag.ts";
import { type MovingFlags, movingFlags } from "../../command/moving-flags.ts";
import { type RegistryFlags, registryFlags } from "../../command/registry-flags.ts";
import { type Command, command } from "../../command/types.ts";

/** Flags of `skerry copy`. */
export interface CopyFlags extends ContentFlags, MovingFlags, RegistryFlags {
  readonly filename: string | undefined;
  readonly "dry-run": boolean;
}

/** `skerry copy`. */
export const copy: Command = command<CopyFlags>({
  brief: "copy images between registries, folders and files",
  details: [
    "SRC and DST are docker://HOST/REPO[:TAG][@DIGEST] (docker:// may be left out when the host is recognisable), oci:DIR[:NAME],\noci-archive:FILE[:NAME], dir:DIR or docker-archive:FILE[:REF] (read only). Any number of SRC=DST works too.\nA DST without tag gets SRC's tag, or the digest tag (img-HEX) when SRC is by digest.",
    "A mapping file holds SRC=DST, docker://SRC=docker://DST or SRC DST [DST…] per line; blank lines and # are skipped. SRC=DST without\ntag copies every tag, and * in a tag is a pattern, as in `oc image mirror`. Every bad line is reported, then nothing is done.",
  ],
  positionals: [{ name: "SRC DST", brief: "what to copy, and where to; several DST are served one after the other", count: "any" }],
  flags: {
    filename: flagFile("read mapping lines from this file, - for stdin", { short: "f" }),
    "dry-run": flagSwitch("the same report with outcome planned; nothing is moved"),
    ...contentFlags,
    ...movingFlags,
    ...registryFlags,
  },
  examples: [
    {
      command: "skerry copy quay.io/org/app:v1 mirror.example.com:8443/org/app",
      does: "all platforms, signatures and attestations, under the same tag",
    },
    { command: "skerry copy docker://nginx oci:nginx:latest", does: "into an OCI layout" },
    {
      command: "skerry copy -f mapping.txt --reuse /mnt/disk/mirror_000001.tar",
      does: "what oc-mirror's archive holds comes from there, the rest over the wire",
    },
    { command: "skerry copy -f mapping.txt --insecure", does: "what `oc adm catalog mirror` and `oc mirror` listed" },
  ],
  exits: [3, 4],
  load: () => import("./copy.run.ts"),
});
