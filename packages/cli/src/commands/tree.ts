import { type Group, group } from "../command/types.ts";
import { completion } from "./self/completion.ts";
import { man } from "./self/man.ts";
import { version } from "./self/version.ts";

/** All words of the command line. A new command is one import and one line here. */
export const tree: Group = group("Carries operator catalogs and container images across an air gap", {
  completion,
  version,
  man,
});
