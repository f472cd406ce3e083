import type { Access } from "../http/context.ts";

/** Access of a registry without authentication: whoever reaches it may do everything. */
export const everybody: Access = {
  open: true,
  authenticate: async () => undefined,
  requireUser: () => undefined,
  require: () => undefined,
  may: () => true,
};
