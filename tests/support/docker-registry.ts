import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import { findProgram } from "./program.ts";
import { tempFolder } from "./temp-folder.ts";

/** Debian's `docker-registry`, or undefined where it is not installed. */
export const dockerRegistryProgram: string | undefined = findProgram("docker-registry");

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
}

/** Starts the reference registry, empty, on loopback over HTTP. */
export async function startDockerRegistry(program: string): Promise<DockerRegistry> {
  const folder = await tempFolder();
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: 0.1,
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: folder.join("data") }, delete: { enabled: true } },
    http: { addr: host },
  };
  await writeFile(folder.join("config.yml"), JSON.stringify(config));
  const child = spawn(program, ["serve", folder.join("config.yml")], { stdio: "ignore" });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await folder[Symbol.asyncDispose]();
  };
  try {
    await answering(host);
    return { host, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function answering(host: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const status = await fetch(`http://${host}/v2/`).then(
      (response) => response.status,
      () => undefined,
    );
    if (status === 200) return;
    await setTimeout(50);
  }
  throw new Error(`docker-registry does not answer on ${host}`);
}
