import { randomBytes } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { RegistryError } from "../errors.ts";
import { errorCode } from "./files.ts";
import type { Layout } from "./layout.ts";

/** Who has the root open. One process at a time: what it remembers of the files is only right while nobody else changes them. */
interface Owner {
  readonly pid: number;
  /** Start of the process in ticks since boot, so that a reused number is noticed. */
  readonly started: string;
  readonly boot: string;
  readonly token: string;
}

/**
 * Takes a root for this process. A dead owner is noticed by its process number, its start and the machine's boot.
 * @throws RegistryError `ROOT_BUSY`, naming the owner
 */
export async function takeRoot(layout: Layout): Promise<AsyncDisposable> {
  const owner: Owner = { ...(await processFacts("self")), token: randomBytes(8).toString("hex") };
  const text = `${JSON.stringify(owner)}\n`;
  const mine = `${layout.owner}.${owner.token}`;
  await writeFile(mine, text, { flag: "wx", mode: 0o600 });
  try {
    while (!(await linked(mine, layout.owner))) await removeDead(layout);
  } finally {
    await unlink(mine);
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await readOwner(layout.owner))?.token === owner.token) await unlink(layout.owner);
    },
  };
}

/** A link fails when the name is taken, so exactly one of several processes gets it. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function removeDead(layout: Layout): Promise<void> {
  const owner = await readOwner(layout.owner);
  if (owner !== undefined && (await isAlive(owner))) {
    throw new RegistryError({
      code: "ROOT_BUSY",
      message: `Cannot open ${layout.root}: process ${owner.pid} has it open`,
      subject: layout.root,
      hint: `Stop process ${owner.pid}, or use another --root.`,
    });
  }
  // Two processes may both have found the owner dead: only one of them can rename it away, and it looks at what it got.
  const aside = `${layout.owner}.dead-${randomBytes(8).toString("hex")}`;
  try {
    await rename(layout.owner, aside);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  const taken = await readOwner(aside);
  if (taken !== undefined && taken.token !== owner?.token && (await isAlive(taken))) await linked(aside, layout.owner);
  await unlink(aside);
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  const facts = await processFacts(String(owner.pid));
  return facts.started !== "" && facts.started === owner.started && facts.boot === owner.boot;
}

/** Linux only; elsewhere every owner counts as dead. proc(5), fields 1 and 22 of stat. */
async function processFacts(name: string): Promise<{ pid: number; started: string; boot: string }> {
  const stat = await textOf(`/proc/${name}/stat`);
  const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return { pid: Number.parseInt(stat, 10), started, boot: (await textOf("/proc/sys/kernel/random/boot_id")).trim() };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
