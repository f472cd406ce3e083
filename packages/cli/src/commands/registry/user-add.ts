import { flagFile } from "../../command/every-flags.ts";
import { flagList, flagSwitch } from "../../command/flag.ts";
import { type Command, command } from "../../command/types.ts";
import { type RootFlags, rootFlag } from "./root-flag.ts";

export interface UserAddFlags extends RootFlags {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly "password-stdin": boolean;
  readonly "password-file": string | undefined;
}

/** `skerry registry user add`. */
export const userAdd: Command = command<UserAddFlags>({
  brief: "add a user, or change one's password and rights",
  details: [
    "Without --read and --write the user may do everything. A pattern is a repository, with * for a part of one component and ** for any number of components. Who may write may read. A serving registry takes the change over with SIGHUP.",
  ],
  positionals: [{ name: "NAME", brief: "user name", count: "one" }],
  flags: {
    root: rootFlag,
    read: flagList("repositories the user may pull", { placeholder: "GLOB", comma: true }),
    write: flagList("repositories the user may push to", { placeholder: "GLOB", comma: true }),
    "password-stdin": flagSwitch("take the password from stdin", { callOnly: true }),
    "password-file": { ...flagFile("take the password from a file"), callOnly: true },
  },
  examples: [
    { command: "skerry registry user add mirror --write 'ocp/**'", does: "asks for the password" },
    { command: "skerry registry user add node --read '**' --password-file /run/secrets/node", does: "for nodes that only pull" },
  ],
  load: () => import("./user-add.run.ts"),
});
