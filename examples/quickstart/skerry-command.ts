import { spawn } from "node:child_process";
import { join } from "node:path";

/** A word of the command line with its arguments, as a user would type it. */
export interface SkerryCommand {
  readonly word: string;
  /** Each item is one flag with its value, or one argument. */
  readonly args: readonly (readonly string[])[];
}

/** The command as text that a shell takes, one flag a line. */
export function shownCommand({ word, args }: SkerryCommand): string {
  return [`npx skerry ${word}`, ...args.map((part) => part.map(quoted).join(" "))].join(" \\\n      ");
}

/** Runs the command on this terminal; resolves to its exit code. */
export async function runCommand(root: string, { word, args }: SkerryCommand): Promise<number> {
  const program = join(root, "packages", "cli", "bin", "skerry.mjs");
  const child = spawn(process.execPath, [program, word, ...args.flat()], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: withoutProxy(),
  });
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 143)));
  });
}

/** Both registries are on loopback: no proxy of the user's may stand between. */
function withoutProxy(): NodeJS.ProcessEnv {
  const names = new Set(["http_proxy", "https_proxy", "all_proxy"]);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.has(name.toLowerCase())));
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
