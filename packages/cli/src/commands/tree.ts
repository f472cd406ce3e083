import { type Group, group } from "../command/types.ts";
import { auditVerify } from "./archive/audit-verify.ts";
import { archive } from "./archive/group.ts";
import { have } from "./archive/have.ts";
import { authList } from "./auth/list.ts";
import { login } from "./auth/login.ts";
import { logout } from "./auth/logout.ts";
import { catalog } from "./catalog/group.ts";
import { copy } from "./images/copy.ts";
import { deleteImages } from "./images/delete.ts";
import { digest } from "./images/digest.ts";
import { du } from "./images/du.ts";
import { inspect } from "./images/inspect.ts";
import { repos } from "./images/repos.ts";
import { sync } from "./images/sync.ts";
import { tags } from "./images/tags.ts";
import { lock } from "./lock/group.ts";
import { configCheck } from "./mirror/config-check.ts";
import { configConvert } from "./mirror/config-convert.ts";
import { configSchema } from "./mirror/config-schema.ts";
import { diff } from "./mirror/diff.ts";
import { init } from "./mirror/init.ts";
import { mirror } from "./mirror/mirror.ts";
import { plan } from "./mirror/plan.ts";
import { verify } from "./mirror/verify.ts";
import { why } from "./mirror/why.ts";
import { registry } from "./registry/group.ts";
import { completion } from "./self/completion.ts";
import { man } from "./self/man.ts";
import { version } from "./self/version.ts";

/** All words of the command line. A new command is one import and one line here. */
export const tree: Group = group("Carries operator catalogs and container images across an air gap", {
  init,
  plan,
  mirror,
  verify,
  why,
  diff,
  have,
  archive,
  lock,
  audit: group("look at the records of crossings", { verify: auditVerify }),
  config: group("check and convert image set configurations", { check: configCheck, convert: configConvert, schema: configSchema }),
  catalog,
  copy,
  sync,
  inspect,
  digest,
  tags,
  repos,
  du,
  delete: deleteImages,
  login,
  logout,
  auth: group("look at registry accounts", { list: authList }),
  registry,
  completion,
  version,
  man,
});
