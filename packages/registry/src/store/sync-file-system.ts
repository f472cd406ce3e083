import { spawn } from "node:child_process";

/**
 * Makes everything in the file system that holds `path` stable: syncfs(2), which Node has no call for, by the program `sync` of
 * coreutils. False where there is no such program, where it is another's, and when it says that something went wrong: syncs of
 * single files tell what.
 */
export function syncFileSystem(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn("sync", ["--file-system", "--", path], { stdio: "ignore" });
  child.once("error", () => resolve(false));
  child.once("exit", (code) => resolve(code === 0));
  return promise;
}
