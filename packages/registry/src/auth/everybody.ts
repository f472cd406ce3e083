import type { Access } from "../http/context.ts";

/** Access of a registry without authentication: whoever reaches it may do everything. */
export const everybody: Access = {
  authenticate: async () => undefined,
  requireUser: () => undefined,
  requireReader: () => undefined,
  require: () => undefined,
  may: () => true,
  mayReadAll: () => true,
};
