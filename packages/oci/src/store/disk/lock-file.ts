import { randomBytes } from "node:crypto";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { OciError } from "../../errors.ts";
import { diskError, errnoOf } from "./errors.ts";

/** Who holds a lock: enough to tell a living process from one that died and whose number was given to another. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in clock ticks after boot (`/proc/PID/stat`, field 22); empty where there is no /proc. */
  readonly start: string;
  /** Identity of the machine's boot; empty where there is no /proc. */
  readonly boot: string;
}

/** A held lock. */
export interface FileLock extends AsyncDisposable {
  readonly path: string;
  readonly owner: LockOwner;
  /** Gives it back; calling again does nothing. */
  release(): Promise<void>;
}

export interface LockOptions {
  /** What is locked, for the message: `layout /srv/images`. */
  readonly subject: string;
  /** Default: this process. */
  readonly owner?: LockOwner;
}

/**
 * Creates a lock file that names its owner. A lock whose owner is dead (same host, other boot or no such process) is taken over.
 * @throws OciError `BUSY` naming the owner, `IO_FAILED`, `NO_SPACE`
 */
export async function takeLock(path: string, options: LockOptions): Promise<FileLock> {
  const owner = options.owner ?? (await thisProcess());
  const token = `${JSON.stringify({ ...owner, nonce: randomBytes(8).toString("hex") })}\n`;
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await create(path, token)) return held(path, owner, token);
    const found = await read(path);
    if (found === undefined) continue;
    const other = parseOwner(found);
    if (other === undefined && attempt < 5) {
      // Its maker may be between creating and writing it.
      await sleep(20);
      continue;
    }
    if (other !== undefined && (await isAlive(other, owner))) throw busy(path, other, options.subject);
    await removeDead(path, found);
  }
  throw new OciError({ code: "BUSY", message: `Cannot lock ${options.subject}: ${path} keeps changing hands`, subject: path });
}

async function create(path: string, token: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, "wx", 0o600);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw diskError(error, "create lock file", path);
  }
  try {
    await file.writeFile(token);
    return true;
  } catch (error) {
    await rm(path, { force: true });
    throw diskError(error, "write lock file", path);
  } finally {
    await file.close();
  }
}

function held(path: string, owner: LockOwner, token: string): FileLock {
  let released = false;
  async function release(): Promise<void> {
    if (released) return;
    released = true;
    // Somebody may have declared this process dead and taken it over.
    if ((await read(path)) === token) await rm(path, { force: true });
  }
  return { path, owner, release, [Symbol.asyncDispose]: release };
}

/** Renames before removing, so that of two who see the same dead lock only one removes it. */
async function removeDead(path: string, expected: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}.dead`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw diskError(error, "remove the lock of a dead process", path);
  }
  const moved = await read(aside);
  if (moved !== undefined && moved !== expected) await create(path, moved);
  await rm(aside, { force: true });
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw diskError(error, "read lock file", path);
  }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const { pid, host, start, boot } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid !== "number" || typeof host !== "string" || typeof start !== "string" || typeof boot !== "string") return undefined;
    return { pid, host, start, boot };
  } catch {
    return undefined;
  }
}

/** True unless it is certain that the owner is gone; another host's processes cannot be seen from here. */
async function isAlive(other: LockOwner, own: LockOwner): Promise<boolean> {
  if (other.host !== own.host || other.boot === "" || own.boot === "") return true;
  if (other.boot !== own.boot) return false;
  return (await startOf(String(other.pid))) === other.start;
}

function busy(path: string, other: LockOwner, subject: string): OciError {
  return new OciError({
    code: "BUSY",
    message: `Cannot use ${subject}: process ${other.pid} on ${other.host} is working on it`,
    subject: path,
    hint: `Wait until it has ended. If it is certain that no such process runs, remove ${path}.`,
  });
}

/** The running process, read from /proc so that nothing global is needed. */
async function thisProcess(): Promise<LockOwner> {
  const [stat, boot] = await Promise.all([procText("/proc/self/stat"), procText("/proc/sys/kernel/random/boot_id")]);
  const pid = Number.parseInt(stat, 10);
  return { pid: Number.isNaN(pid) ? 0 : pid, host: hostname(), start: startTicks(stat), boot: boot.trim() };
}

async function startOf(pid: string): Promise<string> {
  return startTicks(await procText(`/proc/${pid}/stat`));
}

/** Field 22 of stat; the name in field 2 may hold spaces and brackets. proc(5). */
function startTicks(stat: string): string {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

async function procText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
