import { describe, expect, test } from "vitest";
import { FileMemory } from "./lru.ts";

describe("FileMemory", () => {
  test("forgets what was read while the file was being removed", async () => {
    const memory = new FileMemory<string>(10);
    let file: string | undefined = "old";
    await memory.change("tag", undefined, async () => {
      // Begins after the removal has begun, and ends before it is done.
      expect(await memory.get("tag", async () => file)).toBe("old");
      file = undefined;
    });
    expect(await memory.get("tag", async () => file)).toBeUndefined();
  });

  test("remembers neither value after a change that failed", async () => {
    const memory = new FileMemory<string>(10);
    const failing = memory.change("tag", "new", async () => {
      await memory.get("tag", async () => "old");
      throw new Error("disk");
    });
    await expect(failing).rejects.toThrow("disk");
    expect(await memory.get("tag", async () => "as it is")).toBe("as it is");
  });

  test("does not remember a read that a change overlapped", async () => {
    const memory = new FileMemory<string>(10);
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    const read = memory.get("tag", async () => {
      await changed;
      return "old";
    });
    await memory.change("tag", undefined, async () => undefined);
    resolve();
    expect(await read).toBe("old");
    expect(await memory.get("tag", async () => undefined)).toBeUndefined();
  });
});
