import { type FileSystem, nodeFiles } from "@skerry/registry";

/** The machine's file system without waiting for the disk: an upstream can be made again, so nothing is lost with it. */
export const unsyncedFiles: FileSystem = {
  ...nodeFiles,
  async open(path, how) {
    return { ...(await nodeFiles.open(path, how)), sync: async () => undefined };
  },
  syncFolder: async () => undefined,
};
