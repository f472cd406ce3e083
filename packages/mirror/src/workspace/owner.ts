import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import { MirrorError } from "../errors.ts";

/** Who works in a workspace. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  readonly startedAt: string;
  /** Start of the process in clock ticks after boot, so that a reused pid is not taken for the owner; Linux only. */
  readonly ticks?: string;
  readonly command: string;
}

export interface OwnedWorkspace {
  release(): Promise<void>;
}

/**
 * Takes a workspace for one run; a second run is refused by naming the first, a dead owner is noticed.
 * @throws MirrorError `WORKSPACE_BUSY`
 */
export async function ownWorkspace(
  dir: string,
  options: { readonly command: string; readonly now: Date; readonly pid: number },
): Promise<OwnedWorkspace> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, ".owner");
  const ticks = await startTicks(options.pid);
  const owner: Owner = {
    pid: options.pid,
    host: hostname(),
    startedAt: options.now.toISOString(),
    ...(ticks === undefined ? {} : { ticks }),
    command: options.command,
  };
  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (await claim(dir, path, owner)) return { release: () => rm(path, { force: true }) };
    const holder = await readOwner(path);
    if (holder !== undefined && (await isAlive(holder))) throw busy(dir, holder);
    await rm(path, { force: true });
  }
  throw busy(dir, await readOwner(path));
}

/** Creates the owner file whole or not at all: written aside, then linked under its name. */
async function claim(dir: string, path: string, owner: Owner): Promise<boolean> {
  const temporary = join(dir, `.owner-${randomBytes(8).toString("hex")}.tmp`);
  const handle = await open(temporary, "wx", 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(owner)}\n`);
    await handle.close();
    await link(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(temporary).catch(() => undefined);
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value !== "object" || value === null || !("pid" in value) || typeof value.pid !== "number") return undefined;
    return value as Owner;
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  // Another host's processes cannot be seen from here: its claim stands.
  if (owner.host !== hostname()) return true;
  const ticks = await startTicks(owner.pid);
  if (ticks !== undefined) return owner.ticks === undefined || owner.ticks === ticks;
  try {
    kill(owner.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Field 22 of /proc/PID/stat (proc(5)): start time of the process. */
async function startTicks(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function busy(dir: string, holder: Owner | undefined): MirrorError {
  const who =
    holder === undefined ? "another run" : `'${holder.command}', process ${holder.pid} on ${holder.host}, since ${holder.startedAt}`;
  return new MirrorError({
    code: "WORKSPACE_BUSY",
    message: `Cannot use workspace ${dir}: ${who} is working in it`,
    subject: dir,
    hint: "Wait for it, stop it, or choose another --workspace.",
  });
}
