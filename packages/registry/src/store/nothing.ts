import type { Content } from "./content.ts";

/** Content of a repository that the caller may not read: every answer is that of one that does not exist. */
export const nothing: Content = {
  resolve: async () => undefined,
  manifest: async () => undefined,
  blobSize: async () => undefined,
  openBlob: async () => undefined,
  tags: async () => undefined,
  repositories: async () => [],
  referrers: async () => [],
};
