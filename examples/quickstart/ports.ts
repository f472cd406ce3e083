import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";

/** Ports of loopback that the two registries keep from run to run, so that names stay the same. */
export interface Ports {
  readonly upstream: number;
  readonly mirror: number;
}

const PREFERRED: Ports = { upstream: 5801, mirror: 5802 };

/**
 * The ports of earlier runs, or free ones, written down for the next run.
 * @throws Error naming the port of an earlier run that another program has taken since
 */
export async function choosePorts(file: string): Promise<Ports> {
  const known = await readPorts(file);
  if (known !== undefined) {
    for (const port of [known.upstream, known.mirror]) {
      if ((await freePort(port)) === undefined) {
        throw new Error(
          `port ${port} of 127.0.0.1 is in use: another quickstart runs, or another program took it. End that, or remove .quickstart to start afresh.`,
        );
      }
    }
    return known;
  }
  const ports = {
    upstream: (await freePort(PREFERRED.upstream)) ?? (await anyPort()),
    mirror: (await freePort(PREFERRED.mirror)) ?? (await anyPort()),
  };
  await writeFile(file, `${JSON.stringify(ports)}\n`);
  return ports;
}

async function readPorts(file: string): Promise<Ports | undefined> {
  try {
    const { upstream, mirror } = JSON.parse(await readFile(file, "utf8")) as Partial<Ports>;
    return typeof upstream === "number" && typeof mirror === "number" ? { upstream, mirror } : undefined;
  } catch {
    return undefined;
  }
}

async function anyPort(): Promise<number> {
  const port = await freePort(0);
  if (port === undefined) throw new Error("no port of 127.0.0.1 is free");
  return port;
}

/** The port when it can be listened on (any free one for 0), else undefined. */
async function freePort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch {
    return undefined;
  }
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" ? address?.port : undefined;
}
