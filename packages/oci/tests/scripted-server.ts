import { createServer, type Server, type Socket } from "node:net";

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What one answer looks like on the wire, faults included. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
  /** Announce this length instead of the body's; `none` leaves the header out and closes at the end. */
  readonly contentLength?: number | "none";
  /** Reset the connection after so many bytes of the body. */
  readonly resetAfter?: number;
  /** Close the connection politely after so many bytes of the body. */
  readonly closeAfter?: number;
  /** Send the head and so many bytes of the body, then nothing more. */
  readonly stallAfter?: number;
  /** Send the body in single bytes with this pause in milliseconds. */
  readonly dripMs?: number;
  /** Stop reading the request after its head, and never answer. */
  readonly deaf?: boolean;
  /** Send the body after HEAD, too, as some servers do. */
  readonly bodyAfterHead?: boolean;
  /** Answer without reading the request's body, then close. */
  readonly early?: boolean;
}

/** One expected exchange. */
export interface Step {
  readonly method: string;
  readonly path: string | RegExp;
  /** Request headers that must match; undefined means absent. */
  readonly headers?: Readonly<Record<string, string | RegExp | undefined>>;
  readonly reply: Reply | ((request: SeenRequest, server: ScriptedServer) => Reply);
  /** How often the step may be taken; once when missing. */
  readonly times?: number;
}

/** A server that plays a script: each request has to be the next step, and gets its reply. */
export class ScriptedServer implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly faults: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #steps: { step: Step; left: number }[];
  readonly #address: string;

  private constructor(steps: readonly Step[], address: string) {
    this.#steps = steps.map((step) => ({ step, left: step.times ?? 1 }));
    this.#address = address;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(steps: readonly Step[], address = "127.0.0.1"): Promise<ScriptedServer> {
    const server = new ScriptedServer(steps, address);
    await new Promise<void>((resolve) => server.#server.listen(0, address, resolve));
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    return `${this.#address}:${this.port}`;
  }

  /** Steps that were not taken. */
  get remaining(): readonly string[] {
    return this.#steps.filter((entry) => entry.left > 0).map((entry) => `${entry.step.method} ${entry.step.path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => undefined);
    let held: Buffer = Buffer.alloc(0);
    let busy = false;
    const next = (): void => {
      if (busy) return;
      // Go's servers answer a TLS greeting in plain text, too.
      if (held[0] === 0x16) {
        socket.end("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTPS request to an HTTP server.\n");
        return;
      }
      const end = held.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = parseHead(held.subarray(0, end).toString("latin1"));
      const length = Number(head.headers["content-length"] ?? "0");
      const peeked = this.#peek(head);
      if (peeked?.deaf === true) socket.pause();
      const early = peeked?.early === true || peeked?.deaf === true;
      if (!early && held.length < end + 4 + length) return;
      const body = Buffer.from(held.subarray(end + 4, end + 4 + length));
      held = Buffer.from(held.subarray(Math.min(held.length, end + 4 + length)));
      busy = true;
      void this.#answer(socket, { ...head, body }).then(() => {
        busy = false;
        next();
      });
    };
    socket.on("data", (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      next();
    });
  }

  #peek(head: Omit<SeenRequest, "body">): Reply | undefined {
    const entry = this.#steps.find((one) => one.left > 0);
    if (entry === undefined || typeof entry.step.reply === "function" || entry.step.method !== head.method) return undefined;
    return entry.step.reply;
  }

  async #answer(socket: Socket, request: SeenRequest): Promise<void> {
    this.seen.push(request);
    const entry = this.#steps.find((one) => one.left > 0);
    const why = entry === undefined ? "the script is over" : mismatch(entry.step, request);
    if (entry === undefined || why !== undefined) {
      this.faults.push(`${request.method} ${request.path}: ${why}`);
      socket.end("HTTP/1.1 418 Off Script\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return;
    }
    entry.left -= 1;
    const { reply } = entry.step;
    await send(socket, request, typeof reply === "function" ? reply(request, this) : reply);
  }
}

async function send(socket: Socket, request: SeenRequest, reply: Reply): Promise<void> {
  if (reply.deaf === true) return;
  const { status = 200, headers = {} } = reply;
  const body = Buffer.from(reply.body ?? "");
  const lines = [`HTTP/1.1 ${status} Scripted`];
  for (const [name, value] of Object.entries(headers)) for (const one of [value].flat()) lines.push(`${name}: ${one}`);
  const ownLength = Object.keys(headers).some((name) => name.toLowerCase() === "content-length");
  if (reply.contentLength === "none") lines.push("Connection: close");
  else if (!ownLength && status !== 204) lines.push(`Content-Length: ${reply.contentLength ?? body.length}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  if (request.method === "HEAD" && reply.bodyAfterHead !== true) return;
  const cut = reply.resetAfter ?? reply.closeAfter ?? reply.stallAfter;
  const part = cut === undefined ? body : body.subarray(0, cut);
  if (reply.dripMs !== undefined) {
    for (const byte of part) {
      socket.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, reply.dripMs));
    }
  } else if (part.length > 0) {
    await new Promise<void>((resolve) => socket.write(part, () => resolve()));
  }
  if (reply.stallAfter !== undefined) return;
  if (reply.resetAfter !== undefined) {
    // Give the bytes a turn to leave, so that the reset comes after them.
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.resetAndDestroy();
  } else if (reply.closeAfter !== undefined || reply.contentLength === "none" || reply.early === true) {
    socket.end();
  }
}

function mismatch(step: Step, request: SeenRequest): string | undefined {
  const matches = typeof step.path === "string" ? step.path === request.path : step.path.test(request.path);
  if (step.method !== request.method || !matches) return `expected ${step.method} ${step.path}`;
  for (const [name, want] of Object.entries(step.headers ?? {})) {
    const got = request.headers[name.toLowerCase()];
    const good = want === undefined ? got === undefined : typeof want === "string" ? got === want : got !== undefined && want.test(got);
    if (!good) return `header ${name} is ${JSON.stringify(got)}, expected ${want}`;
  }
  return undefined;
}

function parseHead(text: string): Omit<SeenRequest, "body"> {
  const [first = "", ...lines] = text.split("\r\n");
  const [method = "", path = ""] = first.split(" ");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { method, path, headers };
}
