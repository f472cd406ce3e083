import { join } from "node:path";
import { describeStore } from "../testing/describe-store.ts";
import { type TempDir, tempDir } from "../testing/temp-dir.ts";
import { type LayoutStore, openLayout } from "./layout/layout-store.ts";
import { MemoryStore } from "./memory/memory-store.ts";

describeStore("a memory store", {
  open: async () => new MemoryStore(),
  close: async () => undefined,
  resumes: true,
});

describeStore("an OCI layout", layoutFactory());

function layoutFactory(): Parameters<typeof describeStore>[1] {
  let dir: TempDir;
  let store: LayoutStore;
  return {
    async open() {
      dir = await tempDir();
      store = await openLayout(join(dir.path, "layout"), { create: true });
      return store;
    },
    async close() {
      await store.close();
      await dir[Symbol.asyncDispose]();
    },
    resumes: true,
  };
}
