import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ended, runProgram } from "../support/program.ts";
import { skerryProgram } from "../support/skerry.ts";

/** Where the lonely machine's registry listens: nobody else is in its network. */
const HOST = "127.0.0.1:5990";

/** A name that is looked up on purpose, after all the rest, to show that look-ups are noticed. */
const CONTROL = "control.invalid";

/** How to get a machine with nothing but loopback and a resolver of our own; undefined where that is not permitted. */
export const aloneFlags: readonly string[] | undefined = [["-nm"], ["-rnm"]].find(mayBeAlone);

function mayBeAlone(flags: readonly string[]): boolean {
  try {
    const script = "ip link set lo up && mount --bind /etc/hostname /etc/resolv.conf";
    execFileSync("unshare", [...flags, "sh", "-c", script], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** How a run without a network ended. */
export interface AloneRun {
  readonly ended: Ended;
  /** Names that somebody tried to look up. */
  readonly lookups: readonly string[];
}

/** Commands of a lonely machine. */
export interface AloneWords {
  /** Starts `skerry`. */
  readonly skerry: string;
  /** `docker://HOST` of an empty registry that runs there. */
  readonly registry: string;
}

/**
 * Runs lines of shell in `dir` where there is no network but loopback, with a registry of ours on it, and a resolver that
 * writes down every name that it is asked for.
 */
export async function runAlone(dir: string, lines: (words: AloneWords) => readonly string[]): Promise<AloneRun> {
  const skerry = `"${process.execPath}" "${skerryProgram}"`;
  const log = join(dir, "lookups");
  await writeFile(join(dir, "resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
  await writeFile(join(dir, "resolver.cjs"), RESOLVER);
  await writeFile(log, "");
  const script = [
    "set -e",
    "ip link set lo up",
    `mount --bind "${join(dir, "resolv.conf")}" /etc/resolv.conf`,
    `"${process.execPath}" "${join(dir, "resolver.cjs")}" "${log}" & resolver=$!`,
    `${skerry} registry serve --root registry --listen ${HOST} -q & server=$!`,
    "trap 'kill $server $resolver' EXIT",
    `until ${skerry} repos ${HOST} --tls-verify=false -q 2> /dev/null; do sleep 0.2; done`,
    ...lines({ skerry, registry: `docker://${HOST}` }),
    `getent hosts ${CONTROL} || true`,
  ];
  const ended = await runProgram("unshare", [...(aloneFlags ?? []), "sh", "-c", script.join("\n")], {
    cwd: dir,
    env: { HOME: dir, XDG_RUNTIME_DIR: dir, DOCKER_CONFIG: undefined, REGISTRY_AUTH_FILE: undefined },
  });
  const names = new Set((await readFile(log, "utf8")).split("\n").filter((line) => line !== ""));
  if (ended.code === 0 && !names.delete(CONTROL)) throw new Error("the resolver did not notice a look-up");
  return { ended, lookups: [...names] };
}

/** Answers every question with a refusal, and writes down what it was asked. RFC 1035, section 4. */
const RESOLVER = `
const { appendFileSync } = require("node:fs");
const socket = require("node:dgram").createSocket("udp4");
socket.on("message", (question, from) => {
  const labels = [];
  for (let at = 12; question[at] > 0; at += question[at] + 1) labels.push(question.toString("latin1", at + 1, at + 1 + question[at]));
  appendFileSync(process.argv[2], labels.join(".") + "\\n");
  const answer = Buffer.from(question);
  answer.writeUInt16BE(0x8005, 2);
  socket.send(answer, from.port, from.address);
});
socket.bind(53, "127.0.0.1");
`;
