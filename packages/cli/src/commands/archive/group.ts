import { type Group, group } from "../../command/types.ts";
import { archiveCat } from "./cat.ts";
import { archiveDiff } from "./diff.ts";
import { archiveList } from "./list.ts";
import { archiveMerge, archiveSplit } from "./merge.ts";
import { archiveRepair } from "./repair.ts";
import { archiveShow } from "./show.ts";
import { archiveTool } from "./tool.ts";
import { archiveVerify } from "./verify.ts";

/** `skerry archive`. */
export const archive: Group = group("look into, check and rearrange archives", {
  list: archiveList,
  show: archiveShow,
  verify: archiveVerify,
  diff: archiveDiff,
  merge: archiveMerge,
  split: archiveSplit,
  cat: archiveCat,
  repair: archiveRepair,
  tool: archiveTool,
});
