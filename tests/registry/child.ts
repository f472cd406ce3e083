import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface Child {
  readonly url: string;
  readonly process: ChildProcess;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts serve-child.ts; `wrap` are words in front of the command line. */
export async function startChild(root: string, options: object = {}, wrap: readonly string[] = []): Promise<Child> {
  const words = [...wrap, process.execPath, join(import.meta.dirname, "serve-child.ts"), root, JSON.stringify(options)];
  const [program = process.execPath, ...args] = words;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Uint8Array) => {
    said += Buffer.from(chunk).toString();
  });
  const gone = once(child, "exit");
  const first = await Promise.race([once(child.stdout, "data"), gone.then(() => undefined)]);
  if (first === undefined) throw new Error(`the registry did not start: ${said}`);
  return {
    url: String(first[0]).trim(),
    process: child,
    async kill(signal) {
      child.kill(signal);
      await gone;
    },
  };
}
