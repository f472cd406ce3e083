import { type Group, group } from "../../command/types.ts";
import { backup } from "./backup.ts";
import { certShow } from "./cert-show.ts";
import { gc } from "./gc.ts";
import { retain } from "./retain.ts";
import { scrub } from "./scrub.ts";
import { serve } from "./serve.ts";
import { status } from "./status.ts";
import { systemd } from "./systemd.ts";
import { userAdd } from "./user-add.ts";
import { userList } from "./user-list.ts";
import { userRemove } from "./user-remove.ts";

/** `skerry registry`. */
export const registry: Group = group("a mirror registry in one process, and its care", {
  serve,
  status,
  gc,
  scrub,
  retain,
  backup,
  systemd,
  user: group("who may use the registry", { add: userAdd, remove: userRemove, list: userList }),
  cert: group("the registry's own certificate", { show: certShow }),
});
