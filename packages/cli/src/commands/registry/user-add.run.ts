import { readFile } from "node:fs/promises";
import { addUser, userFilesIn } from "@skerry/registry";
import { UsageError } from "../../args/errors.ts";
import { type Job, pathOf } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { UserAddFlags } from "./user-add.ts";

const LONGEST = 4096;

/** Writes htpasswd and access.yaml. */
export async function run(job: Job<UserAddFlags>): Promise<number> {
  const { root, read, write } = job.flags;
  const name = job.args[0] ?? "";
  await addUser(userFilesIn(pathOf(job, root)), { name, password: await password(job), read, write });
  await job.out.result({ kind: "RegistryUser", name, read, write }, { text: () => `Set user ${name}\n`, names: () => [name] });
  return EXIT.done;
}

async function password(job: Job<UserAddFlags>): Promise<string> {
  const { "password-stdin": stdin, "password-file": file } = job.flags;
  if (file !== undefined) return firstLine(await readFile(pathOf(job, file), "utf8"));
  if (stdin) return firstLine(await allOf(job));
  const asked = await job.world.stdin.ask("Password: ", { secret: true });
  if (asked === undefined) throw new UsageError("no password was given", { hint: "Add --password-stdin or --password-file FILE." });
  return asked;
}

async function allOf(job: Job<UserAddFlags>): Promise<string> {
  let text = "";
  for await (const chunk of job.world.stdin.chunks()) {
    text += Buffer.from(chunk).toString("utf8");
    if (text.length > LONGEST) break;
  }
  return text;
}

function firstLine(text: string): string {
  return text.replace(/\r?\n[\s\S]*$/, "");
}
