import { type Command, command } from "../../command/types.ts";

/** `skerry archive cat`. */
export const archiveCat: Command = command<Record<never, never>>({
  brief: "the whole archive as one tar on stdout: an oci-archive for skopeo and podman",
  positionals: [{ name: "DIR", brief: "folder of an archive, or file://DIR", count: "one" }],
  flags: {},
  examples: [{ command: "skerry archive cat /media/disk > all.tar", does: "then: skopeo copy oci-archive:all.tar:SOURCE docker://…" }],
  load: () => import("./cat.run.ts"),
});
