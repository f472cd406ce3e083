import { type Command, command } from "../../command/types.ts";
import { pickFlags, type SetFlags } from "../mirror/set-flags.ts";

/** `skerry audit verify`. */
export const auditVerify: Command = command<Pick<SetFlags, "workspace" | "name">>({
  brief: "check the chain of crossing records",
  positionals: [{ name: "FILE", brief: "records; those of the workspace without any", count: "any" }],
  flags: pickFlags("workspace", "name"),
  examples: [{ command: "skerry audit verify skerry-imageset/audit/*.intoto.jsonl", does: "exit 5 names the first line that was changed" }],
  exits: [5],
  load: () => import("./audit-verify.run.ts"),
});
