import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** What came back: the body is counted and thrown away. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly bodyBytes: number;
}

const READ_BYTES = 1024 * 1024;

/**
 * One keep-alive connection that sends requests one after the other with as little work of its own as Node allows, because
 * it shares the machine with the server that is measured.
 */
export class RawClient {
  readonly #socket: Socket;
  readonly #host: string;
  #head = "";
  #left = -1;
  #status = 0;
  #body = 0;
  #isHead = false;
  #done: ((answer: RawAnswer) => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on("error", (error) => this.#failed?.(error));
    socket.on("close", () => this.#failed?.(new Error("connection closed")));
  }

  static async open(url: string, ca?: string): Promise<RawClient> {
    const { hostname, port, protocol, host } = new URL(url);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (protocol === "https:") {
      const socket = connectTls({ host: hostname, port: Number(port), ...(ca === undefined ? {} : { ca }) }, resolve);
      socket.once("error", reject);
      const client = new RawClient(socket, host);
      socket.on("data", (chunk: Buffer) => client.#read(chunk));
      await promise;
      return client;
    }
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const readers: ((chunk: Buffer) => void)[] = [];
    const callback = (size: number): boolean => {
      for (const read of readers) read(buffer.subarray(0, size));
      return true;
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer, callback } }, resolve);
    socket.once("error", reject);
    const client = new RawClient(socket, host);
    readers.push((chunk) => client.#read(chunk));
    await promise;
    return client;
  }

  request(method: string, path: string, options: { readonly headers?: string; readonly body?: Uint8Array } = {}): Promise<RawAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    this.#done = resolve;
    this.#failed = reject;
    this.#isHead = method === "HEAD";
    const length = options.body === undefined && method === "GET" ? "" : `Content-Length: ${options.body?.byteLength ?? 0}\r\n`;
    this.#socket.cork();
    this.#socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${length}${options.headers ?? ""}\r\n`);
    if (options.body !== undefined) this.#socket.write(options.body);
    this.#socket.uncork();
    return promise;
  }

  close(): void {
    this.#failed = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let body = chunk;
    if (this.#left < 0) {
      this.#head += chunk.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const extra = this.#head.length - end - 4;
      this.#head = this.#head.slice(0, end);
      this.#status = Number(this.#head.slice(9, 12));
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1];
      if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(this.#head)) throw new Error("chunked answers are not read");
      this.#left = this.#isHead ? 0 : Number(length ?? 0);
      this.#body = 0;
      body = chunk.subarray(chunk.length - extra);
    }
    this.#body += body.length;
    this.#left -= body.length;
    if (this.#left > 0) return;
    const answer = { status: this.#status, head: this.#head, bodyBytes: this.#body };
    this.#left = -1;
    this.#head = "";
    this.#done?.(answer);
  }
}

/** Value of a header of an answer. */
export function headerOf(answer: RawAnswer, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, "i").exec(answer.head)?.[1];
}
