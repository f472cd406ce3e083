import { type Group, group } from "../../command/types.ts";
import { lockShow } from "./show.ts";
import { lockSign } from "./sign.ts";
import { lockVerify } from "./verify.ts";

/** `skerry lock …`. */
export const lock: Group = group("look at, sign and check locks", { show: lockShow, sign: lockSign, verify: lockVerify });
